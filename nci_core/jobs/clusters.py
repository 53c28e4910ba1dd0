"""Making the Dask cluster that a file asks for: on this machine, or through Slurm or PBS."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from nci_core.errors import JobError
from nci_core.jobs.cluster_settings import LEAVE_BEFORE_SECONDS, BatchSettings
from nci_core.jobs.sizes import GPU, MEMORY, WorkerSize

#: How often an adaptive cluster compares its workers with its work.
ADAPT_SECONDS = 2.0
SUBMIT = {"slurm": ("sbatch", "scancel"), "pbs": ("qsub", "qdel")}


def configure() -> None:
    """Dask's settings for labels: few long tasks, whose attempts are counted elsewhere."""
    import dask

    # Read when distributed is imported, hence before it.
    dask.config.set({"logging.distributed": "warning"})
    import distributed  # noqa: F401

    dask.config.set(
        {
            # A task whose worker died is not for Dask to try again: the store counts attempts.
            "distributed.scheduler.allowed-failures": 0,
            # A laptop that slept must not find its workers thrown out.
            "distributed.scheduler.worker-ttl": None,
            # Processes start slowly on a machine that is busy labelling.
            "distributed.comm.timeouts.connect": "60s",
            # Tasks last minutes: watching the event loops every 20 ms and profiling the
            # supervisors would take 5% of a core in every process.
            "distributed.admin.tick.interval": "1s",
            "distributed.admin.system-monitor.interval": "5s",
            "distributed.worker.profile.enabled": False,
            # A job that has not run yet is worth a worker of its own (Dask's guess is half a second).
            "distributed.scheduler.default-task-durations": {"nci-job": "1h"},
        }
    )


def worker_sizes(workers: int, memory_gb: float, gpus: int) -> list[WorkerSize]:
    """A machine shared out: equal memory, and its GPUs to the first workers.

    >>> worker_sizes(3, 12.0, 1)
    [WorkerSize(memory_gb=4.0, gpus=1), WorkerSize(memory_gb=4.0, gpus=0), WorkerSize(memory_gb=4.0, gpus=0)]
    """
    share, rest = divmod(gpus, workers)
    return [WorkerSize(memory_gb / workers, share + (place < rest)) for place in range(workers)]


