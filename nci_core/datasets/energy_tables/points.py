"""From a table and what its columns mean to positions in the host's frame and energies in eV."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ase.data import atomic_masses

from nci_core.datasets.energy_tables.choices import NEEDED, OPTIONAL, Choices, Role, angle_of
from nci_core.datasets.energy_tables.table import Table
from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer
from nci_core.visible import quoted

FloatArray = npt.NDArray[np.float64]

WORDS: dict[Role, str] = {"r": "R", "theta": "θ", "phi": "φ", "energy": "the energy", "x": "x", "y": "y", "z": "z"}
#: Å: what is farther from the host is no interaction that anybody computed.
FARTHEST = 1e3


@dataclass(frozen=True)
class Points:
    """Positions and energies of the rows that can be used, and what is wrong with the others.

    Attributes:
        positions: (m, 3) in Å, in the host's frame.
        energy_ev: (m,) interaction energies, negative where bound.
        lines: (m,) line or frame numbers in the file.
        problems: (number, what is wrong) of each other row, in the order of the file.
    """

    positions: FloatArray
    energy_ev: FloatArray
    lines: npt.NDArray[np.int64]
    problems: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.positions)

    def without(self, problems: dict[int, str]) -> "Points":
        """The rows that have no problem, and all problems in the order of the file."""
        kept = ~np.isin(self.lines, list(problems))
        return Points(self.positions[kept], self.energy_ev[kept], self.lines[kept], tuple(sorted(problems.items())))


def origin_of(host: Monomer, choices: Choices) -> FloatArray:
    """(3,) the point in Å that positions are measured from, in the host's frame."""
    if choices.origin == "coordinates":
        return np.zeros(3)
    if choices.origin == "centre":
        return host.centre
    masses = atomic_masses[host.numbers]
    found: FloatArray = masses @ host.positions / masses.sum()
    return found


def axes_of(host: Monomer, choices: Choices) -> FloatArray:
    """(3, 3) the directions of the table's x, y and z as rows, in the host's frame."""
    if choices.axes == "campaign":
        return np.eye(3)
    axes = host.axes.copy()
    axes[1] *= np.sign(np.linalg.det(axes))  # right-handed, or φ would turn the other way
    return axes


def unit_vectors(theta: npt.ArrayLike, phi: npt.ArrayLike, polar: str = "z") -> FloatArray:
    """(…, 3) directions of polar and azimuthal angles in radians; φ is 0 towards the axis after the polar one.

    >>> unit_vectors(np.pi / 2, 0.0).round(12).tolist(), unit_vectors(0.0, 0.0, "x").tolist()
    ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    """
    theta, phi = np.asarray(theta, dtype=float), np.asarray(phi, dtype=float)
    around = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    # z follows x and y; about x these are y and z, about y they are z and x.
    rolled: FloatArray = np.roll(around, {"z": 0, "x": 1, "y": 2}[polar], axis=-1)
    return rolled


def missing(table: Table, choices: Choices) -> list[Role]:
    """Roles that still need a column."""
    needed = [role for role in NEEDED[choices.layout] if role not in OPTIONAL]
    return [role for role in needed if choices.columns.get(role) not in table.columns]


def read_points(table: Table, choices: Choices, dimer: Dimer, where: str) -> Points:
    """All rows of a table as positions and energies; those that cannot be used are listed with what is wrong.

    Raises InputError for columns that are missing or chosen twice.
    """
    lacking = missing(table, choices)
    if lacking:
        names = ", ".join(WORDS[role] for role in lacking)
        raise InputError(f"{where}: choose the column of {names}; its columns are {_listing(table.columns)}.")
    used = [name for role, name in choices.columns.items() if role in NEEDED[choices.layout]]
    if twice := next((name for name in used if used.count(name) > 1), None):
        raise InputError(f"{where}: column {quoted(twice)} is chosen twice; each quantity has a column of its own.")
    if choices.layout == "wide":
        lines, places, energies = _wide(table, choices)
    else:
        lines, places, energies = _long(table, choices)
    problems = dict.fromkeys(table.bad, "it has another number of cells than the first row")
    bad = ~np.isfinite(places).all(axis=1) | ~np.isfinite(energies)
    for line, cells in zip(lines[bad], np.column_stack([places, energies])[bad], strict=True):
        finite = np.isfinite(cells)
        problems[int(line)] = "its energy is not a number" if finite[:3].all() else "a coordinate is not a number"
    lines, places, energies = lines[~bad], places[~bad], energies[~bad]
    host = dimer.a
    positions = origin_of(host, choices) + places * choices.angstrom @ axes_of(host, choices)
    return Points(positions, energies * choices.ev, lines).without(problems | overlaps(dimer, positions, lines))


