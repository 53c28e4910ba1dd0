"""How the campaign was made, with its first systems, and the freezing of test sets."""

from collections.abc import Sequence

from sqlalchemy import func, select

from nci_core.errors import StoreError
from nci_core.store.database import Store
from nci_core.store.schema import CampaignInfo, Configuration, StoredSystem
from nci_core.store.systems import add_in, freeze_in


def set_info(store: Store, info: CampaignInfo, systems: Sequence[StoredSystem]) -> None:
    """Write the campaign's one row and its first systems; raises StoreError if it has a row already."""
    with store.write() as session:
        if session.get(CampaignInfo, 1) is not None:
            raise StoreError(f"{store.where} already describes a campaign; choose another folder.")
        info.id = 1
        session.add(info)
        add_in(session, systems)


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


def freeze_test_set(store: Store, system_id: int | None = None) -> int:
    """Close the test set of one system, or of all, for good and return its size; a second call changes nothing."""
    query = select(func.count()).where(Configuration.split == "test")
    if system_id is not None:
        query = query.where(Configuration.system_id == system_id)
    with store.write() as session:
        freeze_in(session, store, None if system_id is None else [system_id])
        return session.scalar(query) or 0
