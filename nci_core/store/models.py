"""Stored students: one is active, and an earlier one can be made active again."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy import update as sql_update

from nci_core.errors import InputError, StoreError
from nci_core.files import read_limited
from nci_core.store.database import Store
from nci_core.store.schema import Model

#: Folder of the checkpoints inside a campaign folder.
MODELS = "models"
#: Of a file of networks, the largest there are; of students a thousand times less.
MOST_MODEL_BYTES = 500_000_000
#: Key of the settings of a model that learnt energies of another method: {"set": its name, "method": in words}.
OTHER_METHOD = "other_method"
#: Keys of the settings of a model that is no student of terms: {"student": "mace"}.
STUDENT, NETWORK = "student", "mace"
#: A database that somebody else made may say anything; a model's file has no other place.
_PATH = re.compile(rf"{MODELS}/[A-Za-z0-9][A-Za-z0-9._-]*\.pt")


def is_network(model: Model) -> bool:
    """Whether a model is a fine-tuned network, which stands beside the rounds of the student."""
    return model.settings.get(STUDENT) == NETWORK


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file, 64 hex digits; raises StoreError if it cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(f"The model file {path} cannot be read: {error.strerror}.") from error


def add(store: Store, model: Model, *, activate: bool = True) -> Model:
    """Store a model's row and make it the active one; raises StoreError if its name is taken."""
    with store.write() as session:
        if session.scalar(select(Model.id).where(Model.name == model.name)) is not None:
            raise StoreError(f"There is a model called {model.name!r} already; choose another name.")
        if activate:
            session.execute(sql_update(Model).values(active=False))
        model.active = activate
        session.add(model)
    return model


def get(store: Store, model_id: int) -> Model:
    """One model; raises StoreError if there is none."""
    with store.read() as session:
        return _get(store, session.get(Model, model_id), model_id)


def _get(store: Store, row: Model | None, model_id: int) -> Model:
    if row is None:
        raise StoreError(f"There is no model {model_id} in {store.where}.")
    return row


def find(store: Store, name: str) -> Model | None:
    """A model by name, None if there is none."""
    with store.read() as session:
        return session.scalar(select(Model).where(Model.name == name))


def active(store: Store) -> Model | None:
    """The model in use, None before the first."""
    with store.read() as session:
        return session.scalar(select(Model).where(Model.active).order_by(Model.id.desc()).limit(1))


def fetch(store: Store, *, others: bool = False) -> list[Model]:
    """All models of the campaign's own recipe in the order they were made.

    `others`: also those that learnt energies of another method, which somebody brought; they are no part of the rounds.
    """
    with store.read() as session:
        rows = session.scalars(select(Model).order_by(Model.id))
        return [row for row in rows if others or OTHER_METHOD not in row.settings]


def activate(store: Store, model_id: int) -> None:
    """Make a model the active one (also to roll back); raises StoreError if there is none."""
    with store.write() as session:
        _get(store, session.get(Model, model_id), model_id)
        session.execute(sql_update(Model).values(active=False))
        session.execute(sql_update(Model).where(Model.id == model_id).values(active=True))


def file_path(store: Store, model: Model) -> Path:
    """The model's file, checked as `file_content` does; raises StoreError."""
    file_content(store, model)
    return store.folder / model.path


def file_content(store: Store, model: Model) -> bytes:
    """The model's file as it was stored.

    Raises StoreError if it is missing, a link, in another place than the campaign's models or has changed.
    """
    path = store.folder / model.path
    plain = _PATH.fullmatch(model.path) is not None
    # The folder may be below a link; a link inside it leads to files that are not the campaign's.
    if not plain or path.parent.is_symlink() or path.is_symlink():
        raise StoreError(
            f"The file of model {model.name!r} is not a plain file in the campaign's folder {MODELS} "
            f"({model.path!r}); restore the campaign from a backup or an export."
        )
    if not path.exists():
        raise StoreError(f"The file of model {model.name!r} is missing: {path}.")
    try:
        content = read_limited(path, MOST_MODEL_BYTES, links=False)
    except InputError as error:
        raise StoreError(f"The file of model {model.name!r} is not usable: {error}") from None
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise StoreError(f"The file of model {model.name!r} is not the one that was stored: {path} has changed.")
    return content


def refitted(store: Store, model_id: int, *, sha256: str, seconds: float) -> None:
    """A model's file was replaced by a new fit to the same labels; StoreError if there is no such model."""
    with store.write() as session:
        row = _get(store, session.get(Model, model_id), model_id)
        row.sha256, row.seconds = sha256, seconds


def update_notes(store: Store, model_id: int, notes: Mapping[str, Any]) -> None:
    """Add JSON values to a model's notes, replacing those of the same name; StoreError if there is no such model."""
    with store.write() as session:
        row = _get(store, session.get(Model, model_id), model_id)
        row.notes = {**row.notes, **notes}
