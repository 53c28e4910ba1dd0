"""What fits, energies and choices of labels take on a processor core and on a GPU, kept as lines of JSON.

`benchmarks/gpu.py` makes them. Reading them takes no torch.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import InputError
from nci_core.files import write_atomically

#: Name of the stored rows in the folder of the other benchmarks.
FILE = "devices.jsonl"
#: What every name of a processor ends with; all other devices are GPUs.
ON_CORE = "one core"


class DeviceRow(BaseModel):
    """One step on one device."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(description="its name")
    what: str = Field(description="'fine-tuning', 'energies', …")
    size: int = Field(description="labels, or positions")
    seconds: float = Field(description="of a GPU by the clock, of a core CPU seconds; the best of three below a second")
    memory_gb: float | None = Field(None, description="most that it took: of the GPU, or of the process on a core")
    predicted_gb: float | None = Field(None, description="what was predicted before a fit")
    steps: int | None = Field(None, description="of a fit, all its minimisations together")
    difference_cm1: float | None = Field(None, description="largest difference of energies from those on a core")

    @property
    def per_second(self) -> float:
        """How many of `size` a second."""
        return self.size / max(self.seconds, 1e-9)

    @property
    def on_gpu(self) -> bool:
        """Whether the device is a GPU."""
        return not self.device.endswith(ON_CORE)


def read_devices(path: Path) -> list[DeviceRow]:
    """Rows of a file; raises InputError."""
    try:
        return [DeviceRow.model_validate(orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError):
        raise InputError(f"{path} holds no timings of devices; run `python benchmarks/gpu.py` first.") from None


def keep_devices(path: Path, new: Sequence[DeviceRow]) -> None:
    """Add rows to a file, whole or not at all; one of the same device, step and size is replaced."""
    known = read_devices(path) if path.is_file() else []
    rows = {(row.device, row.what, row.size): row for row in (*known, *new)}
    lines = [orjson.dumps(row.model_dump(exclude_none=True)) for row in rows.values()]
    write_atomically(path, b"".join(line + b"\n" for line in lines))


def compared(rows: Iterable[DeviceRow]) -> list[dict[str, Any]]:
    """A row with how many times faster than the core's it is, where that is known: columns of a table."""
    rows = list(rows)
    cores = {(row.what, row.size): row.seconds for row in rows if not row.on_gpu}
    found = []
    for row in rows:
        on_core = cores.get((row.what, row.size)) if row.on_gpu else None
        times = on_core / row.seconds if on_core else None
        found.append(row.model_dump() | {"per_second": row.per_second, "times": times})
    return found
