"""Labels that were set aside: what a check or a person said of them, and the calculations that retries replaced."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from nci_core.errors import InputError, StoreError
from nci_core.store.base import LabelEventKind
from nci_core.store.database import Store
from nci_core.store.schema import Label, LabelEvent

#: Numbers of a label that go with its result.
RESULT_COLUMNS = (
    "energy_ev",
    "hf_ev",
    "ccsd_ev",
    "triples_ev",
    "recipe_std_cm1",
    "result",
    "cpu_seconds",
    "wall_seconds",
    "memory_gb",
)


def events(store: Store, recipe_hash: str, configuration_id: int | None = None) -> list[LabelEvent]:
    """What happened to the labels of one recipe, or to one of them, in its order."""
    query = select(LabelEvent).where(LabelEvent.recipe_hash == recipe_hash).order_by(LabelEvent.id)
    if configuration_id is not None:
        query = query.where(LabelEvent.configuration_id == configuration_id)
    with store.read() as session:
        return list(session.scalars(query))


def unused(store: Store, recipe_hash: str) -> list[Label]:
    """Labels of one recipe that failed, were cancelled or are set aside, ordered by configuration."""
    without = (Label.status.in_(("error", "cancelled")), Label.quarantine.is_not(None))
    query = select(Label).where(Label.recipe_hash == recipe_hash, or_(*without)).order_by(Label.configuration_id)
    with store.read() as session:
        return list(session.scalars(query))


def find(store: Store, recipe_hash: str, configuration_id: int) -> Label:
    """The label of one configuration; raises InputError if nobody asked for one."""
    query = select(Label).where(Label.recipe_hash == recipe_hash, Label.configuration_id == configuration_id)
    with store.read() as session:
        label = session.scalar(query)
    if label is None:
        raise InputError(f"Configuration {configuration_id} has no label of this recipe.")
    return label


def set_aside(store: Store, label_id: int, doubts: Sequence[Mapping[str, Any]]) -> bool:
    """Keep a finished label out of fits and metrics, with the reasons.

    False if it stays as it is: it is set aside already, unfinished, or a person has accepted this calculation.
    """
    with store.write() as session:
        label = _get(session, store, label_id)
        if label.status != "complete" or label.quarantine is not None or _last(session, label) == "accepted":
            return False
        label.quarantine = " ".join(str(doubt["sentence"]) for doubt in doubts)
        session.add(_event(label, "set-aside", reasons=[dict(doubt) for doubt in doubts]))
    return True


def accept(store: Store, label_id: int, person: str, because: str) -> None:
    """Use a label that was set aside all the same; who, when and why is kept. Raises InputError for any other."""
    _decide(store, label_id, "accepted", person, because)


def leave_out(store: Store, label_id: int, person: str, because: str) -> None:
    """Leave a label out for good that was set aside; it can still be accepted or tried again later."""
    _decide(store, label_id, "left-out", person, because)


def _decide(store: Store, label_id: int, what: LabelEventKind, person: str, because: str) -> None:
    if not person.strip():
        raise InputError("Say who decides: give a name.")
    if not because.strip():
        raise InputError("Say why: the reason is kept with the label.")
    with store.write() as session:
        label = _get(session, store, label_id)
        if label.status != "complete" or label.quarantine is None:
            raise InputError(f"The label of configuration {label.configuration_id} is not set aside.")
        if what == "accepted":
            label.quarantine = None
        session.add(_event(label, what, person=person.strip(), because=because.strip()))


def begin_retry(store: Store, label_id: int, person: str) -> Label:
    """Let a failed or set-aside label wait for another calculation; its present result or error goes into the history.

    Move its file out of the journal first (`journal.put_by`), or the old result is found there. Raises InputError for
    a label that is neither.
    """
    with store.write() as session:
        label = _get(session, store, label_id)
        require_retriable(label)
        session.add(_event(label, "retried", person=person.strip() or None, error=label.error, result=label.result))
        for name in RESULT_COLUMNS:
            setattr(label, name, None)
        label.status, label.error, label.quarantine = "waiting", None, None
        label.job_id, label.finished_at = None, None
    return label


def require_retriable(label: Label) -> None:
    """Raise InputError unless a label failed, was cancelled or is set aside."""
    if label.status in ("error", "cancelled") or (label.status == "complete" and label.quarantine is not None):
        return
    state = "fine" if label.status == "complete" else label.status
    raise InputError(
        f"The label of configuration {label.configuration_id} is {state}; only failed ones and ones set aside are "
        "tried again at tighter settings."
    )


def earlier_result(store: Store, label: Label) -> dict[str, Any] | None:
    """The newest calculation that a retry of this label replaced, None if there was none that finished."""
    found = [e.result for e in events(store, label.recipe_hash, label.configuration_id) if e.result is not None]
    return found[-1] if found else None


def _get(session: Session, store: Store, label_id: int) -> Label:
    label = session.get(Label, label_id)
    if label is None:
        raise StoreError(f"There is no label {label_id} in {store.where}.")
    return label


def _last(session: Session, label: Label) -> LabelEventKind | None:
    mine = (LabelEvent.configuration_id == label.configuration_id, LabelEvent.recipe_hash == label.recipe_hash)
    return session.scalar(select(LabelEvent.what).where(*mine).order_by(LabelEvent.id.desc()).limit(1))


def _event(label: Label, what: LabelEventKind, **details: Any) -> LabelEvent:
    return LabelEvent(configuration_id=label.configuration_id, recipe_hash=label.recipe_hash, what=what, **details)
