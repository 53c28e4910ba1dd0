"""What lies beside a labelled file: each finished label whole, each failure with its reason, pieces of those under way.

The folder is that of one recipe and one set of geometries, and says so in `labels.json`; whatever else it is given is
refused, so that labels never mix. Its files are those of a campaign's journal (`nci_core.store.journal`).
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from nci_core.errors import InputError, StoreError
from nci_core.files import read_limited, write_atomically
from nci_core.labelling.tasks import Task
from nci_core.labels.monomer_files import MonomerFiles
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.store.fragments import FragmentFiles, begun, stem
from nci_core.store.journal import RESULTS, find_result, result_path
from nci_core.systems import Dimer

#: Added to the name of the labelled file.
ENDING = ".labels"
MANIFEST, FAILED, MONOMERS, LOCK, LOG = "labels.json", "failed", "monomers", "lock", "log.txt"
#: 250,000 hashes take a fortieth of it.
MOST_BYTES = 200_000_000
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
_Counted = Annotated[int, Field(ge=0, le=1_000_000)]


class Manifest(BaseModel):
    """Whose labels a folder holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    recipe: str = Field(max_length=200)
    recipe_hash: _Hash
    geometries: list[_Hash]


class Failure(BaseModel):
    """Why a label is not there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(max_length=10_000)
    not_converged: bool = Field(False, description="a retry takes tighter settings then")
    tightened_tries: _Counted = 0
    failed_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class LabelFolder:
    """The folder beside a labelled file.

    Attributes:
        path: of the folder, absolute where processes share it.
    """

    path: Path

    @classmethod
    def beside(cls, out: Path) -> "LabelFolder":
        """The folder of a labelled file."""
        return cls(out.with_name(out.name + ENDING).absolute())

    def check(self, recipe: Recipe, tasks: Sequence[Task], out: Path) -> int:
        """How many of the geometries are new to the folder; nothing is written.

        Raises InputError where it belongs to another recipe or to geometries that the tasks do not have, and where
        `out` was not written by this command.
        """
        # A kill may have left the folder before it said whose it is; it then holds nothing either.
        if not (self.path / MANIFEST).exists() and not (self.path / RESULTS).exists():
            if out.exists():
                raise InputError(f"{out} is there already and was not labelled by nci; give --out another name.")
            return len(tasks)
        known = self._manifest()
        if known.recipe_hash != recipe.hash:
            same = " with other settings" if known.recipe == recipe.name else f", not {recipe.name}"
            raise InputError(
                f"{self.path} holds labels of recipe {known.recipe}{same}; labels of two recipes never mix, so give "
                "--out another name."
            )
        asked = {task.geometry_hash for task in tasks}
        gone = [name for name in known.geometries if name not in asked]
        if gone:
            raise InputError(
                f"{self.path} belongs to another input: {len(gone):,} of its {len(known.geometries):,} geometries are "
                "not in this file; give --out another name, or the file that it was begun with."
            )
        return len(asked) - len(known.geometries)

    def claim(self, recipe: Recipe, tasks: Sequence[Task]) -> None:
        """Make the folder that of these geometries; after `check`."""
        found = Manifest(
            recipe=recipe.name, recipe_hash=recipe.hash, geometries=sorted({t.geometry_hash for t in tasks})
        )
        content = orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
        self.path.mkdir(exist_ok=True)
        file = self.path / MANIFEST
        if not file.exists() or file.read_bytes() != content:
            write_atomically(file, content, below=self.path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other commands out; raises StoreError while another one labels into this folder."""
        self.path.mkdir(exist_ok=True)
        descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StoreError(f"Another command is labelling into {self.path}; wait for it, or stop it.") from None
        try:
            yield
        finally:
            os.close(descriptor)

    def result(self, task: Task) -> LabelResult | None:
        """The finished label of a task; None if there is none, or a damaged one: it is computed again then."""
        found = find_result(self.path, *task.key)
        with suppress(ValidationError, ValueError):
            return LabelResult.model_validate(found).consistent() if found is not None else None
        return None

    def keep_result(self, key: tuple[str, str], result: LabelResult) -> None:
        """Write a finished label, whole and synced, and forget the way there."""
        content = orjson.dumps(result.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
        write_atomically(result_path(self.path, *key), content, below=self.path)
        with suppress(OSError):
            self._failure_path(key).unlink(missing_ok=True)
        self.pieces(key).clear()

    def failure(self, key: tuple[str, str]) -> Failure | None:
        """Why a label failed, None if it did not."""
        try:
            return Failure.model_validate_json(read_limited(self._failure_path(key), 100_000, links=False))
        except (InputError, ValidationError):  # not there, or damaged: it is tried again
            return None

    def keep_failure(self, key: tuple[str, str], failure: Failure) -> None:
        """Write why a label failed."""
        write_atomically(self._failure_path(key), failure.model_dump_json(indent=2).encode(), below=self.path)

    def pieces(self, key: tuple[str, str]) -> FragmentFiles:
        """Where the fragments of a label under way are kept."""
        return FragmentFiles(self.path / RESULTS, *key)

    def clear_finished_pieces(self) -> None:
        """Delete pieces of finished labels, which a kill between two steps may have left."""
        for key in begun(self.path / RESULTS):
            if find_result(self.path, *key) is not None:
                self.pieces(key).clear()

    def monomers(self, dimer: Dimer) -> MonomerFiles:
        """What is known of a dimer's monomers, shared by all frames with this host and probe."""
        text = orjson.dumps([dimer.a.symbols, dimer.a.positions.tolist(), dimer.b.symbols[0]])
        name = hashlib.sha256(text).hexdigest()[:16]
        return MonomerFiles(dimer, self.path / MONOMERS / name, self.path)

    @property
    def log(self) -> Path:
        """What the processes wrote on standard error."""
        return self.path / LOG

    def _failure_path(self, key: tuple[str, str]) -> Path:
        return self.path / FAILED / f"{stem(*key)}.json"

    def _manifest(self) -> Manifest:
        file = self.path / MANIFEST
        try:
            return Manifest.model_validate_json(read_limited(file, MOST_BYTES, links=False))
        except (InputError, ValidationError):
            raise InputError(
                f"{self.path} does not say whose labels it holds ({MANIFEST} is missing or damaged); move it away, or "
                "give --out another name."
            ) from None
