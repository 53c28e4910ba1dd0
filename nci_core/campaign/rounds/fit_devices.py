"""On which worker a campaign's fits run. No torch: a worker measures what is faster where it runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from nci_core.campaign.campaign import Campaign
from nci_core.jobs.lock import EngineStatus, engine_status
from nci_core.store import configurations, labels

#: Energies from which a fit that may run anywhere asks for a worker with a GPU, where the engine has one: with fewer,
#: a core takes less than about a minute (`benchmarks/gpu.py`), and such a worker has better things to do.
WORTH_A_GPU = 5000


def gpus_for(campaign: Campaign, kind: str, device: str) -> int:
    """GPUs that the worker of a fit must have.

    One, where a GPU was asked for by name; with "auto" where there is a worker with one and the fit is large.
    """
    if device.startswith("cuda"):
        return 1
    if device != "auto" or kind not in ("distill", "finetune") or not gpu_workers(engine_status(campaign.folder)):
        return 0
    return int(energies(campaign, kind) >= WORTH_A_GPU)


def gpu_workers(status: EngineStatus) -> Sequence[int]:
    """GPUs of each kind of worker that has any, as far as the running engine has said."""
    return [size.gpus for size in status.worker_sizes if size.gpus] if status.running else []


def energies(campaign: Campaign, kind: str) -> int:
    """Energies that a fit of this kind learns from, at most."""
    if kind == "distill":
        return configurations.counts(campaign.store)["pool"] * len(campaign.teacher_specs)
    return len(labels.fetch(campaign.store, campaign.recipe.hash))


def where_it_ran(result: Mapping[str, Any]) -> str:
    """What a fit's job tells of where it ran, in words; empty for a job of an earlier version.

    >>> where_it_ran({"device_name": "processor, one core", "device_why": "there is no GPU here", "memory_gb": 0.07,
    ...               "seconds": 2.13})
    'It took 2.1 s on processor, one core (there is no GPU here), and at most about 0.07 GB of memory.'
    """
    if not {"device_name", "device_why", "memory_gb", "seconds"} <= result.keys():
        return ""
    where = f"on {result['device_name']} ({result['device_why']})"
    return f"It took {result['seconds']:.1f} s {where}, and at most about {result['memory_gb']:.2g} GB of memory."
