"""Which linear algebra the jobs of this machine use: what there is, how fast, whether it computes right.

PySCF's wheels ship an old OpenBLAS. A newer library can be loaded in its place before Python starts; whether to
is for a person to say, and only one that repeats a known label is offered. The choice is kept in a file, which is
not trusted: it can name only what is found here anyway, for a library that is loaded is code that runs.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.children import NEUTRAL, child_environment, python_command
from nci_core.errors import InputError, JobError
from nci_core.files import read_limited, write_atomically

#: Seconds for the known label, which takes three on a quiet machine.
LIMIT_SECONDS = 600
#: Where libraries lie below a prefix, best first.
PATTERNS = ("lib/libmkl_rt.so*", "lib/libopenblas.so*")
#: Where distributions keep theirs.
SYSTEM = ("/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0", "/usr/lib64/libopenblas.so.0")

#: LD_PRELOAD takes spaces and colons for the end of a name, so a folder with one could name another library.
PLAIN_NAME = re.compile(r"/[A-Za-z0-9._+/@~-]+")
#: Bytes of a choice, which has a few hundred.
MOST_BYTES = 65_536
#: A file here means that a folder is a campaign's, which somebody else may have written.
CAMPAIGN_FILE = "campaign.toml"


class Finding(BaseModel):
    """What one choice of linear algebra gave."""

    model_config = ConfigDict(extra="forbid")

    name: str
    library: str | None = Field(None, description="loaded in place of PySCF's own; None: its own")
    coretype: str = Field("", description="OPENBLAS_CORETYPE, if set")
    dgemm_gflops: float = 0.0
    cpu_seconds: float = Field(0.0, description="of the known label")
    error_cm1: float | None = Field(None, description="of the known label; None: it could not be computed")
    right: bool = False


def choice_file() -> Path:
    """Where this machine's choice is kept: NCI_LINEAR_ALGEBRA, else a file of the user's configuration.

    Both are absolute: a relative path would lead to another file in each working directory, and is left aside.
    """
    given = Path(os.environ.get("NCI_LINEAR_ALGEBRA") or ".")
    if given.is_absolute():
        return given
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or ".")
    folder = configured if configured.is_absolute() else Path.home() / ".config"
    return folder / "nci" / f"linear-algebra-{socket.gethostname().replace('/', '_')}.json"


def chosen(file: Path) -> Finding | None:
    """The choice that was agreed to, if it is one of `candidates` still and the file is in no campaign's folder."""
    if _in_a_campaign(file):
        return None
    try:
        found = Finding.model_validate_json(read_limited(file, MOST_BYTES))
    except (InputError, ValidationError):
        return None
    return found if found.right and _is_candidate(found) else None


def agree(file: Path, finding: Finding) -> None:
    """Keep a choice; raises JobError where `chosen` would not take it."""
    if not finding.right:
        raise JobError(f"{finding.name} does not reproduce the known label; it is not used.")
    if not _is_candidate(finding):
        raise JobError(f"{finding.name} is not among the libraries that nci finds on this machine; it is not used.")
    if _in_a_campaign(file):
        raise JobError(f"{file} is in a campaign's folder; set NCI_LINEAR_ALGEBRA to a file elsewhere.")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, finding.model_dump_json(indent=2).encode())


def _in_a_campaign(file: Path) -> bool:
    return any(os.path.exists(parent / CAMPAIGN_FILE) for parent in file.parents)


def _is_candidate(finding: Finding) -> bool:
    return (finding.library, finding.coretype) in {(found.library, found.coretype) for found in candidates()}


def settings(finding: Finding) -> dict[str, str]:
    """The environment variables of a choice."""
    found = {"OPENBLAS_CORETYPE": finding.coretype} if finding.coretype else {}
    return found | ({"LD_PRELOAD": finding.library} if finding.library else {})


def candidates() -> list[Finding]:
    """What could be used here: PySCF's own library with either kernel, and newer ones that are installed (Linux)."""
    found = [Finding(name="PySCF's own"), Finding(name="PySCF's own, Haswell kernels", coretype="Haswell")]
    if sys.platform != "linux":
        return found
    places = [path for pattern in PATTERNS for path in sorted(Path(sys.prefix).glob(pattern))]
    places += [Path(path) for path in SYSTEM]
    libraries = dict.fromkeys(str(path.resolve()) for path in places if path.is_file())
    plain = filter(PLAIN_NAME.fullmatch, libraries)
    return found + [Finding(name=Path(library).name, library=library) for library in plain]


def measure(finding: Finding, environment: Mapping[str, str] | None = None) -> Finding:
    """Compute the known label with a choice of linear algebra, in a process of its own."""
    from nci_core.labels.known_label import TOLERANCE_CM1

    base = {k: v for k, v in (environment or os.environ).items() if k not in ("LD_PRELOAD", "OPENBLAS_CORETYPE")}
    command = python_command("nci_core.labels.known_label")
    try:
        run = subprocess.run(
            command,
            cwd=NEUTRAL,
            env=child_environment(base) | {"OMP_NUM_THREADS": "1"} | settings(finding),
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        said = json.loads(run.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return finding
    error = float(said["error_cm1"])
    more = {"dgemm_gflops": said["dgemm_gflops"], "cpu_seconds": said["cpu_seconds"], "error_cm1": error}
    return finding.model_copy(update=more | {"right": abs(error) < TOLERANCE_CM1})


def best(findings: list[Finding]) -> Finding | None:
    """The fastest that computes right, by CPU seconds of the label."""
    right = [finding for finding in findings if finding.right]
    return min(right, key=lambda finding: finding.cpu_seconds) if right else None
