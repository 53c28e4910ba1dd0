"""What a campaign is ready for, counted by the database: no page needs all rows to know that."""

from dataclasses import dataclass

from sqlalchemy import Select, exists, func, select

from nci_core.config import CampaignSettings
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Label, Pick, TeacherLabel
from nci_core.store.teachers import stored_name


@dataclass(frozen=True)
class Readiness:
    """Numbers for the page Label & train.

    Attributes:
        sampled: there are configurations.
        taught: the teacher has energies.
        in_basket: configurations in the basket.
        training_labels: finished labels of the campaign's recipe that fits may use.
    """

    sampled: bool
    taught: bool
    in_basket: int
    training_labels: int


def readiness(store: Store, settings: CampaignSettings) -> Readiness:
    """Look it up."""
    energies = select(TeacherLabel).where(TeacherLabel.teacher == stored_name(store, settings.teacher))
    basket = select(func.count(Pick.configuration_id.distinct())).where(Pick.state == "basket")
    with store.read() as session:
        return Readiness(
            sampled=bool(
                session.scalar(select(exists(select(Configuration.id).where(Configuration.split != "outside"))))
            ),
            taught=bool(session.scalar(select(exists(energies)))),
            in_basket=session.scalar(basket) or 0,
            training_labels=session.scalar(_usable(settings.reference.hash)) or 0,
        )


def basket_without_label(store: Store, recipe_hash: str) -> int:
    """Configurations in the basket that no label of one recipe is finished, waiting or running for."""
    there = select(Label.id).where(
        Label.configuration_id == Pick.configuration_id,
        Label.recipe_hash == recipe_hash,
        Label.status.in_(("complete", "waiting", "running")),
    )
    query = select(func.count(Pick.configuration_id.distinct())).where(Pick.state == "basket", ~exists(there))
    with store.read() as session:
        return session.scalar(query) or 0


def training_labels(store: Store, recipe_hash: str) -> int:
    """Number of finished labels of one recipe that fits take."""
    with store.read() as session:
        return session.scalar(_usable(recipe_hash)) or 0


def _usable(recipe_hash: str) -> Select[tuple[int]]:
    return (
        select(func.count())
        .select_from(Label)
        .join(Configuration, Configuration.id == Label.configuration_id)
        .where(Label.recipe_hash == recipe_hash, Label.status == "complete", Label.quarantine.is_(None))
        .where(Configuration.split == "pool")
    )
