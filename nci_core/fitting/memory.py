"""What a fit that was stopped, or whose process died, leaves behind, so that it goes on and does not start again.

One file: for each fit of a job, the minimisations that are finished and the state of the one under way. A fit
that goes on takes the very steps it would have taken, so its result does not tell that it was interrupted.
"""

import hashlib
import io
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.fitting.levenberg_marquardt import Descent, LeastSquares, Minimum, OnStep, minimise_all
from nci_core.fitting.quadratic import Quadratic

#: The file is renewed at most this often; a step takes between 10 ms and seconds.
WRITE_SECONDS = 2.0
#: Of the file: another one's fits are begun again.
FORMAT = "fits side by side"


def fingerprint(tensors: Iterable[Tensor], text: str) -> str:
    """Hash of everything that a fit's steps depend on."""
    found = hashlib.sha256(f"{FORMAT}\n{torch.__version__}\n{text}".encode())
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
        self._underway: dict[int, Descent] = {}

    def begin(self, key: str) -> None:
        """Take up what an earlier start of the same fit left; another fit's or a damaged file counts as none."""
        if self._key:
            self._fits[self._key] = self._state()
        self._key, self._before = key, 0.0
        self._finished, self._underway = {}, {}
        self._begun = self._written = time.monotonic()
        content = self._fits.get(key)
        if content is None:
            return
        self._before = float(content["seconds"])
        self.seconds_before += self._before
        self._finished = {int(n): Minimum(*values) for n, values in content["finished"].items()}
        self._underway = {int(n): Descent(*values) for n, values in content["underway"].items()}
        if self.on_resume is not None:
            self.on_resume(self.finished())

    def finished(self, numbers: Sequence[int] | None = None) -> int:
        """Minimisations of the fit that need no further step, all or those of some numbers."""
        done = {*self._finished, *(number for number, state in self._underway.items() if state.done)}
        return len(done if numbers is None else done.intersection(numbers))

    def minimise(
        self,
        numbers: Sequence[int],
        problem: LeastSquares,
        starts: Sequence[Tensor | Descent],
        max_iterations: int,
        tolerance: float,
        on_step: OnStep,
    ) -> list[Minimum]:
        """The fit's minimisations of these numbers: remembered, continued, or begun at a start, (p,) or a state.

        `on_step` is called, with these numbers, after the states are safe, so it may raise to stop the fit.
        """
        begun: list[Tensor | Descent] = []
        rows = [row for row, number in enumerate(numbers) if number not in self._finished]
        for row in rows:
            start, state = starts[row], self._underway.get(numbers[row])
            here = start.z if isinstance(start, Descent) else start
            begun.append(start if state is None else replace(state, z=state.z.to(here)))

        def keep(states: Sequence[tuple[int, Descent]]) -> None:
            named = [(numbers[rows[k]], state) for k, state in states]
            self._underway |= named
            if time.monotonic() - self._written >= WRITE_SECONDS:
                self._write()
            on_step(named)

        try:
            made = minimise_all(_Some(problem, rows), begun, max_iterations, tolerance, keep) if rows else []
        except BaseException:
            self._write()
            raise
        self._finished |= {numbers[row]: minimum for row, minimum in zip(rows, made, strict=True)}
        for number in numbers:
            self._underway.pop(number, None)
        like = starts[0].z if isinstance(starts[0], Descent) else starts[0]
        return [replace(self._finished[number], z=self._finished[number].z.to(like)) for number in numbers]

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
        return {
            "seconds": self._before + time.monotonic() - self._begun,
            "finished": {number: _plain(found) for number, found in self._finished.items()},
            "underway": {number: _plain(state) for number, state in self._underway.items()},
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


@dataclass(frozen=True)
class _Some:
    """Some rows of a problem."""

    problem: LeastSquares
    rows: Sequence[int]

    def about(self, z: Tensor, rows: Sequence[int]) -> Quadratic:
        return self.problem.about(z, [self.rows[row] for row in rows])


def _plain(state: Descent | Minimum) -> tuple[Any, ...]:
    return (state.z.detach().cpu(), *astuple(state)[1:])
