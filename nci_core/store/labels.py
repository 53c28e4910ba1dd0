"""Reference labels: asked for, finished, failed. Every query takes ONE recipe's hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, and_, case, select, true, update

from nci_core.errors import InputError, StoreError
from nci_core.labels.label_errors import recipe_std_cm1
from nci_core.store.base import Split, State, utc_now
from nci_core.store.bulk import chunks, insert_missing
from nci_core.store.configurations import POSITION, system_of
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Label, LabelEvent

FloatArray = npt.NDArray[np.float64]
#: Labels that one transaction asks for, or completes.
AT_ONCE = 500
#: State of a finished label that is set aside, where one word says what has become of a label.
QUARANTINED = "quarantined"
#: States in which a label stands for its geometry: asking for another would bring the same, or nothing.
TAKEN = ("complete", "waiting", "running", QUARANTINED)


def trusted(recipe_hash: str) -> ColumnElement[bool]:
    """The labels that fits and metrics use: finished, of one recipe, not set aside."""
    return and_(Label.recipe_hash == recipe_hash, Label.status == "complete", Label.quarantine.is_(None))


def state() -> ColumnElement[str]:
    """What has become of a label, in a word: its status, or QUARANTINED."""
    doubted = and_(Label.status == "complete", Label.quarantine.is_not(None))
    return case((doubted, QUARANTINED), else_=Label.status)


@dataclass(frozen=True)
class LabelSet:
    """Finished, trusted labels of one recipe and one split, ordered by label id.

    Attributes:
        recipe_hash: the recipe of all of them.
        ids: (n,) label ids.
        configuration_ids: (n,).
        system_ids: (n,) whose they are.
        positions: (n, 3) in Å.
        energy_ev: (n,) interaction energies.
        geometry_hashes: n hashes.
    """

    recipe_hash: str
    ids: npt.NDArray[np.int64]
    configuration_ids: npt.NDArray[np.int64]
    system_ids: npt.NDArray[np.int64]
    positions: FloatArray
    energy_ev: FloatArray
    geometry_hashes: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.int64]) -> "LabelSet":
        """Those of some rows, in their order."""
        return LabelSet(
            self.recipe_hash,
            self.ids[rows],
            self.configuration_ids[rows],
            self.system_ids[rows],
            self.positions[rows],
            self.energy_ev[rows],
            [self.geometry_hashes[k] for k in rows],
        )


def request(
    store: Store,
    configuration_ids: Sequence[int],
    *,
    recipe: str,
    recipe_hash: str,
    round_number: int | None = None,
    picked_by: str | None = None,
    retry: bool = True,
) -> list[Label]:
    """Ask for labels and return their rows in the order of `configuration_ids`.

    A label that exists is returned as it is, whoever asked first; one that failed or was
    cancelled waits again if `retry`. Only rows in state "waiting" without a `job_id` need a job.
    """
    now = utc_now()
    systems = system_of(store, list(dict.fromkeys(int(number) for number in configuration_ids)))
    missing = [number for number in configuration_ids if int(number) not in systems]
    if missing:
        raise StoreError(f"There is no configuration {missing[0]} in {store.where}.")
    rows = [
        {
            "configuration_id": number,
            "system_id": system,
            "recipe": recipe,
            "recipe_hash": recipe_hash,
            "status": "waiting",
            "round_number": round_number,
            "picked_by": picked_by,
            "created_at": now,
        }
        for number, system in systems.items()
    ]
    found: dict[int, Label] = {}
    # In parts, each whole: thousands of labels must not keep running jobs from reporting.
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        mine = (Label.configuration_id.in_([row["configuration_id"] for row in part]), Label.recipe_hash == recipe_hash)
        with store.write() as session:
            insert_missing(session, Label, part)
            if retry:
                again = update(Label).where(*mine, Label.status.in_(("error", "cancelled")))
                session.execute(
                    again.values(status="waiting", error=None, job_id=None, finished_at=None),
                    execution_options={"synchronize_session": False},
                )
            found |= {row.configuration_id: row for row in session.scalars(select(Label).where(*mine))}
    return [found[int(number)] for number in configuration_ids]


def asked_for(store: Store, recipe_hash: str, configuration_ids: Sequence[int]) -> set[int]:
    """Those of these configurations that have a label of one recipe, in whatever state."""
    query = select(Label.configuration_id).where(Label.recipe_hash == recipe_hash)
    with store.read() as session:
        return {
            number
            for part in chunks([int(number) for number in configuration_ids])
            for number in session.scalars(query.where(Label.configuration_id.in_(part)))
        }


def get(store: Store, label_id: int) -> Label:
    """One label; raises StoreError if there is none."""
    with store.read() as session:
        label = session.get(Label, label_id)
    if label is None:
        raise StoreError(f"There is no label {label_id} in {store.where}.")
    return label


def of_system(system_id: int | None) -> ColumnElement[bool]:
    """The labels of one system, or of all."""
    return true() if system_id is None else Label.system_id == system_id


def fetch(store: Store, recipe_hash: str, *, status: State | None = None, system_id: int | None = None) -> list[Label]:
    """All labels of one recipe, in any state or in one, of one system or all, ordered by id; test labels included."""
    query = select(Label).where(Label.recipe_hash == recipe_hash, of_system(system_id)).order_by(Label.id)
    with store.read() as session:
        return list(session.scalars(query if status is None else query.where(Label.status == status)))


def complete(store: Store, recipe_hash: str, *, split: Split, system_id: int | None = None) -> LabelSet:
    """Finished labels of one recipe and one split that are not quarantined: what fits and metrics use.

    Of one system, or of all, each label with its own.
    """
    columns = (Label.id, Label.configuration_id, Label.system_id, *POSITION, Label.energy_ev)
    query = (
        select(*columns, Configuration.geometry_hash)
        .join(Configuration, Configuration.id == Label.configuration_id)
        .where(trusted(recipe_hash), of_system(system_id), Configuration.split == split)
        .order_by(Label.id)
    )
    with store.read() as session:
        rows = session.execute(query).all()
    numbers = np.array([tuple(row)[:7] for row in rows], dtype=float).reshape(-1, 7)
    ids, configuration_ids, system_ids = numbers[:, :3].astype(np.int64).T
    return LabelSet(
        recipe_hash=recipe_hash,
        ids=ids,
        configuration_ids=configuration_ids,
        system_ids=system_ids,
        positions=numbers[:, 3:6],
        energy_ev=numbers[:, 6],
        geometry_hashes=[row[7] for row in rows],
    )


class Finished(NamedTuple):
    """A finished, trusted label without its result."""

    id: int
    configuration_id: int
    energy_ev: float
    finished_at: datetime | None
    split: Split


def finished(store: Store, recipe_hash: str, *, system_id: int | None = None) -> list[Finished]:
    """Finished, trusted labels of one recipe with when they came and whether they test, ordered by label id."""
    columns = (Label.id, Label.configuration_id, Label.energy_ev, Label.finished_at, Configuration.split)
    query = (
        select(*columns)
        .join(Configuration, Configuration.id == Label.configuration_id)
        .where(trusted(recipe_hash), of_system(system_id))
        .order_by(Label.id)
    )
    with store.read() as session:
        found = session.execute(query)
        return [Finished(n, of, ev, at, split) for n, of, ev, at, split in found if ev is not None]


def check_result(result: Any, geometry_hash: str, recipe_hash: str) -> None:
    """Raise InputError unless `result` is a dictionary with a finite `energy_ev` for this geometry and recipe."""
    energy = result.get("energy_ev") if isinstance(result, Mapping) else None
    if not isinstance(energy, int | float) or not np.isfinite(energy):
        raise InputError(f"The label of geometry {geometry_hash} has no finite energy_ev; it was not stored.")
    for name, expected in (("geometry_hash", geometry_hash), ("recipe_hash", recipe_hash)):
        if result.get(name, expected) != expected:
            raise InputError(f"The label of geometry {geometry_hash} has another {name}; it was not stored.")


def set_complete(store: Store, label_id: int, result: Mapping[str, Any]) -> None:
    """Write a finished result into its row; `journal.record_label` is the safe way to call it.

    `result` is a LabelResult as a dictionary: energy_ev, hf_ev, ccsd_ev, triples_ev, cpu_seconds,
    wall_seconds, memory_gb and the rest. What it says of its own standard error is not taken over: that is computed.
    One with `doubts` is set aside in the same transaction. A complete row is left as it is. Raises InputError for an
    energy that is not finite, or a result of another geometry or recipe.
    """
    set_all_complete(store, {label_id: result})


def set_all_complete(store: Store, results: Mapping[int, Mapping[str, Any]]) -> None:
    """The same for several rows, label id → result, in one transaction: all of them or none."""
    asked = list(results)
    names = ("energy_ev", "hf_ev", "ccsd_ev", "triples_ev", "cpu_seconds", "wall_seconds", "memory_gb")
    rows: list[dict[str, Any]] = []
    with store.write() as session:
        found: dict[int, Any] = {}
        for part in chunks(asked):
            query = select(
                Label.id, Label.status, Label.configuration_id, Label.recipe_hash, Configuration.geometry_hash
            ).join(Configuration, Configuration.id == Label.configuration_id)
            found |= {row.id: row for row in session.execute(query.where(Label.id.in_(part)))}
        for label_id, result in results.items():
            label = found.get(label_id)
            if label is None:
                raise StoreError(f"There is no label {label_id} in {store.where}.")
            check_result(result, label.geometry_hash, label.recipe_hash)
            if label.status == "complete":
                continue
            doubts = [dict(doubt) for doubt in result.get("doubts") or ()]
            reason = " ".join(str(doubt["sentence"]) for doubt in doubts) or None
            done: dict[str, Any] = {"status": "complete", "error": None, "finished_at": utc_now(), "quarantine": reason}
            done["recipe_std_cm1"] = recipe_std_cm1(label.recipe_hash, result)
            rows.append({"id": label_id, "result": dict(result)} | done | {name: result.get(name) for name in names})
            if doubts:
                of, recipe_hash = label.configuration_id, label.recipe_hash
                session.add(LabelEvent(configuration_id=of, recipe_hash=recipe_hash, what="set-aside", reasons=doubts))
        if rows:
            session.execute(update(Label), rows)


def set_error(store: Store, label_id: int, reason: str) -> None:
    """Mark a label as failed with its reason, one sentence; a complete label stays complete."""
    _set_unfinished(store, label_id, "error", reason)


def set_running(store: Store, label_id: int) -> None:
    """Mark a label as being computed; a complete label stays complete."""
    _set_unfinished(store, label_id, "running", None)


def _set_unfinished(store: Store, label_id: int, status: State, reason: str | None) -> None:
    with store.write() as session:
        query = update(Label).where(Label.id == label_id, Label.status != "complete")
        finished = None if status == "running" else utc_now()
        session.execute(query.values(status=status, error=reason, finished_at=finished))


def set_note(store: Store, label_ids: Sequence[int], note: str) -> None:
    """Say beside waiting labels that have no job where they are; the note goes when their state changes."""
    with store.write() as session:
        for part in chunks([int(number) for number in label_ids]):
            query = update(Label).where(Label.id.in_(part), Label.status == "waiting", Label.job_id.is_(None))
            session.execute(query.values(error=note))


def elsewhere(store: Store, recipe_hash: str) -> list[Label]:
    """Labels of one recipe that wait without a job here: their inputs were exported, their results are due."""
    mine = (Label.recipe_hash == recipe_hash, Label.status == "waiting", Label.job_id.is_(None))
    with store.read() as session:
        return list(session.scalars(select(Label).where(*mine).order_by(Label.id)))


def quarantine(store: Store, label_id: int, reason: str | None) -> None:
    """Keep a suspicious label out of fits and metrics, with the reason; None takes it back."""
    with store.write() as session:
        session.execute(update(Label).where(Label.id == label_id).values(quarantine=reason))
