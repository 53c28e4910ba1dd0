"""What has become of labels: their states, what they cost in time, which of them jobs compute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row, func, select
from sqlalchemy.orm import defer

from nci_core.store.base import Split, State
from nci_core.store.bulk import chunks
from nci_core.store.database import Store
from nci_core.store.labels import of_system, state, trusted
from nci_core.store.schema import Configuration, Job, Label
from nci_core.units import CM1_EV

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def recipes(store: Store) -> dict[str, str]:
    """Recipes that labels exist for: hash → name."""
    with store.read() as session:
        rows = session.execute(select(Label.recipe_hash, func.min(Label.recipe)).group_by(Label.recipe_hash))
        return {row[0]: row[1] for row in rows}


def status_counts(
    store: Store, recipe_hash: str, *, with_job: bool = False, system_id: int | None = None
) -> dict[State, int]:
    """Number of labels of one recipe in each state, of one system or of all; only those with a job, if so asked."""
    mine = (Label.recipe_hash == recipe_hash, of_system(system_id))
    query = select(Label.status, func.count()).where(*mine).group_by(Label.status)
    if with_job:
        query = query.where(Label.job_id.is_not(None))
    with store.read() as session:
        found = {row[0]: row[1] for row in session.execute(query)}
    states: tuple[State, ...] = ("waiting", "running", "complete", "error", "cancelled")
    return {state: found.get(state, 0) for state in states}


def unfinished_jobs(store: Store, recipe_hash: str) -> list[int]:
    """Jobs of the labels of one recipe that are waiting or running, oldest first."""
    mine = (Label.recipe_hash == recipe_hash, Label.status.in_(("waiting", "running")), Label.job_id.is_not(None))
    with store.read() as session:
        found = session.scalars(select(Label.job_id).where(*mine).order_by(Label.job_id))
        return [number for number in found if number is not None]


def most_memory_gb(store: Store, recipe_hash: str) -> float | None:
    """Peak memory of the largest finished label of this recipe in GB, None before the first."""
    query = select(func.max(Label.memory_gb)).where(Label.recipe_hash == recipe_hash, Label.status == "complete")
    with store.read() as session:
        return session.scalar(query)


def states(store: Store, recipe_hash: str, *, system_id: int | None = None) -> dict[int, str]:
    """The state of each label of one recipe, by configuration: a status, or `labels.QUARANTINED`."""
    mine = (Label.recipe_hash == recipe_hash, of_system(system_id))
    query = select(Label.configuration_id, state()).where(*mine).order_by(Label.id)
    with store.read() as session:
        return {row[0]: row[1] for row in session.execute(query)}


def state_counts(store: Store, recipe_hash: str, *, system_id: int | None = None) -> dict[str, dict[str, int]]:
    """How many labels of one recipe are in each of these states, in the pool and in the test set.

    "complete" are those that are trusted: fits take those of the pool, errors are against those of the test set.
    """
    word = state().label("word")
    query = select(Configuration.split, word, func.count()).join(Label, Label.configuration_id == Configuration.id)
    # By its name: a server does not know two expressions with parameters for the same.
    mine = (Label.recipe_hash == recipe_hash, of_system(system_id))
    query = query.where(*mine).group_by(Configuration.split, "word")
    found: dict[str, dict[str, int]] = {"pool": {}, "test": {}}
    with store.read() as session:
        for split, name, n in session.execute(query):
            found.setdefault(split, {})[name] = n
    return found


def of_configuration(store: Store, configuration_id: int) -> list[Label]:
    """The labels of one configuration, in whatever state, by the name of their recipe."""
    query = select(Label).where(Label.configuration_id == configuration_id).order_by(Label.recipe)
    with store.read() as session:
        return list(session.scalars(query))


def energies_with_errors(
    store: Store, recipe_hash: str, split: Split | None, *, system_id: int | None = None
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Energies and standard errors (n,) in eV of the trusted labels of one recipe, and the number of their system.

    Errors are NaN where they are not known.

    Of one split, or of pool and test set; of one system, or of all.
    """
    mine = (trusted(recipe_hash), of_system(system_id))
    query = select(Label.energy_ev, Label.recipe_std_cm1, Label.system_id).where(*mine).order_by(Label.id)
    if split is not None:
        query = query.join(Configuration, Configuration.id == Label.configuration_id).where(
            Configuration.split == split
        )
    with store.read() as session:
        found = np.array([tuple(row) for row in session.execute(query)], dtype=float).reshape(-1, 3)
    return found[:, 0], found[:, 1] * CM1_EV, found[:, 2].astype(np.int64)


