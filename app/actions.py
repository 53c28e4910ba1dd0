"""What a person can do. Each action checks that changes are allowed, so hiding a button is not the protection."""

from collections.abc import Sequence

import pandas as pd

from app.data import basket
from nci_core.campaign import Campaign, demo_copy, own_energies, quarantine
from nci_core.campaign.archive import data_folder, read_archive
from nci_core.campaign.energy_files import Checked
from nci_core.campaign.quarantine import Doubted
from nci_core.errors import InputError, JobError
from nci_core.store import configurations, job_batches, jobs, models, rounds, selections
from nci_core.store.base import SetKind
from nci_core.store.schema import EnergySet
from nci_core.switches import read_only

READ_ONLY_SENTENCE = (
    "This is a read-only demonstration, so nothing can be changed; run `make app` on your own machine to work with it."
)


def require_writable(campaign: Campaign) -> None:
    """Raise InputError in a read-only demonstration."""
    if read_only() or campaign.store.read_only:
        raise InputError(READ_ONLY_SENTENCE)


def reset_demo(campaign: Campaign) -> None:
    """Put the demo back to where it began; InputError for any other campaign, or while jobs wait or run."""
    require_writable(campaign)
    demo_copy.reset_demo(read_archive(data_folder() / demo_copy.SOURCE), campaign)


def pick(campaign: Campaign, table: pd.DataFrame, ids: Sequence[int], mode: str, person: str) -> basket.Snapshot:
    """Change the basket; returns it as it was."""
    require_writable(campaign)
    return _remembered(campaign, person, basket.change(campaign.store, table, ids, mode, person))


def take_proposals(campaign: Campaign, ranked: pd.DataFrame, n: int, person: str) -> basket.Snapshot:
    """Put the best proposals into the basket; returns it as it was."""
    require_writable(campaign)
    return _remembered(campaign, person, basket.take_proposals(campaign.store, ranked, n))


def _remembered(campaign: Campaign, person: str, before: basket.Snapshot) -> basket.Snapshot:
    """Keep what a person did to the basket, so that it can be undone."""
    after = basket.snapshot(campaign.store)
    if after != before:
        selections.record(campaign.store, person, "basket", before, after)
    return before


def undo_basket(campaign: Campaign, person: str) -> None:
    """Reverse the person's last change of the basket; what others did meanwhile stays."""
    require_writable(campaign)
    step = selections.undo(campaign.store, person, "basket")
    if step is not None:
        basket.apply_difference(campaign.store, step.after, step.before)


def redo_basket(campaign: Campaign, person: str) -> None:
    """Repeat the change of the basket that the person undid last."""
    require_writable(campaign)
    step = selections.redo(campaign.store, person, "basket")
    if step is not None:
        basket.apply_difference(campaign.store, step.before, step.after)


def keep_set(campaign: Campaign, name: str, ids: Sequence[int], person: str) -> None:
    """Give a selection a name."""
    require_writable(campaign)
    selections.save_set(campaign.store, name, ids, person)


def forget_set(campaign: Campaign, name: str) -> None:
    """Delete a named set."""
    require_writable(campaign)
    selections.delete_set(campaign.store, name)


def label_basket(
    campaign: Campaign,
    recipe: str | None = None,
    *,
    time_limit_minutes: float | None = None,
    memory_limit_gb: float | None = None,
) -> int:
    """Submit every configuration of the basket under the name of who picked it; returns the number of jobs.

    Labels are of the target recipe, or of the one that is named.
    """
    require_writable(campaign)
    from nci_core.campaign.actions import submit_labels
    from nci_core.campaign.limits import label_limits

    chosen = basket.snapshot(campaign.store)
    if not chosen:
        raise InputError("The basket is empty; pick configurations on the Select page first.")
    split = {c.id: c.split for c in configurations.fetch(campaign.store, ids=[i for i, _ in chosen])}
    if any(value == "test" for value in split.values()):
        raise InputError("The basket holds a configuration of the frozen test set; remove it first.")
    by_picker: dict[str, list[int]] = {}
    for number, picker in dict(chosen).items():
        by_picker.setdefault(picker, []).append(number)
    limits = label_limits(campaign, time_limit_minutes, memory_limit_gb, recipe=campaign.find_recipe(recipe))
    return sum(
        len(submit_labels(campaign, ids, picker, recipe=recipe, limits=limits)) for picker, ids in by_picker.items()
    )


def unlabelled_test_set(campaign: Campaign) -> list[int]:
    """Test configurations that no label is finished or under way for, in the order in which they are labelled."""
    from nci_core.campaign.actions import unlabelled_test_set as unlabelled

    found: list[int] = unlabelled(campaign)
    return found


def label_test_set(campaign: Campaign, n: int) -> int:
    """Submit the first n unlabelled test configurations; returns the number of jobs."""
    require_writable(campaign)
    from nci_core.campaign.actions import TEST_SET, submit_labels

    chosen = unlabelled_test_set(campaign)[:n]
    return len(submit_labels(campaign, chosen, TEST_SET)) if chosen else 0


def begin(campaign: Campaign) -> int:
    """Sample an empty campaign and queue teaching, then distillation; returns the first job's id."""
    require_writable(campaign)
    from nci_core.campaign.creating import begin as begin_campaign

    job: int = begin_campaign(campaign)
    return job


