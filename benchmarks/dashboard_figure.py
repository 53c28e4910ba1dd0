"""One measured figure of the dashboard, as a row of JSON and as a line for people."""

from dataclasses import asdict, dataclass, field
from typing import Any

import psutil


@dataclass
class Figure:
    """One measured figure: its name, value, unit, target, and what it is.

    `app_cpu` are CPU seconds of the app's process, `load` the machine's load average (1 min) at the time.
    """

    name: str
    value: float
    unit: str
    target: float | None
    what: str
    app_cpu: float | None = None
    load: float = field(default_factory=lambda: psutil.getloadavg()[0])

    @property
    def met(self) -> bool | None:
        """Whether it is within its target; None without one."""
        return None if self.target is None else self.value <= self.target


def as_row(figure: Figure) -> dict[str, Any]:
    """For JSON."""
    return asdict(figure) | {"met": figure.met}


def as_line(f: Figure) -> str:
    """For people."""
    target = "" if f.target is None else f"{'ok ' if f.met else 'NOT'} ≤ {f.target:g}"
    cpu = "" if f.app_cpu is None else f"{1000 * f.app_cpu:.0f} ms CPU"
    return f"{f.name:22} {f.value:9.2f} {f.unit:4} {target:10} {cpu:12} load {f.load:4.1f}  {f.what}"
