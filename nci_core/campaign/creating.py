"""A new campaign from a plan: made, sampled, and sent on its way to the first student."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from nci_core.campaign.campaign import Campaign, home
from nci_core.campaign.pricing.new_recipes import recipe_for_all, with_checked_recipes
from nci_core.campaign.rounds.requests import submit_teach
from nci_core.campaign.rounds.sampling import SamplePlan, plan_sample, sample_campaign
from nci_core.campaign.systems import System, bounded, bounds_of
from nci_core.config import MOST_SYSTEMS, CampaignSettings, SystemSettings
from nci_core.errors import InputError, TeacherError
from nci_core.labels.builtin_recipes import DEFAULT
from nci_core.regions import RegionBounds
from nci_core.sampling import as_guide
from nci_core.store.server import place
from nci_core.switches import require_writable
from nci_core.visible import folder_name

FloatArray = npt.NDArray[np.float64]

#: Characters of a title.
MOST_TITLE = 100
#: Teachers that are offered in the browser beside the built-in ones: specifications, separated by commas. Whoever sets
#: it for the dashboard consents to run their code; nobody can name another in the browser.
VARIABLE = "NCI_TEACHERS"
BUILT_IN = ("hf-d4", "hf-mp2", "gfn2-xtb")
#: Folders of one name that are tried.
MOST_ALIKE = 1000


class Plan(BaseModel):
    """What a person has chosen for a new campaign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    systems: tuple[SystemSettings, ...] = Field(min_length=1, max_length=MOST_SYSTEMS)
    teachers: tuple[str, ...] = Field(("hf-d4", "hf-mp2"), min_length=1, max_length=8)
    recipe: str = Field(DEFAULT, max_length=64)
    title: str = Field("", max_length=MOST_TITLE)
    n: int = Field(250, ge=10, le=20_000, description="configurations of each system, the test set included")
    n_test: int = Field(30, ge=0, le=5_000, description="of them the frozen test set")
    points_per_cut: int = Field(12, ge=0, le=200, description="points along each of the host's axes")
    seed: int = Field(1, ge=0, lt=2**31)

    @property
    def settings(self) -> CampaignSettings:
        """As the campaign keeps it; raises InputError or TeacherError for what is unknown."""
        for spec in self.teachers:
            require_offered(spec)
        return CampaignSettings.of(
            self.systems,
            teacher=self.teachers[0],
            more_teachers=list(self.teachers[1:]),
            recipe=self.recipe,
            title=self.title.strip(),
            seed=self.seed,
        )


def teachers_offered() -> tuple[str, ...]:
    """Specifications of the teachers that a new campaign may have: the built-in ones, and those of NCI_TEACHERS."""
    more = [spec.strip() for spec in os.environ.get(VARIABLE, "").split(",") if spec.strip()]
    return tuple(dict.fromkeys([*BUILT_IN, *more]))


def require_offered(spec: str) -> None:
    """Raise TeacherError for a teacher that is not offered in the browser."""
    if spec not in teachers_offered():
        raise TeacherError(f"Teacher {spec!r} is not offered here; choose {', '.join(teachers_offered())}.")


def is_trusted(spec: str) -> bool:
    """Whether whoever runs this machine has consented to a teacher's foreign code, by NCI_TEACHERS."""
    return spec in teachers_offered() and spec not in BUILT_IN


def free_folder(name: str, below: Path) -> Path:
    """A folder of this name that is not there, with a number behind it if need be; InputError for too many alike."""
    for number in range(1, MOST_ALIKE):
        folder = below / (name if number == 1 else f"{name}-{number}")
        if not folder.exists():
            return folder
    raise InputError(f"There are {MOST_ALIKE} campaigns called {name} in {below}; give another title.")


@dataclass(frozen=True)
class Preview:
    """The configurations of one system that `create` will store, and where its regions will begin and end.

    Attributes:
        sample: the configurations.
        deepest: (3,) the one of lowest guide energy, in Å.
        bounds: of the regions.
        depth_cm1: of the well by the guide, from which the bounds follow; None where they do not.
    """

    sample: SamplePlan
    deepest: FloatArray
    bounds: RegionBounds
    depth_cm1: float | None


def preview(plan: Plan) -> list[Preview]:
    """What `create` will sample of each system: of those that are only tested on, the test set alone.

    Numpy only; raises InputError as `plan_sample`, and for a system that would get no configuration.
    """
    settings, found = plan.settings, []
    for system in plan.systems:
        trained, dimer, guide = system.role == "train", system.dimer, as_guide(system.dimer, None)
        if not trained and not plan.n_test:
            raise InputError(f"System {system.name} is only tested on, so it needs a test set: ask for one.")
        cuts = plan.points_per_cut if trained else 0
        bounds, depth_cm1 = bounds_of(settings, system), bounded(settings, system).depth_cm1
        sample = plan_sample(
            dimer, bounds, plan.n, seed=plan.seed, n_test=plan.n_test, points_per_cut=cuts, guide=guide
        )
        if not trained:
            sample = replace(sample, pool=np.empty((0, 3)))
        places = sample.pool if trained else sample.test
        found.append(Preview(sample, places[int(guide(places).argmin())], bounds, depth_cm1))
    return found


def create(plan: Plan, below: Path | None = None) -> str:
    """Make the campaign, sample it, and queue teaching with the distillation after it; returns the folder's name.

    Everything is checked before anything is made, which loads PySCF. What is made then is kept whatever comes: a
    campaign that was cut short after its making offers `begin` on its pages.

    Raises InputError, TeacherError or StoreError in one sentence.
    """
    require_writable()
    from nci_core.teachers.registry import find_teacher

    settings, _ = with_checked_recipes(plan.settings)
    dimers = [system.dimer for system in settings.systems]
    for spec in plan.teachers:
        teacher = find_teacher(spec, trusted=is_trusted(spec))
        for dimer in dimers:
            teacher.check(dimer)
    preview(plan)  # that there is room for so many points is known before the folder is made
    folder = free_folder(folder_name(plan.title, dimers[0].name), (below or home()).absolute())
    settings = settings.model_copy(update={"database": place(folder)})
    campaign = Campaign.create(folder, settings)
    try:
        begin(campaign, plan.n, n_test=plan.n_test, points_per_cut=plan.points_per_cut)
    finally:
        campaign.store.close()
    return folder.name


def add_system(campaign: Campaign, system: SystemSettings) -> System:
    """Add a system to a campaign, once everything that its labels and energies need is known to be there.

    Raises InputError or TeacherError in one sentence, changing nothing, where a recipe or a built-in teacher of the
    campaign cannot treat it as it treats the others.
    """
    require_writable()
    from nci_core.teachers.registry import find_teacher

    for recipe in campaign.recipes:
        recipe_for_all(recipe, [*(other.dimer for other in campaign.systems), system.dimer])
    for spec in campaign.teacher_specs:
        if spec in BUILT_IN:
            find_teacher(spec).check(system.dimer)
    return campaign.add_system(system)


def begin(campaign: Campaign, n: int = 250, *, n_test: int = 30, points_per_cut: int = 12) -> int:
    """Sample a campaign that is empty and queue teaching, then distillation; returns the teaching job's id."""
    require_writable()
    sample_campaign(campaign, n, seed=campaign.settings.seed, n_test=n_test, points_per_cut=points_per_cut)
    foreign = [spec for spec in campaign.teacher_specs if spec not in BUILT_IN]
    trusted = bool(foreign) and all(map(is_trusted, foreign))
    return submit_teach(campaign, then_distill=True, trusted=trusted)
