"""What the app and the command line may ask of a campaign. No torch, no PySCF: jobs do the work."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeGuard

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import PREFIX, OwnMethod, own_method
from nci_core.campaign.pricing.limits import Limits, label_limits
from nci_core.campaign.rounds.fit_devices import gpus_for
from nci_core.campaign.rounds.network_choice import NetworkChoice
from nci_core.errors import InputError, JobError
from nci_core.jobs import ensure_engine, submit
from nci_core.labels.environment import machine_memory_gb
from nci_core.labels.needs import memory_needed_gb
from nci_core.labels.recipes import Recipe
from nci_core.labels.size import guess_parts, is_in_table
from nci_core.store import configurations, energy_sets, job_batches, job_queries, label_queries, labels, picks
from nci_core.store.labels import LabelSet
from nci_core.store.schema import Job, Label
from nci_core.switches import require_writable
from nci_core.teachers.sanity import OVERRIDE

#: Picker of test labels.
TEST_SET = "test-set"
#: Labels of one recipe differ by a few per cent in memory: the host is the same, the probe's place is not.
MEMORY_MARGIN = 1.2


def start_engine(campaign: Campaign) -> None:
    """Make sure that the engine that runs this campaign's jobs is there."""
    require_writable()
    ensure_engine(campaign.folder, database=campaign.store.server)


def check_picks(
    campaign: Campaign, configuration_ids: Sequence[int], picked_by: str, *, tests_only: bool = False
) -> None:
    """Raise InputError unless these configurations exist, may be labelled by this picker, and are test points if so."""
    if not picked_by.strip():
        raise InputError("Say who picks: give a name.")
    split = {row.id: row.split for row in configurations.fetch(campaign.store)}
    for number in configuration_ids:
        match split.get(number):
            case None:
                raise InputError(f"Campaign {campaign.name} has no configuration {number}.")
            case "test" if picked_by != TEST_SET:
                raise InputError(
                    f"Configuration {number} belongs to the frozen test set and cannot be picked for training; label "
                    f"it as a test point: nci label --test {number}."
                )
            case "pool" if tests_only:
                raise InputError(f"Configuration {number} does not belong to the test set; label it without --test.")
            case "outside":
                raise InputError(f"Configuration {number} came with energies from outside and cannot be picked.")


def request_labels(
    campaign: Campaign,
    configuration_ids: Sequence[int],
    picked_by: str,
    strategy: str | None = None,
    recipe: str | None = None,
) -> list[Label]:
    """Ask for labels and return their rows; queues nothing and leaves the basket as it is.

    The picker of each is the first to put it into the basket, else `picked_by`.
    """
    check_picks(campaign, configuration_ids, picked_by)
    chosen_recipe = campaign.find_recipe(recipe)
    if picked_by == TEST_SET and chosen_recipe != campaign.recipe:
        raise InputError(f"The test set has labels of recipe {campaign.recipe.name} only, which errors are against.")
    first = {pick.configuration_id: pick.picked_by for pick in picks.in_basket(campaign.store)}
    by_picker = defaultdict(list)
    for number in dict.fromkeys(configuration_ids):
        by_picker[first.get(number, picked_by)].append(number)
    asked: list[Label] = []
    there = labels.asked_for(campaign.store, chosen_recipe.hash, configuration_ids)
    for who, chosen in by_picker.items():
        pays = who != TEST_SET and not there.issuperset(chosen)  # a round without labels would tell nothing
        asked += labels.request(
            campaign.store,
            chosen,
            recipe=chosen_recipe.name,
            recipe_hash=chosen_recipe.hash,
            round_number=campaign.open_round(who, strategy) if pays else None,
            picked_by=who,
        )
    return asked


