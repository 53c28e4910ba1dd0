"""What the Overview says: where a campaign stands, what to do next, its course over rounds."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from app.data.readiness import readiness
from nci_core.campaign import Campaign
from nci_core.campaign.queries.live_stored import FEWEST
from nci_core.store import configurations, job_queries, label_queries, models
from nci_core.store.base import ACTIVE
from nci_core.store.schema import Model
from nci_core.units import CM1_EV

Act = Literal["sample", "teach", "distil", "wait", "test-labels", "fine-tune", "label", "pick"]
#: Jobs that end with a new state of the campaign.
WORK = ("label", "teach", "distill", "finetune", "sample")


@dataclass(frozen=True)
class Situation:
    """Where a campaign stands, in numbers.

    Attributes:
        configurations: sampled ones.
        taught: the teacher has energies.
        students: stored models.
        active_jobs: calculations that wait or run.
        test_set, test_labels: configurations of the frozen test set, and how many of them have a finished label.
        training_labels: finished labels that a fit may use; fitted_labels: those that the newest fine-tuning used.
        in_basket: configurations in the basket.
    """

    configurations: int
    taught: bool
    students: int
    active_jobs: int
    test_set: int
    test_labels: int
    training_labels: int
    fitted_labels: int
    in_basket: int


@dataclass(frozen=True)
class Step:
    """What to do next.

    Attributes:
        act: what it is.
        button: words of the button.
        why: one sentence.
        page: key of the page on which it is done, or seen.
        submits: pressing the button starts it.
    """

    act: Act
    button: str
    why: str
    page: str
    submits: bool = False


def situation(campaign: Campaign) -> Situation:
    """Count it."""
    store, ready = campaign.store, readiness(campaign.store, campaign.settings)
    sampled, labelled = configurations.counts(store), label_queries.state_counts(store, campaign.recipe.hash)
    jobs_there, students = job_queries.counts_by_kind(store), models.fetch(store)
    fitted = [model for model in students if model.kind != "distilled"]
    return Situation(
        configurations=sum(sampled.values()),
        taught=ready.taught,
        students=len(students),
        active_jobs=sum(jobs_there.get((kind, state), 0) for kind in WORK for state in ACTIVE),
        test_set=sampled["test"],
        test_labels=labelled["test"].get("complete", 0),
        training_labels=ready.training_labels,
        fitted_labels=fitted[-1].n_labels if fitted else 0,
        in_basket=ready.in_basket,
    )


def next_step(now: Situation) -> Step:
    """The one thing to do next.

    >>> next_step(Situation(0, False, 0, 0, 0, 0, 0, 0, 0)).act
    'sample'
    >>> next_step(Situation(400, True, 2, 0, 50, 50, 112, 100, 0)).button
    'Fine-tune on 12 new labels'
    """
    if now.active_jobs:
        some = "1 calculation is" if now.active_jobs == 1 else f"{now.active_jobs:,} calculations are"
        return Step("wait", "Watch the queue", f"{some} waiting or running.", "label-train")
    if not now.configurations:
        why = "There are no configurations yet."
        return Step("sample", "Sample, teach and distil", why, "label-train", submits=True)
    if not now.taught:
        why = "The teacher has no energies yet."
        return Step("teach", "Compute the teacher and distil", why, "label-train", submits=True)
    if not now.students:
        return Step("distil", "Distil the first student", "There is no student yet.", "label-train", submits=True)
    if now.test_labels < min(FEWEST, max(now.test_set, 1)):
        why = (
            "Without CCSD(T) labels of the frozen test set no error is known."
            if now.test_set
            else "There is no frozen test set, so no error can be known."
        )
        return Step("test-labels", "Label the test set", why, "label-train")
    unused = now.training_labels - now.fitted_labels
    if unused > 0:
        some = "1 new label" if unused == 1 else f"{unused:,} new labels"
        why = "No student has learned from them." if unused > 1 else "No student has learned from it."
        return Step("fine-tune", f"Fine-tune on {some}", why, "label-train", submits=True)
    if now.in_basket:
        some = "1 configuration" if now.in_basket == 1 else f"{now.in_basket:,} configurations"
        return Step("label", f"Label {some}", "They are in the basket.", "label-train")
    if now.training_labels:
        return Step("pick", "Pick more points", "Label where the student is least sure.", "select")
    return Step("pick", "Pick the first points", "A few CCSD(T) labels correct the student.", "select")


def course(rows: list[Model], rounds: pd.DataFrame, metrics: pd.DataFrame, active: int | None) -> pd.DataFrame:
    """One row a round's last student, and one for the student in use, in the order they were made.

    Columns: model_id, round, kind, n_labels (fitted to), mae_ev and n (on the frozen test set; NaN and 0 where not
    known), cpu_minutes (spent on labels up to its round), active.
    """
    overall = metrics[metrics["region"] == "all"]
    known = overall[overall["model_id"].notna()].drop_duplicates("model_id", keep="last").set_index("model_id")
    minutes = rounds.set_index("number")["cpu_minutes"] if len(rounds) else pd.Series(dtype=float)
    last = {row.round_number: row.id for row in rows}
    records = [
        {
            "model_id": row.id,
            "round": row.round_number,
            "kind": row.kind,
            "n_labels": row.n_labels,
            "mae_ev": float(known["mae_cm1"].get(row.id, np.nan)) * CM1_EV,
            "n": int(known["n"].get(row.id, 0)),
            "cpu_minutes": float(minutes[minutes.index <= row.round_number].sum()),
            "active": row.id == active,
        }
        for row in rows
        if row.id in last.values() or row.id == active
    ]
    names = ["model_id", "round", "kind", "n_labels", "mae_ev", "n", "cpu_minutes", "active"]
    return pd.DataFrame(records, columns=names)


def teacher_error(metrics: pd.DataFrame, teacher: str) -> tuple[float, int]:
    """Mean absolute error (eV) of the drawn teacher on the frozen test set, and on how many labels; NaN, 0: unknown."""
    found = metrics[metrics["model_id"].isna() & (metrics["region"] == "all") & (metrics["teacher"] == teacher)]
    return (float(found["mae_cm1"].iloc[-1]) * CM1_EV, int(found["n"].iloc[-1])) if len(found) else (np.nan, 0)
