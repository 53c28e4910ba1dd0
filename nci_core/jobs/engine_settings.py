"""How an engine runs, and how many jobs at once."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from nci_core.jobs.cluster_settings import ClusterSettings, LocalSettings
from nci_core.jobs.pool import local_memory_gb, local_workers
from nci_core.store import Store, job_batches


@dataclass(frozen=True)
class EngineSettings:
    """How an engine runs; see `client.ensure_engine` for the fields."""

    campaign_dir: Path
    workers: int | None = None
    threads: int = 1
    cluster: ClusterSettings = field(default_factory=LocalSettings)
    idle_seconds: float = 600.0
    openblas_coretype: str = "auto"
    nice: int = 0
    database: str | None = None


def workers_here(settings: EngineSettings, store: Store) -> int:
    """How many jobs this machine runs at once, given what those in the queue need; 0 where jobs run elsewhere."""
    if not isinstance(settings.cluster, LocalSettings):
        return 0
    cores = os.cpu_count() or 1
    # A job that fits nowhere must not keep those waiting that would fit.
    most = job_batches.largest_need_gb(store, at_most=local_memory_gb(settings.cluster))
    return local_workers(settings.cluster, settings.workers, cores, most)
