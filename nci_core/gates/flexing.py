"""Gate of molecules that bend and grow: what an atom is in its molecule must change smoothly with the geometry."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from nci_core.gates.gate import Committee, Gate, directions, host_radius, member_channels, number
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer

FloatArray = npt.NDArray[np.float64]

#: How far (Å) atoms are displaced at random, to either side, and an outermost atom leaves the molecule; and steps.
BEND, GROW, STEPS = (-0.14, 0.14), (0.0, 1.2), 31
#: Where that leaves a doubt, so many times finer steps are taken: what is smooth gets smoother, a jump stays.
FINER = 4
#: Where the probe stands: so far (Å) beyond the host's radius, in so many directions, and from every atom on its way.
BEYOND, DIRECTIONS, APART = (2.6, 3.4), 6, 2.6
#: Largest jump that the paths may hide, as a share of the largest energy of all terms together.
JUMP = 5e-3


def bent(host: Monomer, by: float) -> FloatArray:
    """Positions (n, 3) in Å with every atom displaced by so many Å, each its own way."""
    way = np.random.default_rng(7).standard_normal(host.positions.shape)
    moved: FloatArray = host.positions + by * way / np.linalg.norm(way, axis=1, keepdims=True)
    return moved


def grown(host: Monomer, by: float) -> FloatArray:
    """Positions (n, 3) in Å with the outermost atom so many Å further out; read backwards, the molecule grows by it."""
    away = host.positions - host.centre
    last = int(np.argmax(np.linalg.norm(away, axis=1)))
    moved = host.positions.copy()
    moved[last] += by * away[last] / np.linalg.norm(away[last])
    return moved


#: By name: geometries, between two displacements.
PATHS: dict[str, tuple[Callable[[Monomer, float], FloatArray], tuple[float, float]]] = {
    "where all atoms are displaced": (bent, BEND),
    "where the outermost atom leaves": (grown, GROW),
}


def fourth_differences(model: Committee, dimer: Dimer, path: Sequence[FloatArray], points: FloatArray) -> FloatArray:
    """(steps − 4,) largest fourth differences over 3 along a path, as shares of Σ |terms|: a jump gives its height."""
    energies = []
    for positions in path:
        there = Dimer(Monomer(dimer.a.name, dimer.a.symbols, positions, dimer.a.charge), dimer.b)
        energies.append(model.mean_of(member_channels(model, there, points)))
    channels = np.array(energies)
    size = np.abs(channels).sum(axis=1).max(axis=0)
    found: FloatArray = (np.abs(np.diff(channels.sum(axis=1), 4, axis=0)) / 3.0 / size).max(axis=1)
    return found


def largest_jump(model: Committee, dimer: Dimer, name: str, points: FloatArray) -> float:
    """The largest jump that a path may hide, at the points that it leaves room for, as a share."""
    move, ends = PATHS[name]
    where = np.linspace(*ends, STEPS)
    path = [move(dimer.a, float(by)) for by in where]
    nearest = np.min([np.linalg.norm(points[:, None] - positions, axis=-1).min(axis=1) for positions in path], axis=0)
    points = points[nearest > APART]
    found = fourth_differences(model, dimer, path, points)
    worst = int(found.argmax())
    if found[worst] <= JUMP:
        return float(found[worst])
    finer = np.linspace(where[worst], where[worst + 4], 4 * FINER + 1)
    return float(fourth_differences(model, dimer, [move(dimer.a, float(by)) for by in finer], points).max())


def flexing_gate(model: Committee, dimer: Dimer) -> list[Gate]:
    """One gate; none for an atom as host."""
    host = dimer.a
    if host.is_atom:
        return []
    radius = host_radius(host)
    points = np.concatenate([host.centre + (radius + gap) * directions(host, DIRECTIONS) for gap in BEYOND])
    worst = {name: largest_jump(model, dimer, name, points) for name in PATHS}
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
            f"the paths take {STEPS} steps, and {FINER} times finer ones where they leave a doubt",
            "Nearly equal molecules get different energies, so that neither other hosts nor vibrations can be trusted.",
            name,
        )
    ]
