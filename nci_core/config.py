"""Settings of a campaign, kept in its `campaign.toml`; the command line overrides them."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from nci_core.errors import InputError, StoreError
from nci_core.files import read_limited, write_atomically
from nci_core.labels.builtin_recipes import DEFAULT, RECIPES, find_recipe
from nci_core.labels.recipes import Recipe
from nci_core.regions import RegionBounds
from nci_core.store.server import check_reference
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.reading.structure_file import find_host
from nci_core.toml_text import described, toml_value

FILE_NAME = "campaign.toml"
#: A host of a thousand atoms has a tenth of it.
MOST_BYTES = 1_000_000
#: Settings of the machine that computes and of its database: a campaign from elsewhere does not bring them.
OF_THIS_MACHINE = (
    "database",
    "label_time_limit_minutes",
    "label_memory_limit_gb",
    "label_silence_limit_minutes",
)


class HostSettings(BaseModel):
    """The rigid host, stored in full, so that a campaign never depends on a file elsewhere."""

    model_config = ConfigDict(extra="forbid")

    name: str
    symbols: list[str] = Field(max_length=1000)
    positions_angstrom: list[Annotated[list[FiniteFloat], Field(min_length=3, max_length=3)]]
    source: str = ""

    @classmethod
    def of(cls, host: Monomer) -> Self:
        """A host as it is stored, its positions to 1e-6 Å; raises InputError for one with too many atoms."""
        values = {"name": host.name, "symbols": list(host.symbols), "source": host.source}
        try:
            return cls(positions_angstrom=np.round(host.positions, 6).tolist(), **values)
        except ValidationError as error:
            raise InputError(f"Host {host.name!r} cannot be stored: {error.errors()[0]['msg']}.") from None

    @property
    def host(self) -> Monomer:
        """The host; raises InputError where it is not usable."""
        return Monomer(self.name, tuple(self.symbols), np.array(self.positions_angstrom), source=self.source)


class CampaignSettings(BaseModel):
    """One campaign: one dimer, one recipe, one teacher or several."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", description="shown in the app")
    host: HostSettings = Field(description="the rigid host molecule")
    probe: str = Field("He", description="chemical symbol of the probe atom")
    teacher: str = Field(
        "hf-d4", description="teacher: hf-d4, hf-mp2, gfn2-xtb, mace:NAME, mace:/path/x.model, ase:module.Class"
    )
    more_teachers: list[str] = Field(
        default_factory=list, description="further teachers; their students are pooled with the first's"
    )
    recipe: str = Field(DEFAULT, description="recipe of the CCSD(T) labels; errors are measured against it")
    more_recipes: list[str] = Field(
        default_factory=list, description="further, cheaper recipes; their labels are kept apart and never mix"
    )
    own_recipes: list[Recipe] = Field(
        default_factory=list, description="recipes of one's own, one table each; `nci recipes --show NAME` prints one"
    )
    well_below_cm1: float = Field(-20.0, description="energies below this are the well, in cm⁻¹")
    limit_cm1: float = Field(1000.0, description="energies at or above this are out of the range of interest, in cm⁻¹")
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

    @classmethod
    def create(cls, host: str | Monomer, probe: str = "He", **settings: Any) -> "CampaignSettings":
        """Settings for a host, given or found by the name of a built-in one or of a file; InputError for bad values."""
        described = HostSettings.of(find_host(host) if isinstance(host, str) else host)
        result = _validated({"host": described.model_dump(), "probe": probe, **settings}, "the new campaign")
        result.check()
        return result

    @property
    def dimer(self) -> Dimer:
        """Host and probe; raises InputError when they are not usable."""
        return Dimer(self.host.host, Monomer.atom(self.probe))

    def portable(self) -> "CampaignSettings":
        """The same campaign, as far as it does not depend on the machine."""
        fields = type(self).model_fields
        return self.model_copy(update={name: fields[name].default for name in OF_THIS_MACHINE})

    @property
    def bounds(self) -> RegionBounds:
        """Region bounds."""
        return RegionBounds(self.well_below_cm1, self.limit_cm1)

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
        """Raise InputError when dimer, bounds, recipe or database are not usable."""
        _ = (self.dimer, self.bounds, self.recipes)
        if self.database:
            try:
                check_reference(self.database)
            except StoreError as error:
                raise InputError(f"Setting 'database': {error}") from None


def _validated(values: dict[str, Any], where: str) -> CampaignSettings:
    try:
        return CampaignSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"Setting {field!r} of {where} is not usable: {first['msg']}.") from None


def write_settings(settings: CampaignSettings, folder: Path) -> None:
    """Write `campaign.toml`, each setting under its description; raises StoreError when it cannot be written."""
    lines = ["# Settings of this campaign. Energies in cm⁻¹, lengths in Å.", ""]
    lines += described(CampaignSettings, settings.model_dump(exclude={"host"}))
    lines += ["[host]"] + [f"{k} = {toml_value(v)}" for k, v in settings.host.model_dump().items()]
    text = "\n".join(lines) + "\n"
    write_atomically(folder / FILE_NAME, text.encode())


def read_settings(folder: Path) -> CampaignSettings:
    """Read `campaign.toml` of a campaign folder; raises InputError in one sentence."""
    path = Path(folder) / FILE_NAME
    try:
        there = path.exists()
    except OSError:  # reading it says why
        there = True
    if not there:
        raise InputError(f"{folder} is not a campaign: it has no {FILE_NAME}; create one with `nci init`.")
    try:
        values = tomllib.loads(read_limited(path, MOST_BYTES).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # TOML, UTF-8, or an integer or a nesting beyond what Python reads
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    settings = _validated(values, str(path))
    settings.check()
    return settings
