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
from nci_core.systems.configurations import Configurations
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
    at: Configurations, recipe: Recipe, functions: FunctionSet | None = None
) -> dict[FragmentName, FragmentSpec]:
    """Dimer, host and probe of one configuration, each in the whole dimer basis.

    The basis functions are those of the recipe, or others of its parts.

    Effective core potentials that belong to the basis are those of real atoms; the orbitals that they replace are no
    longer there to be frozen.

    Raises InputError when a basis lacks an element or is not what the recipe says, or atoms overlap.
    """
    functions = functions or recipe
    a, b = at.dimer.a, at.dimer.b
    host = [(f"{s}1", p.tolist()) for s, p in zip(a.symbols, a.positions, strict=True)]
    probe = [(f"{s}2", p.tolist()) for s, p in zip(b.symbols, at.checked().b_positions[0], strict=True)]
    # Digits make the labels of host and probe distinct even when the elements are the same.
    real = {f"{s}1": recipe_basis(recipe, functions.host_basis_of(s), s) for s in sorted(set(a.symbols))}
    real |= {f"{s}2": recipe_basis(recipe, functions.probe_basis, s) for s in sorted(set(b.symbols))}
    basis = {f"{ghost}{label}": found.shells for label, found in real.items() for ghost in ("", "GHOST-")}
    extra: list[tuple[str, list[float]]] = []
    if functions.midbond:
        basis["GHOST-H3"] = midbond_basis(functions.midbond)
        extra = [("GHOST-H3", midbond_site(a.positions, at.R[0]).tolist())]

    def spec(real_host: bool, real_probe: bool) -> FragmentSpec:
        atoms = [(label if real_host else f"GHOST-{label}", place) for label, place in host]
        atoms += [(label if real_probe else f"GHOST-{label}", place) for label, place in probe] + extra
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


def label_identity(at: Configurations, recipe: Recipe) -> dict[str, Any]:
    """What the label of one configuration is of, as JSON values.

    Geometry and recipe with their hashes, and what its basis sets are; of a probe that is no atom where its atoms are,
    too. Raises InputError when a basis lacks an element or is not what the recipe says.
    """
    dimer, position = at.dimer, at.R[0]
    identity = {
        "geometry_hash": at.geometry_hashes()[0],
        "recipe_hash": recipe.hash,
        "recipe": recipe.model_dump(mode="json", exclude=None if recipe.numbers else {"numbers"}),
        "basis": digests(recipe, dimer),
        "dimer": dimer.name,
        "host_symbols": list(dimer.a.symbols),
        "host_positions_angstrom": dimer.a.positions.tolist(),
        "probe": dimer.b.symbols[0] if dimer.b.is_atom else dimer.b.name,
        "position_angstrom": position.tolist(),
        "midbond_angstrom": midbond_site(dimer.a.positions, position).tolist() if recipe.midbond else None,
    }
    if not dimer.b.is_atom:
        atoms = {"probe_symbols": list(dimer.b.symbols), "probe_positions_angstrom": at.b_positions[0].tolist()}
        identity |= atoms
    return identity
