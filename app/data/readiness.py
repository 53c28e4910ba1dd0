"""What a campaign is ready for: counted by the database, so that no page needs all rows to know it."""

from dataclasses import dataclass

from nci_core.config import CampaignSettings
from nci_core.store import configurations, label_queries, picks, teacher_labels
from nci_core.store.database import Store
from nci_core.store.labels import TAKEN
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
    return Readiness(
        sampled=any(configurations.counts(store).values()),
        taught=stored_name(store, settings.teacher) in teacher_labels.names(store),
        in_basket=len(picks.basket(store)),
        training_labels=training_labels(store, settings.reference.hash),
    )


def basket_without_label(store: Store, recipe_hash: str) -> list[int]:
    """Configurations in the basket that no label of one recipe is finished or on the way for."""
    states = label_queries.states(store, recipe_hash)
    return [number for number in picks.basket(store) if states.get(number) not in TAKEN]


def training_labels(store: Store, recipe_hash: str) -> int:
    """Number of finished labels of one recipe that fits take."""
    return label_queries.state_counts(store, recipe_hash)["pool"].get("complete", 0)
