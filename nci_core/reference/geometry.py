"""The three fragments of a counterpoise correction as PySCF molecules."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.reference.environment import pyscf_memory_mb
from nci_core.reference.labels import FragmentName
from nci_core.reference.recipes import FunctionSet, Midbond, Recipe
from nci_core.reference.size import core_orbitals
from nci_core.systems.dimer import Dimer
from nci_core.systems.midbond import midbond_site

FloatArray = npt.NDArray[np.float64]

#: Angular momentum of each letter, for uncontracted functions.
ANGULAR = {"s": 0, "p": 1, "d": 2, "f": 3, "g": 4}


def midbond_basis(midbond: Midbond) -> list[Any]:
    """PySCF's internal form of the uncontracted midbond functions."""
    return [[ANGULAR[letter], [x, 1.0]] for letter, values in midbond.exponents.items() for x in values]


def atom_basis(name: str, symbol: str) -> Any:
    """Basis functions of one element; raises InputError when the basis lacks it."""
    from pyscf import gto

    try:
        functions = gto.basis.load(name, symbol)
    except Exception as error:  # PySCF raises KeyError, RuntimeError or BasisNotFoundError by basis family
        raise InputError(
            f"The basis {name!r} has no functions for {symbol} ({type(error).__name__}); choose another recipe."
        ) from None
    if not functions:
        raise InputError(f"The basis {name!r} has no functions for {symbol}; choose another recipe.")
    return functions


@dataclass(frozen=True)
class FragmentSpec:
    """Atoms (label, position in Å) of one fragment; ghosts carry basis functions but no charge."""

    atoms: list[tuple[str, list[float]]]
    basis: dict[str, Any]
    n_frozen: int

    def molecule(self) -> Any:
        """Build the PySCF molecule."""
        from pyscf import gto

        return gto.M(atom=self.atoms, basis=self.basis, unit="Angstrom", verbose=0, max_memory=pyscf_memory_mb())


def fragments(
    dimer: Dimer, position: FloatArray, recipe: Recipe, functions: FunctionSet | None = None
) -> dict[FragmentName, FragmentSpec]:
    """Dimer, host and probe, each in the whole dimer basis, for one position (3,) in Å.

    The basis functions are those of the recipe, or others of its parts.

    Raises InputError when a basis lacks an element or atoms overlap.
    """
    functions = functions or recipe
    point = dimer.check(position)[0]
    host = [(s, p.tolist()) for s, p in zip(dimer.host.symbols, dimer.host.positions, strict=True)]
    # Digits make the labels of host and probe distinct even when the elements are the same.
    basis: dict[str, Any] = {}
    for symbol in sorted(set(dimer.host.symbols)):
        basis[f"{symbol}1"] = basis[f"GHOST-{symbol}1"] = atom_basis(functions.host_basis_of(symbol), symbol)
    basis[f"{dimer.probe}2"] = basis[f"GHOST-{dimer.probe}2"] = atom_basis(functions.probe_basis, dimer.probe)
    extra: list[tuple[str, list[float]]] = []
    if functions.midbond:
        basis["GHOST-H3"] = midbond_basis(functions.midbond)
        extra = [("GHOST-H3", midbond_site(dimer.host.positions, point).tolist())]

    def spec(real_host: bool, real_probe: bool) -> FragmentSpec:
        atoms = [(f"{s}1" if real_host else f"GHOST-{s}1", p) for s, p in host]
        atoms.append((f"{dimer.probe}2" if real_probe else f"GHOST-{dimer.probe}2", point.tolist()))
        atoms += extra
        real = [s for s, _ in host] * real_host + [dimer.probe] * real_probe
        labels = {label for label, _ in atoms}
        frozen = core_orbitals(real) if recipe.frozen_core else 0
        return FragmentSpec(atoms, {k: v for k, v in basis.items() if k in labels}, frozen)

    return {"dimer": spec(True, True), "host": spec(True, False), "probe": spec(False, True)}


def label_identity(dimer: Dimer, position: FloatArray, recipe: Recipe) -> dict[str, Any]:
    """What a label is of, as JSON values: geometry and recipe with their hashes; position (3,) in Å."""
    return {
        "geometry_hash": dimer.geometry_hash(position),
        "recipe_hash": recipe.hash,
        "recipe": recipe.model_dump(mode="json"),
        "dimer": dimer.name,
        "host_symbols": list(dimer.host.symbols),
        "host_positions_angstrom": dimer.host.positions.tolist(),
        "probe": dimer.probe,
        "position_angstrom": position.tolist(),
        "midbond_angstrom": midbond_site(dimer.host.positions, position).tolist() if recipe.midbond else None,
    }
