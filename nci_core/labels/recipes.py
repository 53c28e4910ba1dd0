"""Recipes: everything that decides the value of a CCSD(T) label, as data with a hash.

Labels of different recipes are different quantities, so the hash travels with every label.
This module imports no PySCF: the dashboard reads it.
"""

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nci_core.errors import InputError
from nci_core.integrals.basis_names import AUTOAUX
from nci_core.labels.prediction_error import PARTS_WITHOUT_MP2, PredictionError
from nci_core.labels.recipe_fields import ANY, BasisName, ElementBases, Exponents, Factor, RecipeName, Threshold

#: What fragments in other functions than the recipe's own are called: smaller-host, …
SMALLER, LARGER = "smaller-", "larger-"
#: Settings that came later; at their defaults they are left out of the hash, which older labels have.
LATER = ("host_fitting", "integrals", "extrapolation", "composite", "numbers")


class BasisNumbers(BaseModel):
    """What a basis was for one element when the recipe was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str = Field(pattern=r"^[0-9a-f]{16}$", description="of exponents, coefficients and potential")
    core_electrons: int = Field(0, ge=0, le=92, description="that an effective core potential replaces")


def numbers_key(basis: str, symbol: str) -> str:
    """How `Recipe.numbers` names a basis of an element.

    >>> numbers_key("def2-svp", "I")
    'def2-svp I'
    """
    return f"{basis} {symbol}"


class Midbond(BaseModel):
    """Uncontracted Gaussians between host and probe, at a smooth function of the geometry.

    The site is halfway between the probe R and the mean of the host atoms weighted by |R − R_i|⁻⁶.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exponents: Exponents = Field(description="angular momentum letter → exponents in bohr⁻²")

    @property
    def name(self) -> str:
        """For example '3s3p2d'."""
        return "".join(f"{len(values)}{letter}" for letter, values in self.exponents.items())


