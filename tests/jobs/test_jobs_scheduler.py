"""A real scheduler and real workers on this machine: what goes where, and what is lost when each is killed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from ase import Atoms
from ase.io import write
from dask_processes import Fleet
from job_functions import notes
from processes_seen import freeze, gone, kill, running, until

from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.config import CampaignSettings
from nci_core.jobs import kinds
from nci_core.jobs.supervisor import HEARTBEAT_SECONDS
from nci_core.labels.ccsdt import compute_label
from nci_core.store import Store, configurations, labels
from nci_core.store import jobs as queue
from nci_core.store.fragments import FragmentFiles
from nci_core.store.journal import RESULTS
from nci_core.units import HARTREE_EV

Start = Callable[..., jobs.EngineStatus]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path / "fleet")
    yield made
    made.end_all()


def let_go(store: Store) -> None:
    (store.folder / "go").touch()


@pytest.mark.slow
def test_jobs_go_where_they_fit_and_a_worker_that_leaves_puts_its_job_back(
    store: Store, engine: Start, fleet: Fleet
) -> None:
    fleet.start_scheduler()
    fleet.start_worker("small", "memory_gb=2")
    fleet.start_worker("large", "memory_gb=8 gpu=1")
    until_go = {"until": "go"}
    large, gpu = (
        jobs.submit(store, "sleep", until_go, needs_memory_gb=need, needs_gpus=n).id for need, n in ((6.0, 0), (1.0, 1))
    )
    huge = jobs.submit(store, "sleep", needs_memory_gb=100.0, priority=5).id
    small = jobs.submit(store, "sleep", until_go, needs_memory_gb=1.5).id
    engine(scheduler=fleet.address)
    assert fleet.name_of(running(store, small).supervisor_pid) == "small"
    job = running(store, large)
    assert fleet.name_of(job.supervisor_pid) == "large"
    assert queue.get(store, gpu).state == "waiting"  # though a thread of the small one would be free
    assert "needs 100 GB of memory and the largest worker has 8" in str(jobs.why_waiting(store, huge))

    fleet.workers["large"].terminate()  # as scancel or the end of a walltime does
    until(lambda: queue.get(store, large).state == "waiting")
    row = queue.get(store, large)
    assert row.message == "waiting again: its worker left"
    assert row.max_attempts - row.attempt == 3  # all of its attempts: leaving is nobody's fault
    until(lambda: gone(job.pid))
    fleet.start_worker("large again", "memory_gb=8 gpu=1")
    let_go(store)
    done = jobs.wait(store, [large, gpu, small], timeout_seconds=120)
    assert [row.state for row in done] == ["complete"] * 3
    assert sorted(notes(store.folder)) == sorted((row.id, row.attempt) for row in done)
    assert jobs.cancel(store, huge) == "cancelled"


@pytest.mark.slow
def test_kill_a_worker_the_scheduler_and_the_engine_in_turn(store: Store, engine: Start, fleet: Fleet) -> None:
    fleet.start_scheduler()
    for name in ("a", "b", "c"):
        fleet.start_worker(name)
    held = [jobs.submit(store, "sleep", {"until": "go"}, max_attempts=6).id for _ in range(3)]
    more = [jobs.submit(store, "sleep", {"seconds": 0.2}, max_attempts=6).id for _ in range(6)]
    start = lambda: engine(scheduler=fleet.address, idle_seconds=120.0)  # noqa: E731
    start()
    first = [running(store, number) for number in held]

    lost = fleet.name_of(first[0].supervisor_pid)
    fleet.kill(fleet.workers.pop(lost))
    until(lambda: queue.get(store, held[0]).state == "waiting")
    fleet.start_worker("d")
    running(store, held[0], attempt=2)

    fleet.kill(fleet.scheduler)
    # Workers end their jobs and put them back when the scheduler has gone; the engine stays and waits.
    until(lambda: all(queue.get(store, number).state == "waiting" for number in held))
    until(lambda: "has gone; jobs wait until it is back" in str(jobs.why_waiting(store, held[1])))
    pid = jobs.engine_status(store.folder).pid
    fleet.start_scheduler()
    for name in ("e", "f", "g"):  # workers end with their scheduler
        fleet.start_worker(name)
    for number in held:
        running(store, number, attempt=2)
    assert jobs.engine_status(store.folder).pid == pid

    before = [queue.get(store, number) for number in held]
    kill(pid)
    until(lambda: gone(pid))
    let_go(store)
    done = jobs.wait(store, [*held, *more], timeout_seconds=240, restart=start)
    assert [row.state for row in done] == ["complete"] * 9
    assert [row.result for row in done] == [{"slept": True}] * 9
    assert [row.attempt for row in done[:3]] == [row.attempt for row in before]  # none was begun again
    ended = notes(store.folder)
    assert sorted(number for number, _ in ended) == sorted([*held, *more])  # each exactly once


def test_a_real_label_survives_the_death_of_its_worker(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He–H₂ by PySCF; the worker is killed in the middle, and the energy is that of one go."""
    monkeypatch.delenv(kinds.VARIABLE)  # the real label, not the test's
    host = tmp_path / "hydrogen.xyz"
    write(host, Atoms("H2", positions=[[0, 0, -0.3707], [0, 0, 0.3707]]))
    campaign = Campaign.create(tmp_path / "campaign", CampaignSettings.create(str(host), recipe="quick"))
    point = np.array([[0.0, 1.2, 2.9]])
    ids = configurations.add(campaign.store, point, campaign.systems[0].dimer.geometry_hashes(point), system_id=1).ids
    (number,) = submit_labels(campaign, ids, "test", start=False)
    fleet.start_scheduler()
    fleet.start_worker("a", "memory_gb=4")
    start = lambda: jobs.ensure_engine(campaign.folder, scheduler=fleet.address, nice=0)  # noqa: E731
    try:
        start()
        job = running(campaign.store, number)
        pieces = FragmentFiles(
            campaign.folder / RESULTS, campaign.systems[0].dimer.geometry_hashes(point)[0], campaign.recipe.hash
        )
        freeze(job.pid, pieces.path("probe.json").exists)  # the whole label takes a second or two
        assert fleet.name_of(job.supervisor_pid) == "a"
        # PySCF keeps to the worker's memory (of which its arrays are a part), not to the machine's.
        assert psutil.Process(job.pid).environ()["PYSCF_MAX_MEMORY"] == "2625"
        fleet.kill(fleet.workers.pop("a"))
        fleet.start_worker("b", "memory_gb=4")
        (done,) = jobs.wait(campaign.store, number, timeout_seconds=240, restart=start)
    finally:
        jobs.stop_engine(campaign.folder)
    assert (done.state, done.attempt) == ("complete", 2)
    row = labels.fetch(campaign.store, campaign.recipe.hash)[0]
    # Both are converged to 1e-8 hartree and better: a fragment taken up from its last iteration may differ by that.
    assert row.energy_ev == pytest.approx(
        compute_label(campaign.systems[0].dimer, point[0], campaign.recipe).energy_ev, abs=5 * 1e-8 * HARTREE_EV
    )
    campaign.store.close()


def test_a_long_call_that_holds_pythons_lock_starves_no_heartbeat(store: Store, engine: Start) -> None:
    seconds = HEARTBEAT_SECONDS + 3  # one heartbeat for sure, and time to see it
    number = jobs.submit(store, "grip", {"seconds": seconds}).id
    engine()
    job = running(store, number)
    until(lambda: notes(store.folder, "begin"))
    began = time.monotonic()
    until(lambda: queue.get(store, number).heartbeat_at != job.heartbeat_at, seconds)
    assert notes(store.folder) == []  # the call has not returned: the supervisor said it, not the child
    assert time.monotonic() - began < seconds
    assert jobs.wait(store, number, timeout_seconds=60)[0].state == "complete"
