"""What labels are worth: the standard error of each against the basis-set limit, and of many together.

It follows from a label's parts and its recipe's prediction error, both known here; a number that a file states is
never taken over. No PySCF: the store and the dashboard use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.prediction_error import PredictionError
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import FragmentName, FragmentResult, MeanFieldResult, parts_cm1
from nci_core.regions import REGIONS, Bounds
from nci_core.units import CM1_EV, EnergyUnit

_FRAGMENTS = TypeAdapter(dict[FragmentName, FragmentResult])
_LARGER = TypeAdapter(dict[FragmentName, MeanFieldResult])


@cache
def _names() -> dict[str, str]:
    """Hash → name of the built-in recipes."""
    return {recipe.hash: name for name, recipe in RECIPES.items()}


def _built_in(recipe_hash: str) -> Recipe | None:
    """The built-in recipe with this hash."""
    return RECIPES.get(_names().get(recipe_hash, ""))


def error_of(recipe: Recipe) -> PredictionError | None:
    """The prediction error of a recipe; of a built-in one, told by its hash, that of this version of nci.

    The hash does not cover it: a file may call its recipe `standard` and claim whatever error for it.
    """
    return (_built_in(recipe.hash) or recipe).prediction_error


def recipe_std_cm1(recipe_hash: str, result: Mapping[str, Any]) -> float | None:
    """Standard error in cm⁻¹ of a stored label, from its parts; None where its recipe knows none.

    `result` is a LabelResult as a dictionary, of whatever version, with or without such a number of its own: labels
    that were computed before their recipe's error was known have one all the same.
    """
    known = _built_in(recipe_hash)
    try:
        stated = known.prediction_error if known else (result.get("recipe") or {}).get("prediction_error")
        if stated is None:
            return None
        error = PredictionError.model_validate(stated)
        larger = _LARGER.validate_python(result["larger"]) if result.get("larger") else None
        return error.std_cm1(parts_cm1(_FRAGMENTS.validate_python(result["fragments"]), larger))
    except (ValidationError, KeyError, AttributeError):  # energies without parts, such as those of tests
        return None


@dataclass(frozen=True)
class Worth:
    """What some labels are worth.

    Attributes:
        n: labels whose standard error is known; `n_without` have none.
        rms_ev: root mean square of the standard errors in eV, NaN where none is known.
    """

    n: int
    n_without: int
    rms_ev: float

    @property
    def rms_cm1(self) -> float | None:
        """The root mean square in cm⁻¹, None where it is not known."""
        return self.rms_ev / CM1_EV if self.n else None

    def text(self, unit: EnergyUnit) -> str:
        """The root mean square with its unit, '0.6 cm⁻¹'; a dash where it is not known."""
        return f"{self.number(unit)} {unit.label}" if self.n else "—"

    def number(self, unit: EnergyUnit) -> str:
        """The same without the unit."""
        return spread_text(self.rms_ev * unit.per_ev)

    def phrase(self, unit: EnergyUnit, recipe: str) -> str:
        """What is said beside an error: 'labels are within 0.6 cm⁻¹ of the basis-set limit'.

        Where nobody knows it that is said, with the recipe's name.
        """
        if not self.n:
            return f"nobody knows how far {recipe} is from the basis-set limit"
        some = "" if not self.n_without else f"{self.n:,} of {self.n + self.n_without:,} "
        return f"{some}labels are within {self.text(unit)} of the basis-set limit"


def worth(std_ev: npt.ArrayLike) -> Worth:
    """Of labels (n,) with these standard errors in eV, NaN being unknown.

    >>> found = worth([3e-5, 4e-5, np.nan])
    >>> found.n, found.n_without, f"{found.rms_ev:.3g}"
    (2, 1, '3.54e-05')
    """
    std = np.asarray(std_ev, dtype=float)
    known = std[np.isfinite(std)]
    rms = float(np.sqrt(np.mean(known**2))) if len(known) else float("nan")
    return Worth(len(known), len(std) - len(known), rms)


def worth_by_region(energy_ev: npt.ArrayLike, std_ev: npt.ArrayLike, bounds: Bounds) -> dict[str, Worth]:
    """Of labels (n,) below the energy limit ("all", always there), and of each region that has some; both in eV."""
    energy, std = np.asarray(energy_ev, dtype=float), np.asarray(std_ev, dtype=float)
    region = bounds.classify(energy)
    found = {name: worth(std[region == name]) for name in REGIONS if (region == name).any()}
    return {"all": worth(std[region != "beyond"])} | found


def label_text(energy_ev: float, std_ev: float | None, unit: EnergyUnit, *, signed: bool = False) -> str:
    """A label with its standard error, both in eV, without the unit: '−4.05 ± 0.4'.

    The energy keeps its digits: labels of one recipe share its error, and are told apart, from each other and from
    what a student predicted of them, by less.

    >>> from nci_core.units import UNITS
    >>> label_text(-4.05 * CM1_EV, 0.41 * CM1_EV, UNITS["cm1"]), label_text(4.05 * CM1_EV, None, UNITS["cm1"])
    ('−4.05 ± 0.4', '4.05')
    """
    text = f"{energy_ev * unit.per_ev:{'+' if signed else ''}.{unit.digits}f}"
    if float(text) == 0.0:
        text = text.lstrip("+-")
    known = std_ev is not None and np.isfinite(std_ev)
    return (text + (f" ± {spread_text(std_ev * unit.per_ev)}" if known and std_ev is not None else "")).replace(
        "-", "−"
    )


def spread_text(value: float) -> str:
    """A standard error to its first digit, to the second where the first is a 1.

    >>> spread_text(0.41), spread_text(1.53), spread_text(0.098), spread_text(25.4)
    ('0.4', '1.5', '0.1', '25')
    """
    # Not `rounding.decimals_known`, which is for the number beside it and makes 2 of 1.53.
    first, exponent = f"{value:e}"[0], int(f"{value:.0e}".split("e")[1])
    return f"{value:.{max((first == '1') - exponent, 0)}f}"


def label_std_ev(recipe_std_cm1: float | None) -> float:
    """The stored standard error in eV, NaN for None."""
    return float("nan") if recipe_std_cm1 is None else recipe_std_cm1 * CM1_EV
