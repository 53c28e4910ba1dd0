"""Hartree–Fock of a label's three fragments, computed again here: what a result from elsewhere must agree with.

It takes 17 CPU seconds for He–benzene in 141 functions and 2 for He–ethylene in 81 (recipe `standard`), 5% and 12% of
the whole label's, and less the larger the system.
"""

from collections.abc import Mapping

from nci_core.errors import InputError
from nci_core.labels.elsewhere.task import FragmentName
from nci_core.labels.geometry import fragments
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems.configurations import Configurations

#: hartree (0.02 cm⁻¹): a hundred times what other constants, cutoffs of integrals and thresholds come to.
SAME_HARTREE_FOCK = 1e-7
#: Basis functions of the dimer up to which Hartree–Fock is computed again, minutes on one core.
MOST_FUNCTIONS = 500


def hartree_fock(at: Configurations, recipe: Recipe) -> dict[FragmentName, float]:
    """Hartree–Fock energy (hartree) of each fragment in the dimer's functions; without those that do not converge.

    Args:
        at: one configuration.
        recipe: one with exact integrals.
    """
    from pyscf import scf

    found: dict[FragmentName, float] = {}
    integrals = None
    for name, spec in fragments(at, recipe).items():
        mf = scf.RHF(spec.molecule())
        mf.conv_tol, mf.conv_tol_grad, mf.max_cycle = recipe.scf_energy_hartree, recipe.scf_gradient, 100
        # The same functions at the same places, whichever of them are ghosts. None where memory is short.
        mf._eri = integrals
        mf.kernel()
        integrals = mf._eri
        if mf.converged:
            found[name] = float(mf.e_tot)
    return found


def check_hartree_fock(label: LabelResult, own: Mapping[FragmentName, float], where: str) -> None:
    """Raise InputError unless each fragment has the Hartree–Fock energy (hartree) that it has here."""
    for name, expected in own.items():
        given = label.fragments[name].hf_hartree
        if not abs(given - expected) <= SAME_HARTREE_FOCK:
            raise InputError(
                f"{where}: the Hartree-Fock energy of the {name} is {given:.11g} hartree, but {expected:.8f} when "
                "computed here; it was not stored."
            )


def compared(result: LabelResult, at: Configurations, recipe: Recipe, where: str) -> LabelResult:
    """A result whose Hartree-Fock is ours, with a note where that was not computed; InputError where it is another."""
    size = result.fragments["dimer"].n_basis
    if size > MOST_FUNCTIONS:
        note = f"Hartree-Fock was not computed again on import: {size} functions are more than {MOST_FUNCTIONS}."
    else:
        own = hartree_fock(at, recipe)
        check_hartree_fock(result, own, where)
        missing = [name for name in result.fragments if name not in own]
        if not missing:
            return result
        note = f"Hartree-Fock of the {' and the '.join(missing)} did not converge here, so it was not compared."
    return result.model_copy(update={"warnings": [*result.warnings, note]})
