"""Jobs and what they reported as pandas DataFrames for the app."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nci_core.labels.label_errors import label_std_ev
from nci_core.store import job_batches, job_events, label_queries
from nci_core.store.database import Store

if TYPE_CHECKING:
    from pandas import DataFrame

#: How the message of a finished label begins that was not fit for use.
SET_ASIDE = "set aside: "


def elapsed_minutes(start: datetime | None, end: datetime | None) -> float | None:
    """Minutes from start to end, or until now while it runs."""
    if start is None or start != start:
        return None
    stop = datetime.now(UTC) if end is None or end != end else end
    return (stop - start).total_seconds() / 60.0


def _configuration_of(payload: dict[str, Any]) -> int | None:
    value = payload.get("configuration_id")
    return int(value) if isinstance(value, int | float) else None


def jobs_table(store: Store, start: int, most: int, recipe: str | None = None) -> "DataFrame":
    """At most so many jobs from number `start` on: running first, then waiting as they will run, then ended ones.

    Those that ended last come first.

    Of one recipe's labels only, if named.
    Columns: id, kind, state, progress, message, error, minutes, attempt, configuration,
    recipe (of a label, else empty), system_id (of a label, else NaN), energy_ev and label_std_ev (of a finished label,
    else None and NaN), cancel_requested.
    """
    import pandas as pd

    jobs = job_batches.page(store, start, most, recipe)
    label_of = label_queries.of_jobs(store, [job.id for job in jobs])
    records = [
        {
            "id": job.id,
            "kind": job.kind,
            "state": job.state,
            "progress": 1.0 if job.state == "complete" else job.progress,
            "message": _set_aside(job.result) or job.message,
            "error": job.error or "",
            "minutes": elapsed_minutes(job.started_at, job.finished_at),
            "attempt": job.attempt,
            "configuration": of.configuration_id if (of := label_of.get(job.id)) else _configuration_of(job.payload),
            "recipe": of.recipe if of else "",
            "system_id": of.system_id if of else None,
            "energy_ev": of.energy_ev if of else None,
            "label_std_ev": label_std_ev(of.recipe_std_cm1 if of else None),
            "cancel_requested": job.cancel_requested,
        }
        for job in jobs
    ]
    names = ["id", "kind", "state", "progress", "message", "error", "minutes", "attempt", "configuration", "recipe"]
    return pd.DataFrame(records, columns=[*names, "system_id", "energy_ev", "label_std_ev", "cancel_requested"])


def _set_aside(result: dict[str, Any] | None) -> str:
    """What a finished label's job says when the label was not fit for use."""
    reasons = (result or {}).get("set_aside")
    return SET_ASIDE + " ".join(map(str, reasons)) if isinstance(reasons, list) and reasons else ""


def events_table(store: Store, job_id: int) -> "DataFrame":
    """What a job reported in its last attempt: one row an event, a column for each thing it names, and `time`.

    Errors reported by region become columns such as train_mae_well_cm1; the whole range is "all".
    """
    import pandas as pd

    found = job_events.events(store, job_id)
    return pd.DataFrame([{"step": event.step, "time": event.time} | _flat(event.data) for event in found])


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            for region, number in value.items():
                key = "all" if region == "lt_limit" else region
                flat[name.removesuffix("_cm1") + f"_{key}_cm1"] = number
        elif name == "train_mae_cm1":
            flat["train_mae_all_cm1"] = value
        else:
            flat[name] = value
    return flat
