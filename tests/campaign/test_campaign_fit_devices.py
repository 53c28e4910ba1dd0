"""Which fits ask for a worker with a GPU, and what is said of where one ran."""

import pytest

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds import fit_devices
from nci_core.campaign.rounds.fit_devices import gpus_for, where_it_ran
from nci_core.campaign.rounds.requests import submit_job
from nci_core.jobs.lock import EngineStatus
from nci_core.store import jobs as queue

WITH_GPU = EngineStatus(running=True, sizes=((8.0, 0), (4.0, 1)))


@pytest.mark.parametrize(
    ("status", "device", "energies", "gpus"),
    [
        (WITH_GPU, "auto", 10_000, 1),
        (WITH_GPU, "auto", 100, 0),
        (WITH_GPU, "cpu", 10_000, 0),
        (EngineStatus(running=True, sizes=((8.0, 0),)), "auto", 10_000, 0),
        (EngineStatus(running=False, sizes=((8.0, 1),)), "auto", 10_000, 0),
        (EngineStatus(), "cuda", 1, 1),
    ],
)
def test_large_fits_go_to_a_worker_with_a_gpu_where_there_is_one(
    sampled: Campaign, monkeypatch: pytest.MonkeyPatch, status: EngineStatus, device: str, energies: int, gpus: int
) -> None:
    monkeypatch.setattr(fit_devices, "engine_status", lambda folder: status)
    monkeypatch.setattr(fit_devices, "energies", lambda campaign, kind: energies)
    assert gpus_for(sampled, "distill", device) == gpus
    number = submit_job(sampled, "distill", start=False, device=device)
    assert queue.get(sampled.store, number).needs_gpus == gpus
    assert gpus_for(sampled, "evaluate", "auto") == 0


def test_energies_are_those_that_a_fit_may_learn(sampled: Campaign) -> None:
    assert fit_devices.energies(sampled, "finetune") == 0
    assert fit_devices.energies(sampled, "distill") > 0


def test_jobs_of_earlier_versions_say_nothing() -> None:
    assert where_it_ran({"model": "round-0-distilled", "device": "cpu"}) == ""
