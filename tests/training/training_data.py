"""Energies that the tests of networks make up."""

import numpy as np

from nci_core.fitting import Observation
from nci_core.systems import Dimer


def made_up(dimer: Dimer, count: int, seed: int, deeper: float = 1.0) -> Observation:
    """Lennard-Jones wells of 3 meV at 3.2 Å, `deeper` times; any smooth curve will do."""
    random = np.random.default_rng(seed)
    rays = random.normal(size=(count, 3))
    rays *= (random.uniform(2.9, 5.5, count) / np.linalg.norm(rays, axis=1))[:, None]
    at = dimer.at(rays)
    x6 = (3.2 / at.distances[:, :, 0]) ** 6
    return Observation(at, deeper * (0.003 * (x6**2 - 2 * x6)).sum(axis=1))
