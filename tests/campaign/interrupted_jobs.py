"""Labels that are asked for in a real campaign, to be interrupted."""

import os

import numpy as np

from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.jobs.context import JobContext
from nci_core.store import configurations, labels
from nci_core.store import jobs as queue

NAMES = ("probe", "host", "dimer")


def ask(campaign: Campaign, count: int) -> dict[int, tuple[int, np.ndarray]]:
    """Ask for labels at seeded places; job → (label, position in Å)."""
    generator = np.random.default_rng(5)
    ways = generator.standard_normal((count, 3))
    points = ways / np.linalg.norm(ways, axis=1)[:, None] * generator.uniform(2.6, 4.0, (count, 1))
    ids = configurations.add(
        campaign.store, points, campaign.systems[0].dimer.at(points).geometry_hashes(), system_id=1
    ).ids
    recipe = campaign.recipe
    rows = labels.request(campaign.store, ids, recipe=recipe.name, recipe_hash=recipe.hash)
    return {
        jobs.submit(campaign.store, "label", {"label_id": row.id}, label_id=row.id).id: (row.id, point)
        for row, point in zip(rows, points, strict=True)
    }


def hashes(campaign: Campaign, label_id: int) -> tuple[str, str]:
    row = labels.get(campaign.store, label_id)
    return configurations.fetch(campaign.store, ids=[row.configuration_id])[0].geometry_hash, row.recipe_hash


def context_of(campaign: Campaign, job_id: int) -> JobContext:
    job = queue.begin(campaign.store, job_id, host="here", supervisor_pid=os.getpid())
    assert job is not None
    return JobContext(campaign.store, campaign.folder, job)


class KilledError(BaseException):
    """The process would have ended here."""
