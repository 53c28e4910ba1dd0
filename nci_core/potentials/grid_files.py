"""A grid as npz, cube or CSV; each says in its header what the numbers are and how well they can be interpolated."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io.cube import write_cube

from nci_core.potentials.grids import Grid, Missed, points_of
from nci_core.units import CM1_EV, HARTREE_EV
from nci_core.visible import quoted


def missed_words(missed: Missed) -> str:
    """One line on an interpolation.

    >>> missed_words(Missed("trilinear", "all", 100, 0.1, 0.3, 1.2))
    'trilinear, below the limit: mean 0.1, 95% below 0.3, largest 1.2 cm-1 (100 places)'
    """
    where = "below the limit" if missed.region == "all" else missed.region
    sizes = f"mean {missed.mean:.2g}, 95% below {missed.p95:.2g}, largest {missed.largest:.2g} cm-1"
    return f"{missed.kind}, {where}: {sizes} ({missed.n} places)"


def header(grid: Grid, facts: Mapping[str, str]) -> list[str]:
    """What a reader must know, in lines of plain text."""
    said = [f"{name}: {quoted(words, 300)}" for name, words in facts.items()]
    return [
        *said,
        f"Energies are zero where the probe is far away. Above {grid.cap_ev / CM1_EV:g} cm-1 = cap they are "
        "cap * (1 + ln(E / cap)).",
        f"Positions of the probe {grid.dimer.b.symbols[0]} in the frame of the host: "
        + "; ".join(
            f"{symbol} {x:.6f} {y:.6f} {z:.6f}"
            for symbol, (x, y, z) in zip(grid.dimer.a.symbols, grid.dimer.a.positions, strict=True)
        )
        + " Angstrom.",
        "Interpolated against the model at random places of the box: "
        + "; ".join(missed_words(each) for each in grid.missed)
        + ".",
    ]


def write_npz(grid: Grid, path: Path, facts: Mapping[str, str]) -> None:
    """Arrays x, y, z (Å), energy_ev and std_ev (a, b, c), the host, and `about`, JSON text; no pickled objects."""
    about = {
        "about": header(grid, facts),
        "interpolation": [asdict(each) for each in grid.missed],
        "probe": grid.dimer.b.symbols[0],
        "cap_ev": grid.cap_ev,
        "limit_ev": grid.limit_ev,
    }
    arrays: dict[str, Any] = {
        "x_angstrom": grid.x,
        "y_angstrom": grid.y,
        "z_angstrom": grid.z,
        "energy_ev": grid.energy_ev,
        "std_ev": grid.std_ev,
        "host_positions_angstrom": grid.dimer.a.positions,
        "host_symbols": np.array(grid.dimer.a.symbols),
        "about": np.array(json.dumps(about)),
    }
    np.savez_compressed(path, **arrays)


def write_cube_file(grid: Grid, path: Path, facts: Mapping[str, str]) -> None:
    """A Gaussian cube: bohr, and energies in hartree; the host's atoms are in it."""
    host = grid.dimer.a
    lengths = [len(axis) * grid.spacing for axis in (grid.x, grid.y, grid.z)]
    atoms = Atoms(list(host.symbols), positions=host.positions, cell=lengths)
    comment = "Interaction energies in hartree, lengths in bohr. " + " ".join(header(grid, facts))
    with path.open("w", encoding="ascii", errors="replace") as stream:
        origin = (grid.x[0], grid.y[0], grid.z[0])
        write_cube(stream, atoms, grid.energy_ev / HARTREE_EV, origin=origin, comment=comment)


def write_csv(grid: Grid, path: Path, facts: Mapping[str, str]) -> None:
    """One row a point: x, y, z in Å, energy and standard deviation in cm⁻¹, below lines that begin with #."""
    points = points_of((grid.x, grid.y, grid.z))
    energies = [array.reshape(-1, 1) / CM1_EV for array in (grid.energy_ev, grid.std_ev)]
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in header(grid, facts))
    text.write("x_angstrom,y_angstrom,z_angstrom,energy_cm1,std_cm1\n")
    np.savetxt(text, np.hstack([points, *energies]), fmt=("%.6f",) * 3 + ("%.6f",) * 2, delimiter=",")
    path.write_text(text.getvalue(), encoding="utf-8")


#: Suffix → what writes such a file.
WRITERS: dict[str, Callable[[Grid, Path, Mapping[str, str]], None]] = {
    ".npz": write_npz,
    ".cube": write_cube_file,
    ".csv": write_csv,
}
