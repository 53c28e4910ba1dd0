"""A campaign's folder: settings, database, models and results together."""

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from nci_core import __version__
from nci_core.campaign.systems import System, agree, bounded, bounds_of, stored, with_bounds
from nci_core.config import (
    FILE_NAME,
    CampaignSettings,
    SystemSettings,
    append_systems,
    read_settings,
    write_settings,
)
from nci_core.errors import InputError, StoreError
from nci_core.labels.recipes import Recipe
from nci_core.regions import SystemBounds
from nci_core.store import DATABASE_NAME, CampaignInfo, Store, campaign, configurations, rounds
from nci_core.store.models import MODELS as MODELS
from nci_core.store.models import active, file_path
from nci_core.store.schema import Model
from nci_core.store.teachers import stored_name
from nci_core.switches import require_writable


def home() -> Path:
    """Folder that holds the campaigns: `NCI_HOME`, else `campaigns` in the working directory."""
    return Path(os.environ.get("NCI_HOME") or "campaigns").absolute()


def list_campaigns(folder: Path | None = None) -> list[Path]:
    """Campaign folders below `folder` (default: home()), by name; empty when there are none."""
    root = folder or home()
    return sorted(path.parent for path in root.glob(f"*/{FILE_NAME}")) if root.is_dir() else []


