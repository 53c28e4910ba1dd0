"""The journal of finished labels: `results/<geometry hash>-<recipe hash>.json` beside the database.

A label may have cost an hour. It is written to its own file, synced, before the database hears
of it; whatever the database lost or never got is read back from there. The pieces of a label under
way (`fragments.py`) lie in a folder inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from nci_core.errors import InputError, StoreError
from nci_core.files import read_limited, write_atomically
from nci_core.store import fragments, labels
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Label

#: Folder of the journal inside the campaign folder.
RESULTS = "results"
#: Folder inside it of results that a retry replaced: kept, but not read back.
EARLIER = "earlier"
#: A result of three fragments has three thousand.
MOST_RESULT_BYTES = 10_000_000


@dataclass(frozen=True)
class Reconciled:
    """What `reconcile` did: labels written to the database, and sentences about files it could not use."""

    recorded: int
    problems: list[str]


def result_path(folder: Path, geometry_hash: str, recipe_hash: str) -> Path:
    """Where the result of a geometry and recipe belongs; StoreError for hashes that are none."""
    return folder / RESULTS / f"{fragments.stem(geometry_hash, recipe_hash)}.json"


def record_label(store: Store, label_id: int, result: Mapping[str, Any], *, folder: Path | None = None) -> Path:
    """Journal a finished LabelResult (as a dictionary), then complete its row in one transaction.

    If the database cannot be written the file stays, and `reconcile` finishes later. `folder` is
    the campaign folder, needed only for a database that is not a file. Returns the file's path.
    A complete label that is journaled keeps its first result, whoever computed it a second time.
    Raises InputError for a result without a finite energy or of another geometry or recipe, CampaignMovedError where
    the campaign's folder is no longer at its place.
    """
    with store.read() as session:
        row = session.execute(
            select(Label.recipe_hash, Configuration.geometry_hash, Label.status)
            .join(Configuration, Configuration.id == Label.configuration_id)
            .where(Label.id == label_id)
        ).first()
    if row is None:
        raise StoreError(f"There is no label {label_id} in {store.where}.")
    recipe_hash, geometry_hash, status = row
    labels.check_result(result, geometry_hash, recipe_hash)
    path = result_path(folder or store.folder, geometry_hash, recipe_hash)
    if status == "complete" and path.exists():
        return path
    content = dict(result) | {"geometry_hash": geometry_hash, "recipe_hash": recipe_hash}
    store.require_in_place()
    text = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    write_atomically(path, text, below=folder or store.folder)
    labels.set_complete(store, label_id, content)
    return path


def find_result(folder: Path, geometry_hash: str, recipe_hash: str) -> dict[str, Any] | None:
    """A journaled result, None if there is none or it is unreadable: a label need not be computed twice."""
    try:
        path = result_path(folder, geometry_hash, recipe_hash)
        content: Any = orjson.loads(read_limited(path, MOST_RESULT_BYTES, links=False))
        labels.check_result(content, geometry_hash, recipe_hash)
    except (StoreError, orjson.JSONDecodeError, InputError):
        return None
    return dict(content)


def put_by(folder: Path, geometry_hash: str, recipe_hash: str) -> Path | None:
    """Move a journaled result aside before its label is computed anew; its place then, None if there is no file."""
    path = result_path(folder, geometry_hash, recipe_hash)
    if not path.exists():
        return None
    earlier = path.parent / EARLIER
    try:
        earlier.mkdir(exist_ok=True)
        number = 1 + len(list(earlier.glob(f"{path.stem}-*.json")))
        return path.rename(earlier / f"{path.stem}-{number}.json")
    except OSError as error:
        raise StoreError(f"{path} cannot be moved aside ({error.strerror or error}); nothing was changed.") from error


def reconcile(store: Store, *, folder: Path | None = None, add_missing: bool = True) -> Reconciled:
    """Bring journaled results into the database that it does not have as complete.

    With `add_missing` a result for a known configuration that nobody asked this database for
    gets a row too: that is how a lost database is rebuilt. Bad files are reported, never deleted.
    Pieces of labels that are journaled are removed.
    """
    journal = (folder or store.folder) / RESULTS
    files = sorted(journal.glob("*.json")) if journal.is_dir() else []
    if not files:
        return Reconciled(0, [])
    with store.read() as session:
        hashes = session.execute(select(Configuration.geometry_hash, Configuration.id))
        known = {row[0]: row[1] for row in hashes}
        query = select(Configuration.geometry_hash, Label.recipe_hash, Label.id, Label.status)
        rows = session.execute(query.join(Configuration, Configuration.id == Label.configuration_id)).all()
    status = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    finished: dict[int, dict[str, Any]] = {}
    recorded, problems = 0, []
    for path in files:
        geometry_hash, _, recipe_hash = path.stem.partition("-")
        label_id, state = status.get((geometry_hash, recipe_hash), (None, None))
        if state == "complete" or (label_id is None and not add_missing):
            continue
        if geometry_hash not in known:
            problems.append(f"{path.name} belongs to a configuration that this campaign does not have.")
            continue
        result = find_result(path.parent.parent, geometry_hash, recipe_hash)
        if result is None:
            problems.append(f"{path.name} is damaged; its label will be computed again when it is asked for.")
            continue
        if label_id is None:
            recipe = result.get("recipe")
            name = str(recipe.get("name", recipe_hash)) if isinstance(recipe, dict) else recipe_hash
            label_id = labels.request(store, [known[geometry_hash]], recipe=name, recipe_hash=recipe_hash)[0].id
        finished[label_id] = result
        if len(finished) == labels.AT_ONCE:
            labels.set_all_complete(store, finished)
            recorded += len(finished)
            finished = {}
    labels.set_all_complete(store, finished)
    recorded += len(finished)
    for geometry_hash, recipe_hash in fragments.begun(journal):
        if find_result(journal.parent, geometry_hash, recipe_hash) is not None:
            fragments.FragmentFiles(journal, geometry_hash, recipe_hash).clear()
    return Reconciled(recorded, problems)
