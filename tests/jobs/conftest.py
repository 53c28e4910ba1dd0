"""A campaign folder, and an engine that ends with the test."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from a_system import a_system

from nci_core import jobs
from nci_core.jobs.kinds import VARIABLE
from nci_core.store import Store, systems

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))  # the tests and the engine's workers import job_functions from here
KINDS = ("sleep", "grip", "polite", "fail", "label", "parent", "memory", "alive", "triples", "full")


@pytest.fixture(autouse=True)
def test_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, ",".join(f"{kind}=job_functions:{kind}" for kind in KINDS))
    # Who waits looks for an engine that has died more often than a person's program would.
    monkeypatch.setattr("nci_core.jobs.client.ENGINE_LOOK_SECONDS", 1.0)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(FOLDER), os.environ.get("PYTHONPATH")])))


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A file; `on_both` asks for a server too."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    on_server = getattr(request, "param", "sqlite") == "postgresql"
    address = request.getfixturevalue("fresh_schema") if on_server else folder
    with Store.create(address, folder=folder) as opened:
        systems.add(opened, [a_system()])
        yield opened


@pytest.fixture
def engine(store: Store) -> Iterator[Callable[..., jobs.EngineStatus]]:
    """Starts the campaign's engine; whatever still runs afterwards is killed."""

    def start(**options: object) -> jobs.EngineStatus:
        settings = {"workers": 1, "idle_seconds": 60.0, "nice": 0, "wait_seconds": 120.0} | options
        return jobs.ensure_engine(store.folder, database=store.server, **settings)  # type: ignore[arg-type]

    yield start
    status = jobs.engine_status(store.folder)
    if status.running and status.pid is not None:
        family = [psutil.Process(status.pid), *psutil.Process(status.pid).children(recursive=True)]
        for process in family:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(family, timeout=10)
