"""What has to be computed: one label for each geometry of a file, by the recipe as it is for that dimer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict

from nci_core.errors import InputError
from nci_core.labelling.frames import Frame
from nci_core.labels.recipes import Recipe
from nci_core.labels.tightening import Tightening
from nci_core.systems import Configurations, Dimer
from nci_core.systems.records import SystemRecord


@dataclass(frozen=True)
class Task:
    """One label.

    Attributes:
        frames: numbers of the frames it is for: those after the first repeat its geometry, symmetry counted.
        at: the configuration, one.
        geometry_hash: of it.
        recipe: as it is computed for this dimer, with stand-ins for elements that its basis sets lack.
        notes: sentences worth saying about the recipe and this dimer.
        functions: basis functions of its largest calculation.
        memory_gb: what it cannot do without.
    """

    frames: tuple[int, ...]
    at: Configurations
    geometry_hash: str
    recipe: Recipe
    notes: tuple[str, ...]
    functions: int
    memory_gb: float

    @property
    def key(self) -> tuple[str, str]:
        """Hashes of geometry and recipe, under which its result is kept."""
        return self.geometry_hash, self.recipe.hash


class Order(BaseModel):
    """A task as it travels to the process that computes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: SystemRecord
    position_angstrom: tuple[float, float, float]
    pose_wxyz: tuple[float, float, float, float]
    geometry_hash: str
    recipe: Recipe
    memory_gb: float
    tightening: Tightening | None = None

    @classmethod
    def of(cls, task: Task, memory_gb: float, tightening: Tightening | None) -> Self:
        """The order of a task whose process may take so much memory."""
        return cls(
            system=SystemRecord.of(task.at.dimer),
            position_angstrom=task.at.R[0].tolist(),
            pose_wxyz=task.at.q[0].tolist(),
            geometry_hash=task.geometry_hash,
            recipe=task.recipe,
            memory_gb=memory_gb,
            tightening=tightening,
        )

    @property
    def at(self) -> Configurations:
        """The configuration."""
        return self.system.dimer("an order").at(self.position_angstrom, [self.pose_wxyz])

    def line(self) -> bytes:
        """As one line of JSON, with every digit."""
        return orjson.dumps(self.model_dump(mode="json")) + b"\n"


def plan(
    path: Path, frames: Sequence[Frame], recipe: Recipe, *, leave_out: bool = False
) -> tuple[list[Frame], list[Task]]:
    """The frames, with what the recipe cannot compute marked, and the tasks in the order of their first frames.

    Raises InputError, with the frame's number, where the recipe cannot be computed for a dimer, unless `leave_out`.
    """
    checked = _Checked(recipe)
    hashes = _geometry_hashes(frames)
    marked, tasks = [], dict[tuple[str, str], Task]()
    for frame in frames:
        if frame.at is not None:
            try:
                task = checked.task(frame, hashes[frame.number])
            except InputError as error:
                if not leave_out:
                    raise InputError(f"{path}, frame {frame.number}: {error}") from None
                frame = replace(frame, at=None, problem=str(error))
            else:
                known = tasks.get(task.key, replace(task, frames=()))
                tasks[task.key] = replace(known, frames=(*known.frames, frame.number))
        marked.append(frame)
    return marked, list(tasks.values())


def _geometry_hashes(frames: Iterable[Frame]) -> dict[int, str]:
    """Geometry hash of each frame that can be labelled, by its number; those of one host at once."""
    by_host: dict[int, dict[int, Configurations]] = {}
    for frame in frames:
        if frame.at is not None:
            by_host.setdefault(id(frame.at.dimer), {})[frame.number] = frame.at
    found: dict[int, str] = {}
    for group in by_host.values():
        found |= dict(zip(group, Configurations.joined(list(group.values())).geometry_hashes(), strict=True))
    return found


class _Checked:
    """The recipe checked once for each set of elements."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._found: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Recipe, tuple[str, ...], int, float]] = {}

    def task(self, frame: Frame, geometry_hash: str) -> Task:
        assert frame.at is not None
        dimer = frame.at.dimer
        key = tuple(sorted(dimer.a.symbols)), tuple(sorted(dimer.b.symbols))
        if key not in self._found:
            self._found[key] = self._check(dimer)
        return Task((frame.number,), frame.at, geometry_hash, *self._found[key])

    def _check(self, dimer: Dimer) -> tuple[Recipe, tuple[str, ...], int, float]:
        from nci_core.labels.checked_recipe import check_recipe, count_functions
        from nci_core.labels.needs import memory_needed_gb

        checked = check_recipe(self.recipe, dimer)
        counted = count_functions(checked.recipe, dimer)
        return checked.recipe, checked.notes, max(counted.values()), memory_needed_gb(dimer, checked.recipe, counted)
