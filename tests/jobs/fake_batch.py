"""A batch system of four shell scripts: it really starts what is submitted, as a process group on this machine."""

import os
import signal
import stat
from contextlib import suppress
from pathlib import Path

SUBMIT = """#!/bin/bash
# Like sbatch and qsub: takes a script, keeps a copy, starts it somewhere and prints its number.
id=$$
cp "$1" {spool}/$id.sh
setsid bash {spool}/$id.sh > {spool}/$id.out 2>&1 < /dev/null &
echo $! > {spool}/$id.pid
echo "Submitted batch job $id"
"""
CANCEL = """#!/bin/bash
for id in "$@"; do
    echo $id >> {spool}/cancelled
    kill -TERM -- -$(cat {spool}/$id.pid)
done
"""


class FakeBatch:
    """Its commands are in `path`; what it was asked for can be looked up."""

    def __init__(self, folder: Path) -> None:
        self.path, self.spool = folder / "bin", folder / "spool"
        self.path.mkdir(parents=True)
        self.spool.mkdir()
        for names, text in ((("sbatch", "qsub"), SUBMIT), (("scancel", "qdel"), CANCEL)):
            for name in names:
                file = self.path / name
                file.write_text(text.format(spool=self.spool))
                file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def submitted(self) -> dict[int, int]:
        """Batch jobs so far: number → process group."""
        # A file may have been opened and not yet written.
        found = {int(file.stem): file.read_text().strip() for file in self.spool.glob("*.pid")}
        return {number: int(group) for number, group in found.items() if group}

    def alive(self) -> list[int]:
        """Numbers of the batch jobs that still run."""
        return [number for number, group in self.submitted().items() if _alive(group)]

    def kill(self, number: int) -> None:
        """A node that loses its power."""
        os.killpg(self.submitted()[number], signal.SIGKILL)

    def end_all(self) -> None:
        """Clear up after a test."""
        for group in self.submitted().values():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
