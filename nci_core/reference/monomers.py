"""Host and probe alone, each in its own basis: what ghost functions may only lower."""

from typing import Literal

from nci_core.reference.geometry import FragmentSpec
from nci_core.reference.recipe_basis import recipe_basis
from nci_core.reference.recipes import Recipe
from nci_core.systems.dimer import Dimer

Monomer = Literal["host", "probe"]


def monomer_hf_hartree(dimer: Dimer, recipe: Recipe) -> dict[Monomer, float]:
    """Hartree–Fock energy of each monomer without ghost functions; one that does not converge is left out.

    The same for every label of a recipe. It takes a small part of one label's time: no correlation, and
    fewer functions than any fragment of a label has. Empty for fitted integrals: their errors, which change with
    the fitting functions of the partner, are no smaller than what is to be seen.
    """
    if recipe.integrals == "fitted":
        return {}
    from pyscf import scf

    host = [(s, p.tolist()) for s, p in zip(dimer.host.symbols, dimer.host.positions, strict=True)]
    of_host = {symbol: recipe_basis(recipe, recipe.host_basis_of(symbol), symbol) for symbol in set(dimer.host.symbols)}
    of_probe = {dimer.probe: recipe_basis(recipe, recipe.probe_basis, dimer.probe)}
    specs: dict[Monomer, FragmentSpec] = {
        name: FragmentSpec(
            atoms,
            {symbol: basis.shells for symbol, basis in bases.items()},
            0,
            {symbol: basis.ecp for symbol, basis in bases.items() if basis.ecp},
        )
        for name, atoms, bases in (
            ("host", host, of_host),
            ("probe", [(dimer.probe, [0.0, 0.0, 0.0])], of_probe),
        )
    }
    found: dict[Monomer, float] = {}
    for name, spec in specs.items():
        mf = scf.RHF(spec.molecule())
        mf.conv_tol, mf.conv_tol_grad, mf.max_cycle = recipe.scf_energy_hartree, recipe.scf_gradient, 100
        mf.kernel()
        if mf.converged:
            found[name] = float(mf.e_tot)
    return found
