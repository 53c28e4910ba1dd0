"""Jobs, their live curves, rounds and models as tables and in words."""

import re
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from nci_core.config import CampaignSettings
from nci_core.labels.label_errors import label_std_ev
from nci_core.store import evaluations, job_batches, job_events, label_queries, models, rounds
from nci_core.store.database import Store
from nci_core.store.frames import paid_frame
from nci_core.store.schema import Model, Round

#: Job kind → what people read.
KINDS = {
    "label": "CCSD(T) label",
    "finetune": "fine-tuning",
    "distill": "distillation",
    "teach": "teacher energies",
    "select": "ranking of proposals",
    "evaluate": "evaluation",
    "replay": "comparison of pickers",
}
#: Job state → what people read.
STATES = {
    "waiting": "waiting",
    "running": "running",
    "complete": "finished",
    "error": "failed",
    "cancelled": "cancelled",
}
#: A model's name as fits give it, with the number of the fit from the round's second on.
_USUAL_NAME = re.compile(r"round-\d+(?:-[a-z]+)?(?:-(\d+))?")
#: How the message of a finished label begins that was not fit for use.
SET_ASIDE = "set aside: "
#: Rows of the queue that are read and shown at once.
PAGE = 200


def elapsed_minutes(start: datetime | None, end: datetime | None) -> float | None:
    """Minutes from start to end, or until now while it runs."""
    if start is None or pd.isna(start):
        return None
    stop = datetime.now(UTC) if end is None or pd.isna(end) else end
    return (stop - start).total_seconds() / 60.0


def _configuration_of(payload: dict[str, Any]) -> int | None:
    value = payload.get("configuration_id")
    return int(value) if isinstance(value, int | float) else None


def job_table(store: Store, start: int = 0, recipe: str | None = None) -> pd.DataFrame:
    """PAGE jobs from number `start` on: running first, then waiting as they will run, then ended ones, newest first.

    Of one recipe's labels only, if named.
    Columns: id, kind, state, progress, message, error, minutes, attempt, configuration,
    recipe (of a label, else empty), energy_ev and label_std_ev (of a finished label, else None and NaN),
    cancel_requested.
    """
    jobs = job_batches.page(store, start, PAGE, recipe)
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
            "energy_ev": of.energy_ev if of else None,
            "label_std_ev": label_std_ev(of.recipe_std_cm1 if of else None),
            "cancel_requested": job.cancel_requested,
        }
        for job in jobs
    ]
    names = ["id", "kind", "state", "progress", "message", "error", "minutes", "attempt", "configuration"]
    return pd.DataFrame(records, columns=[*names, "recipe", "energy_ev", "label_std_ev", "cancel_requested"])


def _set_aside(result: dict[str, Any] | None) -> str:
    """What a finished label's job says when the label was not fit for use."""
    reasons = (result or {}).get("set_aside")
    return SET_ASIDE + " ".join(map(str, reasons)) if isinstance(reasons, list) and reasons else ""


def name_of(kind: str, count: int) -> str:
    """A kind of job as people read it after a number: '2 CCSD(T) labels', '1 fine-tuning'."""
    name = KINDS.get(kind, kind)
    return f"{name}s" if kind == "label" and count != 1 else name


def events(store: Store, job_id: int) -> pd.DataFrame:
    """What a job reported in its last attempt: one row an event, a column for each thing it names, and `time`.

    Errors reported by region become columns such as train_mae_well_cm1; the whole range is "all".
    """
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


def model_list(store: Store, *, others: bool = False) -> list[Model]:
    """All models, oldest first; with `others` also those of other methods, which are no part of the rounds."""
    return models.fetch(store, others=others)


def model_name(model: Model) -> str:
    """What people read, for example 'round 2 · fine-tuned on 24 labels'; no two models of a campaign share it.

    A round can have several fits; from the second on the name, which is that of its file, says which it is.
    """
    if (other := model.settings.get(models.OTHER_METHOD)) is not None:
        again = re.fullmatch(r"energies-[0-9a-f]+-([0-9]+)", model.name)
        return f"{other['set']} · fine-tuned on {model.n_labels} energies" + (f", fit {again[1]}" if again else "")
    kinds = {"distilled": "distilled", "finetuned": "fine-tuned", "direct": "fitted without a teacher"}
    learnt = f" on {model.n_labels} label{'s' if model.n_labels != 1 else ''}" if model.n_labels else ""
    usual = _USUAL_NAME.fullmatch(model.name)
    again = f", fit {usual[1]}" if usual and usual[1] else "" if usual else f" ({model.name})"
    return f"round {model.round_number} · {kinds.get(model.kind, model.kind)}{learnt}{again}"


def test_metrics(store: Store, settings: CampaignSettings) -> pd.DataFrame:
    """Errors on the frozen test set: model_id (NaN for the teacher), teacher, region, n, mae_cm1, rmse_cm1, …"""
    rows = evaluations.metrics(store, settings.reference.hash, split="test")
    names = ["model_id", "teacher", "region", "n", "mae_cm1", "rmse_cm1", "max_cm1", "bias_cm1"]
    return pd.DataFrame([{name: getattr(row, name) for name in names} for row in rows], columns=names)


def round_table(store: Store, settings: CampaignSettings) -> pd.DataFrame:
    """One row a round: number, kind, picked_by, n_labels, n_failed, cpu_minutes, notes, model_id, created_at.

    `model_id` is the round's last model; `n_labels` are the labels of the target recipe the round paid for,
    `n_failed` those that failed, `cpu_minutes` what those of all recipes cost.
    """
    paid, target = paid_frame(store), settings.reference.hash
    made: dict[int, int] = {model.round_number: model.id for model in models.fetch(store)}
    return pd.DataFrame(
        [_round_record(row, paid[paid["round_number"] == row.number], target, made) for row in rounds.fetch(store)]
    )


def _round_record(row: Round, paid: pd.DataFrame, target: str, made: dict[int, int]) -> dict[str, Any]:
    finished = paid[paid["status"] == "complete"]
    done = finished[finished["recipe_hash"] == target]
    counts = done["picked_by"].fillna("unknown").value_counts()
    who = ", ".join(f"{name} ({n})" for name, n in counts.items()) or row.picked_by or "—"
    seconds = float(finished["cpu_seconds"].fillna(0).astype(float).sum()) if len(finished) else row.cpu_seconds
    return {
        "number": row.number,
        "kind": row.kind,
        "picked_by": who,
        "n_labels": len(done),
        "n_failed": int(((paid["status"] == "error") & (paid["recipe_hash"] == target)).sum()),
        "cpu_minutes": seconds / 60.0,
        "notes": row.notes,
        "model_id": made.get(row.number),
        "created_at": row.created_at,
    }
