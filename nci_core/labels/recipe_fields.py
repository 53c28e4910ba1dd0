"""What may stand in the fields of a recipe: names, letters, exponents and thresholds that can be computed with.

Whether a basis has the elements of a dimer is another question (`checked_recipe`), and one for PySCF.
"""

import math
from typing import Annotated

from ase.data import chemical_symbols
from pydantic import AfterValidator, Field

from nci_core.integrals.basis_names import PATTERN

#: Angular momentum of each letter. Atoms have functions up to i (PySCF's integrals go further).
ANGULAR = {"s": 0, "p": 1, "d": 2, "f": 3, "g": 4, "h": 5, "i": 6}
#: Exponents in bohr⁻² of functions that stand between atoms, and how many of one letter.
SMALLEST_EXPONENT, LARGEST_EXPONENT, MOST_EXPONENTS = 1e-3, 1e4, 16
#: All other elements of the host.
ANY = "*"


def _basis_name(name: str) -> str:
    if not PATTERN.fullmatch(name):
        raise ValueError(f"{name[:60]!r} is not the name of a basis set, such as 'def2-svp' or '6-31G(d,p)'")
    return name


def _elements(bases: dict[str, str]) -> dict[str, str]:
    if not bases:
        raise ValueError("it is empty; name a basis for each element, or '*' for all")
    for symbol in bases:
        if symbol != ANY and symbol not in chemical_symbols[1:]:
            raise ValueError(f"{symbol[:20]!r} is no element; use symbols such as 'C', or '*' for all others")
    return bases


def _exponents(by_letter: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    if not by_letter:
        raise ValueError("there are none; leave out the midbond functions instead")
    for letter, values in by_letter.items():
        if letter not in ANGULAR:
            known = ", ".join(ANGULAR)
            raise ValueError(f"{letter[:20]!r} is no angular momentum; use the small letters {known}")
        if not 1 <= len(values) <= MOST_EXPONENTS:
            raise ValueError(f"{letter} has {len(values)} exponents; give 1 to {MOST_EXPONENTS}")
        for value in values:
            if not (math.isfinite(value) and SMALLEST_EXPONENT <= value <= LARGEST_EXPONENT):
                raise ValueError(
                    f"{letter} has the exponent {value:g}; use numbers from {SMALLEST_EXPONENT:g} to "
                    f"{LARGEST_EXPONENT:g} bohr⁻²"
                )
        if len(set(values)) < len(values):
            raise ValueError(f"{letter} has an exponent twice, which makes the functions dependent")
    return by_letter


RecipeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
BasisName = Annotated[str, AfterValidator(_basis_name)]
ElementBases = Annotated[dict[str, BasisName], AfterValidator(_elements)]
Exponents = Annotated[dict[str, tuple[float, ...]], AfterValidator(_exponents)]
#: A threshold of convergence; tighter than 10⁻¹⁴ nothing converges, looser than 10⁻³ nothing is worth a label.
Threshold = Annotated[float, Field(ge=1e-14, le=1e-3, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=-100.0, le=100.0, allow_inf_nan=False)]
