"""Writing an archive: what is in the database and its models' files, each checked against what was stored."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from nci_core.campaign.campaign import MODELS, Campaign
from nci_core.campaign.exchange.archive_read import CONFIGURATIONS, HISTORY, LABELS, PREDICTIONS, TEACHERS
from nci_core.campaign.exchange.archive_references import PLAIN_TABLES, Row, references, renamed
from nci_core.campaign.exchange.dataset import write_configurations
from nci_core.config import FILE_NAME, write_settings
from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.store import DATABASE_NAME
from nci_core.store.base import Base
from nci_core.store.models import file_content
from nci_core.store.schema import (
    Configuration,
    CutPoint,
    EnergySet,
    Label,
    LabelEvent,
    Model,
    Prediction,
    SetEnergy,
    TeacherLabel,
)

#: The numbers of a finished label are in its result; repeating them in its row could contradict it.
REPEATED = ("energy_ev", "hf_ev", "ccsd_ev", "triples_ev", "recipe_std_cm1", "cpu_seconds", "wall_seconds", "memory_gb")
#: Follows from the configuration.
FOLLOWING = ("system_id",)
#: Written last, so that a folder without it is no archive yet.
ORDER = (CONFIGURATIONS, TEACHERS, LABELS, HISTORY, PREDICTIONS, FILE_NAME)


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
        staging = Path(tempfile.mkdtemp(prefix=".nci-export-", dir=folder))
        try:
            counts = _write(source, staging)
            _move(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
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
    models = folder / MODELS
    models.mkdir()
    systems = {system.id: system.name for system in source.systems}
    with source.store.read() as session:  # one state of the database
        for model in session.scalars(select(Model).order_by(Model.id)):
            if model.path != f"{MODELS}/{model.name}.pt":
                raise StoreError(f"The file of model {model.name!r} has another name than its own: {model.path!r}.")
            write_atomically(folder / model.path, file_content(source.store, model))
        names = _write_rows(session, folder, systems)
    count, labelled = write_configurations(source, folder / CONFIGURATIONS)
    return f"{count} configurations, {labelled} with CCSD(T), {len(names)} models"


def _write_rows(session: Session, folder: Path, systems: Mapping[int, str]) -> dict[int, str]:
    """Write the files of rows, systems by their names; returns the names of the models."""
    hashes = {row[0]: row[1] for row in session.execute(select(Configuration.id, Configuration.geometry_hash))}
    names = {row[0]: row[1] for row in session.execute(select(Model.id, Model.name))}
    known = references(hashes, names, systems)

    def rows(table: type[Base], leave_out: Iterable[str] = ()) -> Iterator[Row]:
        """Rows as they are written: by geometry hash and model name."""
        left_out = ("id", "job_id", *leave_out)
        columns = [name for name in table.__table__.columns.keys() if name not in left_out]  # noqa: SIM118 (no dict)
        for found in session.scalars(select(table).order_by(*table.__table__.primary_key)):
            yield renamed({name: getattr(found, name) for name in columns}, known)

    _write_lines(folder / TEACHERS, rows(TeacherLabel))
    _write_lines(folder / LABELS, rows(Label, (*REPEATED, *FOLLOWING)))
    tables: dict[str, type[Base]] = PLAIN_TABLES | {"models": Model, "labels": LabelEvent}
    history = {name: list(rows(table)) for name, table in tables.items()}
    energies: dict[str, list[Row]] = {}
    sets = {row.id: row.name for row in session.scalars(select(EnergySet))}
    for row in rows(SetEnergy):
        energies.setdefault(sets[row.pop("set_id")], []).append(row)
    history["energy_sets"] = [row | {"energies": energies.get(row["name"], [])} for row in rows(EnergySet)]
    write_atomically(folder / HISTORY, orjson.dumps(history, option=orjson.OPT_INDENT_2))
    kinds: tuple[type[Base], ...] = (Prediction, CutPoint)
    evaluations = ({"table": table.__tablename__, **row} for table in kinds for row in rows(table))
    _write_lines(folder / PREDICTIONS, evaluations)
    return names


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    lines = [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in rows]
    write_atomically(path, b"".join(line + b"\n" for line in lines))


def _move(staging: Path, folder: Path) -> None:
    """Put the files in place, in the stead of an earlier export's."""
    (folder / FILE_NAME).unlink(missing_ok=True)
    (folder / MODELS).mkdir(exist_ok=True)
    for stale in (folder / MODELS).glob("*.pt"):
        stale.unlink()
    for model in (staging / MODELS).iterdir():
        os.replace(model, folder / MODELS / model.name)
    for name in ORDER:
        os.replace(staging / name, folder / name)