def local_cluster(sizes: list[WorkerSize], scratch: str) -> Any:
    """One-thread worker processes on this machine, each declaring its size."""
    from distributed import Nanny, Scheduler, SpecCluster

    common = {
        "nthreads": 1,
        "host": "127.0.0.1",
        "memory_limit": 0,  # the memory is used by child processes, which Dask does not see
        "local_directory": scratch,
        "dashboard": False,
    }
    workers = {
        place: {"cls": Nanny, "options": common | {"resources": {MEMORY: size.memory_gb, GPU: size.gpus}}}
        for place, size in enumerate(sizes)
    }
    options = {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    return SpecCluster(scheduler={"cls": Scheduler, "options": options}, workers=workers, silence_logs=False)


def batch_size(settings: BatchSettings) -> WorkerSize:
    """What each worker of a batch job has."""
    n = settings.workers_per_job
    return WorkerSize(settings.memory_gb / n, settings.gpus // n)


def _job_options(settings: BatchSettings, logs: Path | None) -> dict[str, Any]:
    size = batch_size(settings)
    n = settings.workers_per_job
    lifetime = settings.walltime_seconds - LEAVE_BEFORE_SECONDS
    arguments = ["--resources", f'"{MEMORY}={size.memory_gb:g} {GPU}={size.gpus}"', "--lifetime", f"{lifetime}s"]
    options: dict[str, Any] = {
        # One job at a time for each worker: its other cores are the job's own threads.
        "cores": n,
        "processes": n,
        "memory": f"{settings.memory_gb:g}GB",
        "walltime": settings.walltime,
        "queue": settings.queue or None,
        "account": settings.account or None,
        "job_name": "nci",
        "job_extra_directives": settings.job_directives,
        "job_script_prologue": ["export PYTHONSAFEPATH=1", *settings.job_script_prologue],
        "worker_extra_args": [*arguments, "--memory-limit", "0"],
        "local_directory": settings.local_directory or None,
        "python": f"{settings.python or sys.executable} -P",
        "log_directory": str(logs) if logs is not None else None,
    }
    megabytes = int(settings.memory_gb * 1000)
    # Sites that spell it otherwise say so in job_directives.
    ask_for_gpus = settings.gpus and not any("gpu" in line for line in settings.job_directives)
    if settings.kind == "slurm":
        more = [f"--gres=gpu:{settings.gpus}"] if ask_for_gpus else []
        return options | {
            "job_cpu": settings.cores,
            "job_mem": f"{megabytes}M",
            "job_extra_directives": more + settings.job_directives,
        }
    spec = f"select=1:ncpus={settings.cores}:mem={megabytes}MB" + (f":ngpus={settings.gpus}" if ask_for_gpus else "")
    return options | {"resource_spec": spec}


def _jobqueue() -> Any:
    try:
        import dask_jobqueue
    except ImportError:
        raise JobError("Slurm and PBS need a package that is not installed; run pip install 'nci[cluster]'.") from None
    return dask_jobqueue


def job_script(settings: BatchSettings) -> str:
    """The script that would be submitted for a worker; needs neither a scheduler nor the batch system."""
    module = _jobqueue().slurm if settings.kind == "slurm" else _jobqueue().pbs
    job = (module.SLURMJob if settings.kind == "slurm" else module.PBSJob)(
        scheduler=f"{'tls' if settings.encrypt else 'tcp'}://ENGINE:PORT",
        name="WORKER",
        interface=settings.interface or None,
        **_job_options(settings, None),
    )
    return str(job.job_script())


def check_commands(settings: BatchSettings) -> None:
    """Raise JobError where the batch system's commands are missing."""
    for command in SUBMIT[settings.kind]:
        if shutil.which(command) is None:
            raise JobError(f"There is no command {command} here; start nci on a machine that may submit batch jobs.")


def batch_cluster(settings: BatchSettings, folder: Path) -> Any:
    """A scheduler in this process whose workers are batch jobs, as many as there is work for.

    `folder` is seen by all nodes: logs of the batch jobs go there, and the keys of the encryption.
    """
    jobqueue = _jobqueue()
    check_commands(settings)
    logs, keys = folder / "logs" / "batch", folder / "logs" / "keys"
    security = None
    try:
        for made in (folder / "logs", logs):  # not `folder`, which may be moved away at any moment
            made.mkdir(exist_ok=True)
        if settings.encrypt:
            from distributed import Security

            keys.mkdir(mode=0o700, exist_ok=True)
            os.chmod(keys, 0o700)
            security = Security.temporary()
    except OSError as error:
        raise JobError(f"The folder {folder / 'logs'} cannot be written: {error.strerror}.") from error
    except ImportError:
        raise JobError(
            "Encryption needs the package cryptography; run pip install 'nci[cluster]', or set encrypt = false."
        ) from None
    options = {"dashboard": False, "dashboard_address": ":0"}
    kind = jobqueue.SLURMCluster if settings.kind == "slurm" else jobqueue.PBSCluster
    try:
        cluster = kind(
            security=security,
            shared_temp_directory=str(keys) if security is not None else None,
            interface=settings.interface or None,
            scheduler_options=options,
            **_job_options(settings, logs),
        )
    except (ValueError, OSError, RuntimeError) as error:
        raise JobError(f"The {settings.kind} cluster cannot be set up: {' '.join(str(error).split())}.") from error
    cluster.adapt(
        minimum=settings.min_workers,
        maximum=settings.max_workers,
        interval=f"{ADAPT_SECONDS:g}s",
        wait_count=max(round(60 * settings.idle_minutes / ADAPT_SECONDS), 1),
    )
    return cluster
