"""Writing an archive: what is in the database and its models' files, each checked against what was stored."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from nci_core.campaign.campaign import MODELS, Campaign
from nci_core.campaign.exchange.archive_rows import (
    CONFIGURATIONS,
    FILES,
    HISTORY,
    LINES,
    LISTS,
    Row,
    columns,
    renamed,
)
from nci_core.campaign.exchange.dataset import write_configurations
from nci_core.config import FILE_NAME, write_settings
from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.store import DATABASE_NAME
from nci_core.store.base import Base
from nci_core.store.models import file_content
from nci_core.store.schema import Configuration, EnergySet, Model, SetEnergy


def export_campaign(source: Campaign, folder: Path) -> str:
    """Write the whole campaign to a folder, new or an earlier export; returns a sentence for people.

    Raises StoreError for a full disk, a model's file that is missing or not the one that was stored, or a folder that
    holds a campaign. A folder that this failed to write is not mistaken for an archive: it has no campaign.toml.
    """
    folder = Path(folder)
    if (folder / DATABASE_NAME).exists() or folder.resolve() == source.folder.resolve():
        raise StoreError(f"{folder} holds a campaign; choose another folder for its export.")
    if (folder / MODELS).is_symlink():
        raise StoreError(f"{folder / MODELS} is a symbolic link; choose another folder.")
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".nci-export-", dir=folder, ignore_cleanup_errors=True) as staging:
            counts = _write(source, Path(staging))
            _move(Path(staging), folder)
    except BaseException as error:
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise StoreError(
                f"{error.filename or folder} cannot be written ({error.strerror or error}); "
                "free some space or choose another folder, and export again."
            ) from error
        raise
    return f"{folder}: {counts}."


def _write(source: Campaign, folder: Path) -> str:
    """Write all files to an empty folder; returns what they hold."""
    write_settings(source.settings.portable(), folder)  # the copy is on no server
    with source.store.read() as session:  # one state of the database
        for model in session.scalars(select(Model).order_by(Model.id)):
            if model.path != f"{MODELS}/{model.name}.pt":
                raise StoreError(f"The file of model {model.name!r} has another name than its own: {model.path!r}.")
            write_atomically(folder / model.path, file_content(source.store, model))
        models = _write_rows(session, folder, {system.id: system.name for system in source.systems})
    count, labelled = write_configurations(source, folder / CONFIGURATIONS)
    return f"{count} configurations, {labelled} with CCSD(T), {models} models"


def _write_rows(session: Session, folder: Path, systems: Mapping[int, str]) -> int:
    """Write the files of rows, systems by their names; returns the number of models."""
    hashes = {row[0]: row[1] for row in session.execute(select(Configuration.id, Configuration.geometry_hash))}
    models = {row[0]: row[1] for row in session.execute(select(Model.id, Model.name))}
    names = {"configuration_id": hashes, "model_id": models, "parent_id": models, "system_id": systems}

    def rows(table: type[Base], *those: Any) -> Iterator[Row]:
        """All rows of a table, or those that a condition holds for, as they are written."""
        for found in session.scalars(select(table).where(*those).order_by(*table.__table__.primary_key)):
            yield renamed({name: getattr(found, name) for name in columns(table)}, names)

    for name, tables in LINES.items():
        said = {table: {"table": table.__tablename__} if len(tables) > 1 else {} for table in tables}
        lines = [orjson.dumps(said[table] | row) for table in tables for row in rows(table)]
        write_atomically(folder / name, b"".join(line + b"\n" for line in lines))
    history = {name: list(rows(table)) for name, table in LISTS.items()}
    sets = session.scalars(select(EnergySet.id).order_by(EnergySet.id))
    for row, number in zip(history["energy_sets"], sets, strict=True):
        row["energies"] = list(rows(SetEnergy, SetEnergy.set_id == number))
    write_atomically(folder / HISTORY, orjson.dumps(history, option=orjson.OPT_INDENT_2))
    return len(models)


def _move(staging: Path, folder: Path) -> None:
    """Put the files in place, in the stead of an earlier export's."""
    (folder / FILE_NAME).unlink(missing_ok=True)
    (folder / MODELS).mkdir(exist_ok=True)
    for stale in (folder / MODELS).glob("*.pt"):
        stale.unlink()
    for model in (staging / MODELS).glob("*"):
        os.replace(model, folder / MODELS / model.name)
    for name in FILES:  # campaign.toml last: a folder without it is no archive yet
        os.replace(staging / name, folder / name)
