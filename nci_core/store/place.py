"""Where a campaign's folder is: told apart from another folder that has the same path later.

A person may move a folder, or put another in its place, while processes work in it. Their open files go along;
paths do not. So whoever works for long holds the folder itself and asks whether its path still leads there.
"""

import os
import sys
import weakref
from contextlib import suppress
from pathlib import Path

from nci_core.errors import CampaignMovedError


class Place:
    """A folder that is held open; raises OSError where there is none.

    Attributes:
        folder: the path that led to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Held, for the numbers of a folder that is deleted may go to the next one that is made.
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.close = weakref.finalize(self, os.close, self._descriptor)
        status = os.fstat(self._descriptor)
        self._numbers = status.st_dev, status.st_ino

    def is_here(self) -> bool:
        """Whether the path still leads to this folder."""
        try:
            status = os.stat(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:  # a file system that does not answer has moved nothing
            return True
        return (status.st_dev, status.st_ino) == self._numbers

    def require(self) -> None:
        """Raise CampaignMovedError unless the path still leads to this folder."""
        if not self.is_here():
            raise CampaignMovedError(self.sentence())

    def sentence(self) -> str:
        """What people are told who still use the old path."""
        now = self.now_at()
        where = f"is {now} now" if now is not None else "was deleted or is elsewhere"
        return f"The campaign folder {self.folder} {where}; nothing more is done at its old place, open it at the new."

    def now_at(self) -> Path | None:
        """Where the folder is now, None where that cannot be told or it was deleted."""
        found: str | None = None
        with suppress(OSError, ValueError):
            if sys.platform == "darwin":
                import fcntl

                found = fcntl.fcntl(self._descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0").decode()
            else:
                found = os.readlink(f"/proc/self/fd/{self._descriptor}")
            status = os.stat(found)
            if (status.st_dev, status.st_ino) == self._numbers:
                return Path(found)
        return None


def hold(folder: Path) -> Place | None:
    """The folder's place, None where there is no such folder (yet)."""
    try:
        return Place(folder)
    except OSError:
        return None