def submit_labels(
    campaign: Campaign,
    configuration_ids: Sequence[int],
    picked_by: str,
    *,
    strategy: str | None = None,
    limits: Limits | None = None,
    recipe: str | None = None,
    start: bool = True,
) -> list[int]:
    """Ask for labels of these configurations and return the ids of their new jobs.

    They are of the target recipe, or of the campaign's recipe that is named. A configuration that has a label of
    this recipe, or one under way, gets no second job. Test configurations may be labelled only with picked_by
    "test-set"; they never reach a fit. For configurations in the basket the one who put them there counts as the
    picker. `limits`: of the new jobs; by default those of `label_limits`.
    """
    require_writable()
    if picked_by == TEST_SET:
        check_picks(campaign, configuration_ids, picked_by, tests_only=True)
    chosen = campaign.find_recipe(recipe)
    asked = request_labels(campaign, configuration_ids, picked_by, strategy, recipe)
    new = [label.id for label in asked if label.status == "waiting" and label.job_id is None]
    jobs = job_batches.add_for_labels(
        campaign.store,
        new,
        needs_memory_gb=label_memory_gb(campaign, chosen),
        **(limits or label_limits(campaign, recipe=chosen)).as_options(),
    )
    picks.set_state(campaign.store, list(configuration_ids), "submitted")
    if start and jobs:
        start_engine(campaign)
    return jobs


def unlabelled_test_set(campaign: Campaign, system_id: int | None = None) -> list[int]:
    """Test configurations without a label of the target recipe, finished or under way, of one system or of all.

    The order is that of drawing, which goes through wall, well and tail in turn, and through the systems: any first few
    cover all of them. Raises InputError where no test set was frozen.
    """
    mine = [system.id for system in campaign.systems if system_id in (None, system.id)]
    each = [configurations.positions(campaign.store, split="test", system_id=number)[0].tolist() for number in mine]
    ids = [number for turn in zip_longest(*each) for number in turn if number is not None]
    if not ids:
        raise InputError(f"Campaign {campaign.name} has no test set; freeze one with `nci sample --test N`.")
    there = labels.asked_for(campaign.store, campaign.recipe.hash, ids)
    return [number for number in ids if number not in there]


def label_memory_gb(campaign: Campaign, recipe: Recipe) -> float | None:
    """Memory a label's worker must have in GB, whichever system it is of; None where nothing is known.

    Before the first label of a recipe that is the estimate of what a label cannot do without; where this machine has
    less, nothing is asked for, and the label refuses to start on a machine that is too small. Afterwards it is what the
    largest took and a margin. With exact integrals that may be whatever there was, because PySCF puts on disk what does
    not fit, so the estimate counts where it is less.
    """
    dimers = [system.dimer for system in campaign.systems if is_in_table(system.dimer, recipe)]
    least = max((memory_needed_gb(each, recipe, guess_parts(each, recipe)) for each in dimers), default=None)
    most = label_queries.most_memory_gb(campaign.store, recipe.hash)
    if most is None:
        return None if least is None or least > machine_memory_gb() else least
    measured = most * MEMORY_MARGIN
    return measured if least is None or recipe.integrals == "fitted" else min(measured, least)


def submit_job(campaign: Campaign, kind: str, *, start: bool = True, **payload: object) -> int:
    """Queue one job of a kind, with what its function (`jobs.kinds`) takes; returns its id."""
    require_writable()
    job = submit(campaign.store, kind, payload, needs_gpus=gpus_for(campaign, kind, str(payload.get("device", "")))).id
    if start:
        start_engine(campaign)
    return job


def training_labels(campaign: Campaign, source: Recipe | OwnMethod) -> LabelSet:
    """What a fit may learn from one rung of a ladder; never a place of the test set."""
    if isinstance(source, OwnMethod):
        return energy_sets.training(campaign.store, source.row)
    return labels.complete(campaign.store, source.hash, split="pool")


