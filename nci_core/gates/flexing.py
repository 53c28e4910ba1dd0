"""Gate of molecules that bend and grow: what an atom is in its molecule must change smoothly with the geometry."""

import numpy as np
import numpy.typing as npt

from nci_core.gates.gate import Committee, Gate, directions, host_radius, member_channels, number
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer

FloatArray = npt.NDArray[np.float64]

#: Steps (Å) and how many: atoms are displaced at random to either side, and an outermost atom leaves the molecule.
BEND_STEP, BEND_STEPS = 0.02, 15
GROW_STEP, GROW_STEPS = 0.03, 41
#: Where the probe stands: so far (Å) beyond the host's radius, in so many directions, and from every atom on its way.
BEYOND, DIRECTIONS, APART = (2.6, 3.4), 6, 2.6
#: Largest jump that the paths may hide, as a share of the largest energy of all terms together.
JUMP = 5e-3


def bent(host: Monomer) -> list[FloatArray]:
    """Geometries along one displacement of all atoms, up to 0.15 Å to either side; (n, 3) in Å each."""
    way = np.random.default_rng(7).standard_normal(host.positions.shape)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    steps = BEND_STEP * (np.arange(BEND_STEPS) - BEND_STEPS // 2)
    return [host.positions + step * way for step in steps]


def grown(host: Monomer) -> list[FloatArray]:
    """Geometries along which the outermost atom leaves by up to 1.2 Å; read backwards, the molecule grows by it."""
    away = host.positions - host.centre
    last = int(np.argmax(np.linalg.norm(away, axis=1)))
    way = np.zeros_like(away)
    way[last] = away[last] / np.linalg.norm(away[last])
    return [host.positions + GROW_STEP * k * way for k in range(GROW_STEPS)]


def jumps(model: Committee, dimer: Dimer, path: list[FloatArray], points: FloatArray) -> FloatArray:
    """Largest fourth differences along a path, over 3, at the points that it leaves room for, as shares.

    A jump gives its height, of Σ |terms|.
    """
    host = dimer.a
    nearest = np.min([np.linalg.norm(points[:, None] - positions, axis=-1).min(axis=1) for positions in path], axis=0)
    points, energies = points[nearest > APART], []
    for positions in path:
        there = Dimer(Monomer(host.name, host.symbols, positions, host.charge), dimer.b)
        energies.append(model.mean_of(member_channels(model, there, points)))
    channels = np.array(energies)
    size = np.abs(channels).sum(axis=1).max(axis=0)
    found: FloatArray = np.abs(np.diff(channels.sum(axis=1), 4, axis=0)).max(axis=0) / 3.0 / size
    return found


def flexing_gate(model: Committee, dimer: Dimer) -> list[Gate]:
    """One gate; none for an atom as host."""
    host = dimer.a
    if host.is_atom:
        return []
    radius = host_radius(host)
    points = np.concatenate([host.centre + (radius + gap) * directions(host, DIRECTIONS) for gap in BEYOND])
    worst = {name: float(jumps(model, dimer, path(host), points).max()) for name, path in PATHS.items()}
    name = max(worst, key=worst.__getitem__)
    return [
        Gate(
            "flexing",
            "Bending and growing",
            "Does the energy change smoothly where the molecule bends, or grows by an atom?",
            number(worst[name]),
            "relative",
            None,
            JUMP,
            f"where energies change by 5 per Å, steps of {GROW_STEP} Å leave a tenth of it",
            "Nearly equal molecules get different energies, so that neither other hosts nor vibrations can be trusted.",
            name,
        )
    ]


PATHS = {"where all atoms are displaced": bent, "where the outermost atom leaves": grown}