class FunctionSet(BaseModel):
    """Basis functions by role: host atoms, probe, and midbond. Ghosts carry the functions of their atoms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host_basis: ElementBases = Field(description="basis of the host's atoms by element; '*' for all others")
    probe_basis: BasisName = Field(description="basis of the probe atom")
    midbond: Midbond | None = Field(None, description="midbond functions, if any")
    host_fitting: ElementBases | None = Field(
        None,
        description="fitting basis of the host's atoms by element for fitted integrals; AutoAux if 'autoaux' or None",
    )

    def host_basis_of(self, symbol: str) -> str:
        """Name of the basis of one host element; raises InputError when the recipe names none."""
        try:
            return self.host_basis.get(symbol) or self.host_basis[ANY]
        except KeyError:
            raise InputError(f"The recipe names no basis for {symbol}; add one, or '*' for all elements.") from None

    def host_fitting_of(self, symbol: str) -> str:
        """Name of the fitting basis of one host element, 'autoaux' for generated functions."""
        named = self.host_fitting or {}
        return named.get(symbol) or named.get(ANY) or AUTOAUX

    @property
    def basis_name(self) -> str:
        """For example 'cc-pvdz(H: 6-31g)/aug-cc-pvtz+3s3p2d'."""
        named = dict(self.host_basis)
        first = "*" if "*" in named else sorted(named)[0]
        main = named.pop(first) + ("" if first == "*" else f"({first})")
        others = ", ".join(f"{k}: {v}" for k, v in sorted(named.items()))
        host = main + (f"({others})" if others else "")
        return f"{host}/{self.probe_basis}" + (f"+{self.midbond.name}" if self.midbond else "")


class Extrapolation(BaseModel):
    """Correlation at the basis-set limit from two cardinal numbers X > Y, with the HF energy of X.

    E = (X³ E_X − Y³ E_Y)/(X³ − Y³): Helgaker et al., DOI 10.1063/1.473863.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    smaller: FunctionSet = Field(description="functions of Y; the recipe's own are those of X")
    cardinals: tuple[Annotated[int, Field(ge=2, le=9)], Annotated[int, Field(ge=1, le=8)]] = Field(
        (3, 2), description="X and Y"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.cardinals[0] <= self.cardinals[1]:
            raise ValueError("cardinals: the first must be the larger one, such as (3, 2)")
        return self

    def limit(self, larger: float, smaller: float) -> float:
        """The extrapolated correlation energy.

        >>> one = FunctionSet(host_basis={"*": "aug-cc-pvdz"}, probe_basis="aug-cc-pvdz")
        >>> Extrapolation(smaller=one).limit(19.0, 0.0)
        27.0
        """
        x, y = (n**3 for n in self.cardinals)
        return (x * larger - y * smaller) / (x - y)


class Composite(BaseModel):
    """Hartree–Fock and MP2 in larger functions (L), coupled cluster in the recipe's own.

    E = f HF_L + a MP2_L + b MP2 + c CCSD + d (T), the parts being interaction energies. With f = a = c = d = 1 and
    b = −1 it is MP2 with a correction to CCSD(T); factors fitted to better energies of similar dimers make up for
    what the smaller functions lack, and have no meaning one by one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    larger: FunctionSet = Field(description="functions of Hartree–Fock and MP2")
    mean_field: Factor = Field(1.0, description="f")
    mp2_larger: Factor = Field(1.0, description="a")
    mp2: Factor = Field(-1.0, description="b")
    ccsd: Factor = Field(1.0, description="c")
    triples: Factor = Field(1.0, description="d")

    def energy(self, mean_field: float, mp2_larger: float, mp2: float, ccsd: float, triples: float) -> float:
        """The interaction energy from its parts, in their unit."""
        correlated = self.mp2 * mp2 + self.ccsd * ccsd + self.triples * triples
        return self.mean_field * mean_field + self.mp2_larger * mp2_larger + correlated


class Recipe(FunctionSet):
    """One way to compute a label.

    Attributes are the settings; `hash` covers all that decide a label's value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: RecipeName = Field(description="short name, shown to people: letters, digits, - and _")
    version: int = Field(1, ge=1, le=1_000_000, description="raised whenever a setting changes")
    method: Literal["CCSD(T)"] = Field("CCSD(T)", description="correlation method; canonical, closed shell")
    frozen_core: bool = Field(True, description="leave the chemical core uncorrelated")
    counterpoise: Literal["full"] = Field("full", description="both monomers in the whole dimer basis")
    scf_energy_hartree: Threshold = Field(1e-11, description="SCF energy threshold")
    scf_gradient: Threshold = Field(1e-7, description="SCF orbital gradient threshold")
    cc_energy_hartree: Threshold = Field(1e-8, description="CCSD energy threshold")
    cc_amplitudes: Threshold = Field(1e-6, description="CCSD amplitude norm threshold")
    integrals: Literal["exact", "fitted"] = Field("exact", description="two-electron integrals, exact or fitted")
    extrapolation: Extrapolation | None = Field(None, description="to the basis-set limit, from a second basis")
    composite: Composite | None = Field(None, description="Hartree–Fock and MP2 from larger functions")
    numbers: dict[str, BasisNumbers] | None = Field(
        None,
        description="what each basis is for each element of the dimer, as 'def2-svp I'; None in recipes made before "
        "this was kept, which know no effective core potentials",
    )
    description: str = Field("", max_length=1000, description="what it is for")
    prediction_error: PredictionError | None = Field(
        None, description="how far its labels lie from the basis-set limit, None where nobody knows"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.extrapolation and self.composite:
            raise ValueError("a recipe has an extrapolation or a composite, not both")
        if self.composite and self.integrals != "fitted":
            raise ValueError("a composite needs integrals = 'fitted'")
        if self.extrapolation and self.integrals == "fitted":
            raise ValueError("an extrapolation needs integrals = 'exact'")
        shares = self.prediction_error.shares if self.prediction_error else {}
        if not self.composite and (absent := sorted(shares.keys() - PARTS_WITHOUT_MP2)):
            raise ValueError(f"prediction_error has a share of {absent[0]}, which only a composite computes")
        return self

    @property
    def functions(self) -> FunctionSet:
        """The recipe's own basis functions."""
        return FunctionSet(
            host_basis=self.host_basis,
            probe_basis=self.probe_basis,
            midbond=self.midbond,
            host_fitting=self.host_fitting,
        )

    @property
    def more_functions(self) -> dict[str, FunctionSet]:
        """Further basis functions that it needs, by the prefix of their fragments' names."""
        found = {SMALLER: self.extrapolation.smaller} if self.extrapolation else {}
        return found | ({LARGER: self.composite.larger} if self.composite else {})

    def core_electrons(self, basis: str, symbol: str) -> int:
        """Electrons of an atom that an effective core potential replaces in one of the recipe's basis sets."""
        known = (self.numbers or {}).get(numbers_key(basis, symbol))
        return known.core_electrons if known else 0

    @property
    def hash(self) -> str:
        """12 hex digits over every setting but the description and the error."""
        # Not cached: a cached value would survive model_copy(update=...).
        settings = self.model_dump(mode="json", exclude={"description", "prediction_error"})
        for name in LATER:
            if settings[name] == type(self).model_fields[name].default:
                del settings[name]
        text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
