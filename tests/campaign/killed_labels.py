"""The label job of test_campaign_killed, run in the engine's child process, and a process of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from nci_core.campaign import Campaign
from nci_core.campaign.jobs import run_label
from nci_core.jobs.context import JobContext
from nci_core.jobs.kinds import VARIABLE
from nci_core.jobs.processes import hostname, job_environment
from nci_core.labels import resuming
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.recipes import Composite, FunctionSet, Recipe
from nci_core.store import jobs as queue

#: 15 functions for He–H2: tenths of a second a label.
TINY = Recipe(name="tiny", host_basis={"*": "6-31g**"}, probe_basis="6-31g**")
#: The same in the other kind of label: fitted integrals, MP2 in more functions, factors.
LARGE = FunctionSet(host_basis={"*": "aug-cc-pvdz"}, probe_basis="aug-cc-pvdz")
TINY_COMPOSITE = TINY.model_copy(
    update={
        "name": "tiny-composite",
        "integrals": "fitted",
        "composite": Composite(larger=LARGE, ccsd=1.2, triples=-1.1),
    }
)
RECIPES_HERE = {recipe.name: recipe for recipe in (TINY, TINY_COMPOSITE)}


def label(context: JobContext) -> dict[str, Any]:
    """The real job with a recipe of its own, keeping every state; what Python loads first is loaded beforehand."""
    from pyscf import cc, scf  # noqa: F401

    RECIPES.update(RECIPES_HERE)
    resuming.KEEP_SECONDS, resuming.KEEP_SHARE = 0.0, float("inf")
    begun_file(context.campaign_dir, context.job_id, context.attempt).touch()
    return run_label(context)


def begun_file(folder: Path, job_id: int, attempt: int) -> Path:
    """Made when the work of an attempt begins; outside the campaign's folder."""
    return folder.parent / f"begun-{job_id}-{attempt}"


def start(campaign: Campaign, job_id: int, log: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Begin a waiting job in a child process, as the supervisor does; returns it and the attempt's number."""
    job = queue.begin(campaign.store, job_id, host=hostname(), supervisor_pid=os.getpid())
    assert job is not None
    numbers = (job_id, job.attempt, os.getpid(), 0)
    places = str(campaign.store.path), str(campaign.folder)
    extra = {VARIABLE: "label=killed_labels:label"}
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    with log.open("ab") as stream:
        child = subprocess.Popen(
            [sys.executable, "-m", "nci_core.jobs.run", *places, *map(str, numbers)],
            env=job_environment(1) | extra | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    return child, job.attempt
