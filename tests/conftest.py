"""Fixtures shared by all tests."""

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.systems import Monomer

sys.path.insert(0, str(Path(__file__).parent))

import made
import temporary_postgresql

FloatArray = npt.NDArray[np.float64]


@pytest.fixture(scope="session")
def shell() -> Callable[..., FloatArray]:
    """shell(host, m, seed): probe positions (m, 3) whose nearest host atom is 2.6 to 6 Å away."""

    def draw(host: Monomer, m: int, seed: int = 0, nearest: tuple[float, float] = (2.6, 6.0)) -> FloatArray:
        random = np.random.default_rng(seed)
        reach = np.abs(host.positions - host.centre).max() + nearest[1]
        points = host.centre + random.uniform(-reach, reach, (200 * m, 3))
        gap = np.linalg.norm(points[:, None] - host.positions, axis=-1).min(axis=1)
        return points[(gap > nearest[0]) & (gap < nearest[1])][:m]

    return draw


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server's database; it runs for as long as the tests do."""
    with temporary_postgresql.server() as url:
        yield url


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> made.Once:
    """once(name, make): a folder that is filled by `make` once in a run; to be read or copied only."""
    return lambda name, make: made.folder_once(tmp_path_factory.getbasetemp(), name, make)


@pytest.fixture(scope="session", autouse=True)
def databases_by_copy() -> Iterator[None]:
    """New SQLite databases of this process are copies of the first; other processes migrate theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nci_core.store.database.upgrade", made.upgrade_by_copy)
        yield


_numbers = itertools.count(1)


@pytest.fixture
def fresh_schema(postgresql: str) -> str:
    """URL of a campaign that is not there yet."""
    return f"{postgresql}&schema=campaign_{next(_numbers)}"


@pytest.fixture(autouse=True)
def no_server_of_yours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a group's database; it is none of theirs."""
    monkeypatch.delenv("NCI_DATABASE", raising=False)
