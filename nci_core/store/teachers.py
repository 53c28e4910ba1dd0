"""Which teacher a specification stands for: "mace:/path/x.model" is a path, and its file may change.

Labels are stored under the teacher's own name, which holds a digest of what it was made from. A specification
that has taught keeps its teacher until somebody asks for another one.
"""

from collections.abc import Mapping

from sqlalchemy import select

from nci_core.errors import TeacherError
from nci_core.store.base import utc_now
from nci_core.store.database import Store
from nci_core.store.schema import TaughtBy


def stored_name(store: Store, spec: str) -> str:
    """What the labels of a specification's teacher are stored under; the specification itself if it says all."""
    with store.read() as session:
        return session.scalar(select(TaughtBy.name).where(TaughtBy.spec == spec)) or spec


def specs(store: Store) -> dict[str, str]:
    """Name of the labels → specification, of teachers that a specification stands for."""
    with store.read() as session:
        return {row.name: row.spec for row in session.scalars(select(TaughtBy))}


def details(store: Store, name: str) -> dict[str, str]:
    """What is known about the teacher of this name: digests and versions; empty where its name says all."""
    with store.read() as session:
        found = session.scalar(select(TaughtBy.details).where(TaughtBy.name == name).limit(1))
        return {} if found is None else {str(key): str(value) for key, value in found.items()}


def settle(store: Store, spec: str, name: str, found: Mapping[str, str], *, anew: bool = False) -> str:
    """Say which teacher a specification stands for now, and return the name for its labels.

    Raises TeacherError, changing nothing, when it stood for another one before; with `anew` it stands for this one
    from now on, and the labels of the other stay where they are.
    """
    if not found:
        return spec
    with store.write() as session:
        row = session.get(TaughtBy, spec)
        if row is None:
            session.add(TaughtBy(spec=spec, name=name, details=dict(found)))
        elif row.name != name:
            if not anew:
                raise TeacherError(
                    f"Teacher {spec} is not what it was when it taught this campaign ({row.name} then, {name} now); "
                    "restore it, or teach anew with `nci teach --anew`, which keeps the old labels apart."
                )
            row.name, row.details, row.created_at = name, dict(found), utc_now()
    return name