def teach(campaign: Campaign) -> int:
    """Queue the teachers' missing energies, then distillation; returns the first job's id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_teach

    job: int = submit_teach(campaign, then_distill=True)
    return job


def use_all_the_same(campaign: Campaign, item: Doubted, person: str, because: str) -> None:
    """Use a label that was set aside."""
    require_writable(campaign)
    quarantine.accept(campaign, item.configuration_id, person, because, recipe=item.recipe)


def leave_out(campaign: Campaign, item: Doubted, person: str, because: str) -> None:
    """Leave a label that was set aside out for good."""
    require_writable(campaign)
    quarantine.leave_out(campaign, item.configuration_id, person, because, recipe=item.recipe)


def retry_tightened(campaign: Campaign, items: Sequence[Doubted], person: str) -> int:
    """Compute failed or doubted labels anew at tighter settings; returns the number of jobs."""
    require_writable(campaign)
    by_recipe: dict[str, list[int]] = {}
    for item in items:
        by_recipe.setdefault(item.recipe, []).append(item.configuration_id)
    for recipe, ids in by_recipe.items():  # all of them before any is touched
        quarantine.check_retriable(campaign, ids, recipe)
    return sum(
        len(quarantine.retry_tightened(campaign, ids, person, recipe=recipe)) for recipe, ids in by_recipe.items()
    )


def finetune(campaign: Campaign, *, device: str, notes: str, recipes: Sequence[str] | None = None) -> int:
    """Submit a fine-tuning job; returns its id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_finetune

    job: int = submit_finetune(campaign, device=device, notes=notes, recipes=recipes)
    return job


def propose(campaign: Campaign, strategy: str, n: int, seed: int = 1) -> int:
    """Submit a new ranking of proposals; returns the job's id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_select

    job: int = submit_select(campaign, strategy, n, seed)
    return job


def import_energies(
    campaign: Campaign,
    checked: Checked,
    *,
    name: str,
    method: str,
    kind: SetKind,
    person: str,
    leave_out: bool,
    hold_out: int = 0,
    seed: int = 0,
) -> EnergySet:
    """Store energies of one's own and have the students evaluated there; returns the set."""
    require_writable(campaign)
    row = own_energies.import_energies(
        campaign,
        checked,
        name=name,
        method=method,
        kind=kind,
        person=person,
        leave_out=leave_out,
        hold_out=hold_out,
        seed=seed,
    )
    if models.fetch(campaign.store, others=True):
        evaluate_energies(campaign, row.id)
    return row


def evaluate_energies(campaign: Campaign, set_id: int) -> int:
    """Have every student evaluated at the points of a set; returns the job's id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_evaluate_set

    job: int = submit_evaluate_set(campaign, set_id)
    return job


def learn_energies(campaign: Campaign, name: str) -> int:
    """Fine-tune on a set of labels; returns the job's id."""
    return finetune(campaign, device="auto", notes=f"fine-tuned on {name}", recipes=[own_energies.PREFIX + name])


def teach_outside(campaign: Campaign) -> int:
    """Have the teacher evaluated at the points of all sets; returns the job's id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_teach_outside

    job: int = submit_teach_outside(campaign)
    return job


def remove_energies(campaign: Campaign, set_id: int) -> None:
    """Delete a set of energies whole."""
    require_writable(campaign)
    own_energies.remove_energies(campaign, set_id)


def cancel(campaign: Campaign, job_ids: Sequence[int] | None, recipe: str | None = None) -> None:
    """Cancel jobs, or all (of one recipe, if named): waiting ones at once, running ones within seconds."""
    require_writable(campaign)
    from nci_core.jobs import cancel as cancel_job
    from nci_core.jobs import cancel_all

    if job_ids is None:
        cancel_all(campaign.store, recipe)
    for number in job_ids or ():
        cancel_job(campaign.store, number)


def start_engine(campaign: Campaign) -> None:
    """Start what runs the queue, if it has ended while jobs were left."""
    require_writable(campaign)
    from nci_core.campaign.actions import start_engine as start

    start(campaign)


def put_first(campaign: Campaign, job_ids: Sequence[int]) -> int:
    """Let waiting jobs run next; returns how many were still waiting."""
    require_writable(campaign)
    return jobs.put_first(campaign.store, job_ids)


def retry(campaign: Campaign, job_ids: Sequence[int] | None, recipe: str | None = None) -> None:
    """Queue failed or cancelled jobs again, or all of them (of one recipe, if named)."""
    require_writable(campaign)
    from nci_core.jobs import ensure_engine
    from nci_core.jobs import retry as retry_job

    problems = []
    if job_ids is None:
        job_batches.retry_failed(campaign.store, recipe)
    for number in job_ids or ():
        try:
            retry_job(campaign.store, number)
        except JobError as error:
            problems.append(str(error))
    ensure_engine(campaign.folder, database=campaign.store.server)
    if problems:
        raise JobError(problems[0])


def activate(campaign: Campaign, model_id: int) -> None:
    """Make a model the one in use, also to roll back."""
    require_writable(campaign)
    models.file_path(campaign.store, models.get(campaign.store, model_id))
    models.activate(campaign.store, model_id)


def write_notes(campaign: Campaign, round_number: int, notes: str) -> None:
    """Keep a note with a round."""
    require_writable(campaign)
    rounds.update(campaign.store, round_number, notes=notes)


def distill(campaign: Campaign, *, device: str) -> int:
    """Submit a distillation of the teacher; returns the job's id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_distill

    job: int = submit_distill(campaign, device=device)
    return job


def replay(campaign: Campaign) -> int:
    """Submit a comparison of pickers; returns the job's id."""
    require_writable(campaign)
    from nci_core.campaign.actions import submit_replay

    job: int = submit_replay(campaign)
    return job
