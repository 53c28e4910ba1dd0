"""What a person is told to type where there is nothing to show yet."""

import shlex
from pathlib import Path


def command(verb: str, folder: Path) -> str:
    """A command for a campaign: `distill` makes its first student, `evaluate` renews its errors and curves."""
    return f"nci {verb} -c {shlex.quote(str(folder))}"
