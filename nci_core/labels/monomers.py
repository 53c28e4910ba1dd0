"""Host and probe alone, each in its own basis: what ghost functions may only lower."""

from typing import TYPE_CHECKING, Literal, get_args

from nci_core.labels.geometry import FragmentSpec
from nci_core.labels.recipe_basis import recipe_basis
from nci_core.labels.recipes import Recipe
from nci_core.systems.dimer import Dimer

if TYPE_CHECKING:
    from nci_core.integrals.basis_sets import AtomBasis

Role = Literal["host", "probe"]


def monomer_hf_hartree(dimer: Dimer, recipe: Recipe) -> dict[Role, float]:
    """Hartree–Fock energy of each monomer without ghost functions; one that does not converge is left out.

    The same for every label of a recipe. It takes a small part of one label's time: no correlation, and
    fewer functions than any fragment of a label has. Empty for fitted integrals: their errors, which change with
    the fitting functions of the partner, are no smaller than what is to be seen.
    """
    if recipe.integrals == "fitted":
        return {}
    from pyscf import scf

    host = [(s, p.tolist()) for s, p in zip(dimer.a.symbols, dimer.a.positions, strict=True)]
    of_host = {symbol: recipe_basis(recipe, recipe.host_basis_of(symbol), symbol) for symbol in set(dimer.a.symbols)}
    of_probe = {dimer.b.symbols[0]: recipe_basis(recipe, recipe.probe_basis, dimer.b.symbols[0])}
    specs = {"host": _alone(host, of_host), "probe": _alone([(dimer.b.symbols[0], [0.0, 0.0, 0.0])], of_probe)}
    monomers: tuple[Role, ...] = get_args(Role)
    found: dict[Role, float] = {}
    for name in monomers:
        mf = scf.RHF(specs[name].molecule())
        mf.conv_tol, mf.conv_tol_grad, mf.max_cycle = recipe.scf_energy_hartree, recipe.scf_gradient, 100
        mf.kernel()
        if mf.converged:
            found[name] = float(mf.e_tot)
    return found


def _alone(atoms: list[tuple[str, list[float]]], bases: "dict[str, AtomBasis]") -> FragmentSpec:
    """Atoms with their own functions and core potentials and no others."""
    shells = {symbol: basis.shells for symbol, basis in bases.items()}
    return FragmentSpec(atoms, shells, 0, {symbol: basis.ecp for symbol, basis in bases.items() if basis.ecp})
