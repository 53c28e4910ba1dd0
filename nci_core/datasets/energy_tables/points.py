"""From a table and what its columns mean to positions in the host's frame and energies in eV."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ase.data import atomic_masses

from nci_core.datasets.energy_tables.choices import NEEDED, OPTIONAL, Choices, Role, angle_of
from nci_core.datasets.energy_tables.table import Table
from nci_core.errors import InputError
from nci_core.systems import Dimer, Host
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


def origin_of(host: Host, choices: Choices) -> FloatArray:
    """(3,) the point in Å that positions are measured from, in the host's frame."""
    if choices.origin == "coordinates":
        return np.zeros(3)
    if choices.origin == "centre":
        return host.centre
    masses = atomic_masses[host.numbers]
    found: FloatArray = masses @ host.positions / masses.sum()
    return found


def axes_of(host: Host, choices: Choices) -> FloatArray:
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
    host = dimer.host
    positions = origin_of(host, choices) + places * choices.angstrom @ axes_of(host, choices)
    problems |= overlaps(dimer, positions, lines)
    kept = ~np.isin(lines, list(problems))
    listed = tuple(sorted(problems.items()))
    return Points(positions[kept], energies[kept] * choices.ev, lines[kept], listed)


def overlaps(dimer: Dimer, positions: FloatArray, lines: npt.NDArray[np.int64]) -> dict[int, str]:
    """Rows whose probe lies on the host, or out of reach: line → what is wrong."""
    found = {}
    reach = np.linalg.norm(positions - dimer.host.centre, axis=1)
    for line, distance in zip(lines[reach > FARTHEST], reach[reach > FARTHEST], strict=True):
        found[int(line)] = f"the {dimer.probe} atom is {distance:.3g} Å away from {dimer.host.name}"
    near = np.flatnonzero(dimer.distances(positions).min(axis=1) < 1.5) if len(positions) else ()
    for i in near:
        try:
            dimer.check(positions[i])
        except InputError:
            apart = dimer.distances(positions[i : i + 1])[0]
            atom = int(apart.argmin())
            found[int(lines[i])] = (
                f"the {dimer.probe} atom overlaps atom {atom + 1} ({dimer.host.symbols[atom]}), "
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
