"""The ranked proposals that a fit or a ranking job left."""

from typing import Any

from nci_core.store import jobs, models
from nci_core.store.database import Store


def latest(store: Store) -> list[dict[str, Any]]:
    """The newest ranking: of the model in use, or of a ranking job that finished after it."""
    model = models.active(store)
    ranking = list(model.notes.get("proposals", [])) if model is not None else []
    strategy = "i-optimal"
    finished = [job for job in jobs.fetch(store, states=["complete"], kind="select", limit=1) if job.result]
    for job in finished:
        newer = model is None or (job.finished_at is not None and job.finished_at > model.created_at)
        if newer and job.result is not None and job.result.get("proposals"):
            ranking, strategy = list(job.result["proposals"]), str(job.payload.get("strategy", strategy))
    return [{"picker": strategy} | row for row in ranking]
