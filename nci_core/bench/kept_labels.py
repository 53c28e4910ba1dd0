"""Labels of many dimers by several recipes, kept in one folder so that a run goes on where it stopped.

They are computed and kept as those of a file are (`nci_core.labelling`). One folder serves any recipes and geometries,
for each label lies under the hashes of both; what else the folder holds is left alone.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ase import Atoms

from nci_core.errors import StoreError
from nci_core.labelling.folder import LabelFolder
from nci_core.labelling.frames import Frame
from nci_core.labelling.pool import Event, compute
from nci_core.labelling.tasks import Task, plan
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems import Configurations


class Kept(NamedTuple):
    """What is there of a label: itself, or one sentence on why there is none; neither where nobody computed it yet."""

    label: LabelResult | None = None
    failure: str = ""


class KeptLabels:
    """Labels of every recipe at every place.

    A recipe that cannot be computed for a dimer, for want of a basis say, is a failure from the start.

    Args:
        folder: made when something is computed.
        places: one configuration each.
        recipes: as a person named them, each with a name of its own; stand-ins for elements come in here.
    """

    def __init__(self, folder: Path, places: Sequence[Configurations], recipes: Sequence[Recipe]) -> None:
        self.folder = LabelFolder(folder.absolute())
        frames = [Frame(number, Atoms(), {}, place) for number, place in enumerate(places)]
        self._tasks: dict[tuple[int, str], Task] = {}
        self._refused: dict[tuple[int, str], str] = {}
        for recipe in recipes:
            marked, tasks = plan(folder, frames, recipe, leave_out=True)
            self._refused |= {(frame.number, recipe.name): frame.problem for frame in marked if frame.problem}
            self._tasks |= {(number, recipe.name): task for task in tasks for number in task.frames}
        # Place by place, so that a run that is stopped compares alike ones; repeated geometries once.
        order = [(number, recipe.name) for number in range(len(places)) for recipe in recipes]
        self._order = list({task.key: task for where in order if (task := self._tasks.get(where))}.values())

    def find(self, number: int, recipe: str) -> Kept:
        """What is there at the place of this number by the recipe of this name."""
        if (number, recipe) in self._refused:
            return Kept(failure=self._refused[number, recipe])
        task = self._tasks[number, recipe]
        if label := self.folder.result(task):
            return Kept(label)
        failure = self.folder.failure(task.key)
        return Kept(failure=failure.reason if failure else "")

    def missing(self, *, again: bool = False) -> list[Task]:
        """What has to be computed; what failed only with `again`."""
        left = [task for task in self._order if self.folder.result(task) is None]
        return left if again else [task for task in left if self.folder.failure(task.key) is None]

    def compute(
        self,
        *,
        workers: int = 1,
        limit_minutes: float = math.inf,
        again: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Compute what is missing.

        Args:
            workers: labels at once, as far as they fit into memory; each has one thread.
            limit_minutes: a label that takes longer is ended, and that is its failure.
            again: labels that failed are tried once more.
            progress: called with the number of finished labels and of all.

        Raises StoreError where the folder cannot be written or another command labels into it.
        """
        try:
            self.folder.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.folder.path} cannot be made ({error.strerror or error}); keep the labels in another folder."
            ) from None
        with self.folder.held():
            tasks, total = self.missing(again=again), len(self._order)
            done = total - len(tasks)

            def on_event(event: Event | None) -> None:
                nonlocal done
                done += event is not None and event.state != "running"
                if progress:
                    progress(done, total)

            on_event(None)
            self.folder.clear_finished_pieces()
            if tasks:
                compute(self.folder, tasks, workers, on_event, limit_minutes)
