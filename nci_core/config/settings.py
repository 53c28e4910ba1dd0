"""Settings of a campaign: its systems, recipes and teachers, and how fits and labels are made."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from nci_core.config.systems import SystemSettings, check_systems
from nci_core.errors import InputError, StoreError
from nci_core.labels.builtin_recipes import DEFAULT, RECIPES, find_recipe
from nci_core.labels.recipes import Recipe
from nci_core.regions import RegionBounds
from nci_core.store.server import check_reference
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.teachers.weights import TeacherWeights

#: cm⁻¹: bounds that are not set yet go with any others.
ANY_DEPTH = 1.0
#: Settings of the machine that computes and of its database: a campaign from elsewhere does not bring them.
OF_THIS_MACHINE = (
    "database",
    "label_time_limit_minutes",
    "label_memory_limit_gb",
    "label_silence_limit_minutes",
    "consents",
)


class TeacherConsent(BaseModel):
    """That somebody trusts one content of a teacher's file, which is code: whose, which, who and when."""

    model_config = ConfigDict(extra="forbid")

    spec: str = Field(min_length=1, max_length=1000, description="the teacher")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the file; another content asks again")
    who: str = Field("", max_length=200, description="who said so")
    when: str = Field("", max_length=40, description="when, in UTC")


class CampaignSettings(BaseModel):
    """One campaign: its systems, one target recipe, one teacher or several."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", description="shown in the app")
    systems: list[SystemSettings] = Field(
        min_length=1, description='the dimers, each trained on (role "train") or only tested on (role "transfer")'
    )
    teacher: str = Field(
        "hf-d4",
        description="teacher: one of `nci teacher list`, with #HEAD where it has several, or mace:/path/x.model",
    )
    more_teachers: list[str] = Field(
        default_factory=list, description="further teachers; their students are pooled with the first's"
    )
    teacher_weights: list[TeacherWeights] = Field(
        default_factory=list, description="shares of a teacher's energies by region, 0 to 1; one table a teacher"
    )
    recipe: str = Field(DEFAULT, description="recipe of the CCSD(T) labels; errors are measured against it")
    more_recipes: list[str] = Field(
        default_factory=list, description="further, cheaper recipes; their labels are kept apart and never mix"
    )
    own_recipes: list[Recipe] = Field(
        default_factory=list, description="recipes of one's own, one table each; `nci recipes --show NAME` prints one"
    )
    well_below_cm1: float | None = Field(
        None, description="energies below this are the well, in cm⁻¹; not set: each system has its own, by its depth"
    )
    limit_cm1: float | None = Field(
        None, description="energies at or above this are out of the range of interest, in cm⁻¹; not set: likewise"
    )
    ruler: Literal["adaptive", "fixed"] = Field("adaptive", description="the student's ruler")
    members: int = Field(4, ge=1, le=32, description="members of the student ensemble")
    seed: int = Field(1, ge=0, lt=2**63, description="seed of everything random that has no seed of its own")
    label_time_limit_minutes: float = Field(
        0.0, ge=0, description="a label's calculation is ended after so many minutes; 0: many times what it should take"
    )
    label_memory_limit_gb: float = Field(
        0.0, ge=0, description="a label's calculation is ended above so many GB of memory; 0: 90% of the machine's"
    )
    label_silence_limit_minutes: float = Field(
        15.0,
        gt=0,
        description="a label's calculation that neither reports nor computes for so many minutes is restarted",
    )
    database: str = Field(
        "", description="a PostgreSQL server's URL with ?schema= and without password; empty: the file campaign.db"
    )

    consents: list[TeacherConsent] = Field(
        default_factory=list, max_length=1000, description="teachers' files that may be loaded here, by their digest"
    )

    @model_validator(mode="before")
    @classmethod
    def _one_dimer_of_before(cls, values: Any) -> Any:
        """Files of before have the host and the probe of one system beside the other settings."""
        if not isinstance(values, dict) or not values.keys() & {"host", "probe"}:
            return values
        others = {name: value for name, value in values.items() if name not in ("host", "probe", "systems")}
        first = {name: values[name] for name in ("host", "probe") if name in values}
        rest = values.get("systems", [])
        return others | {"systems": [first, *rest] if isinstance(rest, list) else rest}

    @classmethod
    def create(cls, host: str | Monomer, probe: str = "He", **settings: Any) -> "CampaignSettings":
        """Settings for one host, given or found as a built-in one or a file by its name; InputError for bad values."""
        return cls.of([SystemSettings.of(host, probe)], **settings)

    @classmethod
    def of(cls, systems: Sequence[SystemSettings], **settings: Any) -> "CampaignSettings":
        """Settings for these systems; InputError for bad values."""
        values = {"systems": [system.model_dump() for system in systems], **settings}
        result = validated(values, "the new campaign")
        result.check()
        return result

    @property
    def dimer(self) -> Dimer:
        """The dimer of a campaign of one system; raises InputError where there are several."""
        if len(self.systems) > 1:
            raise InputError(f"This works in a campaign of one system for now, and here are {len(self.systems)}.")
        return self.systems[0].dimer

    def portable(self) -> "CampaignSettings":
        """The same campaign, as far as it does not depend on the machine."""
        fields = type(self).model_fields
        return self.model_copy(
            update={name: fields[name].get_default(call_default_factory=True) for name in OF_THIS_MACHINE}
        )

    def consent(self, spec: str) -> str | None:
        """The digest that a teacher's file must have to be loaded: of what was said of it last; None where nothing."""
        return next((each.sha256 for each in reversed(self.consents) if each.spec == spec), None)

    def given_bounds(self, system: SystemSettings) -> tuple[float | None, float | None]:
        """Where a system's well and the energies of interest end in cm⁻¹: its own, the campaign's, or None."""
        well = self.well_below_cm1 if system.well_below_cm1 is None else system.well_below_cm1
        return well, self.limit_cm1 if system.limit_cm1 is None else system.limit_cm1

    def weights_of(self, teacher: str) -> TeacherWeights | None:
        """How much a teacher's energies weigh, by its specification; None: all alike."""
        return next((each for each in self.teacher_weights if each.teacher == teacher), None)

    @property
    def reference(self) -> Recipe:
        """The recipe that errors are against."""
        return self.find_recipe(self.recipe)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """All recipes that may be asked for, the target first; InputError for one that is unknown or named twice."""
        names = [self.recipe, *self.more_recipes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise InputError(f"Recipe {twice!r} is named twice in 'recipe' and 'more_recipes'; name it once.")
        return tuple(map(self.find_recipe, names))

    def find_recipe(self, name: str) -> Recipe:
        """A recipe of one's own, else a built-in one; raises InputError for an unknown name or one used twice.

        A built-in recipe that has been made to fit the dimer (`labels/stand_ins.py`) is kept under its own name.
        """
        mine = [recipe for recipe in self.own_recipes if recipe.name == name]
        fitted = len(mine) == 1 and mine[0].numbers is not None
        if len(mine) + (name in RECIPES and not fitted) > 1:
            raise InputError(f"There are two recipes called {name!r}; give the one in own_recipes another name.")
        return mine[0] if mine else find_recipe(name)

    def check(self) -> None:
        """Raise InputError when systems, bounds, recipes or database are not usable."""
        check_systems(self.systems)
        _ = self.recipes
        specs = [self.teacher, *self.more_teachers]
        weighed = [each.teacher for each in self.teacher_weights]
        wrong = next((name for name in weighed if name not in specs or weighed.count(name) > 1), None)
        if wrong:
            raise InputError(
                f"Setting 'teacher_weights' names teacher {wrong!r} twice, or it is none of this campaign's "
                f"({', '.join(specs)})."
            )
        for system in self.systems:
            well, limit = self.given_bounds(system)
            RegionBounds.of_depth(system.depth_cm1 or ANY_DEPTH, well, limit)  # which refuses what bounds nothing
        if self.database:
            try:
                check_reference(self.database)
            except StoreError as error:
                raise InputError(f"Setting 'database': {error}") from None


def validated(values: dict[str, Any], where: str) -> CampaignSettings:
    """Settings from plain values; raises InputError that names the first field that is not usable."""
    try:
        return CampaignSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"Setting {field!r} of {where} is not usable: {first['msg']}.") from None
