"""How the end of a job's process is put into words."""

import signal
from pathlib import Path


def duration(seconds: float) -> str:
    """A limit as people read it.

    >>> duration(0.5), duration(5400.0)
    ('0.5 s', '90 min')
    """
    return f"{seconds:g} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def how_it_ended(code: int) -> str:
    """Why a process with this exit code, zero or less, has to be started again.

    >>> how_it_ended(-15)
    'its process was ended by SIGTERM'
    """
    if code == 0:
        return "its process was told to stop"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"its process was ended by {name}" + (", perhaps for lack of memory" if -code == signal.SIGKILL else "")


def last_line(path: Path, start: int) -> str:
    """The last line that this attempt wrote to the log."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(start, path.stat().st_size - 4000))
            lines = stream.read().decode(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].strip().rstrip(".")[:300] if lines else "it wrote nothing"
