"""Cluster files, batch scripts, and which job has room where; no process is started."""

import os
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from nci_core import jobs
from nci_core.errors import InputError, JobError
from nci_core.jobs import clusters, supervisor
from nci_core.jobs.cluster_settings import KINDS, VARIABLE, BatchSettings, find_cluster, read_cluster, template
from nci_core.jobs.lock import EngineStatus, write_status
from nci_core.jobs.pool import local_workers
from nci_core.jobs.sizes import Room, WorkerSize, occupy, place, resources_of, rooms_of, why_too_large
from nci_core.store import Job, Store
from nci_core.store import jobs as queue


def job(memory_gb: float | None = None, gpus: int = 0) -> Job:
    return Job(kind="sleep", needs_memory_gb=memory_gb, needs_gpus=gpus)


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_explains_every_setting_and_can_be_read_back(kind: str, tmp_path: Path) -> None:
    text = template(kind)
    path = tmp_path / "cluster.toml"
    path.write_text(text)
    settings = read_cluster(path)
    assert settings.kind == kind
    assert settings.model_dump() == tomllib.loads(text)
    assert text.count("\n# ") == len(type(settings).model_fields)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cores = 4", "must say kind, one of slurm, pbs, local, scheduler"),
        ("kind = 'lsf'", "must say kind, one of slurm, pbs, local, scheduler"),
        ("kind = 'slurm'\ncores = 0", "Setting 'cores' of .* is not usable: Input should be greater"),
        ("kind = 'slurm'\nmemory = 4", "Setting 'memory' of .* is not usable: there is no such setting"),
        ("kind = 'slurm'\nwalltime = '12h'", "Setting 'walltime' of .*hours, minutes, seconds"),
        ("kind = 'slurm'\nwalltime = '00:01:00'", "walltime 00:01:00 is too short"),
        ("kind = 'pbs'\nwalltime = '2-00:00:00'", "PBS knows no days"),
        ("kind = 'slurm'\nmin_workers = 20", "min_workers 20 is more than max_workers 10"),
        ("kind = 'slurm'\nworkers_per_job = 8", "8 workers_per_job need as many cores, and there are 4"),
        ("kind = 'slurm'\nworkers_per_job = 4", "multiples of workers_per_job 4"),
        ("kind = 'slurm'\njob_script_prologue = ['a\\nb']", "each entry is one line"),
        ("kind = 'scheduler'\naddress = 'host'", "write it as tcp://host:8786"),
        ("kind =", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(text.replace("'", '"'))
    with pytest.raises(InputError, match=sentence) as error:
        read_cluster(path)
    assert "\n" not in str(error.value)


def test_the_file_is_named_by_an_option_or_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_cluster(None) is None
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a.toml"))
    assert find_cluster(None) == tmp_path / "a.toml"
    assert find_cluster(tmp_path / "b.toml") == tmp_path / "b.toml"


def test_a_bad_file_is_refused_before_an_engine_starts(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cluster's file .* cannot be read"):
        jobs.ensure_engine(store.folder, cluster=tmp_path / "none.toml")
    assert not (store.folder / "logs" / "engine.log").exists()


def test_the_script_asks_for_what_the_worker_declares() -> None:
    pytest.importorskip("dask_jobqueue")
    settings = BatchSettings(
        kind="slurm",
        queue="long",
        account="chem",
        cores=8,
        memory_gb=32,
        gpus=2,
        walltime="1-00:00:00",
        workers_per_job=2,
        job_script_prologue=["module load python"],
    )
    script = clusters.job_script(settings)
    wanted = ["-p long", "-A chem", "--cpus-per-task=8", "--mem=32000M", "-t 1-00:00:00", "--gres=gpu:2"]
    assert all(f"#SBATCH {line}\n" in script for line in wanted)
    assert "\nmodule load python\n" in script
    # Each worker takes one job at a time, and leaves before Slurm stops it.
    for part in ('--resources "memory_gb=16 gpu=1"', "--nworkers 2", "--nthreads 1", f"--lifetime {86400 - 120}s"):
        assert part in script
    assert settings.threads == 4
    other = settings.model_copy(update={"kind": "pbs", "walltime": "24:00:00", "job_directives": ["-l gpu_type=a"]})
    script = clusters.job_script(other)
    assert "#PBS -l select=1:ncpus=8:mem=32000MB\n" in script  # GPUs are asked for in the site's own words
    assert "#PBS -l gpu_type=a\n" in script
    assert "ngpus" in clusters.job_script(other.model_copy(update={"job_directives": []}))


def test_without_the_batch_systems_commands_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JobError, match="There is no command sbatch here"):
        clusters.check_commands(BatchSettings(kind="slurm"))


def test_a_job_takes_the_smallest_room_that_is_large_enough() -> None:
    rooms = [Room(8.0, 1), Room(4.0), Room(16.0, slots=2)]
    assert place(rooms, job(3.0))
    assert (rooms[1].slots, rooms[1].memory_gb) == (0, 1.0)
    assert place(rooms, job(3.0))  # not beside the GPU while there is other room
    assert (rooms[0].slots, rooms[2].slots, rooms[2].memory_gb) == (1, 1, 13.0)
    assert place(rooms, job(1.0, gpus=1))
    assert not place(rooms, job(14.0))
    occupy(rooms, job(14.0))  # it runs, wherever Dask put it: the last slot is taken
    assert sum(room.slots for room in rooms) == 0


def test_rooms_of_workers_that_declare_memory_and_of_those_that_do_not() -> None:
    plain = {"nthreads": 2, "memory_limit": 8e9, "resources": {}}
    rooms, declared = rooms_of({"a": plain, "b": plain | {"nthreads": 1, "memory_limit": 3e9, "resources": {"gpu": 1}}})
    assert [(room.memory_gb, room.gpus) for room in rooms] == [(3.0, 0), (3.0, 0), (3.0, 1)]
    assert not declared
    rooms, declared = rooms_of({"a": plain, "b": plain | {"resources": {"memory_gb": 6.0}}})
    assert [(room.memory_gb, room.slots) for room in rooms] == [(0.0, 2), (6.0, 2)]
    assert declared
    assert rooms_of({})[0] == []


def test_resources_are_asked_of_dask_where_memory_is_declared() -> None:
    assert resources_of(job(3.0, 1), with_memory=True) == {"memory_gb": 3.0, "gpu": 1.0}
    assert resources_of(job(3.0), with_memory=False) == {}


def test_a_job_larger_than_every_worker_says_so(store: Store) -> None:
    sizes = [WorkerSize(4.0, 1), WorkerSize(8.0)]
    assert why_too_large(job(8.0), sizes) is None
    assert why_too_large(job(9.0), sizes) == (
        "It needs 9 GB of memory and the largest worker has 8; use fewer or larger workers."
    )
    assert "the largest worker with a GPU has 4" in str(why_too_large(job(6.0, 1), sizes))
    assert "needs 2 GPUs and no worker has that" in str(why_too_large(job(None, 2), sizes))
    assert why_too_large(job(9.0), []) is None  # nothing is known of the workers yet

    waiting = queue.add(store, "sleep", needs_memory_gb=9.0).id
    write_status(store.folder, EngineStatus(True, "ready", sizes=((4.0, 1), (8.0, 0))))
    assert "needs 9 GB" in str(jobs.why_waiting(store, waiting))
    write_status(store.folder, EngineStatus(True, "ready", sizes=((float("inf"), 0),)))
    assert jobs.why_waiting(store, waiting) is None


def test_a_machine_runs_fewer_labels_at_once_when_each_needs_much() -> None:
    from nci_core.jobs.cluster_settings import LocalSettings

    machine = LocalSettings(memory_gb=16.0)
    assert local_workers(machine, None, 8, 0.0) == 8
    assert local_workers(machine, None, 8, 3.0) == 5
    assert local_workers(machine, 8, 4, 3.0) == 8  # as asked for


@pytest.mark.parametrize(
    ("threads", "declared", "limit", "need", "expected"),
    [
        (1, 16.0, None, 3.0, 16.0),  # the only job there
        (4, 16.0, None, 6.0, 6.0),  # what it asked for: others may have the rest
        (4, 16.0, None, 0.0, 4.0),
        (4, 0.0, 8e9, 3.0, 2.0),  # nothing declared: a share of its --memory-limit
        (4, 0.0, None, 3.0, 5.0),  # or of the machine's 20 GB
    ],
)
def test_what_a_job_may_take_of_its_worker(
    threads: int, declared: float, limit: float | None, need: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = SimpleNamespace(
        state=SimpleNamespace(nthreads=threads, total_resources={"memory_gb": declared} if declared else {}),
        memory_manager=SimpleNamespace(memory_limit=limit),
    )
    monkeypatch.setattr("distributed.get_worker", lambda: worker)
    monkeypatch.setattr(supervisor, "machine_memory_gb", lambda: 20.0)
    assert supervisor.worker_memory_gb(need) == expected


def test_a_job_that_fits_nowhere_keeps_no_other_waiting(store: Store) -> None:
    from nci_core.jobs.cluster_settings import LocalSettings
    from nci_core.jobs.engine_settings import EngineSettings, workers_here

    cluster = LocalSettings(memory_gb=1.0)
    settings = EngineSettings(store.folder, cluster=cluster)
    queue.add(store, "sleep", needs_memory_gb=5.0)
    assert workers_here(settings, store) == (os.cpu_count() or 1)
    queue.add(store, "sleep", needs_memory_gb=0.9)
    assert workers_here(settings, store) == 1
