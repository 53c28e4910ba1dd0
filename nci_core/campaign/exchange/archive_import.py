"""Rebuilding a campaign from an archive that was read and checked: in a folder of its own, and all of it or nothing."""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from sqlalchemy import delete, insert, select, update

from nci_core.campaign.campaign import MODELS, Campaign
from nci_core.campaign.exchange.archive_packed import unpacked
from nci_core.campaign.exchange.archive_read import Archive, read_archive
from nci_core.campaign.exchange.archive_references import PLAIN_TABLES, references, renamed
from nci_core.campaign.exchange.archive_rows import ArchiveRow, CutPointRow, LabelRow, PredictionRow
from nci_core.campaign.rounds.sampling import batch
from nci_core.errors import InputError, StoreError
from nci_core.files import write_together
from nci_core.store import campaign as campaign_rows
from nci_core.store import configurations
from nci_core.store.base import Base
from nci_core.store.bulk import continue_ids
from nci_core.store.journal import RESULTS, reconcile, result_path
from nci_core.store.schema import CutPoint, EnergySet, Label, LabelEvent, Model, Prediction, SetEnergy, TeacherLabel

Values = dict[str, Any]


def import_campaign(source: Path, folder: Path, database: str = "") -> Campaign:
    """Rebuild a campaign in a new folder from an archive: a folder, or one file, zip or tar, that holds it.

    It is checked whole before the first write. Settings that belong to a machine are this one's. `database` is the URL
    of a server, with a schema and without a password; empty for a file. Nothing is left behind when this fails.
    Raises InputError for what is no export, or is damaged or forged; StoreError if `folder` exists.
    """
    _require_new(folder)  # before anything is read
    with unpacked(Path(source)) as archive:
        return import_archive(read_archive(archive), folder, database)


def import_archive(archive: Archive, folder: Path, database: str = "") -> Campaign:
    """The same from an archive that was read and checked already; raises StoreError if `folder` exists."""
    folder = _require_new(folder)
    try:
        with _staging(folder) as staging:
            _build(archive, staging, database, folder)
    except OSError as error:
        where = error.filename or folder
        raise StoreError(f"{where} cannot be written or read ({error.strerror or error}).") from error
    return Campaign.open(folder)


def _require_new(folder: Path) -> Path:
    folder = Path(folder).absolute()
    if os.path.lexists(folder):
        raise StoreError(f"{folder} exists already; import into a new folder.")
    return folder


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A place beside `folder` that nobody can have prepared; it and folders made for it go if the block fails."""
    made = list(itertools.takewhile(lambda parent: not parent.exists(), folder.parents))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        private = Path(tempfile.mkdtemp(prefix=".nci-import-", dir=folder.parent))
        try:
            # Inside it, for a campaign's folder has the permissions that people's folders have.
            yield private / "campaign"
        finally:
            shutil.rmtree(private, ignore_errors=True)
    except BaseException:
        for parent in made:
            with contextlib.suppress(OSError):  # something else is in there now
                parent.rmdir()
        raise


def _build(archive: Archive, staging: Path, database: str, folder: Path) -> None:
    target = Campaign.create(staging, archive.settings.model_copy(update={"database": database}))
    try:
        _fill(target, archive)
        target.store.close()
        Campaign.open(staging).store.close()
        staging.rename(folder)
    except BaseException:
        target.store.discard()
        raise


def _fill(target: Campaign, archive: Archive) -> None:
    store, history = target.store, archive.history
    _add_configurations(target, archive)
    rows = configurations.fetch(store)
    ids = {row.geometry_hash: row.id for row in rows}
    systems = {row.id: row.system_id for row in rows}
    model_ids = {row.name: number for number, row in enumerate(history.models, start=1)}
    here = references(ids, model_ids, {system.name: system.id for system in target.systems})
    (target.folder / MODELS).mkdir(exist_ok=True)
    write_together(target.folder, ((model.path, archive.checkpoint(model)) for model in history.models))

    def local(rows: Sequence[ArchiveRow]) -> list[Values]:
        """Rows with the numbers that configurations, models and systems have here."""
        return [renamed(row.model_dump(exclude={"table", "energies"}), here) for row in rows]

    finished = [row for row in archive.labels if row.status == "complete"]
    results = ((result_path(target.folder, row.configuration_id, row.recipe_hash).name, row.result) for row in finished)
    write_together(
        target.folder / RESULTS, ((name, orjson.dumps(result, option=orjson.OPT_INDENT_2)) for name, result in results)
    )
    models = [row | {"id": model_ids[row["name"]]} for row in local(history.models)]
    sets = [row | {"id": number} for number, row in enumerate(local(history.energy_sets), start=1)]
    energies = [
        row | {"set_id": number}
        for number, each in enumerate(history.energy_sets, start=1)
        for row in local(each.energies)
    ]
    _insert(
        target,
        {
            TeacherLabel: local(archive.teachers),
            Label: [
                row | _unfinished(row) | {"system_id": systems[row["configuration_id"]]}
                for row in local(archive.labels)
            ],
            EnergySet: sets,
            SetEnergy: energies,
            Model: models,
            **{table: local(getattr(history, name)) for name, table in PLAIN_TABLES.items()},
            Prediction: local([row for row in archive.evaluations if isinstance(row, PredictionRow)]),
            CutPoint: [
                row | {"system_id": row["system_id"] or target.systems[0].id}
                for row in local([row for row in archive.evaluations if isinstance(row, CutPointRow)])
            ],
        },
    )
    done = reconcile(store)
    if done.problems:
        raise InputError(f"{archive.folder}: {done.problems[0]}")
    _restore_history(target, finished, local(history.labels), ids)
    for name in {row.system_id for row in archive.configurations if row.split == "test"}:
        campaign_rows.freeze_test_set(store, target.system(name).id)


def _add_configurations(target: Campaign, archive: Archive) -> None:
    """Runs of one kind, in the order of the file, so that configurations keep their numbers."""
    runs = itertools.groupby(
        archive.configurations, key=lambda row: (row.system_id, row.split, row.origin, row.sample_seed)
    )
    batches = [
        batch(target.system(name), np.array([row.position for row in run]), origin=origin, split=split, seed=seed)
        for (name, split, origin, seed), run in runs
    ]
    configurations.add_together(target.store, batches)


def _unfinished(row: Values) -> Values:
    """A label as it is before its result is read from the journal: work under way elsewhere is not under way here."""
    status = "cancelled" if row["status"] in ("waiting", "running", "complete") else row["status"]
    return {"status": status, "result": None}


def _insert(target: Campaign, tables: Mapping[type[Base], list[Values]]) -> None:
    with target.store.write() as session:
        for table, rows in tables.items():
            if rows:
                session.execute(insert(table), rows)
        for table in (Model, EnergySet):
            continue_ids(session, table)


def _restore_history(
    target: Campaign, finished: Sequence[LabelRow], events: list[Values], ids: Mapping[str, int]
) -> None:
    """Labels finished when they were computed, and doubted as they were, not now."""
    with target.store.write() as session:
        found = session.execute(select(Label.configuration_id, Label.recipe_hash, Label.id))
        numbers = {(row[0], row[1]): row[2] for row in found}
        kept = [
            {"id": numbers[ids[row.configuration_id], row.recipe_hash]}
            | {"finished_at": row.finished_at, "quarantine": row.quarantine}
            for row in finished
        ]
        if kept:
            session.execute(update(Label), kept)
        session.execute(delete(LabelEvent))
        if events:
            session.execute(insert(LabelEvent), events)
