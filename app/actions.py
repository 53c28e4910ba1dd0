"""What a person can do. Each action checks that changes are allowed, so hiding a button is not the protection."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from app.data import basket as basket_data
from app.predictor import packer
from nci_core.campaign import Campaign, creating, demo_copy
from nci_core.campaign.campaign import home
from nci_core.campaign.exchange import archive, own_energies
from nci_core.campaign.exchange.energy_files import Checked
from nci_core.campaign.pricing.limits import label_limits
from nci_core.campaign.rounds import basket, quarantine
from nci_core.campaign.rounds import requests as actions
from nci_core.campaign.rounds.quarantine import Doubted
from nci_core.errors import InputError, JobError
from nci_core.jobs import client, ensure_engine
from nci_core.store import job_batches, jobs, models, picks, rounds, selections
from nci_core.store.database import Store
from nci_core.store.schema import EnergySet
from nci_core.switches import read_only

P, T = ParamSpec("P"), TypeVar("T")
Act = Callable[Concatenate[Campaign, P], T]

READ_ONLY_SENTENCE = (
    "This is a read-only demonstration, so nothing can be changed; run `make app` on your own machine to work with it."
)


def changes(act: Act[P, T]) -> Act[P, T]:
    """An action on a campaign that raises InputError in a read-only demonstration."""

    @wraps(act)
    def allowed(campaign: Campaign, *given: P.args, **named: P.kwargs) -> T:
        if read_only() or campaign.store.read_only:
            raise InputError(READ_ONLY_SENTENCE)
        return act(campaign, *given, **named)

    return allowed


def in_store(act: Callable[Concatenate[Store, P], T]) -> Act[P, T]:
    """An action on a campaign that takes its database alone."""

    return lambda campaign, *given, **named: act(campaign.store, *given, **named)


def of_listed(act: Callable[..., None]) -> Callable[[Campaign, Doubted, str, str], None]:
    """An action on a label that was set aside: who does it, and because of what."""
    return lambda campaign, item, *said: act(campaign, item.configuration_id, *said, recipe=item.recipe)


# What the core does as it stands.
begin = changes(creating.begin)
finetune = changes(actions.submit_finetune)
finetune_network = changes(actions.submit_network)
distill = changes(partial(actions.submit_job, kind="distill"))
teach = changes(partial(actions.submit_teach, then_distill=True))
teach_all_the_same = changes(actions.teach_all_the_same)
propose = changes(partial(actions.submit_job, kind="select"))
replay = changes(partial(actions.submit_job, kind="replay"))
compare_teachers = changes(partial(actions.submit_job, kind="teacher-curve"))
teach_for_comparison = changes(actions.submit_teach_for_comparison)
evaluate_energies = changes(partial(actions.submit_job, kind="evaluate"))
teach_outside = changes(actions.submit_teach_outside)
start_engine = changes(actions.start_engine)
remove_energies = changes(own_energies.remove_energies)
# The same of what the core does to a campaign's database.
undo_basket = changes(in_store(basket.undo))
redo_basket = changes(in_store(basket.redo))
keep_set = changes(in_store(selections.save_set))
forget_set = changes(in_store(selections.delete_set))
put_first = changes(in_store(jobs.put_first))
write_notes = changes(in_store(rounds.update))
# And to a label that was set aside, as `doubted` lists it: use it all the same, or leave it out for good.
use_all_the_same = changes(of_listed(quarantine.accept))
leave_out = changes(of_listed(quarantine.leave_out))


def bring_in(content: bytes, file_name: str) -> str:
    """Rebuild an exported campaign from a zip or tar in a process of its own; returns the name of its folder."""
    if read_only():
        raise InputError(READ_ONLY_SENTENCE)
    return packer().ask(archive.bring_in, (content, file_name, home()))


@changes
def reset_demo(campaign: Campaign) -> None:
    """Put the demo back to where it began; InputError for any other campaign, or while jobs wait or run."""
    demo_copy.reset_demo(archive.read_archive(archive.data_folder() / demo_copy.SOURCE), campaign)


@changes
def pick(campaign: Campaign, table: pd.DataFrame, ids: Sequence[int], mode: str, person: str) -> None:
    """Change the basket; configurations that cannot be picked are left out."""
    basket.change(campaign.store, ids, mode, person, free=set(basket_data.free(table, ids)))


@changes
def take_proposals(campaign: Campaign, ranked: pd.DataFrame, n: int, person: str) -> None:
    """Put the best proposals into the basket."""
    basket.take(campaign.store, basket_data.best(ranked, picks.basket(campaign.store), n), person)


@changes
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
    chosen = basket.snapshot(campaign.store)
    if not chosen:
        raise InputError("The basket is empty; pick configurations on the Select page first.")
    limits = label_limits(campaign, time_limit_minutes, memory_limit_gb, recipe=campaign.find_recipe(recipe))
    ids = [number for number, _ in chosen]
    return len(actions.submit_labels(campaign, ids, chosen[0][1], recipe=recipe, limits=limits))


@changes
def label_test_set(campaign: Campaign, chosen: Sequence[int]) -> int:
    """Submit test configurations, some of `unlabelled_test_set`; returns the number of jobs."""
    return len(actions.submit_labels(campaign, chosen, actions.TEST_SET))


@changes
def retry_tightened(campaign: Campaign, items: Sequence[Doubted], person: str) -> int:
    """Compute failed or doubted labels anew at tighter settings; returns the number of jobs."""
    by_recipe = {
        recipe: [item.configuration_id for item in items if item.recipe == recipe]
        for recipe in dict.fromkeys(item.recipe for item in items)
    }
    for recipe, ids in by_recipe.items():  # all of them before any is touched
        quarantine.check_retriable(campaign, ids, recipe)
    return sum(
        len(quarantine.retry_tightened(campaign, ids, person, recipe=recipe)) for recipe, ids in by_recipe.items()
    )


@changes
def import_energies(campaign: Campaign, checked: Checked, **chosen: Any) -> EnergySet:
    """Store energies of one's own, as `own_energies.import_energies`, and have the students evaluated there."""
    row = own_energies.import_energies(campaign, checked, **chosen)
    if models.fetch(campaign.store, others=True):
        evaluate_energies(campaign, energy_set=row.id)
    return row


def learn_energies(campaign: Campaign, name: str) -> int:
    """Fine-tune on a set of labels; returns the job's id."""
    return finetune(campaign, notes=f"fine-tuned on {name}", recipes=[own_energies.PREFIX + name])


@changes
def cancel(campaign: Campaign, job_ids: Sequence[int] | None, recipe: str | None = None) -> None:
    """Cancel jobs, or all (of one recipe, if named): waiting ones at once, running ones within seconds."""
    if job_ids is None:
        client.cancel_all(campaign.store, recipe)
    for number in job_ids or ():
        client.cancel(campaign.store, number)


@changes
def retry(campaign: Campaign, job_ids: Sequence[int] | None, recipe: str | None = None) -> None:
    """Queue failed or cancelled jobs again, or all of them (of one recipe, if named)."""
    problems = []
    if job_ids is None:
        job_batches.retry_failed(campaign.store, recipe)
    for number in job_ids or ():
        try:
            client.retry(campaign.store, number)
        except JobError as error:
            problems.append(str(error))
    ensure_engine(campaign.folder, database=campaign.store.server)
    if problems:
        raise JobError(problems[0])


@changes
def activate(campaign: Campaign, model_id: int) -> None:
    """Make a model the one in use, also to roll back."""
    models.file_path(campaign.store, models.get(campaign.store, model_id))
    models.activate(campaign.store, model_id)
