"""What a person is told to type where there is nothing to show yet."""

import shlex
from pathlib import Path


def make_campaign(home: Path) -> list[str]:
    """Commands that make a campaign and its configurations."""
    folder = shlex.quote(str(home / "he-ethylene"))
    return [f"nci init {folder} --host ethylene --probe He", f"nci sample -c {folder}"]


def first_student(folder: Path) -> list[str]:
    """Commands that take a campaign without configurations to its first student."""
    return [*(f"nci {verb} -c {shlex.quote(str(folder))}" for verb in ("sample", "teach")), distil(folder)]


def distil(folder: Path) -> str:
    """The command that distils a campaign's teacher."""
    return f"nci distill -c {shlex.quote(str(folder))}"


def evaluate(folder: Path) -> str:
    """The command that renews a campaign's errors and curves."""
    return f"nci evaluate -c {shlex.quote(str(folder))}"
