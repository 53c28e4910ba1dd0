"""A campaign as plain files: written by `nci export`, rebuilt by `nci import`.

    campaign.toml          settings
    configurations.extxyz  geometries (Å) with split, origin and the energies (eV) known for them
    teachers.jsonl         one teacher label a line, with its channels (eV)
    labels.jsonl           one CCSD(T) label a line: state, result with full provenance, or its error
    history.json           rounds, picks, models, errors, what was decided about labels
    predictions.jsonl      each model's energies (eV) and cuts
    models/                checkpoints

Rows refer to each other by geometry hash and model name, never by database ids.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update

from nci_core.campaign.campaign import MODELS, Campaign, home
from nci_core.campaign.frames import read_configurations, write_configurations
from nci_core.config import FILE_NAME, read_settings, write_settings
from nci_core.errors import InputError, NCIError, StoreError
from nci_core.files import write_atomically
from nci_core.store import Store, campaign, configurations, models
from nci_core.store.base import Base
from nci_core.store.bulk import continue_ids
from nci_core.store.journal import RESULTS, reconcile
from nci_core.store.schema import (
    CutPoint,
    Label,
    LabelEvent,
    Metric,
    Model,
    Pick,
    Prediction,
    Round,
    TaughtBy,
    TeacherLabel,
)

#: Embedded campaigns of the project, in the order people should meet them.
EMBEDDED = ("he-benzene", "he-ethylene")

Row = dict[str, Any]


def data_folder() -> Path:
    """Folder of the embedded campaigns, beside the package."""
    return Path(__file__).resolve().parents[2] / "data"


def _rows(store: Store, table: type[Base]) -> Iterator[Row]:
    with store.read() as session:
        for row in session.scalars(select(table).order_by(*table.__table__.primary_key)):
            yield {name: getattr(row, name) for name in table.__table__.columns.keys()}  # noqa: SIM118 (not a dict)


def _write_lines(path: Path, rows: Iterable[Row]) -> int:
    lines = [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in rows]
    write_atomically(path, b"".join(line + b"\n" for line in lines))
    return len(lines)


def _read_lines(path: Path) -> Iterator[Row]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); is this a folder made by `nci export`?") from None
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            raise InputError(f"{path}, line {number}, is damaged; restore the file and import again.") from None


def export_extxyz(source: Campaign, path: Path) -> str:
    """Write every configuration with what is known about it to one extxyz file; returns a sentence."""
    count, labelled = write_configurations(source, path)
    return f"{path}: {count} configurations, {labelled} with CCSD(T)."


def export_campaign(source: Campaign, folder: Path) -> str:
    """Write the whole campaign to a folder; returns a sentence for people. Raises StoreError for a full disk."""
    try:
        return _export(source, folder)
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder} cannot be written ({error.strerror or error}); "
            "free some space or choose another folder, and export again."
        ) from error


def _export(source: Campaign, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    store = source.store
    hashes = {row.id: row.geometry_hash for row in configurations.fetch(store)}
    names = {row["id"]: row["name"] for row in _rows(store, Model)}

    def portable(row: Row) -> Row:
        known: dict[str, Callable[[Any], Any]] = {
            "configuration_id": hashes.__getitem__,
            "model_id": names.get,
            "parent_id": names.get,
        }
        drop = ("id", "job_id")
        if isinstance(row.get("notes"), dict) and "proposals" in row["notes"]:
            row = row | {"notes": row["notes"] | {"proposals": _renamed(row["notes"]["proposals"], hashes)}}
        return {key: known[key](value) if key in known else value for key, value in row.items() if key not in drop}

    write_settings(source.settings.model_copy(update={"database": ""}), folder)  # the copy is on no server
    count, labelled = write_configurations(source, folder / "configurations.extxyz")
    _write_lines(folder / "teachers.jsonl", map(portable, _rows(store, TeacherLabel)))
    # The numbers of a finished label are in its result; repeating them here could contradict it.
    repeated = ("energy_ev", "hf_ev", "ccsd_ev", "triples_ev", "cpu_seconds", "wall_seconds", "memory_gb")
    label_rows = ({k: v for k, v in portable(row).items() if k not in repeated} for row in _rows(store, Label))
    _write_lines(folder / "labels.jsonl", label_rows)
    history = {
        "rounds": list(_rows(store, Round)),
        "picks": [portable(row) for row in _rows(store, Pick)],
        "models": [portable(row) for row in _rows(store, Model)],
        "metrics": [portable(row) for row in _rows(store, Metric)],
        "labels": [portable(row) for row in _rows(store, LabelEvent)],
        "taught_by": list(_rows(store, TaughtBy)),
    }
    write_atomically(folder / "history.json", orjson.dumps(history, option=orjson.OPT_INDENT_2))
    evaluations = [
        {"table": table.__tablename__, **portable(row)}
        for table in (Prediction, CutPoint)
        for row in _rows(store, table)
    ]
    _write_lines(folder / "predictions.jsonl", evaluations)
    target = folder / MODELS
    target.mkdir(exist_ok=True)
    for row in _rows(store, Model):
        shutil.copy2(source.folder / row["path"], target)
    return f"{folder}: {count} configurations, {labelled} with CCSD(T), {len(names)} models."


def _renamed(proposals: list[Row], names: Mapping[Any, Any]) -> list[Row]:
    """A model's proposals with their configurations under other names."""
    return [row | {"configuration_id": names[row["configuration_id"]]} for row in proposals]


