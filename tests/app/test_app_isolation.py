"""The dashboard's process stays light: no torch, PySCF, MACE or RDKit, directly or indirectly."""

import os
import subprocess
import sys
from pathlib import Path

from nci_core.campaign.exchange.archive import import_campaign

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "pyscf", "mace", "e3nn", "tblite", "dftd4", "rdkit")
#: A second and more of imports that the first page does without.
SLOW = ("scipy", "ase.io", "ase.neighborlist", "jinja2", "sqlalchemy.dialects.postgresql")
#: The first page, then all modules alone, then every page.
SCRIPT = f"""
import importlib, os, pkgutil, sys
sys.path.insert(0, "tests/app")
from app import predictor
from app.warm import warm
from pages import run_page
os.environ["NCI_HOME"], os.environ["NCI_READ_ONLY"] = sys.argv[1], "1"
warm()
run_page("overview")
print("first page", [name for name in {SLOW!r} if name in sys.modules])
import app
for module in pkgutil.walk_packages(app.__path__, "app."):
    if module.name != "app.main":
        importlib.import_module(module.name)
import nci_core.campaign.rounds.requests, nci_core.campaign.pricing.costs, nci_core.jobs
print("imported", [name for name in {HEAVY!r} if name in sys.modules])
shown = [(name, dict()) for name in ("overview", "explore", "select", "label_train", "history", "benchmarks")]
shown += [("new_campaign", dict())]
shown += [("errors", dict(errors_part=part)) for part in ("maps", "cuts", "parity", "regions", "around", "line")]
for page, state in shown:
    at = run_page(page, **state)
    assert not at.exception and not at.error, (page, state, at.exception, at.error)
assert predictor.predictor().pid is not None, "no page asked a model"
predictor.predictor().close()
print("shown", [name for name in {HEAVY!r} if name in sys.modules])
"""


def test_no_page_imports_a_heavy_module_while_it_is_shown(tmp_path: Path) -> None:
    """Nor by its modules: pages that ask a model leave that to another process. The first waits for no later one."""
    import_campaign(ROOT / "data" / "he-ethylene", tmp_path / "he-ethylene").store.close()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.endswith("]")] == [
        "first page []",
        "imported []",
        "shown []",
    ]
