"""How far labels of a recipe are expected to be from the basis-set limit, before any of them is computed.

From its own prediction error where it has one, else from what was measured of it: at published dimers of the probe with
other molecules, and over benzene. Where there is neither, that is said.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from nci_core.bench.recipe_errors import GROUPS_FILE, GroupErrors, read_groups
from nci_core.bench.recipe_rows import FILE, RecipeRow, read_recipe_rows
from nci_core.bench.targets import STORED
from nci_core.campaign.exchange.archive import data_folder
from nci_core.errors import InputError
from nci_core.labels import focal_point
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.label_errors import error_of, spread_text
from nci_core.labels.recipes import Recipe
from nci_core.systems import builtin_monomer
from nci_core.systems.dimer import Dimer
from nci_core.units import CM1_EV, EnergyUnit
from nci_core.visible import visible


@dataclass(frozen=True)
class Expected:
    """What is known: in a few words for a list, and as one sentence."""

    short: str
    sentence: str


def expected_error(recipe: Recipe, dimer: Dimer, unit: EnergyUnit, depth_cm1: float | None = None) -> Expected:
    """What is known of a recipe's labels of a dimer whose well is about so deep (cm⁻¹, negative).

    >>> from nci_core.labels.builtin_recipes import find_recipe
    >>> from nci_core.systems import Monomer
    >>> from nci_core.units import UNITS
    >>> expected_error(find_recipe("dt"), Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne")), UNITS["cm1"]).sentence
    'Nobody knows how far dt is from the basis-set limit.'
    """
    name, error = visible(recipe.name), error_of(recipe)
    nobody = f"Nobody knows how far {name} is from the basis-set limit"

    def said(size_cm1: float) -> str:
        return f"{spread_text(size_cm1 * CM1_EV * unit.per_ev)} {unit.label}"

    built_in = is_built_in(recipe, dimer)
    wells = _published_wells(recipe, dimer.b.symbols[0]) if built_in else None
    where = "" if wells is None else f"{wells.n:,} published wells of {dimer.b.symbols[0]}"
    if error is not None:
        if wells is None or not wells.mean_std_cm1:
            least = said(error.floor_cm1)
            return Expected(
                f"± {least} or more", f"Each label says how far it is from the basis-set limit: ± {least} or more."
            )
        if depth_cm1 is None or depth_cm1 >= 0 or not wells.mean_reference_cm1:
            size = said(wells.mean_std_cm1)
            return Expected(f"± {size}", f"Expect ± {size} from the basis-set limit in the well: the mean of {where}.")
        size = said(in_a_well(depth_cm1, wells, error.floor_cm1))
        depth = f"{abs(depth_cm1) * CM1_EV * unit.per_ev:.2g} {unit.label}"
        return Expected(
            f"± {size}",
            f"Expect ± {size} from the basis-set limit in a well of about {depth}: one standard error, scaled from "
            f"{where}.",
        )
    row, own = _over_benzene(recipe) if built_in else None, is_helium_benzene(dimer)
    if wells is not None and wells.mae_cm1 is not None and not (own and row):
        size = said(wells.mae_cm1)
        return Expected(
            f"{size} off over other molecules", f"{nobody} here. In {where} its labels are {size} off, on average."
        )
    if row is None or row.mae_attractive_cm1 is None:
        return Expected("error unknown", f"{nobody}.")
    size, labels = said(row.mae_attractive_cm1), f"{row.n_attractive:,} attractive labels"
    if own:
        return Expected(f"{size} off", f"Labels of {name} are {size} from the basis-set limit: mean of {labels}.")
    return Expected(
        f"{size} off over benzene", f"{nobody} here. Over benzene its labels are {size} off: mean of {labels}."
    )


def in_a_well(depth_cm1: float, wells: GroupErrors, floor_cm1: float) -> float:
    """Standard error (cm⁻¹) in a well of some depth, from that of published wells.

    What exceeds the floor follows parts of the interaction energy, and these grow with its depth.

    >>> wells = GroupErrors(recipe="", reference="", by="", group="", n=9, failed=0)
    >>> wells = wells.model_copy(update={"mean_std_cm1": 0.5, "mean_reference_cm1": -40.0})
    >>> [round(in_a_well(depth, wells, 0.3), 3) for depth in (-1e-9, -40.0, -80.0)]
    [0.3, 0.5, 0.854]
    """
    mean, reference = wells.mean_std_cm1 or floor_cm1, wells.mean_reference_cm1 or depth_cm1
    return math.sqrt(floor_cm1**2 + max(mean**2 - floor_cm1**2, 0.0) * (depth_cm1 / reference) ** 2)


def is_built_in(recipe: Recipe, dimer: Dimer) -> bool:
    """Whether it is what its name says, for this dimer: somebody's own may have the name, and one with stand-ins."""
    if recipe.name == focal_point.NAME:
        mine = focal_point.focal_point(dimer.b.symbols[0], dimer.a.symbols)
        return recipe.model_copy(update={"numbers": None}).hash in (mine.hash, RECIPES[recipe.name].hash)
    return recipe.name in RECIPES and RECIPES[recipe.name].hash == recipe.hash


def is_helium_benzene(dimer: Dimer) -> bool:
    """Whether it is the dimer whose published surface recipes were compared with."""
    host, measured = dimer.a, builtin_monomer("benzene")
    return (
        dimer.b.symbols[0] == "He"
        and host.symbols == measured.symbols
        and np.allclose(host.positions, measured.positions, atol=1e-3)
    )


def _published_wells(recipe: Recipe, probe: str) -> GroupErrors | None:
    """Figures of the recipe's labels in wells of the probe, None where there are none."""
    return next(
        (
            group
            for group in stored_groups()
            if (group.recipe, group.by, group.group) == (recipe.name, "probe and region", f"{probe}, well") and group.n
        ),
        None,
    )


def _over_benzene(recipe: Recipe) -> RecipeRow | None:
    return next((row for row in stored_recipes() if row.recipe == recipe.name), None)


def stored_groups() -> list[GroupErrors]:
    """What the installation has of published dimers; empty where it has nothing that can be read."""
    return list(_groups(*_stamp(GROUPS_FILE)))


def stored_recipes() -> list[RecipeRow]:
    """The same of labels over benzene."""
    return list(_recipes(*_stamp(FILE)))


def _stamp(name: str) -> tuple[Path, int]:
    path = data_folder() / STORED / name
    return path, path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=4)
def _groups(path: Path, changed: int) -> tuple[GroupErrors, ...]:
    try:
        return tuple(read_groups(path)) if changed else ()
    except InputError:  # the page Benchmarks says so
        return ()


@lru_cache(maxsize=4)
def _recipes(path: Path, changed: int) -> tuple[RecipeRow, ...]:
    try:
        return tuple(read_recipe_rows(path)) if changed else ()
    except InputError:
        return ()
