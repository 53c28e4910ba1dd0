"""Labels that failed or were set aside: which and why, and what a person decides about them. No torch, no PySCF."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.pricing.limits import TIMES_TIGHTENED, label_limits
from nci_core.campaign.rounds.requests import label_memory_gb, start_engine
from nci_core.errors import InputError
from nci_core.jobs import submit
from nci_core.labels.tightening import tightening_after
from nci_core.store import configurations, journal, label_history, label_queries
from nci_core.store.schema import Label, LabelEvent
from nci_core.switches import require_writable
from nci_core.units import to_cm1

#: What each code means, in words.
WORDS: dict[str, str] = {
    "open-shell": "perhaps an open shell",
    "t1": "T1 diagnostic too large",
    "triples": "(T) out of line",
    "counterpoise": "counterpoise energy with the wrong sign",
    "outlier": "far from the student",
    "not-converged": "not converged",
    "failed": "calculation failed",
    "by-hand": "by a person",
}
#: The order of the list: what is to be decided comes first.
STATES = ("set aside", "failed", "left out")


@dataclass(frozen=True)
class Doubted:
    """A label that is not used.

    Attributes:
        configuration_id: of which configuration.
        recipe: name of its recipe.
        label_id: its row.
        system_id: whose it is.
        state: "set aside" by a check, "failed", or "left out" by a person.
        split: "pool" or "test".
        reasons: code and sentence of each.
        energy_cm1: its interaction energy, None for one that failed.
        recipe_std_cm1: its recipe's standard error, None where nobody knows it.
        earlier_cm1: energies of the calculations that retries replaced, oldest first.
        tightened_tries: how often it was tried at tighter settings.
        person: who left it out.
        because: why.
    """

    configuration_id: int
    recipe: str
    label_id: int
    system_id: int
    state: Literal["set aside", "failed", "left out"]
    split: str
    reasons: list[dict[str, str]]
    energy_cm1: float | None = None
    recipe_std_cm1: float | None = None
    earlier_cm1: list[float] = field(default_factory=list)
    tightened_tries: int = 0
    person: str | None = None
    because: str = ""

    @property
    def can_accept(self) -> bool:
        """Whether there is a number to use all the same."""
        return self.energy_cm1 is not None or bool(self.earlier_cm1)


def doubted(campaign: Campaign) -> list[Doubted]:
    """The labels of the campaign's recipes that failed or are set aside, those to decide about first."""
    found: list[tuple[Label, list[LabelEvent]]] = []
    for recipe in campaign.recipes:
        past = defaultdict(list)
        for event in label_history.events(campaign.store, recipe.hash):
            past[event.configuration_id].append(event)
        for row in label_history.unused(campaign.store, recipe.hash):
            events = past[row.configuration_id]
            # A cancelled label is nobody's worry, but a retry that was must not hide the number it was to replace.
            if row.status != "cancelled" or any(event.result for event in events):
                found.append((row, events))
    rows = configurations.fetch(campaign.store, ids=[row.configuration_id for row, _ in found])
    split = {row.id: row.split for row in rows}
    listed = [_describe(row, events, split[row.configuration_id]) for row, events in found]
    return sorted(listed, key=lambda item: (STATES.index(item.state), item.configuration_id))


def _describe(row: Label, past: list[LabelEvent], split: str) -> Doubted:
    aside = row.status == "complete"
    left_out = past[-1] if aside and past and past[-1].what == "left-out" else None
    reasons: list[dict[str, str]] = []
    if aside:
        doubts = [event for event in past if event.what == "set-aside"]
        reasons = [dict(reason) for reason in doubts[-1].reasons] if doubts else []
        if " ".join(reason["sentence"] for reason in reasons) != row.quarantine:
            reasons = [{"code": "by-hand", "sentence": row.quarantine or ""}]
    else:
        text = row.error or ("Its retry was cancelled." if row.status == "cancelled" else "The calculation failed.")
        reasons = [{"code": "not-converged" if "did not converge" in text else "failed", "sentence": text}]
    return Doubted(
        configuration_id=row.configuration_id,
        recipe=row.recipe,
        label_id=row.id,
        system_id=row.system_id,
        state="left out" if left_out else "set aside" if aside else "failed",
        split=split,
        reasons=reasons,
        energy_cm1=None if row.energy_ev is None else float(to_cm1(row.energy_ev)),
        recipe_std_cm1=row.recipe_std_cm1,
        earlier_cm1=[float(to_cm1(event.result["energy_ev"])) for event in past if event.result],
        tightened_tries=_retries(past),
        person=left_out.person if left_out else None,
        because=left_out.because if left_out else "",
    )


