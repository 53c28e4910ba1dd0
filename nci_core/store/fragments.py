"""Pieces of labels under way: `results/fragments/<geometry hash>-<recipe hash>-<piece>` beside the journal.

A label's process keeps there what it has finished; the files go when the label is journaled. Whoever cancels a
label leaves them: asked for again, it goes on from there.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from nci_core.errors import StoreError
from nci_core.files import write_atomically

#: Folder of the pieces inside the journal's folder.
FRAGMENTS = "fragments"
#: What a hash can look like: nothing that leads to another folder, or that `begun` would take apart.
_HASH = re.compile(r"[0-9A-Za-z]{1,64}")


def stem(geometry_hash: str, recipe_hash: str) -> str:
    """What the names of a label's files begin with.

    Raises StoreError for hashes that are none: a database that somebody else made may say anything.
    """
    for name in (geometry_hash, recipe_hash):
        if not _HASH.fullmatch(name):
            raise StoreError(f"{name[:80]!r} is no geometry or recipe hash; this database was not made by nci.")
    return f"{geometry_hash}-{recipe_hash}"


class FragmentFiles:
    """The pieces of one label; a `reference.resuming.FragmentStore`.

    Args:
        results: the journal's folder.
        geometry_hash: of the configuration.
        recipe_hash: of the recipe.

    Raises StoreError for hashes that are none.
    """

    def __init__(self, results: Path, geometry_hash: str, recipe_hash: str) -> None:
        self._results = results
        self._stem = stem(geometry_hash, recipe_hash)

    def path(self, name: str) -> Path:
        """The file of a piece such as 'dimer.json'."""
        return self._results / FRAGMENTS / f"{self._stem}-{name}"

    def read(self, name: str) -> bytes | None:
        """What was kept, None if nothing or unreadable."""
        try:
            return self.path(name).read_bytes()
        except OSError:
            return None

    def keep(self, name: str, content: bytes) -> bool:
        """Replace a piece, whole and synced, and return whether that worked; the label goes on without."""
        try:
            write_atomically(self.path(name), content, below=self._results.parent)
        except StoreError:  # a full disk must not end a calculation that needs none
            return False
        return True

    def drop(self, name: str) -> None:
        """Delete a piece."""
        with suppress(OSError):
            self.path(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all pieces: the label is in the journal."""
        self._delete((self._results / FRAGMENTS).glob(f"{self._stem}-*"))
        self.clear_half_written()

    def clear_half_written(self) -> None:
        """Delete what processes that were killed while writing a piece, or the label, left behind.

        For the process that computes the label: no other may be writing.
        """
        self._delete((self._results / FRAGMENTS).glob(f".{self._stem}-*.tmp"))
        self._delete(self._results.glob(f".{self._stem}.json.*.tmp"))

    @staticmethod
    def _delete(paths: Iterable[Path]) -> None:
        for path in paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def begun(results: Path) -> set[tuple[str, str]]:
    """Geometry and recipe hash of each label that has pieces."""
    folder = results / FRAGMENTS
    names = [path.name.removeprefix(".").split("-") for path in folder.iterdir()] if folder.is_dir() else []
    return {(name[0], name[1]) for name in names if len(name) > 2 and all(map(_HASH.fullmatch, name[:2]))}
