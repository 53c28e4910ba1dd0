"""A recipe that takes a second, and the exported script as a cluster would run it."""

import subprocess
import sys
from pathlib import Path

from nci_core.labels.recipes import Midbond, Recipe

TINY = Recipe(
    name="tiny",
    host_basis={"*": "6-31g"},
    probe_basis="cc-pvdz",
    midbond=Midbond(exponents={"s": (0.9, 0.3), "p": (0.6,)}),
)


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    """The exported script as a cluster would run it: a real process in another folder, without nci on its path."""
    command = [sys.executable, "-I", str(folder / "run_pyscf.py")]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=120)
