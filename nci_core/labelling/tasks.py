"""What has to be computed: one label for each geometry of a file, by the recipe as it is for that dimer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict

from nci_core.errors import InputError
from nci_core.labelling.frames import Frame
from nci_core.labels.recipes import Recipe
from nci_core.labels.tightening import Tightening
from nci_core.systems import Dimer, Monomer


@dataclass(frozen=True)
class Task:
    """One label.

    Attributes:
        frames: numbers of the frames it is for: those after the first repeat its geometry, symmetry counted.
        dimer: host and probe.
        position: (x, y, z) of the probe in Å.
        geometry_hash: of both.
        recipe: as it is computed for this dimer, with stand-ins for elements that its basis sets lack.
        notes: sentences worth saying about the recipe and this dimer.
        functions: basis functions of its largest calculation.
        memory_gb: what it cannot do without.
    """

    frames: tuple[int, ...]
    dimer: Dimer
    position: tuple[float, float, float]
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

    host: str
    symbols: tuple[str, ...]
    host_positions_angstrom: list[tuple[float, float, float]]
    probe: str
    position_angstrom: tuple[float, float, float]
    geometry_hash: str
    recipe: Recipe
    memory_gb: float
    tightening: Tightening | None = None

    @classmethod
    def of(cls, task: Task, memory_gb: float, tightening: Tightening | None) -> Self:
        """The order of a task whose process may take so much memory."""
        return cls(
            host=task.dimer.a.name,
            symbols=task.dimer.a.symbols,
            host_positions_angstrom=task.dimer.a.positions.tolist(),
            probe=task.dimer.b.symbols[0],
            position_angstrom=task.position,
            geometry_hash=task.geometry_hash,
            recipe=task.recipe,
            memory_gb=memory_gb,
            tightening=tightening,
        )

    @property
    def dimer(self) -> Dimer:
        """Host and probe."""
        return Dimer(Monomer(self.host, self.symbols, np.array(self.host_positions_angstrom)), Monomer.atom(self.probe))

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
        if frame.dimer is not None:
            try:
                task = checked.task(frame, hashes[frame.number])
            except InputError as error:
                if not leave_out:
                    raise InputError(f"{path}, frame {frame.number}: {error}") from None
                frame = replace(frame, dimer=None, problem=str(error))
            else:
                known = tasks.get(task.key, replace(task, frames=()))
                tasks[task.key] = replace(known, frames=(*known.frames, frame.number))
        marked.append(frame)
    return marked, list(tasks.values())


def _geometry_hashes(frames: Iterable[Frame]) -> dict[int, str]:
    """Geometry hash of each frame that can be labelled, by its number; those of one host at once."""
    by_host: dict[int, list[Frame]] = {}
    for frame in frames:
        if frame.dimer is not None:
            by_host.setdefault(id(frame.dimer), []).append(frame)
    found: dict[int, str] = {}
    for group in by_host.values():
        dimer = group[0].dimer
        assert dimer is not None
        positions = np.array([frame.position for frame in group])
        found |= dict(zip((frame.number for frame in group), dimer.at(positions).geometry_hashes(), strict=True))
    return found


class _Checked:
    """The recipe checked once for each set of elements."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._found: dict[tuple[tuple[str, ...], str], tuple[Recipe, tuple[str, ...], int, float]] = {}

    def task(self, frame: Frame, geometry_hash: str) -> Task:
        dimer = frame.dimer
        assert dimer is not None
        key = (tuple(sorted(dimer.a.symbols)), dimer.b.symbols[0])
        if key not in self._found:
            self._found[key] = self._check(dimer)
        x, y, z = frame.position.tolist()
        return Task((frame.number,), dimer, (x, y, z), geometry_hash, *self._found[key])

    def _check(self, dimer: Dimer) -> tuple[Recipe, tuple[str, ...], int, float]:
        from nci_core.labels.checked_recipe import check_recipe, count_functions
        from nci_core.labels.needs import memory_needed_gb

        checked = check_recipe(self.recipe, dimer)
        counted = count_functions(checked.recipe, dimer)
        return checked.recipe, checked.notes, max(counted.values()), memory_needed_gb(dimer, checked.recipe, counted)
