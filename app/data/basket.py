"""The basket and the ranked proposals. Both live in the database, so they survive any reload."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import select

from app.data.configurations import frame
from nci_core.errors import InputError
from nci_core.store import jobs, models, picks, rounds
from nci_core.store.database import Store
from nci_core.store.schema import Pick
from nci_core.units import CM1_EV

#: Configuration ids with who picked them.
Snapshot = list[tuple[int, str]]
MODES = ("add", "remove", "replace", "toggle")
#: Configurations that the basket can hold: more than anybody labels, few enough for its table and its history.
MOST_IN_BASKET = 5_000
#: Strategy → why it proposes a configuration.
REASONS = {
    "i-optimal": "tells the student most about the rest",
    "farthest-point": "farthest from every label",
    "random": "random control",
}
#: Label states of configurations that need no further label.
HAS_LABEL = ("complete", "waiting", "running", "quarantined")


def next_round(store: Store) -> int:
    """The round that picks made now belong to: the open one, else the one after the last."""
    found = rounds.fetch(store)
    if not found:
        return 1
    last = found[-1]
    return last.number if last.finished_at is None and last.number > 0 else last.number + 1


def basket_table(store: Store, table: pd.DataFrame) -> pd.DataFrame:
    """The basket's configurations in the order they came, with who picked them and why.

    Columns of the configuration table, and: picker, reason.
    """
    query = select(Pick.configuration_id.label("id"), Pick.picked_by.label("picker"), Pick.reason).where(
        Pick.state == "basket"
    )
    found = frame(store, query.order_by(Pick.id)).drop_duplicates("id").set_index("id")
    return found.join(table, how="inner")


def latest_ranking(store: Store) -> list[dict[str, Any]]:
    """The newest ranking: of the model in use, or of a ranking job that finished after it."""
    model = models.active(store)
    ranking = list(model.notes.get("proposals", [])) if model is not None else []
    strategy = "i-optimal"
    finished = [job for job in jobs.fetch(store, states=["complete"], kind="select", limit=1) if job.result]
    for job in finished:
        newer = model is None or (job.finished_at is not None and job.finished_at > model.created_at)
        if newer and job.result is not None and job.result.get("proposals"):
            ranking, strategy = list(job.result["proposals"]), str(job.payload.get("strategy", strategy))
    return [{"picker": strategy} | row for row in ranking]


def proposals(store: Store, table: pd.DataFrame) -> pd.DataFrame:
    """Ranked proposals that still need a label, best first.

    The table's columns, and rank, score, expected_ev (the expected sd there), picker, reason.
    """
    names = ["configuration_id", "rank", "score", "std_cm1", "picker"]
    found = pd.DataFrame(latest_ranking(store), columns=names).rename(columns={"configuration_id": "id"})
    found["expected_ev"] = found.pop("std_cm1").astype(float) * CM1_EV
    found["reason"] = found["picker"].map(lambda name: REASONS.get(name, "proposed"))
    found = found.drop_duplicates("id").set_index("id").join(table, how="inner").sort_values("rank")
    return found[~found["label_state"].isin(HAS_LABEL) & (found["split"] == "pool")]


def why_not(table: pd.DataFrame, ids: Sequence[int]) -> dict[str, list[int]]:
    """Which of `ids` cannot be picked: reason → ids."""
    chosen = table.reindex([i for i in ids if i in table.index])
    test = chosen.index[chosen["split"] == "test"].tolist()
    outside = chosen.index[chosen["split"] == "outside"].tolist()
    done = chosen.index[(chosen["split"] == "pool") & chosen["label_state"].isin(HAS_LABEL)].tolist()
    reasons = {
        "in the frozen test set, which only measures errors": test,
        "imported with energies of your own": outside,
        "already labelled or on the way": done,
    }
    return {reason: found for reason, found in reasons.items() if found}


def snapshot(store: Store) -> Snapshot:
    """The basket as (configuration id, who picked it), in the order they came."""
    return [(pick.configuration_id, pick.picked_by) for pick in picks.fetch(store, state="basket")]


def change(store: Store, table: pd.DataFrame, ids: Sequence[int], mode: str, picked_by: str) -> Snapshot:
    """Add, remove, replace or toggle basket configurations; returns the basket as it was, for undo.

    Configurations that cannot be picked are left out; `why_not` says why. Raises InputError, changing
    nothing, if the basket would hold more than MOST_IN_BASKET.
    """
    if mode not in MODES:
        raise InputError(f"Unknown way to pick {mode!r}; choose one of {', '.join(MODES)}.")
    before = snapshot(store)
    inside = {i for i, _ in before}
    if mode == "toggle":
        mode = "remove" if all(i in inside for i in ids) else "add"
    if mode == "remove":
        _take_out(store, [int(i) for i in ids if i in inside])
        return before
    refused = {i for found in why_not(table, ids).values() for i in found}
    wanted = [int(i) for i in dict.fromkeys(ids) if i in table.index and i not in refused]
    after = set(wanted) if mode == "replace" else inside | set(wanted)
    if len(after) > max(MOST_IN_BASKET, len(inside)):
        raise InputError(
            f"The basket would hold {len(after):,} configurations; at most {MOST_IN_BASKET:,} fit. Draw round fewer."
        )
    if mode == "replace":
        _take_out(store, [i for i in inside if i not in set(wanted)])
    _put_in(store, [(i, picked_by) for i in wanted if i not in inside], "picked on the map")
    return before


def take_proposals(store: Store, ranked: pd.DataFrame, n: int) -> Snapshot:
    """Put the best `n` proposals into the basket under the strategy's name; returns the basket as it was."""
    before = snapshot(store)
    inside = {i for i, _ in before}
    for number, row in ranked[~ranked.index.isin(inside)].head(n).iterrows():
        _put_in(store, [(int(str(number)), str(row["picker"]))], str(row["reason"]), float(row["score"]))
    return before


def apply_difference(store: Store, before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> None:
    """Do to the basket what turned `before` into `after`; other entries of the basket stay as they are."""
    was, wanted = {int(i) for i, _ in before}, {int(i) for i, _ in after}
    inside = {i for i, _ in snapshot(store)}
    _take_out(store, [i for i in was - wanted if i in inside])
    back = [(int(i), str(picker)) for i, picker in after if int(i) not in was and int(i) not in inside]
    _put_in(store, back, "picked on the map")


def _take_out(store: Store, ids: list[int]) -> None:
    if ids:
        picks.drop(store, ids)


def _put_in(store: Store, wanted: Snapshot, reason: str, score: float | None = None) -> None:
    by_picker: dict[str, list[int]] = {}
    for i, picker in wanted:
        by_picker.setdefault(picker, []).append(i)
    for picker, ids in by_picker.items():
        # A pick that was submitted and whose label failed or was cancelled comes back as the same row.
        picks.set_state(store, ids, "dropped", only="submitted")
        scores = None if score is None else [score] * len(ids)
        number = next_round(store)
        picks.add(store, ids, picked_by=picker, round_number=number, scores=scores, reason=reason)