def of_jobs(store: Store, job_ids: Sequence[int]) -> dict[int, Label]:
    """The labels that these jobs compute, by job; without their results, which are large."""
    query = select(Label).options(defer(Label.result, raiseload=True))
    with store.read() as session:
        found = (row for part in chunks(list(job_ids)) for row in session.scalars(query.where(Label.job_id.in_(part))))
        return {row.job_id: row for row in found if row.job_id is not None}


def newest(store: Store, recipe_hash: str) -> int | None:
    """Configuration of the label of one recipe that was finished last, None before the first."""
    mine = (Label.recipe_hash == recipe_hash, Label.status == "complete", Label.finished_at.is_not(None))
    query = select(Label.configuration_id).where(*mine).order_by(Label.finished_at.desc()).limit(1)
    with store.read() as session:
        return session.scalar(query)


def elapsed(store: Store, recipe_hash: str, most: int) -> list[float]:
    """Elapsed seconds of the newest finished labels of one recipe, at most so many.

    Of those that the queue computed, where there are any: others may come from another machine.
    """
    done = (Label.recipe_hash == recipe_hash, Label.status == "complete", Label.wall_seconds.is_not(None))
    query = select(Label.wall_seconds).where(*done).order_by(Label.finished_at.desc()).limit(most)
    with store.read() as session:
        ours = session.scalars(query.where(Label.job_id.is_not(None))).all()
        return [float(seconds or 0.0) for seconds in ours or session.scalars(query)]


def timings(store: Store, most: int) -> list[Row[Any]]:
    """What finished labels cost: the newest of each recipe whose CPU time is known, at most so many.

    Columns: recipe_hash, system_id, cpu_seconds, wall_seconds; of the result, each None where it does not say so,
    n_basis and n_frozen of the dimer, processor and gflops of the machine.
    """
    query = (
        select(
            Label.recipe_hash,
            Label.system_id,
            Label.cpu_seconds,
            Label.wall_seconds,
            Label.result[("fragments", "dimer", "n_basis")].as_integer().label("n_basis"),
            Label.result[("fragments", "dimer", "n_frozen")].as_integer().label("n_frozen"),
            Label.result[("environment", "processor")].as_string().label("processor"),
            Label.result[("environment", "dgemm_gflops")].as_float().label("gflops"),
        )
        .where(Label.status == "complete", Label.cpu_seconds > 0)
        .order_by(Label.id.desc())
        .limit(most)
    )
    with store.read() as session:
        hashes = session.scalars(select(Label.recipe_hash).where(Label.status == "complete").distinct()).all()
        return [row for name in hashes for row in session.execute(query.where(Label.recipe_hash == name))]


def running_since(store: Store, recipe_hashes: Sequence[str]) -> list[tuple[str, datetime | None]]:
    """Recipe and start of the labels of these recipes that are being computed."""
    query = select(Label.recipe, Job.started_at).join(Job, Job.id == Label.job_id)
    query = query.where(Job.state == "running", Label.recipe_hash.in_(recipe_hashes))
    with store.read() as session:
        return [(row[0], row[1]) for row in session.execute(query)]


def queued(store: Store, recipe_hash: str) -> bool:
    """Whether jobs compute or computed labels of one recipe: known from one row."""
    query = select(Label.id).where(Label.job_id.is_not(None), Label.recipe_hash == recipe_hash).limit(1)
    with store.read() as session:
        return session.scalar(query) is not None
