"""Labels of many dimers, each kept as a file of its own when it is finished, so that a run goes on where it stopped.

Each label is computed in a process of its own: its memory is then that of this label alone, and one that the system
ends takes no other with it. What becomes of a label that fails is kept as well, as one sentence.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.children import NEUTRAL, python_command
from nci_core.errors import InputError
from nci_core.files import read_limited, write_atomically
from nci_core.jobs.processes import job_environment
from nci_core.reference.labels import LabelResult
from nci_core.reference.recipes import Recipe
from nci_core.systems import Dimer
from nci_core.visible import quoted

FloatArray = npt.NDArray[np.float64]
#: The module of the process that computes the one label that its standard input describes.
CHILD = "nci_core.bench.label_child"
#: Seconds between two looks at the processes.
LOOK_SECONDS = 0.05
#: A label takes some kB; ten megabytes are no label.
MOST_BYTES = 10_000_000
#: What tells that a person stopped the run: such an end is no failure of the label.
STOPPED = (-signal.SIGINT, -signal.SIGTERM)


class Task(NamedTuple):
    """One label that is wanted; the recipe is as a person named it, stand-ins not yet put in."""

    dimer: Dimer
    position: FloatArray
    recipe: Recipe


class Outcome(BaseModel):
    """What a finished task left: a label, or the sentence that says why there is none."""

    model_config = ConfigDict(extra="forbid")

    label: LabelResult | None = None
    failure: str = Field("", description="one sentence; empty where there is a label")


class LabelFolder:
    """A folder of finished labels.

    Args:
        folder: made when the first label is computed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def path(self, task: Task) -> Path:
        """The file of a task's outcome."""
        return self.folder / f"{task.dimer.geometry_hash(task.position)}-{task.recipe.hash}.json"

    def find(self, task: Task) -> Outcome | None:
        """What is there of a task; raises InputError for a damaged file."""
        path = self.path(task)
        if not path.exists():
            return None
        try:
            return Outcome.model_validate(orjson.loads(read_limited(path, MOST_BYTES)))
        except (ValueError, ValidationError):
            raise InputError(f"{path} is no label of this command; delete it and run again.") from None

    def compute(
        self,
        tasks: Iterable[Task],
        *,
        workers: int = 1,
        limit_minutes: float = 240.0,
        again: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Compute what is missing, `workers` labels at a time, each on one thread.

        Args:
            tasks: in the order in which they are begun.
            workers: processes at once.
            limit_minutes: a label that takes longer is ended, and that is its failure.
            again: labels that failed are tried once more.
            progress: called with the number of finished tasks and of all.
        """
        every = list(tasks)
        waiting = [task for task in every if self._wanted(task, again)]
        running: list[_Running] = []
        say = progress or (lambda done, total: None)
        try:
            while True:
                say(len(every) - len(waiting) - len(running), len(every))
                while waiting and len(running) < workers:
                    running.append(_Running(waiting.pop(0), self, 60.0 * limit_minutes))
                if not running:
                    return
                while not (ended := [one for one in running if one.ended()]):
                    time.sleep(LOOK_SECONDS)
                for one in ended:
                    running.remove(one)
                    one.take_note()
        finally:
            for one in running:
                one.process.kill()
                one.process.wait()

    def _wanted(self, task: Task, again: bool) -> bool:
        there = self.find(task)
        return there is None or (again and there.label is None)


class _Running:
    """The process of one task."""

    def __init__(self, task: Task, folder: LabelFolder, limit_seconds: float) -> None:
        self.path, self.until = folder.path(task), time.monotonic() + limit_seconds
        self.limit_seconds = limit_seconds
        content = {
            "symbols": task.dimer.host.symbols,
            "positions": task.dimer.host.positions.tolist(),
            "host": task.dimer.host.name,
            "probe": task.dimer.probe,
            "position": np.asarray(task.position, dtype=float).tolist(),
            "recipe": task.recipe.model_dump(mode="json"),
            "out": str(self.path),
            "parent": os.getpid(),
        }
        # Its own session: when this process dies the child ends its whole group.
        self.said = TemporaryFile()  # noqa: SIM115  (open as long as the process runs)
        self.process = subprocess.Popen(
            python_command(CHILD),
            cwd=NEUTRAL,
            env=job_environment(1),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.said,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        with suppress(BrokenPipeError), self.process.stdin as order:
            order.write(orjson.dumps(content))

    def ended(self) -> bool:
        """Whether it has, or should have."""
        return self.process.poll() is not None or time.monotonic() > self.until

    def take_note(self) -> None:
        """Keep why there is no label, unless the process did so itself or somebody stopped it."""
        late = self.process.poll() is None
        if late:
            self.process.kill()
        code = self.process.wait()
        self.said.seek(0)
        last = [line for line in self.said.read().decode(errors="replace").splitlines() if line.strip()][-1:]
        self.said.close()
        if code == 0:
            return
        if code in STOPPED:
            raise KeyboardInterrupt
        if late:
            why = f"it took longer than {self.limit_seconds / 60.0:g} minutes"
        elif code == -signal.SIGKILL:
            why = "its process was killed, likely for want of memory"
        else:
            why = f"its process ended with code {code}" + (f" ({quoted(last[0], 200)})" if last else "")
        keep(self.path, Outcome(failure=f"The label was not finished: {why}."))


def keep(path: Path, outcome: Outcome) -> None:
    """Write an outcome whole."""
    write_atomically(path, orjson.dumps(outcome.model_dump(mode="json")))
