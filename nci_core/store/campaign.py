"""What the campaign is about, and when its test set was frozen."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nci_core.errors import StoreError
from nci_core.store.base import utc_now
from nci_core.store.database import Store
from nci_core.store.schema import CampaignInfo, Configuration


def set_info(store: Store, info: CampaignInfo) -> None:
    """Write the campaign's one row; raises StoreError if it has one already."""
    with store.write() as session:
        if session.get(CampaignInfo, 1) is not None:
            raise StoreError(f"{store.where} already describes a campaign; choose another folder.")
        info.id = 1
        session.add(info)


def find_info(store: Store) -> CampaignInfo | None:
    """The campaign's row, None if it is not written yet."""
    with store.read() as session:
        return session.get(CampaignInfo, 1)


def get_info(store: Store) -> CampaignInfo:
    """The campaign's row; raises StoreError if it has none."""
    info = find_info(store)
    if info is None:
        raise StoreError(f"{store.where} does not say what the campaign is about; make a new one with `nci init`.")
    return info


def freeze_test_set(store: Store) -> int:
    """Close the test set for good and return its size; a second call changes nothing."""
    with store.write() as session:
        freeze_in(session, store)
        return session.scalar(select(func.count()).where(Configuration.split == "test")) or 0


def freeze_in(session: Session, store: Store) -> None:
    """Close the test set for good in the caller's transaction; raises StoreError in a database without a campaign."""
    info = session.get(CampaignInfo, 1)
    if info is None:
        raise StoreError(f"{store.where} does not say what the campaign is about; make a new one with `nci init`.")
    if info.test_frozen_at is None:
        info.test_frozen_at = utc_now()
