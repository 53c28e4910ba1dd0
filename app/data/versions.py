"""Cheap fingerprints of the database: a cached table stays valid as long as its fingerprint does.

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

from sqlalchemy import Select, func, select

from nci_core.store.database import Store
from nci_core.store.schema import (
    Configuration,
    CutPoint,
    Job,
    JobEvent,
    Label,
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


def _unless_written(count: Callable[[Store], Version]) -> Callable[[Store], Version]:
    """Count again only when the database's files have changed: a page asks several times a run.

    The files are looked at before counting, so a commit in between is seen by the next look.
    """

    @wraps(count)
    def version(store: Store) -> Version:
        stamp = None if store.path is None else _stamp(store.path)
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


def _one(store: Store, *queries: Select[*tuple[Any, ...]]) -> Version:
    with store.read() as session:
        return tuple(value for query in queries for value in session.execute(query).one())


@_unless_written
def data_version(store: Store) -> Version:
    """Changes when a configuration, a teacher energy, a label or a prediction does."""
    return _one(
        store,
        select(func.count(), func.max(Configuration.id), func.sum(Configuration.split == "test")).select_from(
            Configuration
        ),
        select(func.count(), func.total(TeacherLabel.seconds)).select_from(TeacherLabel),
        select(
            func.count(),
            func.total(Label.energy_ev),
            func.max(Label.finished_at),
            func.sum(Label.status == "complete"),
            func.sum(Label.status == "running"),
            func.sum(Label.status == "waiting"),
            func.count(Label.quarantine),
        ).select_from(Label),
        select(func.count(), func.max(Prediction.model_id)).select_from(Prediction),
    )


@_unless_written
def model_version(store: Store) -> Version:
    """Changes when a model, a metric, a cut or a round does."""
    return _one(
        store,
        select(func.count(), func.max(Model.id), func.sum(Model.id * Model.active)).select_from(Model),
        select(func.count(), func.max(Metric.id), func.max(Metric.created_at)).select_from(Metric),
        select(func.count(), func.max(CutPoint.id)).select_from(CutPoint),
        select(func.count(), func.max(Round.finished_at), func.total(func.length(Round.notes))).select_from(Round),
    )


@_unless_written
def pick_version(store: Store) -> Version:
    """Changes when a pick or a proposal does."""
    return _one(
        store,
        select(
            func.count(),
            func.max(Pick.id),
            func.total(Pick.id * (Pick.state == "basket")),
            func.total(Pick.id * (Pick.state == "submitted")),
            func.max(Pick.created_at),
        ).select_from(Pick),
    )


@_unless_written
def job_version(store: Store) -> Version:
    """Changes when a job's state, progress or curve does."""
    return _one(
        store,
        select(
            func.count(),
            func.total(Job.progress),
            func.max(Job.finished_at),
            func.max(Job.started_at),
            func.sum(Job.cancel_requested),
            func.total(Job.id * (Job.state == "running")),
            func.total(Job.id * (Job.state == "waiting")),
        ).select_from(Job),
        select(func.max(JobEvent.id)).select_from(JobEvent),
    )
