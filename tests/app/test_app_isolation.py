"""The dashboard's process stays light: no torch, PySCF or MACE, directly or indirectly."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "pyscf", "mace", "e3nn", "tblite", "dftd4")
SCRIPT = f"""
import importlib, pkgutil, sys
import app
for module in pkgutil.walk_packages(app.__path__, "app."):
    if module.name != "app.main":
        importlib.import_module(module.name)
import nci_core.campaign.actions, nci_core.campaign.costs, nci_core.jobs
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_no_heavy_module_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
