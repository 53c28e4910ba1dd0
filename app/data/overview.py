"""What the Overview says: where a campaign stands, what to do next, its course over rounds."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from app.data.judged import measured
from nci_core.campaign import Campaign
from nci_core.campaign.queries.live_stored import FEWEST
from nci_core.store import configurations, job_queries, label_queries, models, picks, teacher_labels
from nci_core.store.base import ACTIVE
from nci_core.store.schema import Model
from nci_core.store.teachers import stored_name

Act = Literal["sample", "teach", "distil", "wait", "test-labels", "fine-tune", "label", "pick"]
#: What a button starts, by the name of its function in `app.actions`; the other acts are a person's.
STARTS = {"sample": "begin", "teach": "teach", "distil": "distill", "fine-tune": "finetune"}
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


class Step(NamedTuple):
    """What to do next: which act, the words of its button, and why, in one sentence."""

    act: Act
    button: str
    why: str


def situation(campaign: Campaign) -> Situation:
    """Count it."""
    store, settings = campaign.store, campaign.settings
    sampled, labelled = configurations.counts(store), label_queries.state_counts(store, campaign.recipe.hash)
    jobs_there, students = job_queries.counts_by_kind(store), models.fetch(store)
    fitted = [model for model in students if model.kind != "distilled"]
    return Situation(
        configurations=sum(sampled.values()),
        taught=stored_name(store, settings.teacher) in teacher_labels.names(store),
        students=len(students),
        active_jobs=sum(jobs_there.get((kind, state), 0) for kind in WORK for state in ACTIVE),
        test_set=sampled["test"],
        test_labels=labelled["test"].get("complete", 0),
        training_labels=labelled["pool"].get("complete", 0),
        fitted_labels=fitted[-1].n_labels if fitted else 0,
        in_basket=len(picks.basket(store)),
    )


def next_step(now: Situation) -> Step:
    """The one thing to do next: the first step that applies.

    >>> next_step(Situation(0, False, 0, 0, 0, 0, 0, 0, 0)).act
    'sample'
    >>> next_step(Situation(400, True, 2, 0, 50, 50, 112, 100, 0)).button
    'Fine-tune on 12 new labels'
    """
    unused = now.training_labels - now.fitted_labels
    jobs = "1 calculation is" if now.active_jobs == 1 else f"{now.active_jobs:,} calculations are"
    new, them = ("1 new label", "it") if unused == 1 else (f"{unused:,} new labels", "them")
    picked = "1 configuration" if now.in_basket == 1 else f"{now.in_basket:,} configurations"
    unknown = "Without CCSD(T) labels of the frozen test set no error is known."
    no_test_set = "There is no frozen test set, so no error can be known."
    few_tests = now.test_labels < min(FEWEST, max(now.test_set, 1))
    steps: tuple[tuple[object, Step], ...] = (
        (now.active_jobs, Step("wait", "Watch the queue", f"{jobs} waiting or running.")),
        (not now.configurations, Step("sample", "Sample, teach and distil", "There are no configurations yet.")),
        (not now.taught, Step("teach", "Compute the teacher and distil", "The teacher has no energies yet.")),
        (not now.students, Step("distil", "Distil the first student", "There is no student yet.")),
        (few_tests, Step("test-labels", "Label the test set", unknown if now.test_set else no_test_set)),
        (unused > 0, Step("fine-tune", f"Fine-tune on {new}", f"No student has learned from {them}.")),
        (now.in_basket, Step("label", f"Label {picked}", "They are in the basket.")),
        (now.training_labels, Step("pick", "Pick more points", "Label where the student is least sure.")),
        (True, Step("pick", "Pick the first points", "A few CCSD(T) labels correct the student.")),
    )
    return next(step for applies, step in steps if applies)


def course(rows: list[Model], rounds: pd.DataFrame, metrics: pd.DataFrame, active: int | None) -> pd.DataFrame:
    """One row a round's last student, and one for the student in use, in the order they were made.

    Columns: model_id, round, kind, n_labels (fitted to), mae_ev and n (on the frozen test set; NaN and 0 where not
    known), cpu_minutes (spent on labels up to its round), active.
    """
    last = {row.round_number: row.id for row in rows if not models.is_network(row)}
    records = [
        (row.id, row.round_number, row.kind, row.n_labels, *stored_error(metrics, row.id), row.id == active)
        for row in rows
        if row.id in (last.get(row.round_number), active)
    ]
    found = pd.DataFrame(records, columns=["model_id", "round", "kind", "n_labels", "mae_ev", "n", "active"])
    spent = rounds.set_index("number")["cpu_minutes"] if len(rounds) else pd.Series(dtype=float)
    return found.assign(cpu_minutes=[float(spent[spent.index <= number].sum()) for number in found["round"]])


def stored_error(metrics: pd.DataFrame, model_id: int | None = None) -> tuple[float, int]:
    """Mean absolute error (eV) of a model, or the teacher's, on the frozen test set, and on how many labels.

    NaN and 0 where it is not known.
    """
    found = measured(metrics, model_id)
    return (found.mae_ev, found.n) if found else (np.nan, 0)