def _label_of(campaign: Campaign, configuration_id: int, recipe: str | None) -> Label:
    mine = campaign.find_recipe(recipe)
    there = {label.recipe_hash for label in label_queries.of_configuration(campaign.store, configuration_id)}
    others = [other.name for other in campaign.recipes if other.hash in there]
    if others and mine.hash not in there:
        raise InputError(
            f"Configuration {configuration_id} has no label of recipe {mine.name}, but one of {', '.join(others)}: "
            "say which recipe is meant."
        )
    return label_history.find(campaign.store, mine.hash, configuration_id)


def accept(campaign: Campaign, configuration_id: int, person: str, because: str, *, recipe: str | None = None) -> None:
    """Use a doubted label all the same. One whose retry failed is used as it was before that.

    It is of the target recipe, or of the campaign's recipe that is named; so in the functions below.
    """
    require_writable()
    label = _label_of(campaign, configuration_id, recipe)
    if label.status in ("error", "cancelled"):
        earlier = label_history.earlier_result(campaign.store, label)
        if earlier is None:
            raise InputError(f"The label of configuration {configuration_id} failed, so there is no number to use.")
        if not person.strip() or not because.strip():
            raise InputError("Say who decides and why: both are kept with the label.")
        journal.record_label(campaign.store, label.id, earlier, folder=campaign.folder)
    label_history.accept(campaign.store, label.id, person, because)
    if configurations.fetch(campaign.store, ids=[configuration_id])[0].split == "test":
        from nci_core.campaign.rounds.evaluation import renew_errors

        renew_errors(campaign)


def leave_out(
    campaign: Campaign, configuration_id: int, person: str, because: str, *, recipe: str | None = None
) -> None:
    """Leave a label that was set aside out for good; accepting it or trying again stays possible."""
    require_writable()
    label_history.leave_out(campaign.store, _label_of(campaign, configuration_id, recipe).id, person, because)


def check_retriable(campaign: Campaign, configuration_ids: Sequence[int], recipe: str | None = None) -> list[Label]:
    """The labels of these configurations; raises InputError unless each failed or is set aside."""
    found = [_label_of(campaign, number, recipe) for number in dict.fromkeys(configuration_ids)]
    for label in found:
        label_history.require_retriable(label)
    return found


def retry_tightened(
    campaign: Campaign,
    configuration_ids: Sequence[int],
    person: str = "",
    *,
    recipe: str | None = None,
    start: bool = True,
) -> list[int]:
    """Compute failed or set-aside labels anew at tighter settings; ids of the new jobs.

    What they had is kept in their history. Raises InputError for a label that is neither, before any is touched.
    """
    require_writable()
    chosen = check_retriable(campaign, configuration_ids, recipe)
    rows = configurations.fetch(campaign.store, ids=[label.configuration_id for label in chosen])
    mine = campaign.find_recipe(recipe)
    limits = label_limits(campaign, recipe=mine).as_options(TIMES_TIGHTENED)
    needs_memory_gb = label_memory_gb(campaign, mine)
    jobs = []
    for label, row in zip(chosen, rows, strict=True):
        tries = _retries(label_history.events(campaign.store, mine.hash, row.id))
        # The file first: if this is cut short the label is still set aside, its number in the database.
        journal.put_by(campaign.folder, row.geometry_hash, mine.hash)
        label_history.begin_retry(campaign.store, label.id, person)
        payload = {"label_id": label.id, "tightening": tightening_after(tries).model_dump()}
        job = submit(campaign.store, "label", payload, label_id=label.id, needs_memory_gb=needs_memory_gb, **limits)
        jobs.append(job.id)
    if start and jobs:
        start_engine(campaign)
    return jobs


def _retries(past: Sequence[LabelEvent]) -> int:
    """How often a label was tried at tighter settings."""
    return sum(event.what == "retried" for event in past)