def read_named(
    table: Table, choices: Choices, frames: Points, names: Sequence[frozenset[str]], total: int, where: str
) -> Points:
    """The frames with the energies that a table has for them: by name, or row by row where it names none.

    Args:
        table: one row for each structure.
        choices: column, unit and sign of the energies.
        frames: positions of the m frames of use, numbered among all.
        names: m sets of what a frame may be called, in lower case.
        total: how many frames there are in all.
        where: the files, for errors.

    Raises InputError where neither tells which row belongs to which frame.
    """
    if missing(table, choices):
        raise InputError(f"{where}: choose the column of the energy; its columns are {_listing(table.columns)}.")
    known = frozenset().union(*names)
    cells = {
        name: [row[k].casefold().removesuffix(".xyz") for row in table.rows] for k, name in enumerate(table.columns)
    }
    by = max(cells, key=lambda name: len(known & set(cells[name])))
    energies = np.array(table.column(choices.columns["energy"]))
    problems = dict(frames.problems)
    if known & set(cells[by]):
        rows = _named_rows(cells[by], names, frames.lines, by, problems, in_order=len(table.rows) == total)
    elif len(table.rows) == total:
        rows = {int(number): int(number) for number in frames.lines}
    else:
        raise InputError(
            f"{where}: no column of the table names the structures, and it has {len(table.rows):,} rows for {total:,} "
            "of them; add a column with their names."
        )
    energy = np.array([energies[rows[int(n)]] if int(n) in rows else math.nan for n in frames.lines])
    for number in frames.lines[~np.isfinite(energy)]:
        problems.setdefault(int(number), "its energy in the table is not a number")
    return Points(frames.positions, energy * choices.ev, frames.lines).without(problems)


def _named_rows(
    cells: list[str],
    names: Sequence[frozenset[str]],
    numbers: npt.NDArray[np.int64],
    column: str,
    problems: dict[int, str],
    *,
    in_order: bool,
) -> dict[int, int]:
    """Number of a frame → row of the table that names it; what is wrong with the others is added to problems.

    `in_order`: the table has a row for each frame, so that of several rows of one name the frame's own is meant.
    """
    at: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        at.setdefault(cell, []).append(row)
    found = {}
    for number, called in zip(numbers, names, strict=True):
        rows = [row for name in called for row in at.get(name, ())]
        if len(rows) == 1 or (in_order and int(number) in rows):
            found[int(number)] = rows[0] if len(rows) == 1 else int(number)
        else:
            what = "no row" if not rows else f"{len(rows)} rows"
            problems[int(number)] = f"{what} of column {quoted(column, 30)} name{'s' * (not rows)} it"
    return found


def overlaps(dimer: Dimer, positions: FloatArray, lines: npt.NDArray[np.int64]) -> dict[int, str]:
    """Rows whose probe lies on the host, or out of reach: line → what is wrong."""
    found = {}
    reach = np.linalg.norm(positions - dimer.a.centre, axis=1)
    for line, distance in zip(lines[reach > FARTHEST], reach[reach > FARTHEST], strict=True):
        found[int(line)] = f"the {dimer.b.symbols[0]} atom is {distance:.3g} Å away from {dimer.a.name}"
    near = np.flatnonzero(dimer.at(positions).separations < 1.5) if len(positions) else ()
    for i in near:
        try:
            dimer.at(positions[i]).checked()
        except InputError:
            apart = dimer.at(positions[i : i + 1]).distances[:, :, 0][0]
            atom = int(apart.argmin())
            found[int(lines[i])] = (
                f"the {dimer.b.symbols[0]} atom overlaps atom {atom + 1} ({dimer.a.symbols[atom]}), "
                f"{apart[atom]:.2f} Å away: check frame and unit of length"
            )
    return found


def _long(table: Table, choices: Choices) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    """Lines (m,), places (m, 3) in the table's unit and frame, energies (m,) in the table's unit."""
    lines = np.array(table.lines, dtype=np.int64)
    columns = {role: np.array(table.column(name)) for role, name in choices.columns.items() if name in table.columns}
    if choices.layout == "cartesian":
        return lines, np.column_stack([columns["x"], columns["y"], columns["z"]]), columns["energy"]
    angle = _angle(choices)
    theta = columns.get("theta", np.full(len(lines), choices.theta)) * angle
    phi = columns.get("phi", np.full(len(lines), choices.phi)) * angle
    return lines, columns["r"][:, None] * unit_vectors(theta, phi, choices.polar), columns["energy"]


def _wide(table: Table, choices: Choices) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    r = np.array(table.column(choices.columns["r"]))
    names = [name for name in table.columns if name != choices.columns["r"]]
    angles = np.array([angle_of(name) for name in names])
    if np.isnan(angles).any():
        odd = names[int(np.flatnonzero(np.isnan(angles))[0])]
        raise InputError(f"Column {quoted(odd)} is not headed by an angle; each column but R needs one, such as 30.")
    directions = unit_vectors(angles * _angle(choices), choices.phi * _angle(choices), choices.polar)
    energies = np.column_stack([np.array(table.column(name)) for name in names])
    places = r[:, None, None] * directions[None]
    lines = np.repeat(np.array(table.lines, dtype=np.int64), len(names))
    return lines, places.reshape(-1, 3), energies.reshape(-1)


def _angle(choices: Choices) -> float:
    return math.pi / 180.0 if choices.angle_unit == "degrees" else 1.0


def _listing(names: tuple[str, ...]) -> str:
    shown = ", ".join(quoted(name, 30) for name in names[:12])
    return shown + (", …" if len(names) > 12 else "")
