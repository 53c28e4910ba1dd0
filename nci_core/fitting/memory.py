"""What a fit that was stopped, or whose process died, leaves behind, so that it goes on and does not start again.

One file: for each fit of a job, the minimisations that are finished and the state of the one under way. A fit
that goes on takes the very steps it would have taken, so its result does not tell that it was interrupted.
"""

import hashlib
import io
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.fitting.levenberg_marquardt import Descent, LeastSquares, Minimum, minimise

#: The file is renewed at most this often; a step takes between 10 ms and seconds.
WRITE_SECONDS = 2.0


def fingerprint(tensors: Iterable[Tensor], text: str) -> str:
    """Hash of everything that a fit's steps depend on."""
    found = hashlib.sha256(f"{torch.__version__}\n{text}".encode())
    for tensor in tensors:
        found.update(f"{tuple(tensor.shape)}{tensor.dtype}".encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


class FitMemory:
    """Minimisations of one fit after another, in a file or (without a path) forgotten at once.

    Args:
        path: of the file; None keeps nothing.
        on_resume: called with the number of finished minimisations when a fit goes on.

    `seconds_before` is what earlier starts spent on the fits so far.
    """

    def __init__(self, path: Path | None = None, on_resume: Callable[[int], None] | None = None) -> None:
        self.path, self.on_resume = path, on_resume
        self.seconds_before = 0.0
        self._key = ""
        self._fits: dict[str, Any] = self._read()
        self._before = 0.0
        self._begun = self._written = time.monotonic()
        self._finished: dict[int, Minimum] = {}
        self._underway: tuple[int, Descent] | None = None

    def begin(self, key: str) -> None:
        """Take up what an earlier start of the same fit left; another fit's or a damaged file counts as none."""
        if self._key:
            self._fits[self._key] = self._state()
        self._key, self._before = key, 0.0
        self._finished, self._underway = {}, None
        self._begun = self._written = time.monotonic()
        content = self._fits.get(key)
        if content is None:
            return
        self._before = float(content["seconds"])
        self.seconds_before += self._before
        self._finished = {int(n): Minimum(*values) for n, values in content["finished"].items()}
        if content["underway"] is not None:
            number, values = content["underway"]
            self._underway = int(number), Descent(*values)
        if self.on_resume is not None:
            self.on_resume(len(self._finished))

    def minimise(
        self,
        number: int,
        problem: LeastSquares,
        start: Tensor | Descent,
        max_iterations: int,
        tolerance: float,
        on_step: Callable[[Descent], None],
    ) -> Minimum:
        """The fit's minimisation of this number: remembered, continued, or begun at `start`, (p,) or a state.

        `on_step` is called after the state is safe, so it may raise to stop the fit.
        """
        here = start.z if isinstance(start, Descent) else start
        if number in self._finished:
            known = self._finished[number]
            return replace(known, z=known.z.to(here))
        begun: Tensor | Descent = start
        if self._underway is not None and self._underway[0] == number:
            state = self._underway[1]
            begun = replace(state, z=state.z.to(here))

        def keep(state: Descent) -> None:
            self._underway = number, state
            if time.monotonic() - self._written >= WRITE_SECONDS:
                self._write()
            on_step(state)

        try:
            found = minimise(problem, begun, max_iterations, tolerance, keep)
        except BaseException:
            self._write()
            raise
        self._finished[number] = found
        self._underway = None
        return found

    def forget(self) -> None:
        """Delete the file: the fit is complete."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        if self.path is None or not self.path.is_file():
            return {}
        try:
            content = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception:  # damaged in whatever way: the fit then starts from its beginning
            return {}
        fits = content.get("fits") if isinstance(content, dict) else None
        return fits if isinstance(fits, dict) else {}

    def _state(self) -> dict[str, Any]:
        underway = None
        if self._underway is not None:
            underway = (self._underway[0], _plain(self._underway[1]))
        return {
            "seconds": self._before + time.monotonic() - self._begun,
            "finished": {number: _plain(found) for number, found in self._finished.items()},
            "underway": underway,
        }

    def _write(self) -> None:
        self._written = time.monotonic()
        if self.path is None:
            return
        data = io.BytesIO()
        torch.save({"fits": self._fits | {self._key: self._state()}}, data)
        with suppress(StoreError):  # a full disk must not end a fit that needs none
            # Its folder may be made, nothing above: a campaign that was moved away is not made anew.
            write_atomically(self.path, data.getvalue(), below=self.path.parent.parent)


def _plain(state: Descent | Minimum) -> tuple[Any, ...]:
    return (state.z.detach().cpu(), *astuple(state)[1:])
