"""The three fragments of a counterpoise correction as PySCF molecules."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.integrals.cores import frozen_orbitals
from nci_core.labels.environment import pyscf_memory_mb
from nci_core.labels.recipe_basis import digests, recipe_basis
from nci_core.labels.recipe_fields import ANGULAR
from nci_core.labels.recipes import FunctionSet, Midbond, Recipe
from nci_core.labels.results import FragmentName
from nci_core.systems.dimer import Dimer
from nci_core.systems.midbond import midbond_site

FloatArray = npt.NDArray[np.float64]


def midbond_basis(midbond: Midbond) -> list[Any]:
    """PySCF's internal form of the uncontracted midbond functions."""
    return [[ANGULAR[letter], [x, 1.0]] for letter, values in midbond.exponents.items() for x in values]


@dataclass(frozen=True)
class FragmentSpec:
    """Atoms (label, position in Å) of one fragment; ghosts carry basis functions but neither charge nor potential.

    `ecp` has the effective core potentials of real atoms, label → PySCF's form.
    """

    atoms: list[tuple[str, list[float]]]
    basis: dict[str, Any]
    n_frozen: int
    ecp: dict[str, Any] = field(default_factory=dict)

    def molecule(self) -> Any:
        """Build the PySCF molecule."""
        from pyscf import gto

        settings = {"unit": "Angstrom", "verbose": 0, "max_memory": pyscf_memory_mb()}
        return gto.M(atom=self.atoms, basis=self.basis, ecp=self.ecp, **settings)


def fragments(
    dimer: Dimer, position: FloatArray, recipe: Recipe, functions: FunctionSet | None = None
) -> dict[FragmentName, FragmentSpec]:
    """Dimer, host and probe, each in the whole dimer basis, for one position (3,) in Å.

    The basis functions are those of the recipe, or others of its parts.

    Effective core potentials that belong to the basis are those of real atoms; the orbitals that they replace are no
    longer there to be frozen.

    Raises InputError when a basis lacks an element or is not what the recipe says, or atoms overlap.
    """
    functions = functions or recipe
    point = dimer.at(position).checked().R[0]
    host = [(s, p.tolist()) for s, p in zip(dimer.a.symbols, dimer.a.positions, strict=True)]
    # Digits make the labels of host and probe distinct even when the elements are the same.
    real = {f"{s}1": recipe_basis(recipe, functions.host_basis_of(s), s) for s in sorted(set(dimer.a.symbols))}
    real[f"{dimer.b.symbols[0]}2"] = recipe_basis(recipe, functions.probe_basis, dimer.b.symbols[0])
    basis = {f"{ghost}{label}": found.shells for label, found in real.items() for ghost in ("", "GHOST-")}
    extra: list[tuple[str, list[float]]] = []
    if functions.midbond:
        basis["GHOST-H3"] = midbond_basis(functions.midbond)
        extra = [("GHOST-H3", midbond_site(dimer.a.positions, point).tolist())]

    def spec(real_host: bool, real_probe: bool) -> FragmentSpec:
        atoms = [(f"{s}1" if real_host else f"GHOST-{s}1", p) for s, p in host]
        atoms.append((f"{dimer.b.symbols[0]}2" if real_probe else f"GHOST-{dimer.b.symbols[0]}2", point.tolist()))
        atoms += extra
        labels = {label for label, _ in atoms}
        cores = [
            frozen_orbitals(label.rstrip("0123456789"), real[label].core_electrons)
            for label, _ in atoms
            if label in real
        ]
        return FragmentSpec(
            atoms,
            {k: v for k, v in basis.items() if k in labels},
            sum(cores) if recipe.frozen_core else 0,
            {label: found.ecp for label, found in real.items() if found.ecp and label in labels},
        )

    return {"dimer": spec(True, True), "host": spec(True, False), "probe": spec(False, True)}


def label_identity(dimer: Dimer, position: FloatArray, recipe: Recipe) -> dict[str, Any]:
    """What a label is of, as JSON values: geometry and recipe with their hashes, and what its basis sets are.

    `position` is (3,) in Å. Raises InputError when a basis lacks an element or is not what the recipe says.
    """
    return {
        "geometry_hash": dimer.at(position).geometry_hashes()[0],
        "recipe_hash": recipe.hash,
        "recipe": recipe.model_dump(mode="json", exclude=None if recipe.numbers else {"numbers"}),
        "basis": digests(recipe, dimer),
        "dimer": dimer.name,
        "host_symbols": list(dimer.a.symbols),
        "host_positions_angstrom": dimer.a.positions.tolist(),
        "probe": dimer.b.symbols[0],
        "position_angstrom": position.tolist(),
        "midbond_angstrom": midbond_site(dimer.a.positions, position).tolist() if recipe.midbond else None,
    }