@dataclass(eq=False)
class Campaign:
    """An open campaign.

    Attributes:
        folder: the campaign's folder.
        settings: what `campaign.toml` says.
        store: its database.
        systems: its dimers in their order, each with its role.
    """

    folder: Path
    settings: CampaignSettings
    store: Store
    systems: tuple[System, ...]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @classmethod
    def create(cls, folder: str | Path, settings: CampaignSettings) -> Self:
        """Make a new campaign; raises StoreError if there is one, InputError for bad settings or an empty path."""
        require_writable()
        if not str(folder).strip():  # the empty one would be the working directory
            raise InputError("The path of the new campaign is empty; name a folder.")
        folder = Path(folder).absolute()
        settings.check()
        settings = with_bounds(settings)
        recipe, new = settings.reference, not folder.exists()
        if settings.database and any((folder / name).exists() for name in (FILE_NAME, DATABASE_NAME)):
            raise StoreError(f"{folder} holds a campaign already; choose another folder.")
        # A folder may have a dot in its name. A server's tables may be left by a creation that was cut short.
        store = Store.create(settings.database or folder / DATABASE_NAME, folder=folder)
        first = bounds_of(settings, settings.systems[0])
        info = CampaignInfo(
            teacher=settings.teacher,
            recipe=recipe.name,
            recipe_hash=recipe.hash,
            well_below_cm1=first.well_below_cm1,
            limit_cm1=first.limit_cm1,
            nci_version=__version__,
        )
        claimed = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            campaign.set_info(store, info, [stored(system) for system in settings.systems])
            claimed = True
            write_settings(settings, folder)
        except BaseException:  # a full disk, say: a campaign is there entirely or not at all
            if claimed:
                store.discard()
            store.close()
            if new:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                for file in folder.glob(f"{DATABASE_NAME}*"):
                    file.unlink(missing_ok=True)
            raise
        return cls(folder, settings, store, agree(settings, store, folder))

    @classmethod
    def open(cls, folder: str | Path, *, read_only: bool = False) -> Self:
        """Open an existing campaign; raises InputError or StoreError in one sentence.

        The systems and the recipe of `campaign.toml` must be those the database was made with: labels of other systems
        or recipes would be mixed otherwise. A system that only `campaign.toml` has is added to the database.
        """
        folder = Path(folder).absolute()
        settings = read_settings(folder)
        store = Store.open(settings.database or folder / DATABASE_NAME, folder=folder, read_only=read_only)
        info = campaign.get_info(store)
        recipe = settings.reference
        if (info.recipe, info.recipe_hash) != (recipe.name, recipe.hash):
            was = f"recipe {info.recipe}" + (" of an earlier version" if info.recipe == recipe.name else "")
            raise InputError(
                f"{folder / FILE_NAME} asks for recipe {recipe.name}, but the database beside it was made with {was}; "
                "make a new campaign for another recipe."
            )
        return cls(folder, settings, store, agree(settings, store, folder))

    def add_system(self, system: SystemSettings) -> System:
        """Add a system at the end of the list, in `campaign.toml` and in the database; InputError where it cannot be.

        The file comes first: after an interruption in between, the next opening adds the system to the database.
        """
        require_writable()
        self.settings = append_systems([bounded(self.settings, system)], self.folder)
        self.systems = agree(self.settings, self.store, self.folder)
        return self.system(system.name)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def title(self) -> str:
        """The title people see."""
        return self.settings.title or self.name

    @property
    def training_systems(self) -> tuple[System, ...]:
        """The systems that are trained on."""
        return tuple(system for system in self.systems if system.role == "train")

    @property
    def transfer_systems(self) -> tuple[System, ...]:
        """The systems that are only tested on."""
        return tuple(system for system in self.systems if system.role == "transfer")

    @property
    def bounds(self) -> SystemBounds:
        """Where the regions of each system begin and end."""
        return SystemBounds({system.id: system.bounds for system in self.systems})

    def system(self, name: str | int) -> System:
        """The system of this name, or of this number in the database; raises InputError for an unknown one."""
        for system in self.systems:
            if name in (system.name, system.id):
                return system
        has = ", ".join(system.name for system in self.systems)
        raise InputError(f"Campaign {self.name} has no system {name!r}; it has {has}.")

    def chosen_system(self, name: str | None) -> System:
        """The system that somebody names, the only one without a name; InputError where that is not clear."""
        if name is None and len(self.systems) > 1:
            has = ", ".join(system.name for system in self.systems)
            raise InputError(f"Say which system of campaign {self.name}: --system NAME (it has {has}).")
        return self.systems[0] if name is None else self.system(name)

    @property
    def about(self) -> str:
        """The names of its systems, as people are told what it is about."""
        return ", ".join(system.title for system in (*self.training_systems, *self.transfer_systems))

    @cached_property
    def recipe(self) -> Recipe:
        """The target recipe: errors, the test set and models are of its labels."""
        return self.settings.reference

    @cached_property
    def recipes(self) -> tuple[Recipe, ...]:
        """All recipes that labels may be asked for, the target first."""
        return self.settings.recipes

    def find_recipe(self, name: str | None) -> Recipe:
        """One of the campaign's recipes, the target without a name; raises InputError for any other."""
        for recipe in self.recipes:
            if name in (None, recipe.name):
                return recipe
        has = ", ".join(recipe.name for recipe in self.recipes)
        raise InputError(
            f"Campaign {self.name} has no recipe {name!r} (it has {has}); add it to more_recipes in {FILE_NAME}."
        )

    @property
    def teacher_specs(self) -> tuple[str, ...]:
        """All teachers that are distilled, as the settings name them, the drawn one first."""
        return (self.settings.teacher, *self.settings.more_teachers)

    @property
    def teacher(self) -> str:
        """The drawn teacher's name in the store: its specification, or with a digest of what that stands for."""
        return stored_name(self.store, self.settings.teacher)

    @property
    def teachers(self) -> tuple[str, ...]:
        """The names in the store of all teachers that are distilled, the drawn one first."""
        return tuple(stored_name(self.store, spec) for spec in self.teacher_specs)

    def active_model(self) -> Model | None:
        """The student in use, None before the first."""
        return active(self.store)

    def model_path(self, model: Model) -> Path:
        """The model's checkpoint, checked against its stored hash."""
        return file_path(self.store, model)

    def require_configurations(self) -> None:
        """Raise InputError when nothing has been sampled."""
        if not sum(configurations.counts(self.store).values()):
            raise InputError(f"Campaign {self.name} has no configurations yet; run `nci sample` first.")

    def open_round(self, picked_by: str, strategy: str | None = None) -> int:
        """Number of the round that new labels belong to; begins one if the last is finished."""
        number = rounds.next_number(self.store)
        if number != rounds.last_number(self.store):
            mine = self.recipe.hash
            rounds.begin(
                self.store, "finetune", number=number, strategy=strategy, picked_by=picked_by, recipe_hash=mine
            )
        return number
