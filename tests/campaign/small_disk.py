"""A real campaign on a small file system that fills up in the middle of a label, and is emptied again.

    unshare -rm python small_disk.py MOUNT_POINT

Two labels by PySCF, a real engine. Prints what became of them as JSON; the file system goes with the process.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import killed_labels as killed
import numpy as np
import small_campaign as small

from nci_core import jobs
from nci_core.jobs.kinds import VARIABLE
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.store import configurations, journal, labels
from nci_core.store import jobs as queue

#: Room for the campaign, and none for longer than it takes to be noticed by everybody.
SIZE, FULL_SECONDS = "4m", 5.0


def fill(path: Path) -> None:
    """Take what is left, to the last byte."""
    size = 1 << 20
    with path.open("wb", buffering=0) as stream:
        while size:
            try:
                stream.write(bytes(size))
            except OSError:
                size //= 2


def main(disk: Path) -> dict[str, Any]:
    """The whole story."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(disk)], check=True)
    RECIPES.update(killed.RECIPES_HERE)
    os.environ[VARIABLE] = "label=killed_labels:label"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    campaign = small.make(disk / "work", small.write_host(disk), recipe=killed.TINY.name)
    store, recipe = campaign.store, campaign.recipe
    points = np.array([[0.0, 0.0, 3.1], [3.0, 0.0, 0.2]])
    ids = configurations.add(store, points, campaign.systems[0].dimer.geometry_hashes(points), system_id=1).ids
    rows = labels.request(store, ids, recipe=recipe.name, recipe_hash=recipe.hash)
    numbers = [jobs.submit(store, "label", {"label_id": row.id}, label_id=row.id).id for row in rows]
    jobs.ensure_engine(campaign.folder, workers=1, idle_seconds=60.0, nice=0, wait_seconds=120.0)
    try:
        begun = killed.begun_file(campaign.folder, numbers[0], 1)
        while not begun.exists():
            time.sleep(0.002)
        fill(disk / "filler")
        time.sleep(FULL_SECONDS)
        during = [queue.get(store, number).state for number in numbers]
        (disk / "filler").unlink()
        done = jobs.wait(store, numbers, timeout_seconds=120)
    finally:
        jobs.stop_engine(campaign.folder)
    return {
        "during": during,
        "after": [job.state for job in done],
        "attempts": [job.attempt for job in done],
        "labels": [row.status for row in labels.fetch(store, recipe.hash)],
        "journaled": len(list((campaign.folder / journal.RESULTS).glob("*.json"))),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
