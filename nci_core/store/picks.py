"""Picks: what people and strategies chose. The basket lives here, so it survives any reload."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, true, update

from nci_core.errors import StoreError
from nci_core.store.base import PickState, utc_now
from nci_core.store.bulk import chunks, insert_missing
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Pick


def add(
    store: Store,
    configuration_ids: Sequence[int],
    *,
    picked_by: str,
    round_number: int,
    scores: Sequence[float | None] | None = None,
    reason: str = "",
    state: PickState = "basket",
) -> int:
    """Add picks in their order of rank (1 first) and return how many are new or back from "dropped".

    A pick of the same configuration by the same picker in the same round is one row. Raises
    StoreError, adding nothing, if one of them belongs to the test set.
    """
    unique = list(dict.fromkeys(int(i) for i in configuration_ids))
    if scores is not None and len(scores) != len(configuration_ids):
        raise StoreError(f"{len(scores)} scores for {len(configuration_ids)} picks.")
    by_id = {} if scores is None else dict(zip([int(i) for i in configuration_ids], scores, strict=True))
    with store.write() as session:
        first_rank = 1 + (
            session.scalar(
                select(func.max(Pick.rank)).where(Pick.picked_by == picked_by, Pick.round_number == round_number)
            )
            or 0
        )
        mine = (Pick.picked_by == picked_by, Pick.round_number == round_number)
        back = 0
        existing: set[int] = set()
        for part in chunks(unique):
            test = select(Configuration.id).where(Configuration.id.in_(part), Configuration.split != "pool")
            if (number := session.scalar(test.limit(1))) is not None:
                raise StoreError(
                    f"Configuration {number} belongs to the test set or to energies from outside and cannot be picked."
                )
            here = session.scalars(select(Pick).where(*mine, Pick.configuration_id.in_(part)))
            for pick in here:
                existing.add(pick.configuration_id)
                if pick.state == "dropped":
                    pick.state = state
                    back += 1
        new = [i for i in unique if i not in existing]
        rows = [
            {
                "configuration_id": number,
                "picked_by": picked_by,
                "round_number": round_number,
                "rank": first_rank + k,
                "score": by_id.get(number),
                "reason": reason,
                "state": state,
                "created_at": utc_now(),
            }
            for k, number in enumerate(new)
        ]
        session.flush()
        insert_missing(session, Pick, rows)
        return len(new) + back


def fetch(
    store: Store,
    *,
    state: PickState | None = None,
    round_number: int | None = None,
    picked_by: str | None = None,
    system_id: int | None = None,
) -> list[Pick]:
    """Picks by state, round, picker and system, ordered by round, picker and rank."""
    query = (
        select(Pick).where(_of(system_id)).order_by(Pick.round_number, Pick.picked_by, Pick.rank.nulls_first(), Pick.id)
    )
    wanted = ((Pick.state, state), (Pick.round_number, round_number), (Pick.picked_by, picked_by))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    with store.read() as session:
        return list(session.scalars(query))


def _of(system_id: int | None) -> ColumnElement[bool]:
    """The picks of one system, or of all."""
    mine = select(Configuration.id).where(Configuration.system_id == system_id)
    return true() if system_id is None else Pick.configuration_id.in_(mine)


def in_basket(store: Store, *, system_id: int | None = None) -> list[Pick]:
    """The basket in the order in which it was filled: of each configuration the first pick, which says whose it is."""
    with store.read() as session:
        query = select(Pick).where(Pick.state == "basket", _of(system_id))
        found = session.scalars(query.order_by(Pick.id.desc()))
        first = {pick.configuration_id: pick for pick in found}
    return sorted(first.values(), key=lambda pick: pick.id)


def basket(store: Store) -> list[int]:
    """Ids of the configurations in the basket, whoever picked them, in the order they came."""
    return [pick.configuration_id for pick in in_basket(store)]


def set_state(store: Store, configuration_ids: Sequence[int], state: PickState, *, only: PickState = "basket") -> int:
    """Move the picks of these configurations from state `only` to `state`; returns how many rows moved."""
    moved = 0
    with store.write() as session:
        for part in chunks([int(i) for i in configuration_ids]):
            mine = (Pick.configuration_id.in_(part), Pick.state == only)
            moved += session.scalar(select(func.count()).select_from(Pick).where(*mine)) or 0
            session.execute(update(Pick).where(*mine).values(state=state))
    return moved


def drop(store: Store, configuration_ids: Sequence[int]) -> int:
    """Take configurations out of the basket; returns how many picks left it."""
    return set_state(store, configuration_ids, "dropped")
