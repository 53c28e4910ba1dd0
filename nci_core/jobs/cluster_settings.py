"""Where jobs run, as a file says it: this machine, a running Dask scheduler, or a batch system.

The file is named by `--cluster` or by the variable NCI_CLUSTER. It is not part of a campaign, for it belongs
to a machine, and its prologue is commands: a campaign that somebody sends must not bring its own.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from nci_core.errors import InputError
from nci_core.toml_text import described

#: Names the cluster's file where no option does.
VARIABLE = "NCI_CLUSTER"
#: A worker leaves so long before its batch job is stopped, so that a fit can save what it has.
LEAVE_BEFORE_SECONDS = 120
_WALLTIME = re.compile(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)")


class LocalSettings(BaseModel):
    """Worker processes on this machine, all of which run one job at a time."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["local"] = Field("local", description="worker processes on this machine")
    workers: int = Field(0, ge=0, description="jobs at once; 0: one per core, or fewer where the largest needs more")
    threads: int = Field(1, ge=1, description="linear-algebra threads of each job")
    memory_gb: float = Field(0.0, ge=0, description="memory for all jobs together, in GB; 0: all that the machine has")
    gpus: int = Field(-1, ge=-1, description="GPUs that jobs may use; -1: all that the machine has")


class SchedulerSettings(BaseModel):
    """A Dask scheduler that runs already; its workers say themselves what they have."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["scheduler"] = Field("scheduler", description="a Dask scheduler that runs already")
    address: str = Field("tcp://scheduler.example.org:8786", description="the scheduler's address")
    threads: int = Field(1, ge=1, description="linear-algebra threads of each job")

    @field_validator("address")
    @classmethod
    def _has_protocol(cls, value: str) -> str:
        if not re.fullmatch(r"(tcp|tls|ws|wss|ucx)://[^\s/]+:\d+", value):
            raise ValueError("write it as tcp://host:8786 or tls://host:8786")
        return value


class BatchSettings(BaseModel):
    """Batch jobs of Slurm or PBS, each of which holds one worker or several."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["slurm", "pbs"] = Field(description="the batch system: slurm or pbs")
    queue: str = Field("", description="queue (Slurm: partition) of the batch jobs; empty: the default one")
    account: str = Field("", description="account that pays; empty: none is named")
    cores: int = Field(4, ge=1, description="cores of one batch job")
    memory_gb: float = Field(16.0, gt=0, description="memory of one batch job, in GB")
    gpus: int = Field(
        0, ge=0, description="GPUs of one batch job; where --gres=gpu:N (PBS: ngpus=N) is wrong, ask in job_directives"
    )
    walltime: str = Field("12:00:00", description="time limit of one batch job, HH:MM:SS (Slurm: also D-HH:MM:SS)")
    workers_per_job: int = Field(
        1, ge=1, description="labels that one batch job computes at once; they share its cores, memory and GPUs"
    )
    min_workers: int = Field(0, ge=0, description="workers that are kept even when nothing waits")
    max_workers: int = Field(10, ge=1, description="workers at most; as many are asked for as there are jobs")
    idle_minutes: float = Field(5.0, gt=0, description="a worker without work for so long is given back, in minutes")
    job_directives: list[str] = Field(
        default_factory=list, description='further lines for the batch system, such as "--gres=gpu:1"'
    )
    job_script_prologue: list[str] = Field(
        default_factory=list, description='commands before the worker starts, such as "module load cuda"'
    )
    python: str = Field("", description="Python on the nodes that has nci installed; empty: the one in use here")
    interface: str = Field("", description='network interface between the nodes, such as "ib0"; empty: the default')
    local_directory: str = Field("", description="fast scratch folder on the nodes; empty: their temporary folder")
    encrypt: bool = Field(
        True, description="TLS between engine and workers; without it whoever reaches the port can run code as you"
    )

    @field_validator("walltime")
    @classmethod
    def _is_walltime(cls, value: str) -> str:
        if not _WALLTIME.fullmatch(value):
            raise ValueError('write it as "12:00:00" (hours, minutes, seconds)')
        return value

    @field_validator("job_script_prologue", "job_directives")
    @classmethod
    def _one_line_each(cls, value: list[str]) -> list[str]:
        if any("\n" in line for line in value):
            raise ValueError("each entry is one line")
        return value

    @model_validator(mode="after")
    def _fits(self) -> "BatchSettings":
        if self.kind == "pbs" and "-" in self.walltime:
            raise ValueError("PBS knows no days in walltime; write hours, such as 48:00:00")
        if self.walltime_seconds < 2 * LEAVE_BEFORE_SECONDS:
            raise ValueError(f"walltime {self.walltime} is too short for a label; give at least 00:04:00")
        if self.workers_per_job > self.cores:
            raise ValueError(f"{self.workers_per_job} workers_per_job need as many cores, and there are {self.cores}")
        if self.min_workers > self.max_workers:
            raise ValueError(f"min_workers {self.min_workers} is more than max_workers {self.max_workers}")
        if self.max_workers % self.workers_per_job or self.min_workers % self.workers_per_job:
            raise ValueError(f"min_workers, max_workers must be multiples of workers_per_job {self.workers_per_job}")
        if self.gpus % self.workers_per_job:
            raise ValueError(f"{self.gpus} gpus cannot be shared by {self.workers_per_job} workers_per_job")
        return self

    @property
    def walltime_seconds(self) -> int:
        """The time limit of a batch job."""
        found = _WALLTIME.fullmatch(self.walltime)
        assert found is not None
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return ((24 * days + hours) * 60 + minutes) * 60 + seconds

    @property
    def threads(self) -> int:
        """Linear-algebra threads of each job."""
        return self.cores // self.workers_per_job


ClusterSettings = LocalSettings | SchedulerSettings | BatchSettings
_ADAPTER: TypeAdapter[ClusterSettings] = TypeAdapter(Annotated[ClusterSettings, Field(discriminator="kind")])
KINDS: tuple[str, ...] = ("slurm", "pbs", "local", "scheduler")


def read_cluster(path: Path) -> ClusterSettings:
    """The settings in a cluster's file; raises InputError in one sentence."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    except OSError as error:
        raise InputError(f"The cluster's file {path} cannot be read ({error.strerror}).") from None
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"].startswith("union_tag"):
            raise InputError(f"{path} must say kind, one of {', '.join(KINDS)}.") from None
        # The first part of the place is the kind, which the file does not name.
        field = ".".join(str(part) for part in first["loc"][1:])
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        reason = "there is no such setting" if first["type"] == "extra_forbidden" else reason
        raise InputError(f"{f'Setting {field!r} of ' if field else ''}{path} is not usable: {reason}.") from None


def find_cluster(given: str | Path | None) -> Path | None:
    """The cluster's file that is meant: `given`, else NCI_CLUSTER; None without either."""
    chosen = str(given) if given is not None else os.environ.get(VARIABLE, "")
    return Path(chosen).expanduser().absolute() if chosen else None


def template(kind: str) -> str:
    """A cluster's file with every setting explained; raises InputError for an unknown kind."""
    if kind not in KINDS:
        raise InputError(f"There is no kind of cluster {kind!r}; choose one of {', '.join(KINDS)}.")
    settings = _ADAPTER.validate_python({"kind": kind})
    head = f"# Where nci runs its jobs. Use it with `nci label --cluster FILE` or {VARIABLE}=FILE."
    return "\n".join([head, "", *described(type(settings), settings.model_dump())])
