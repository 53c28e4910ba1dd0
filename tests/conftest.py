"""Fixtures shared by all tests."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.systems import Host

FloatArray = npt.NDArray[np.float64]


@pytest.fixture(scope="session")
def shell() -> Callable[..., FloatArray]:
    """shell(host, m, seed): probe positions (m, 3) whose nearest host atom is 2.6 to 6 Å away."""

    def draw(host: Host, m: int, seed: int = 0, nearest: tuple[float, float] = (2.6, 6.0)) -> FloatArray:
        random = np.random.default_rng(seed)
        reach = np.abs(host.positions - host.centre).max() + nearest[1]
        points = host.centre + random.uniform(-reach, reach, (200 * m, 3))
        gap = np.linalg.norm(points[:, None] - host.positions, axis=-1).min(axis=1)
        return points[(gap > nearest[0]) & (gap < nearest[1])][:m]

    return draw
