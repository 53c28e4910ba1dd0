"""Energies that people bring, checked against the campaign before anything is stored.

`energy_sources` reads the files. Energies in eV, positions in Å.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.energy_sources import ENTRY, EnergyFile
from nci_core.campaign.systems import System
from nci_core.datasets.energy_tables import Choices, Points, read_named, read_points
from nci_core.duplicates import geometry_classes, unique_labels
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup
from nci_core.store import configurations, energy_sets
from nci_core.systems import Dimer

FloatArray = npt.NDArray[np.float64]

#: Rows with problems that a sentence names.
NAMED = 5


@dataclass(frozen=True)
class Checked:
    """Energies that may be stored.

    Attributes:
        file: where they are from.
        system: whose energies they are.
        choices: how it was read.
        points: one for each geometry; `problems` lists rows that are left out.
        repeats: rows that repeat a geometry, symmetry counted, and were merged.
        at_test, at_training: how many are geometries of the frozen test set, or of labels that a fit may have seen.
    """

    file: EnergyFile
    system: System
    choices: Choices
    points: Points
    repeats: int
    at_test: int
    at_training: int

    def describe(self) -> str:
        """One line for people, of what can be used."""
        repeat, are = ("repeats", "is") if self.repeats == 1 else ("repeat", "are")
        merged = f"; {self.counted(self.repeats)} {repeat} a geometry, symmetry counted, and {are} merged"
        return f"{len(self.points):,} energies{merged if self.repeats else ''}."

    def counted(self, number: int) -> str:
        """So many entries of the file."""
        return f"{number:,} {ENTRY[self.file.form]}{'s' * (number != 1)}"


def check(campaign: Campaign, system: System, file: EnergyFile, choices: Choices) -> Checked:
    """Everything that can be said before the import of a system's energies, read as `choices` say; nothing is stored.

    Raises InputError for columns that are missing, no usable row, or a geometry with two energies.
    """
    found = check_entries(system.dimer, file, choices)
    entry = ENTRY[file.form]
    if not len(found):
        first = f" ({file.place(found.problems[0][0])}: {found.problems[0][1]})" if found.problems else ""
        raise InputError(f"{file.name} has no {entry} that can be used{first}.")
    group = HostGroup(system.dimer.at(found.positions), found.energy_ev, found.lines)
    try:
        unique = unique_labels(group, file.name)
    except InputError as error:
        raise InputError(str(error).replace("frames", f"{entry}s", 1)) from None
    places, ids = _known_places(campaign, system, unique.group.at.R)
    points = Points(places, unique.group.reference, unique.group.frames, found.problems)
    at_test = sum(row.split == "test" for row in configurations.fetch(campaign.store, ids=sorted(ids)))
    trained = energy_sets.trained_ids(campaign.store)
    return Checked(file, system, choices, points, unique.repeats, at_test, len(ids & trained))


def check_entries(dimer: Dimer, file: EnergyFile, choices: Choices) -> Points:
    """Positions and energies of a file's entries, read as `choices` say, each by itself; InputError if it cannot."""
    if file.table is None:
        return file.levels[file.level]
    if file.frames is None:
        return read_points(file.table, choices, dimer, file.name)
    frames = file.frames
    return read_named(file.table, choices, frames.points, frames.names, frames.total, file.name)


def _known_places(campaign: Campaign, system: System, positions: FloatArray) -> tuple[FloatArray, set[int]]:
    """Positions (m, 3), those of known geometries exactly where these are, and the ids of the latter."""
    ids, known = configurations.positions(campaign.store, system_id=system.id)
    classes = geometry_classes(system.dimer.at(np.vstack([known, positions])))
    # Classes are numbered as they come: those of the campaign's geometries first.
    first, mine = np.unique(classes[: len(ids)], return_index=True)[1], classes[len(ids) :]
    there = mine < len(first)
    moved = positions.copy()
    moved[there] = known[first[mine[there]]]
    return moved, {int(ids[row]) for row in first[mine[there]]}


def require_whole(checked: Checked, *, leave_out: bool) -> None:
    """Raise InputError, naming the rows, where some cannot be used and nobody said to leave them out."""
    problems = checked.points.problems
    if problems and not leave_out:
        named = "; ".join(f"{checked.file.place(line)}: {what}" for line, what in problems[:NAMED])
        more = f"; and {len(problems) - NAMED:,} more" if len(problems) > NAMED else ""
        raise InputError(
            f"{checked.file.name}: {checked.counted(len(problems))} cannot be used ({named}{more}); "
            "mend them, or leave them out."
        )
