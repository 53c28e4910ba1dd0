"""Cheap fingerprints of the database: what was read from it stays valid as long as its fingerprint does.

Running jobs write a heartbeat every few seconds; one counter for the whole database would throw
every cache away each time. So each kind of content has its own.
"""

import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Text, case, cast, func, select

from nci_core.store.database import Store
from nci_core.store.labels import trusted
from nci_core.store.schema import (
    Configuration,
    CutPoint,
    EnergySet,
    Label,
    LabelEvent,
    Metric,
    Model,
    Pick,
    Prediction,
    Round,
    TeacherLabel,
)

Version = tuple[Any, ...]

#: A file that was written less than this ago may be written again without its time changing.
SETTLED_SECONDS = 0.1
_kept: WeakKeyDictionary[Store, dict[str, tuple[Version, Version]]] = WeakKeyDictionary()
_lock = threading.Lock()


def _stamp(path: Path) -> Version | None:
    """Size and time of the database's files, which every commit changes; None when just written."""
    found: list[int] = []
    newest = 0
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            status = file.stat()
        except OSError:
            found.append(-1)
            continue
        found += [status.st_ino, status.st_size, status.st_mtime_ns]
        newest = max(newest, status.st_mtime_ns)
    return tuple(found) if abs(time.time_ns() - newest) > SETTLED_SECONDS * 1e9 else None


def _server_stamp(store: Store) -> Version:
    """Which of the server's transactions can be seen: the same answer means that nothing was committed between.

    It changes with every commit in any of the server's databases, so a busy server is counted more
    often than needed, never too seldom.
    """
    with store.read() as session:
        return (session.execute(select(cast(func.pg_current_snapshot(), Text))).scalar_one(),)


def _unless_written(count: Callable[[Store], Version]) -> Callable[[Store], Version]:
    """Count again only when the database's files (or its server's snapshot) have changed: a page asks several times.

    They are looked at before counting, so a commit in between is seen by the next look.
    """

    @wraps(count)
    def version(store: Store) -> Version:
        stamp = _server_stamp(store) if store.path is None else _stamp(store.path)
        if stamp is not None:
            with _lock:
                kept = _kept.get(store, {}).get(count.__name__)
            if kept is not None and kept[0] == stamp:
                return kept[1]
        found = count(store)
        if stamp is not None:
            with _lock:
                _kept.setdefault(store, {})[count.__name__] = (stamp, found)
        return found

    return version


def _number(condition: SQLColumnExpression[bool]) -> ColumnElement[Any]:
    """How many rows fulfil a condition."""
    return func.count(case((condition, 1)))


def _ids(column: SQLColumnExpression[Any], condition: SQLColumnExpression[bool]) -> ColumnElement[Any]:
    """The sum of the ids of the rows that fulfil a condition."""
    return func.coalesce(func.sum(case((condition, column))), 0)


def _one(store: Store, *queries: Select[*tuple[Any, ...]]) -> Version:
    with store.read() as session:
        return tuple(value for query in queries for value in session.execute(query).one())


@_unless_written
def data_version(store: Store) -> Version:
    """Changes when a configuration, a teacher energy, a label or a prediction does."""
    return _one(
        store,
        select(func.count(), func.max(Configuration.id), _number(Configuration.split == "test")).select_from(
            Configuration
        ),
        select(func.count(), func.sum(TeacherLabel.seconds)).select_from(TeacherLabel),
        select(
            func.count(),
            func.sum(Label.energy_ev),
            func.max(Label.finished_at),
            _number(Label.status == "complete"),
            _number(Label.status == "running"),
            _number(Label.status == "waiting"),
            func.count(Label.quarantine),
        ).select_from(Label),
        select(func.count()).select_from(LabelEvent),
        select(func.count(), func.max(EnergySet.id)).select_from(EnergySet),
        select(func.count(), func.max(Prediction.model_id)).select_from(Prediction),
    )


@_unless_written
def model_version(store: Store) -> Version:
    """Changes when a model, a metric, a cut or a round does."""
    return _one(
        store,
        select(func.count(), func.max(Model.id), _ids(Model.id, Model.active)).select_from(Model),
        select(func.count(), func.max(Metric.id), func.max(Metric.created_at)).select_from(Metric),
        select(func.count(), func.max(CutPoint.id)).select_from(CutPoint),
        select(func.count(), func.max(Round.finished_at), func.sum(func.length(Round.notes))).select_from(Round),
    )


@_unless_written
def pick_version(store: Store) -> Version:
    """Changes when a pick or a proposal does."""
    return _one(
        store,
        select(
            func.count(),
            func.max(Pick.id),
            _ids(Pick.id, Pick.state == "basket"),
            _ids(Pick.id, Pick.state == "submitted"),
            func.max(Pick.created_at),
        ).select_from(Pick),
    )


def known_of_system(store: Store, system_id: int, teacher: str, recipe_hash: str) -> list[list[Any]]:
    """Counts and sums of a system's places, of one teacher's energies there and of the trusted labels of its test set.

    They change with any of these, and depend on no file or time.
    """
    mine = Configuration.system_id == system_id
    queries = (
        select(func.count(), func.max(Configuration.id)).where(mine),
        select(func.count(), func.sum(TeacherLabel.energy_ev), func.sum(TeacherLabel.configuration_id))
        .join(Configuration, Configuration.id == TeacherLabel.configuration_id)
        .where(mine, TeacherLabel.teacher == teacher),
        select(func.count(), func.sum(Label.energy_ev), func.sum(Label.configuration_id))
        .join(Configuration, Configuration.id == Label.configuration_id)
        .where(mine, Configuration.split == "test", trusted(recipe_hash)),
    )
    with store.read() as session:
        return [list(session.execute(query).one()) for query in queries]
