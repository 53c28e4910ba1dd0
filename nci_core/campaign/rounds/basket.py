"""The basket: configurations that people and strategies want labels of. Who changed it can undo and redo that."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from nci_core.errors import InputError
from nci_core.store import label_queries, picks, rounds, selections
from nci_core.store.database import Store
from nci_core.store.labels import TAKEN

#: Configuration ids with who picked them, in the order they came.
Snapshot = list[tuple[int, str]]
MODES = ("add", "remove", "replace", "toggle")
#: Configurations that the basket can hold: more than anybody labels, few enough for its table and its history.
MOST_IN_BASKET = 5_000
BY_HAND = "picked on the map"


class Wanted(NamedTuple):
    """A proposal: a configuration, the strategy that picked it, why, and its score."""

    configuration_id: int
    picked_by: str
    reason: str = BY_HAND
    score: float | None = None


def snapshot(store: Store) -> Snapshot:
    """The basket as it is."""
    return [(pick.configuration_id, pick.picked_by) for pick in picks.in_basket(store)]


def without_label(store: Store, recipe_hash: str) -> list[int]:
    """Configurations in the basket that no label of one recipe is finished or on the way for."""
    states = label_queries.states(store, recipe_hash)
    return [number for number in picks.basket(store) if states.get(number) not in TAKEN]


def change(store: Store, ids: Sequence[int], mode: str, person: str, *, free: Collection[int]) -> None:
    """Add, remove, replace or toggle configurations; of those that come in, only the ones in `free`.

    Raises InputError, changing nothing, for another mode or if the basket would hold more than MOST_IN_BASKET.
    """
    if mode not in MODES:
        raise InputError(f"Unknown way to pick {mode!r}; choose one of {', '.join(MODES)}.")
    inside = set(picks.basket(store))
    if mode == "toggle":
        mode = "remove" if inside.issuperset(ids) else "add"
    wanted = [] if mode == "remove" else [number for number in dict.fromkeys(map(int, ids)) if number in free]
    leaving = inside.intersection(ids) if mode == "remove" else inside - set(wanted) if mode == "replace" else set()
    after = (inside - leaving).union(wanted)
    if wanted and len(after) > max(MOST_IN_BASKET, len(inside)):
        raise InputError(
            f"The basket would hold {len(after):,} configurations; at most {MOST_IN_BASKET:,} fit. Draw round fewer."
        )
    with _remembered(store, person):
        picks.drop(store, sorted(leaving))
        _put_in(store, [Wanted(number, person) for number in wanted if number not in inside])


def take(store: Store, wanted: Sequence[Wanted], person: str) -> None:
    """Put proposals into the basket under the names of their strategies."""
    with _remembered(store, person):
        _put_in(store, wanted)


def undo(store: Store, person: str) -> None:
    """Reverse the person's last change; what others did meanwhile stays."""
    if (step := selections.undo(store, person, "basket")) is not None:
        _apply(store, step.after, step.before)


def redo(store: Store, person: str) -> None:
    """Repeat the change that the person undid last."""
    if (step := selections.redo(store, person, "basket")) is not None:
        _apply(store, step.before, step.after)


@contextmanager
def _remembered(store: Store, person: str) -> Iterator[None]:
    """Keep what a person does to the basket inside, so that it can be undone."""
    before = snapshot(store)
    yield
    after = snapshot(store)
    if after != before:
        selections.record(store, person, "basket", before, after)


def _apply(store: Store, before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> None:
    """Do to the basket what turned `before` into `after`; its other entries stay as they are."""
    was, wanted = {int(number) for number, _ in before}, {int(number) for number, _ in after}
    inside = set(picks.basket(store))
    picks.drop(store, sorted(inside.intersection(was - wanted)))
    _put_in(store, [Wanted(int(number), str(who)) for number, who in after if int(number) not in was | inside])


def _put_in(store: Store, wanted: Iterable[Wanted]) -> None:
    at = rounds.next_number(store)
    for (picker, reason), group in groupby(wanted, attrgetter("picked_by", "reason")):
        ids, scores = zip(*((each.configuration_id, each.score) for each in group), strict=True)
        # A pick that was submitted and whose label failed or was cancelled comes back as the same row.
        picks.set_state(store, ids, "dropped", only="submitted")
        picks.add(store, ids, picked_by=picker, round_number=at, scores=scores, reason=reason)
