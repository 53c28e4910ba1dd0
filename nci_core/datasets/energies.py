"""Whether interaction energies can be in eV: their size against the dispersion between free atoms."""

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.systems.configurations import Configurations
from nci_core.systems.free_atoms import FREE_ATOMS, GENERIC_ATOM, pair_c6
from nci_core.units import BOHR_ANGSTROM, CM1_EV, HARTREE_EV, UNITS

FloatArray = npt.NDArray[np.float64]

#: CCSD(T) energies of He, Ne, Ar and Kr with 181 molecules have 0.03 to 2.0 for the median E/E_dispersion of the
#: deepest quarter. Above this, which kcal/mol passes (23 times too large), no set can be in eV.
TOO_LARGE = 6.0
#: With ten attractive geometries or more the largest E/E_dispersion is at least 0.4; hartree make that 0.015 to 0.06.
TOO_SMALL, ENOUGH = 0.08, 10
#: Unit → how many times too large a number in it is when it is taken as eV.
_FACTORS = {
    "mE_h": 1e3 / HARTREE_EV,
    "kcal/mol": UNITS["kcal_mol"].per_ev,
    "kJ/mol": UNITS["kJ_mol"].per_ev,
    "meV": 1e3,
    "cm⁻¹": 1.0 / CM1_EV,
    "K": UNITS["K"].per_ev,
    "µE_h": 1e6 / HARTREE_EV,
}


def free_atom_dispersion(at: Configurations) -> FloatArray:
    """−Σ_ij C₆(i, j)/r_ij⁶ of free atoms i of the host and j of the probe, (m,) in eV."""
    host, probe = ([FREE_ATOMS.get(s, GENERIC_ATOM) for s in each.symbols] for each in (at.dimer.a, at.dimer.b))
    c6 = np.array([[pair_c6(j, i) for j in probe] for i in host])
    found: FloatArray = -(c6 * HARTREE_EV * BOHR_ANGSTROM**6 / at.distances**6).sum(axis=(1, 2))
    return found


def check_energies(at: Configurations, energies: FloatArray, method: str = "") -> None:
    """Raise InputError, naming the likely unit, when interaction energies cannot be in eV.

    Attraction between neutral closed shells is of the size of their dispersion, which free atoms tell within a factor
    of two. Energies are refused when the deepest quarter is several times larger (one of a few may be a wrong
    label and is no unit), or when all of many are far smaller, as hartree are; repulsive ones alone say nothing.

    Args:
        at: m configurations.
        energies: (m,) in what should be eV; NaN where there is none.
        method: of the energies; Hartree–Fock has no dispersion, so that small energies are no sign.
    """
    attractive = np.isfinite(energies) & (energies < 0.0)
    if not attractive.any():
        return
    order = np.argsort(energies[attractive], kind="stable")
    ratio = (energies[attractive] / free_atom_dispersion(at[attractive]))[order]
    typical, lowest = float(np.median(ratio[: (len(ratio) + 3) // 4])), float(energies[attractive].min())
    mixed = float(np.median(ratio)) <= TOO_LARGE
    # A unit makes all energies too large by one factor; wrong labels do not.
    large = ratio[ratio > TOO_LARGE]
    alike = len(ratio) >= ENOUGH and len(large) > 0 and large.max() < 10.0 * large.min()
    if typical > TOO_LARGE and (alike or not mixed):
        near = {name: abs(np.log(typical / factor)) for name, factor in _FACTORS.items()}
        likely = [name for name in near if near[name] < np.log(2.0)] or [min(near, key=lambda name: near[name])]
        which = "those of some frames are, of others not: they are likely" if mixed else "they are likely"
        raise InputError(
            f"interaction energies down to {lowest:.4g} are {typical:.2g} times larger than {at.dimer.b.name} and "
            f"{at.dimer.a.name} can have in eV; {which} in {' or '.join(likely)}: convert them to eV, or state "
            "their unit by a key such as energy_unit=kcal/mol."
        )
    hartree_fock = method.upper().replace("-", "").startswith(("HF", "RHF", "SCF", "HARTREE"))
    if ratio.max() < TOO_SMALL and len(ratio) >= ENOUGH and not hartree_fock:
        raise InputError(
            f"interaction energies of {lowest:.4g} at the lowest are {ratio.max():.2g} times the dispersion of "
            f"{at.dimer.b.name} and {at.dimer.a.name} in eV; they are likely in hartree: convert them to eV, or state "
            "their unit by a key such as energy_unit=hartree."
        )
