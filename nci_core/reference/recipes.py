"""Recipes: everything that decides the value of a CCSD(T) label, as data with a hash.

Labels of different recipes are different quantities, so the hash travels with every label.
This module imports no PySCF: the dashboard reads it.
"""

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import InputError


class Midbond(BaseModel):
    """Uncontracted Gaussians between host and probe, at a smooth function of the geometry.

    The site is halfway between the probe R and the mean of the host atoms weighted by |R − R_i|⁻⁶.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exponents: dict[str, tuple[float, ...]] = Field(description="angular momentum letter → exponents in bohr⁻²")

    @property
    def name(self) -> str:
        """For example '3s3p2d'."""
        return "".join(f"{len(values)}{letter}" for letter, values in self.exponents.items())


class Recipe(BaseModel):
    """One way to compute a label.

    Attributes are the settings; `hash` covers all of them but the description.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="short name, shown to people")
    version: int = Field(1, description="raised whenever a setting changes")
    method: Literal["CCSD(T)"] = Field("CCSD(T)", description="correlation method; canonical, closed shell")
    host_basis: dict[str, str] = Field(description="basis of the host's atoms by element; '*' for all others")
    probe_basis: str = Field(description="basis of the probe atom")
    midbond: Midbond | None = Field(None, description="midbond functions, if any")
    frozen_core: bool = Field(True, description="leave the chemical core uncorrelated")
    counterpoise: Literal["full"] = Field("full", description="both monomers in the whole dimer basis")
    scf_energy_hartree: float = Field(1e-11, description="SCF energy threshold")
    scf_gradient: float = Field(1e-7, description="SCF orbital gradient threshold")
    cc_energy_hartree: float = Field(1e-8, description="CCSD energy threshold")
    cc_amplitudes: float = Field(1e-6, description="CCSD amplitude norm threshold")
    description: str = Field("", description="what it is for")

    @property
    def hash(self) -> str:
        """12 hex digits over every setting but the description."""
        # Not cached: a cached value would survive model_copy(update=...).
        settings = self.model_dump(mode="json", exclude={"description"})
        text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def host_basis_of(self, symbol: str) -> str:
        """Name of the basis of one host element."""
        return self.host_basis.get(symbol, self.host_basis["*"])

    @property
    def basis_name(self) -> str:
        """For example 'cc-pvdz(H: 6-31g)/aug-cc-pvtz+3s3p2d'."""
        others = ", ".join(f"{k}: {v}" for k, v in sorted(self.host_basis.items()) if k != "*")
        host = self.host_basis["*"] + (f"({others})" if others else "")
        return f"{host}/{self.probe_basis}" + (f"+{self.midbond.name}" if self.midbond else "")


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="quick",
            host_basis={"*": "6-31g"},
            probe_basis="aug-cc-pvdz",
            midbond=Midbond(exponents={"s": (0.9, 0.3, 0.1), "p": (0.6, 0.2), "d": (0.35,)}),
            description="for trying things out: under a minute for He-benzene, wells tens of per cent off",
        ),
        Recipe(
            name="standard",
            host_basis={"*": "cc-pvdz", "H": "6-31g"},
            probe_basis="aug-cc-pvtz",
            midbond=Midbond(exponents={"s": (0.9, 0.3, 0.1), "p": (0.9, 0.3, 0.1), "d": (0.6, 0.2)}),
            # On hydrogen 6-31G instead of cc-pVDZ changes HF + MP2 over benzene by 3 cm⁻¹ at most
            # on the wall and 0.3 in the well, and saves 40% of the time.
            description="mixed basis with midbond functions; wells some cm⁻¹ shallower than at the basis-set limit",
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """A built-in recipe by name; raises InputError for an unknown one.

    >>> find_recipe("standard").basis_name
    'cc-pvdz(H: 6-31g)/aug-cc-pvtz+3s3p2d'
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise InputError(f"Unknown recipe {name!r}; choose one of {', '.join(RECIPES)}.") from None
