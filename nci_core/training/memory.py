"""What a training that was stopped, or whose process died, leaves behind, so that it goes on and does not start again.

One file: the networks that are finished and the state of the one under way, after an epoch or a step. The order of the
labels depends on seed and epoch alone, so a training that goes on takes the steps it would have taken.
"""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from nci_core.errors import StoreError
from nci_core.files import write_atomically

#: The file is renewed at most this often.
WRITE_SECONDS = 5.0


class TrainingMemory:
    """The state of one training, in a file or (without a path) forgotten at once.

    Args:
        path: of the file; None keeps nothing.
        on_resume: called with the number of finished networks when a training goes on.

    `seconds_before` is what earlier starts spent on it; `finished` holds what is known of each network that is done.
    """

    def __init__(self, path: Path | None = None, on_resume: Callable[[int], None] | None = None) -> None:
        self.path, self.on_resume = path, on_resume
        self.seconds_before = 0.0
        self.finished: dict[int, dict[str, Any]] = {}
        self._underway: tuple[int, dict[str, Any]] | None = None
        self._key = ""
        self._begun = self._written = time.monotonic()

    def begin(self, key: str) -> None:
        """Take up what an earlier start of the same training left; another's or a damaged file counts as none."""
        self._key = key
        content = self._read()
        if content.get("key") != key:
            return
        try:
            seconds = float(content["seconds"])
            finished = {int(number): dict(found) for number, found in content["finished"].items()}
            underway = content["underway"] and (int(content["underway"][0]), dict(content["underway"][1]))
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        self.seconds_before, self.finished, self._underway = seconds, finished, underway
        if self.on_resume is not None:
            self.on_resume(len(self.finished))

    def underway(self, number: int) -> dict[str, Any]:
        """The state of the network of this number, empty where it has not begun."""
        return self._underway[1] if self._underway is not None and self._underway[0] == number else {}

    def keep(self, number: int, state: dict[str, Any]) -> None:
        """Remember the state of the network under way; on disk at intervals, and when `flush` is called."""
        self._underway = number, state
        if time.monotonic() - self._written >= WRITE_SECONDS:
            self.flush()

    def finish(self, number: int, found: dict[str, Any]) -> None:
        """Remember a network that is done."""
        self.finished[number] = found
        self._underway = None
        self.flush()

    def forget(self) -> None:
        """Delete the file: the training is complete."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Write the file."""
        self._written = time.monotonic()
        if self.path is None:
            return
        data = io.BytesIO()
        seconds = self.seconds_before + time.monotonic() - self._begun
        content = {"key": self._key, "seconds": seconds, "finished": self.finished, "underway": self._underway}
        torch.save(content, data)
        with suppress(StoreError):  # a full disk must not end a training that needs none
            write_atomically(self.path, data.getvalue(), below=self.path.parent.parent)

    def _read(self) -> dict[str, Any]:
        if self.path is None or not self.path.is_file():
            return {}
        try:
            content = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception:  # damaged in whatever way: the training then starts from its beginning
            return {}
        return content if isinstance(content, dict) else {}
