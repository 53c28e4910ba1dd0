"""A file and its labels: what is there, what is missing, and the file that is written."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nci_core.errors import InputError, StoreError
from nci_core.labelling.folder import LabelFolder
from nci_core.labelling.frames import Frame, read_frames
from nci_core.labelling.output import Outcome, Status, write_labelled
from nci_core.labelling.pool import Event, compute
from nci_core.labelling.prices import Prices, price
from nci_core.labelling.tasks import Task, plan
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult


@dataclass
class FileLabels:
    """Labels of a file by one recipe; `open` reads and checks everything, nothing is written until `compute`.

    Attributes:
        data: the file.
        recipe: as it was given.
        frames: of the file.
        tasks: one for each geometry, in the order of their first frames.
        out: the labelled file; None where only the price is asked for.
        new: how many of the geometries have not been asked for before.
        results: finished labels by the hashes of geometry and recipe.
    """

    data: Path
    recipe: Recipe
    frames: list[Frame]
    tasks: list[Task]
    out: Path | None
    new: int
    results: dict[tuple[str, str], LabelResult] = field(default_factory=dict)

    @classmethod
    def open(cls, data: Path, recipe: Recipe, out: Path | None, *, leave_out: bool = False) -> "FileLabels":
        """Read a file, check every frame, and find what is done already.

        Raises InputError for a frame that cannot be labelled (unless `leave_out`), for a file without any other, and
        for labels beside `out` that are of another recipe or another input.
        """
        if out is not None:
            if out.absolute() == data.absolute() or (out.exists() and data.exists() and out.samefile(data)):
                raise InputError("--out is the input itself; give another name, so that the input stays as it is.")
            if not out.absolute().parent.is_dir():
                raise StoreError(f"{out} cannot be written (there is no folder {out.parent}); choose another place.")
            if out.is_dir():
                raise InputError(f"{out} is a folder; --out names the labelled file.")
        frames, tasks = plan(data, read_frames(data, leave_out=leave_out), recipe, leave_out=leave_out)
        if not tasks:
            raise InputError(f"{data} has no frame that can be labelled; frame {frames[0].number}: {frames[0].problem}")
        found = cls(data, recipe, frames, tasks, out, len(tasks))
        if out is not None:
            folder = LabelFolder.beside(out)
            found.new = folder.check(recipe, tasks, out)
            found.results = {task.key: result for task in tasks if (result := folder.result(task)) is not None}
        return found

    @property
    def left_out(self) -> list[Frame]:
        """Frames that cannot be labelled."""
        return [frame for frame in self.frames if frame.at is None]

    @property
    def repeats(self) -> int:
        """Frames that repeat an earlier one's geometry."""
        return sum(len(task.frames) - 1 for task in self.tasks)

    @property
    def finished(self) -> list[tuple[Task, LabelResult]]:
        """Tasks with their results."""
        return [(task, self.results[task.key]) for task in self.tasks if task.key in self.results]

    def outcomes(self) -> list[Outcome]:
        """What became of each task so far."""
        folder = None if self.out is None else LabelFolder.beside(self.out)
        return [
            Outcome(task, found, None if found or folder is None else folder.failure(task.key))
            for task in self.tasks
            for found in [self.results.get(task.key)]
        ]

    def counts(self) -> dict[Status, int]:
        """Labels by status."""
        found = Counter(outcome.status for outcome in self.outcomes())
        every: tuple[Status, ...] = ("complete", "set aside", "failed", "waiting")
        return {status: found[status] for status in every}

    def missing(self, n: int | None = None, *, retry: bool = False) -> list[Task]:
        """The first `n` tasks (default: all) without a label; those that failed only with `retry`."""
        wanted = ("waiting", "failed") if retry else ("waiting",)
        return [outcome.task for outcome in self.outcomes() if outcome.status in wanted][:n]

    def prices(self, tasks: list[Task]) -> Prices:
        """What tasks will cost."""
        return price(tasks, self.finished)

    def compute(self, tasks: list[Task], workers: int, on_event: Callable[[Event | None], None]) -> None:
        """Compute tasks and write the labelled file, whatever ends this.

        Raises StoreError while another process computes labels of the same file or nothing can be written.
        """
        assert self.out is not None
        folder = LabelFolder.beside(self.out)
        with folder.held():
            folder.check(self.recipe, self.tasks, self.out)  # again: another command may have come first
            folder.claim(self.recipe, self.tasks)
            folder.clear_finished_pieces()
            try:
                if tasks:
                    compute(folder, tasks, workers, on_event)
            finally:
                for task in tasks:
                    found = folder.result(task)
                    if found is not None:
                        self.results[task.key] = found
                self._write(self.out)

    def _write(self, out: Path) -> None:
        outcomes = {number: outcome for outcome in self.outcomes() for number in outcome.task.frames}
        write_labelled(out, self.frames, outcomes, self.recipe)
