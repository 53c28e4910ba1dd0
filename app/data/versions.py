"""Cheap fingerprints of the database: a cached table stays valid as long as its fingerprint does.

Running jobs write a heartbeat every few seconds; one counter for the whole database would throw
every cache away each time. So each kind of content has its own.
"""

from typing import Any

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


def _one(store: Store, *queries: Select[*tuple[Any, ...]]) -> Version:
    with store.read() as session:
        return tuple(value for query in queries for value in session.execute(query).one())


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


def model_version(store: Store) -> Version:
    """Changes when a model, a metric, a cut or a round does."""
    return _one(
        store,
        select(func.count(), func.max(Model.id), func.sum(Model.id * Model.active)).select_from(Model),
        select(func.count(), func.max(Metric.id), func.max(Metric.created_at)).select_from(Metric),
        select(func.count(), func.max(CutPoint.id)).select_from(CutPoint),
        select(func.count(), func.max(Round.finished_at), func.total(func.length(Round.notes))).select_from(Round),
    )


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
