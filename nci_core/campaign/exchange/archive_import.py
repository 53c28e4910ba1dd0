"""Rebuilding a campaign from an archive that was read and checked: in a folder of its own, and all of it or nothing."""

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
from sqlalchemy import insert

from nci_core.campaign.campaign import MODELS, Campaign
from nci_core.campaign.exchange.archive_packed import unpacked
from nci_core.campaign.exchange.archive_read import Archive, read_archive
from nci_core.campaign.exchange.archive_rows import OF_RESULT, Row, Rows, renamed
from nci_core.campaign.rounds.sampling import batch
from nci_core.campaign.systems import System
from nci_core.errors import StoreError
from nci_core.files import write_together
from nci_core.labels.label_errors import recipe_std_cm1
from nci_core.store import campaign as campaign_rows
from nci_core.store import configurations
from nci_core.store.base import ACTIVE, Base
from nci_core.store.bulk import continue_ids
from nci_core.store.journal import RESULTS, result_path
from nci_core.store.schema import Configuration, CutPoint, EnergySet, Label, Model

#: Tables whose rows others name, so that they come first and get their numbers here.
NUMBERED: tuple[type[Base], ...] = (Model, EnergySet)


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
    parents = list(itertools.takewhile(lambda parent: not parent.exists(), folder.parents))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".nci-import-", dir=folder.parent, ignore_cleanup_errors=True) as made:
            # Inside it, for a campaign's folder has the permissions that people's folders have.
            yield Path(made) / "campaign"
    except BaseException:
        for parent in parents:
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
    _add_configurations(target, archive)
    (target.folder / MODELS).mkdir(exist_ok=True)
    models = ((model["path"], archive.checkpoint(model)) for model in archive.rows[Model])
    write_together(target.folder, models)
    finished = [row for row in archive.rows[Label] if row["result"] is not None]
    paths = (result_path(target.folder, row["configuration_id"], row["recipe_hash"]) for row in finished)
    results = (orjson.dumps(row["result"], option=orjson.OPT_INDENT_2) for row in finished)
    write_together(target.folder / RESULTS, ((path.name, each) for path, each in zip(paths, results, strict=True)))
    rows = _local(archive.rows, configurations.fetch(target.store), target.systems)
    with target.store.write() as session:
        for table in (*NUMBERED, *(each for each in rows if each not in NUMBERED)):
            if rows[table]:
                session.execute(insert(table), rows[table])
        for table in NUMBERED:
            continue_ids(session, table)
    for name in {row.system_id for row in archive.configurations if row.split == "test"}:
        campaign_rows.freeze_test_set(target.store, target.system(name).id)


def _local(rows: Rows, there: Sequence[Configuration], systems: Sequence[System]) -> dict[type[Base], list[Row]]:
    """Rows with the numbers that all they name has in this campaign, and with what follows from the other columns."""
    models, sets = ({row["name"]: number for number, row in enumerate(rows[table], start=1)} for table in NUMBERED)
    numbers = {
        "configuration_id": {row.geometry_hash: row.id for row in there},
        "system_id": {system.name: system.id for system in systems},
        "model_id": models,
        "parent_id": models,
        "set_id": sets,
    }
    found = {table: [renamed(row, numbers) for row in rows[table]] for table in rows}
    for table in NUMBERED:
        for number, row in enumerate(found[table], start=1):
            row["id"] = number
    for row in found[CutPoint]:
        row["system_id"] = row["system_id"] or systems[0].id
    of = {row.id: row.system_id for row in there}
    found[Label] = [row | {"system_id": of[row["configuration_id"]]} | _of_result(row) for row in found[Label]]
    return found


def _of_result(label: Row) -> Row:
    """What follows from a label's result, or from its lack: work under way elsewhere is not under way here."""
    result = label["result"]
    if result is None:
        return {"status": "cancelled" if label["status"] in ACTIVE else label["status"]}
    std_cm1 = recipe_std_cm1(label["recipe_hash"], result)
    return {"error": None, "recipe_std_cm1": std_cm1} | {name: result.get(name) for name in OF_RESULT}


def _add_configurations(target: Campaign, archive: Archive) -> None:
    """Runs of one kind, in the order of the file, so that configurations keep their numbers."""
    runs = itertools.groupby(
        archive.configurations, key=lambda row: (row.system_id, row.split, row.origin, row.sample_seed)
    )
    batches = []
    for (name, split, origin, seed), run in runs:
        system, rows = target.system(name), list(run)
        at = system.dimer.at([row.position for row in rows], [row.pose for row in rows])
        batches.append(batch(system, at, origin=origin, split=split, seed=seed))
    configurations.add_together(target.store, batches)
