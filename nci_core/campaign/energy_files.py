"""Files of energies that people bring, read whole and checked before anything is stored.

A table (`datasets.energy_tables`) is read as its `Choices` say; frames of extended xyz, those of the NCI Atlas among
them, say all of it themselves and are superposed onto the campaign's host. Energies in eV, positions in Å.
"""

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.datasets.energy_tables import Choices, Points, Table, guess, read_points, read_table
from nci_core.datasets.energy_tables.points import overlaps
from nci_core.datasets.energy_tables.table import MOST_BYTES, MOST_ROWS
from nci_core.duplicates import geometry_classes, unique_labels
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, read_dataset
from nci_core.files import MB, read_limited
from nci_core.store import configurations, energy_sets
from nci_core.systems import Dimer
from nci_core.systems.superposition import RIGID_TOLERANCE, superpose
from nci_core.visible import quoted

FloatArray = npt.NDArray[np.float64]
Form = Literal["table", "frames"]

#: Ends of names of files with one structure after the other.
FRAMES = (".extxyz", ".xyz")
#: Rows with problems that a sentence names.
NAMED = 5


@dataclass(frozen=True)
class EnergyFile:
    """A file as it was given.

    Attributes:
        name: shown to people; never a path.
        content: its bytes.
        table: its cells; None for frames.
        method: as the frames say, where they do.
    """

    name: str
    content: bytes
    table: Table | None
    frames: Points | None = None
    method: str = ""

    @property
    def sha256(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def guess(self) -> Choices:
        """The likeliest meaning of the table; frames have none to choose."""
        return guess(self.table) if self.table else Choices(energy_unit="eV")


@dataclass(frozen=True)
class Checked:
    """Energies that may be stored.

    Attributes:
        file: where they are from.
        choices: how it was read.
        points: one for each geometry; `problems` lists rows that are left out.
        repeats: rows that repeat a geometry, symmetry counted, and were merged.
        at_test, at_training: how many are geometries of the frozen test set, or of labels that a fit may have seen.
    """

    file: EnergyFile
    choices: Choices
    points: Points
    repeats: int
    at_test: int
    at_training: int

    def describe(self) -> str:
        """One line for people."""
        parts = [f"{len(self.points):,} energies"]
        if self.repeats:
            parts.append(f"{self.repeats:,} rows repeat a geometry, symmetry counted, and are merged")
        if self.points.problems:
            parts.append(f"{len(self.points.problems):,} rows cannot be used")
        return "; ".join(parts) + "."


def open_path(campaign: Campaign, path: Path) -> EnergyFile:
    """A file by its path; raises InputError as `open_file` does."""
    return open_file(campaign, path.name, read_limited(path, MOST_BYTES))


def open_file(campaign: Campaign, name: str, content: bytes) -> EnergyFile:
    """A file from its name and content. Raises InputError, one sentence, for what is neither table nor frames.

    Frames must be of the campaign's dimer; a host that is another one, or is deformed, is refused with the distance.
    """
    name = quoted(Path(name.replace("\\", "/")).name or "the file")
    if len(content) > MOST_BYTES:
        raise InputError(f"{name} is larger than the {MOST_BYTES / MB:g} MB that a file of energies may have.")
    if not name.lower().endswith(FRAMES):
        return EnergyFile(name, content, read_table(content, name))
    points, method = _frames(campaign.dimer, name, content)
    return EnergyFile(name, content, None, points, method)


def _frames(dimer: Dimer, name: str, content: bytes) -> tuple[Points, str]:
    """Positions on the campaign's host, reference energies and method of a file of frames."""
    with tempfile.TemporaryDirectory(prefix="nci-energies-") as folder:
        path = Path(folder) / "frames.extxyz"
        path.write_bytes(content)
        try:
            data = read_dataset(path)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None
    places, energies, frames = [], [], []
    for group in data.groups:
        places.append(_on_host(dimer, group, name))
        energies.append(group.reference)
        frames.append(group.frames)
    positions, energy, lines = np.vstack(places), np.concatenate(energies), np.concatenate(frames)
    if not np.isfinite(energy).any():
        raise InputError(f"{name} has no REF_interaction_energy in any of its {len(energy)} frames.")
    if len(energy) > MOST_ROWS:
        raise InputError(f"{name} has {len(energy):,} frames; at most {MOST_ROWS:,} energies can be brought at once.")
    problems = {int(line): "it has no REF_interaction_energy" for line in lines[~np.isfinite(energy)]}
    problems |= overlaps(dimer, positions, lines)
    kept = ~np.isin(lines, list(problems))
    method = " ".join(data.label.get(key, "") for key in ("method", "basis")).strip()
    return Points(positions[kept], energy[kept], lines[kept], tuple(sorted(problems.items()))), method


def _on_host(dimer: Dimer, group: HostGroup, name: str) -> FloatArray:
    """(m, 3) positions of a group in the campaign's frame; InputError for another host."""
    where, other, host = f"{name}, frame {group.frames[0]}", group.dimer, dimer.host
    if other.probe != dimer.probe or sorted(other.host.symbols) != sorted(host.symbols):
        raise InputError(f"{where}: it holds {other.name}, but the campaign is about {dimer.name}.")
    if other.host.symbols != host.symbols:
        raise InputError(f"{where}: the atoms of {host.name} come in another order than in the campaign; reorder them.")
    pose = superpose(host.positions, other.host.positions)
    if pose.displacement > RIGID_TOLERANCE:
        away = np.linalg.norm(pose.place(other.host.positions) - host.positions, axis=1)
        raise InputError(
            f"{where}: its {host.name} is not the campaign's: after superposition atoms lie "
            f"{np.sqrt((away**2).mean()):.3f} Å apart (RMSD), atom {pose.atom + 1} ({host.symbols[pose.atom]}) "
            f"{pose.displacement:.3f} Å; energies of another geometry would not be comparable."
        )
    return pose.place(group.positions)


def check(campaign: Campaign, file: EnergyFile, choices: Choices) -> Checked:
    """Everything that can be said before the import, read as `choices` say; nothing is stored.

    Raises InputError for columns that are missing, no usable row, or a geometry with two energies.
    """
    found = read_points(file.table, choices, campaign.dimer, file.name) if file.table else file.frames
    if found is None or not len(found):
        first = f" (row {found.problems[0][0]}: {found.problems[0][1]})" if found and found.problems else ""
        raise InputError(f"{file.name} has no row that can be used{first}.")
    group = HostGroup(campaign.dimer, found.positions, found.energy_ev, found.lines)
    try:
        unique = unique_labels(group, file.name)
    except InputError as error:
        raise InputError(str(error).replace("frames", "rows", 1) if file.table else str(error)) from None
    taken, ids = _known_places(campaign, unique.group.positions)
    split = {row.id: row.split for row in configurations.fetch(campaign.store, ids=sorted(ids - {-1}))}
    trained = energy_sets.trained_ids(campaign.store)
    points = Points(taken, unique.group.reference, unique.group.frames, found.problems)
    at_test = sum(split.get(number) == "test" for number in ids)
    return Checked(file, choices, points, unique.repeats, at_test, len(ids & trained))


def _known_places(campaign: Campaign, positions: FloatArray) -> tuple[FloatArray, set[int]]:
    """Positions (m, 3), those of known geometries exactly where these are, and the ids of the latter."""
    ids, known = configurations.positions(campaign.store)
    classes = geometry_classes(campaign.dimer, np.vstack([known, positions]))
    first = dict(zip(reversed(classes[: len(ids)].tolist()), reversed(range(len(ids))), strict=True))
    moved, found = positions.copy(), set()
    for row, number in enumerate(classes[len(ids) :].tolist()):
        if number in first:
            moved[row] = known[first[number]]
            found.add(int(ids[first[number]]))
    return moved, found


def require_whole(checked: Checked, *, leave_out: bool) -> Checked:
    """Raise InputError, naming the rows, where some cannot be used and nobody said to leave them out."""
    problems = checked.points.problems
    if problems and not leave_out:
        named = "; ".join(f"row {line}: {what}" for line, what in problems[:NAMED])
        more = f"; and {len(problems) - NAMED:,} more" if len(problems) > NAMED else ""
        raise InputError(
            f"{checked.file.name}: {len(problems):,} rows cannot be used ({named}{more}); mend them, or leave them out."
        )
    return replace(checked)