def ladder_recipes(campaign: Campaign, names: Sequence[str] | None) -> list[Recipe | OwnMethod]:
    """The recipes to fine-tune on in this order, the target last; without names the target alone.

    Names that begin with "energies:" are sets of labels that people brought; one of these may be the last.

    Raises InputError for an unknown recipe, one named twice, another order, or one without finished labels.
    """
    chosen = [
        own_method(campaign, name) if name.startswith(PREFIX) else campaign.find_recipe(name)
        for name in names or [campaign.recipe.name]
    ]
    wrong_end = not isinstance(chosen[-1], OwnMethod) and chosen[-1] != campaign.recipe
    if wrong_end or len({recipe.name for recipe in chosen}) < len(chosen):
        raise InputError(
            f"Fine-tuning goes from cheap recipes to {campaign.recipe.name}, each once: name that one last."
        )
    for recipe in chosen:
        if not len(training_labels(campaign, recipe)):
            raise InputError(
                f"Campaign {campaign.name} has no finished {recipe.name} labels outside the test set; "
                "label some configurations first."
            )
    return chosen


def submit_finetune(
    campaign: Campaign,
    *,
    device: str = "auto",
    notes: str = "",
    recipes: Sequence[str] | None = None,
    start: bool = True,
) -> int:
    """Fine-tune on all labels so far, of several recipes if named; returns the job's id.

    Raises InputError as `ladder_recipes` does.
    """
    names = [recipe.name for recipe in ladder_recipes(campaign, recipes)]
    climbing = {} if names == [campaign.recipe.name] else {"recipes": names}
    return submit_job(campaign, "finetune", start=start, device=device, notes=notes, **climbing)


def submit_network(
    campaign: Campaign, choice: NetworkChoice, *, device: str = "auto", notes: str = "", start: bool = True
) -> int:
    """Fine-tune a MACE network on all labels so far; returns the job's id.

    Raises InputError without labels, for a file that is not there, or for a pickle without consent.
    """
    ladder_recipes(campaign, None)
    choice.check_readable()
    return submit_job(campaign, "finetune", start=start, device=device, notes=notes, network=choice.payload())


def submit_teach(
    campaign: Campaign,
    *,
    then_distill: bool = False,
    trusted: bool = False,
    trust_teacher: bool = False,
    start: bool = True,
) -> int:
    """Compute the teachers' energies where they are missing; returns the job's id.

    With `then_distill` a distillation follows by itself, also when nobody looks on (`jobs.run_teach`). `trusted`:
    consent to run the foreign code of a teacher that is a file or another package, by whoever runs this machine.
    `trust_teacher`: teach also with energies that look absurd.
    """
    campaign.require_configurations()
    following: dict[str, object] = {"then": "distill"} if then_distill else {}
    following |= {"trust_teacher": True} if trust_teacher else {}
    return submit_job(campaign, "teach", start=start, trusted=trusted, **following)


def is_refused(job: Job | None) -> TypeGuard[Job]:
    """Whether a teaching ended because its teacher is absurd for a host (`teachers/sanity.py`)."""
    return job is not None and job.kind == "teach" and job.state == "error" and OVERRIDE in (job.error or "")


def teach_all_the_same(campaign: Campaign, *, start: bool = True) -> int:
    """Once more what was refused last, with its teacher trusted; returns the job's id, or raises JobError."""
    job = job_queries.last(campaign.store, ("teach",))
    if not is_refused(job):
        raise JobError("No teacher was refused; nothing is to be done.")
    return submit_job(campaign, "teach", start=start, **(job.payload | {"trust_teacher": True}))


def submit_teach_outside(campaign: Campaign) -> int:
    """Evaluate the campaign's first teacher at the points of all sets of energies too; returns the job's id."""
    return submit_job(campaign, "teach", teacher=campaign.teacher_specs[0], outside=True)


def submit_teach_for_comparison(campaign: Campaign, spec: str, *, trust_teacher: bool = False) -> int:
    """Compute the energies of a further teacher, which nothing learns from; returns the job's id.

    One that is not offered here, and so has nobody's consent, is refused with TeacherError. `trust_teacher`: also with
    energies that look absurd.
    """
    from nci_core.campaign.creating import is_trusted, require_offered

    campaign.require_configurations()
    require_offered(spec)
    return submit_job(campaign, "teach", teacher=spec, trusted=is_trusted(spec), trust_teacher=trust_teacher)
