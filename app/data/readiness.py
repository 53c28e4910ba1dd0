"""What labels are there to learn from, or to ask for: counted by the database, without all rows."""

from nci_core.store import label_queries, picks
from nci_core.store.database import Store
from nci_core.store.labels import TAKEN


def basket_without_label(store: Store, recipe_hash: str) -> list[int]:
    """Configurations in the basket that no label of one recipe is finished or on the way for."""
    states = label_queries.states(store, recipe_hash)
    return [number for number in picks.basket(store) if states.get(number) not in TAKEN]


def training_labels(store: Store, recipe_hash: str) -> int:
    """Number of finished labels of one recipe that fits take."""
    return label_queries.state_counts(store, recipe_hash)["pool"].get("complete", 0)
