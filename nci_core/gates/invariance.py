"""Gates of symmetry and of the gradient."""

import numpy as np
import numpy.typing as npt

from nci_core.gates.gate import Committee, Gate, direction_text, directions, host_radius, member_channels, number
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.poses import rotation_about

FloatArray = npt.NDArray[np.float64]

#: Distances (Å) beyond the host's radius at which invariances are tested: wall, well and tail of light probes.
BEYOND = (1.8, 2.6, 3.6, 6.0)
DIRECTIONS = 9
#: Half the step (Å) of central differences: truncation (αh)²/6 is 1e-7 of the force, rounding 1e-11.
STEP = 2e-4
#: Relative limits: published coordinates are rounded to 1e-6 Å, and walls change by some 4 per Å.
SYMMETRY_LIMIT, PER_ANGSTROM = 1e-4, 20.0
ROTATION_LIMIT, GRADIENT_LIMIT = 1e-6, 1e-5


def _points(host: Monomer) -> FloatArray:
    """(m, 3) positions around the host, off its symmetry elements."""
    tilt = rotation_about([0.3, -0.5, 0.2])
    d = directions(host, DIRECTIONS) @ tilt.T
    radius = host_radius(host)
    return np.concatenate([host.centre + (radius + gap) * d for gap in BEYOND])


def _energy_and_size(model: Committee, dimer: Dimer, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean energies and the sum of the terms' sizes, each (m,) in eV; the size never passes through zero."""
    mean = model.mean_of(member_channels(model, dimer, points))
    return mean.sum(axis=0), np.abs(mean).sum(axis=0)


def asymmetry(host: Monomer) -> float:
    """Largest distance (Å) by which a symmetry operation misses an atom."""
    centred = host.positions - host.centre
    images = np.einsum("gab,nb->gna", host.operations, centred)
    gaps = np.linalg.norm(images[:, :, None] - centred, axis=-1)
    return float(gaps.min(axis=2).max())


def invariance_gates(model: Committee, dimer: Dimer) -> list[Gate]:
    """Point group, rigid motion, and gradient against finite differences."""
    host = dimer.a
    points = _points(host)
    energy, size = _energy_and_size(model, dimer, points)
    return [
        _symmetry(model, dimer, points, energy, size),
        _motion(model, dimer, points, energy, size),
        _gradient(model, dimer, points, size),
    ]


def _symmetry(model: Committee, dimer: Dimer, points: FloatArray, energy: FloatArray, size: FloatArray) -> Gate:
    host = dimer.a
    operations = host.operations
    images = np.einsum("gab,mb->gma", operations, points - host.centre) + host.centre
    seen = np.stack([_energy_and_size(model, dimer, image)[0] for image in images])
    off = np.abs(seen - energy) / size
    row = int(np.argmax(off.max(axis=0)))
    return Gate(
        "symmetry",
        "Symmetry of the molecule",
        f"Are energies equal at equivalent places ({len(operations)} symmetry operations)?",
        number(off.max()),
        "relative",
        None,
        SYMMETRY_LIMIT + PER_ANGSTROM * asymmetry(host),
        "the given coordinates obey the symmetry only to rounding, and a wall changes by some 4 times per Å",
        "Equivalent geometries get different energies; at least one of them is wrong.",
        direction_text(_unit(points[row] - host.centre)),
    )


def _motion(model: Committee, dimer: Dimer, points: FloatArray, energy: FloatArray, size: FloatArray) -> Gate:
    host = dimer.a
    turn, shift = rotation_about([0.7, 1.1, -0.4]), np.array([3.0, -5.0, 11.0])
    moved = Dimer(
        Monomer(host.name, host.symbols, host.positions @ turn.T + shift, source=host.source),
        Monomer.atom(dimer.b.symbols[0]),
    )
    seen, _ = _energy_and_size(model, moved, points @ turn.T + shift)
    off = np.abs(seen - energy) / size
    return Gate(
        "rotation",
        "Rotation and translation",
        "Is the energy the same when the whole complex is turned and moved?",
        number(off.max()),
        "relative",
        None,
        ROTATION_LIMIT,
        "rounding of coordinates and local axes in double precision, with room to spare",
        "Energies depend on how the molecule lies in space, which is not physics.",
        direction_text(_unit(points[int(np.argmax(off))] - host.centre)),
    )


def _gradient(model: Committee, dimer: Dimer, points: FloatArray, size: FloatArray) -> Gate:
    host = dimer.a
    gradient = -model.energies_and_forces(dimer.at(points))[1].force
    steps = STEP * np.eye(3)
    shifted = np.stack([points + sign * step for step in steps for sign in (1.0, -1.0)])
    energies = model.mean_of(member_channels(model, dimer, shifted).sum(axis=1))
    numeric = ((energies[0::2] - energies[1::2]) / (2.0 * STEP)).T
    # Relative to a wall's slope, 1/Å times the terms: the force itself passes through zero.
    off = np.abs(gradient - numeric).max(axis=1) / size
    row = int(np.argmax(off))
    return Gate(
        "gradient",
        "Forces",
        "Do the forces agree with differences of the energy?",
        number(off[row]),
        "per Å, relative",
        None,
        GRADIENT_LIMIT,
        f"central differences over ±{STEP:g} Å in double precision are good to about 1e-7",
        "Forces do not belong to the energies: simulations heat up or cool down.",
        direction_text(_unit(points[row] - host.centre)),
    )


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / np.linalg.norm(vector))