def _times(row: Row) -> Row:
    """ISO times back to datetime, in the columns that end in _at."""
    return {k: datetime.fromisoformat(v) if k.endswith("_at") and isinstance(v, str) else v for k, v in row.items()}


def import_campaign(source: Path, folder: Path, database: str = "") -> Campaign:
    """Rebuild a campaign in a new folder. Nothing is left behind when a file turns out to be damaged.

    `database` is the URL of a server, with a schema and without a password; empty for a file.
    Raises InputError for a folder that is not an export, or is damaged; StoreError if `folder` exists.
    """
    source, folder = Path(source), Path(folder).absolute()
    settings = read_settings(source).model_copy(update={"database": database})
    if folder.exists():
        raise StoreError(f"{folder} exists already; import into a new folder.")
    staging = folder.with_name(f".{folder.name}.importing")
    shutil.rmtree(staging, ignore_errors=True)
    target: Campaign | None = None
    try:
        target = Campaign.create(staging, settings)
        _fill(target, source)
        staging.rename(folder)
        target.store.close()
    except BaseException as error:
        if target is not None:
            target.store.discard()
        shutil.rmtree(staging, ignore_errors=True)
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError):  # a row without its fields
            detail = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"{source} is damaged ({detail}); restore its files and import again.") from error
        if isinstance(error, OSError):
            where = error.filename or folder
            raise StoreError(f"{where} cannot be written or read ({error.strerror or error}).") from error
        raise
    return Campaign.open(folder)


def _fill(target: Campaign, source: Path) -> None:
    store = target.store
    read_configurations(target, source / "configurations.extxyz")
    ids = {row.geometry_hash: row.id for row in configurations.fetch(store)}
    try:
        history = orjson.loads((source / "history.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise InputError(f"{source / 'history.json'} is missing or damaged; restore it and import again.") from None
    (target.folder / MODELS).mkdir(exist_ok=True)
    for file in sorted((source / MODELS).glob("*.pt")):
        shutil.copy2(file, target.folder / MODELS)
    model_ids = {row["name"]: number for number, row in enumerate(history["models"], start=1)}

    def local(row: Row) -> Row:
        found = _times(row)
        if isinstance(found.get("notes"), dict) and "proposals" in found["notes"]:
            found["notes"] = found["notes"] | {"proposals": _renamed(found["notes"]["proposals"], ids)}
        if "configuration_id" in found:
            found["configuration_id"] = ids[found["configuration_id"]]
        for key in ("model_id", "parent_id"):
            if key in found:
                found[key] = model_ids.get(found[key])
        return found

    labels: list[Row] = []
    finished: list[Row] = []
    results = target.folder / RESULTS
    results.mkdir(exist_ok=True)
    for row in _read_lines(source / "labels.jsonl"):
        if row["status"] == "complete":
            name = f"{row['configuration_id']}-{row['recipe_hash']}.json"
            write_atomically(results / name, orjson.dumps(row["result"], option=orjson.OPT_INDENT_2))
            finished.append(local(row))
        # Work under way elsewhere is not under way here.
        status = "cancelled" if row["status"] in ("waiting", "running", "complete") else row["status"]
        labels.append(local(row | {"status": status, "result": None}))
    evaluations = list(_read_lines(source / "predictions.jsonl"))
    with store.write() as session:
        for table, rows in (
            (TaughtBy, [local(row) for row in history.get("taught_by", [])]),  # exports of earlier versions have none
            (TeacherLabel, [local(row) for row in _read_lines(source / "teachers.jsonl")]),
            (Round, [local(row) for row in history["rounds"]]),
            (Label, labels),
            (Pick, [local(row) for row in history["picks"]]),
            (Model, [local(row) | {"id": model_ids[row["name"]]} for row in history["models"]]),
            (Metric, [local(row) for row in history["metrics"]]),
            *(
                (
                    table,
                    [
                        local({k: v for k, v in row.items() if k != "table"})
                        for row in evaluations
                        if row["table"] == table.__tablename__
                    ],
                )
                for table in (Prediction, CutPoint)
            ),
        ):
            if rows:
                session.execute(insert(table), rows)
        continue_ids(session, Model)
    done = reconcile(store)
    if done.problems:
        raise InputError(f"{source}: {done.problems[0]}")
    past = [local(row) for row in history.get("labels", [])]  # exports of earlier versions have none
    with store.write() as session:  # finished when they were computed, and doubted as they were, not now
        for row in finished:
            mine = (Label.configuration_id == row["configuration_id"], Label.recipe_hash == row["recipe_hash"])
            kept = {"finished_at": row["finished_at"], "quarantine": row.get("quarantine")}
            session.execute(update(Label).where(*mine).values(**kept))
        session.execute(delete(LabelEvent))
        if past:
            session.execute(insert(LabelEvent), past)
    for model in models.fetch(store):
        models.file_path(store, model)
    if any(row.split == "test" for row in configurations.fetch(store)):
        campaign.freeze_test_set(store)


def import_embedded() -> list[str]:
    """Import the project's own campaigns that are not below home() yet; returns their names."""
    imported = []
    for name in EMBEDDED:
        source, target = data_folder() / name, home() / name
        if (source / FILE_NAME).exists() and not target.exists():
            try:
                import_campaign(source, target)
            except NCIError as error:
                raise StoreError(f"The embedded campaign {name} could not be imported: {error}") from error
            imported.append(name)
    return imported
