"""Jobs, their live curves, labels and their cost, rounds and models as tables."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from app.data.configurations import frame
from nci_core.config import CampaignSettings
from nci_core.store import evaluations, job_batches, models, rounds
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Job, JobEvent, Label, Model, Round

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
ACTIVE = ("waiting", "running")
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
    recipe (of a label, else empty), energy_ev (of a finished label, else None), cancel_requested.
    """
    jobs = job_batches.page(store, start, PAGE, recipe)
    with store.read() as session:
        mine = Label.job_id.in_([job.id for job in jobs])
        query = select(Label.job_id, Label.configuration_id, Label.recipe, Label.energy_ev).where(mine)
        label_of = {row.job_id: row for row in session.execute(query)}
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
            "cancel_requested": job.cancel_requested,
        }
        for job in jobs
    ]
    names = ["id", "kind", "state", "progress", "message", "error", "minutes", "attempt", "configuration"]
    return pd.DataFrame(records, columns=[*names, "recipe", "energy_ev", "cancel_requested"])


def _set_aside(result: dict[str, Any] | None) -> str:
    """What a finished label's job says when the label was not fit for use."""
    reasons = (result or {}).get("set_aside")
    return SET_ASIDE + " ".join(map(str, reasons)) if isinstance(reasons, list) and reasons else ""


def counts_by_kind(store: Store) -> dict[tuple[str, str], int]:
    """Number of jobs of each kind and state: (kind, state) → n."""
    with store.read() as session:
        found = session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state))
        return {(kind, state): n for kind, state, n in found}


def name_of(kind: str, count: int) -> str:
    """A kind of job as people read it after a number: '2 CCSD(T) labels', '1 fine-tuning'."""
    name = KINDS.get(kind, kind)
    return f"{name}s" if kind == "label" and count != 1 else name


def newest_label(store: Store, recipe_hash: str) -> int | None:
    """Configuration of the label of one recipe that was finished last, None before the first."""
    mine = (Label.recipe_hash == recipe_hash, Label.status == "complete", Label.finished_at.is_not(None))
    query = select(Label.configuration_id).where(*mine).order_by(Label.finished_at.desc()).limit(1)
    with store.read() as session:
        return session.scalar(query)


def is_busy(store: Store) -> bool:
    """Whether any job waits or runs: known from one row, however long the queue is."""
    with store.read() as session:
        return session.scalar(select(Job.id).where(Job.state.in_(ACTIVE)).limit(1)) is not None


def last_job(store: Store, kinds: tuple[str, ...]) -> Job | None:
    """The newest job of these kinds, None before the first."""
    with store.read() as session:
        return session.scalar(select(Job).where(Job.kind.in_(kinds)).order_by(Job.id.desc()).limit(1))


def job(store: Store, job_id: int) -> Job | None:
    """One job."""
    with store.read() as session:
        return session.get(Job, job_id)


def events(store: Store, job_id: int) -> pd.DataFrame:
    """What a job reported in its last attempt: one row an event, a column for each thing it names, and `time`.

    Errors reported by region become columns such as train_mae_well_cm1; the whole range is "all".
    """
    with store.read() as session:
        attempt = session.scalar(select(Job.attempt).where(Job.id == job_id)) or 1
        query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.attempt >= attempt).order_by(JobEvent.id)
        found = list(session.scalars(query))
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


def label_of_job(store: Store, job_id: int) -> Label | None:
    """The label that a job computes."""
    with store.read() as session:
        return session.scalar(select(Label).where(Label.job_id == job_id).limit(1))


def recipes_queued(store: Store, recipes: Mapping[str, str]) -> list[str]:
    """Those of these recipes (name → hash) that jobs compute or computed labels of: known from one row each."""
    query = select(Label.id).where(Label.job_id.is_not(None)).limit(1)
    with store.read() as session:
        return [
            name
            for name, recipe_hash in recipes.items()
            if session.scalar(query.where(Label.recipe_hash == recipe_hash)) is not None
        ]


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
    query = (
        select(Label.round_number, Label.status, Label.cpu_seconds, Label.picked_by, Label.recipe_hash)
        .join(Configuration, Configuration.id == Label.configuration_id)
        .where(Configuration.split == "pool", Label.round_number.is_not(None))
    )
    paid = frame(store, query)
    target = settings.reference.hash
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
