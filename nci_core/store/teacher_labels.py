"""The energies that teachers give to configurations."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, select

from nci_core.errors import InputError
from nci_core.store.base import Split
from nci_core.store.bulk import insert_or_replace
from nci_core.store.configurations import matching
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, TeacherLabel


def record(
    store: Store,
    teacher: str,
    ids: Sequence[int],
    energy_ev: npt.ArrayLike,
    channels_ev: Mapping[str, npt.ArrayLike],
    *,
    force_ev_angstrom: npt.ArrayLike | None = None,
    torque_ev: npt.ArrayLike | None = None,
    seconds: float = 0.0,
) -> None:
    """Store a teacher's energies (m,) in eV and channels name → (m,), replacing its earlier ones.

    Forces (m, 3) in eV/Å are on the probe, torques (m, 3) in eV about its centre; an atom has none. `seconds` is the
    wall time of the whole batch, stored as a share per configuration. Raises InputError, storing nothing, for energies
    that are not finite.
    """
    energies = np.asarray(energy_ev, dtype=float).reshape(-1)
    channels = {name: np.asarray(values, dtype=float).reshape(-1) for name, values in channels_ev.items()}
    forces = None if force_ev_angstrom is None else np.asarray(force_ev_angstrom, dtype=float).reshape(-1, 3)
    torques = None if torque_ev is None else np.asarray(torque_ev, dtype=float).reshape(-1, 3)
    columns = [energies, *channels.values(), *(values for values in (forces, torques) if values is not None)]
    if any(len(column) != len(ids) for column in columns):
        raise InputError(f"{len(ids)} configurations for {[len(column) for column in columns]} energies.")
    if not all(np.isfinite(column).all() for column in columns):
        raise InputError(f"Teacher {teacher} gave energies that are not numbers (NaN or infinite); nothing was stored.")
    rows = [
        {
            "configuration_id": int(number),
            "teacher": teacher,
            "energy_ev": float(energies[i]),
            "channels_ev": {name: float(values[i]) for name, values in channels.items()},
            "force_ev_angstrom": None if forces is None else forces[i].tolist(),
            "torque_ev": None if torques is None else torques[i].tolist(),
            "seconds": seconds / max(len(ids), 1),
        }
        for i, number in enumerate(ids)
    ]
    with store.write() as session:
        insert_or_replace(session, TeacherLabel, ("configuration_id", "teacher"), rows)


def fetch(
    store: Store, teacher: str, *, split: Split | None = None, system_id: int | None = None
) -> list[TeacherLabel]:
    """A teacher's rows, of a split and a system or of all, ordered by configuration id."""
    query = select(TeacherLabel).where(TeacherLabel.teacher == teacher).order_by(TeacherLabel.configuration_id)
    if split is not None or system_id is not None:
        query = query.join(Configuration, Configuration.id == TeacherLabel.configuration_id)
        query = query.where(*matching(split, system_id))
    with store.read() as session:
        return list(session.scalars(query))


def spent(store: Store, teacher: str, system_ids: Sequence[int]) -> tuple[int, float]:
    """How many energies of some systems a teacher has, and the wall seconds that they took together."""
    query = (
        select(func.count(), func.coalesce(func.sum(TeacherLabel.seconds), 0.0))
        .join(Configuration, Configuration.id == TeacherLabel.configuration_id)
        .where(TeacherLabel.teacher == teacher, Configuration.system_id.in_([int(number) for number in system_ids]))
    )
    with store.read() as session:
        count, seconds = session.execute(query).one()
        return int(count), float(seconds)


def forget(store: Store, teacher: str) -> None:
    """Delete a teacher's energies."""
    with store.write() as session:
        session.execute(delete(TeacherLabel).where(TeacherLabel.teacher == teacher))


def of_configuration(store: Store, configuration_id: int, teacher: str) -> TeacherLabel | None:
    """A teacher's energies of one configuration, None if it has none."""
    with store.read() as session:
        return session.get(TeacherLabel, (configuration_id, teacher))


def names(store: Store) -> list[str]:
    """Names of the teachers that have energies of any configuration."""
    query = select(TeacherLabel.teacher).distinct().order_by(TeacherLabel.teacher)
    with store.read() as session:
        return list(session.scalars(query))


def missing(store: Store, teacher: str, *, system_id: int | None = None, outside: bool = False) -> list[int]:
    """Ids of the configurations, of one system or of all, that this teacher has not evaluated, ascending.

    Those of pool and test set, with `outside` of all places.
    """
    done = select(TeacherLabel.configuration_id).where(TeacherLabel.teacher == teacher)
    with store.read() as session:
        query = select(Configuration.id).where(Configuration.id.not_in(done), *matching(system_id=system_id))
        query = query if outside else query.where(Configuration.split != "outside")
        return list(session.scalars(query.order_by(Configuration.id)))
