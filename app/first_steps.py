"""What a person is told to type where there is nothing to show yet."""

import shlex
from pathlib import Path


def distil(folder: Path) -> str:
    """The command that distils a campaign's teacher."""
    return f"nci distill -c {shlex.quote(str(folder))}"


def evaluate(folder: Path) -> str:
    """The command that renews a campaign's errors and curves."""
    return f"nci evaluate -c {shlex.quote(str(folder))}"
