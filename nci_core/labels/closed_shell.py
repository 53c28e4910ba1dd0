"""Is a monomer's ground state a closed shell? Asked in a small basis before hours are spent on labels.

A restricted determinant can be computed for O₂, a carbene or an oxygen atom as well; its numbers look fine and are
those of an excited state. Three questions are put to the Hartree–Fock solution:

- Is the lowest triplet below it, both with MP2? Then the ground state is open-shell, and labels are refused. With
  Hartree–Fock alone ozone would be refused; with MP2 the 21 closed shells tried (O₃, C₂, SO₂, SiH₂, F₂ among them)
  have their triplet 0.5 eV or more above, and the 14 open shells (O₂, S₂, SO, NH, CH₂, B₂; C, O, Si, S and others)
  0.3 eV or more below.
- Is it a minimum among restricted solutions (internal stability; Čížek and Paldus, DOI 10.1063/1.1701562)? If not,
  a lower one exists and the iterations may find either: labels are set aside.
- Is the gap between occupied and empty orbitals that of a molecule with one good determinant? All tried have 6.5 eV
  or more.

Instability towards an unrestricted solution says little: benzene, N₂ and ethylene have it in small basis sets.
`benchmarks/closed_shells.py` prints the table.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import LabelError
from nci_core.labels.doubts import Doubt
from nci_core.systems import Dimer, Monomer, builtin_monomer

#: Small, with polarisation functions, and there from hydrogen to radon.
BASIS = "def2-svp"
#: Atoms whose ground state is a closed shell beyond doubt, and so far from any other that there is nothing to ask.
NOBLE_GASES = ("He", "Ne", "Ar", "Kr", "Xe", "Rn")
#: Built-in hosts that were checked once and for all; the others are asked as any host is.
CHECKED = ("benzene", "ethylene")
#: eV between highest occupied and lowest empty orbital of Hartree–Fock below which one determinant is doubtful.
SMALL_GAP_EV = 3.0
#: Stability needs products of occupied and empty orbitals many times over; beyond so many functions it is not asked.
STABILITY_FUNCTIONS = 200


class ShellCheck(BaseModel):
    """What was found for one monomer; None: not asked.

    Attributes:
        monomer: its name.
        gap_ev: between highest occupied and lowest empty orbital.
        triplet_ev: energy of the lowest triplet above the singlet, both unrestricted or restricted MP2.
        stable: whether the restricted solution is a minimum among such.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    monomer: str = Field(max_length=200)
    gap_ev: float | None = None
    triplet_ev: float | None = None
    stable: bool | None = None

    def require_closed_shell(self) -> None:
        """Raise LabelError if the ground state is open-shell."""
        if self.triplet_ev is not None and self.triplet_ev < 0.0:
            raise LabelError(
                f"The ground state of {self.monomer} is open-shell: its triplet lies {-self.triplet_ev:.1f} eV below "
                f"the closed shell (MP2, {BASIS}); only closed-shell ground states can be labelled, so choose another "
                "molecule or check its geometry."
            )

    def doubt(self) -> Doubt | None:
        """Why labels with this monomer are to be set aside, if they are."""
        if self.stable is False:
            why = "is not the lowest one (internal instability)"
        elif self.gap_ev is not None and self.gap_ev < SMALL_GAP_EV:
            why = f"has a gap of only {self.gap_ev:.1f} eV between occupied and empty orbitals"
        else:
            return None
        return Doubt(
            code="open-shell",
            sentence=f"The Hartree–Fock solution of {self.monomer} {why}: one closed-shell determinant may not be "
            "enough here, so CCSD(T) may be wrong.",
        )


def is_known(host: Monomer) -> bool:
    """Whether a host is one of the molecules that were checked once and for all."""
    return any(
        host.symbols == known.symbols and np.allclose(host.positions, known.positions, rtol=0.0, atol=1e-4)
        for known in map(builtin_monomer, CHECKED)
    )


def check_monomers(dimer: Dimer) -> list[ShellCheck]:
    """The checks of host and probe, of those that need one. Raises LabelError where Hartree–Fock does not converge."""
    found = []
    if not is_known(dimer.a):
        found.append(check_monomer(dimer.a.name, dimer.a.symbols, dimer.a.positions))
    if dimer.b.symbols[0] not in NOBLE_GASES:
        found.append(check_monomer(f"probe {dimer.b.symbols[0]}", (dimer.b.symbols[0],), np.zeros((1, 3))))
    return found


def check_monomer(name: str, symbols: tuple[str, ...], positions: npt.NDArray[np.float64]) -> ShellCheck:
    """Compute the check of one molecule: n symbols, positions (n, 3) in Å.

    Raises LabelError where Hartree–Fock does not converge, or the small basis lacks an element.
    """
    from pyscf import scf

    molecule = _molecule(symbols, positions)
    occupied = molecule.nelectron // 2
    # Two electrons without a magnetic field: the ground state is a singlet, whatever the molecule.
    if molecule.nelectron == 2 or occupied >= molecule.nao:
        return ShellCheck(monomer=name)
    singlet = scf.RHF(molecule).density_fit()
    singlet.conv_tol, singlet.max_cycle = 1e-8, 100
    singlet.kernel()
    if not singlet.converged:
        raise LabelError(
            f"Hartree-Fock of {name} does not converge in {BASIS}; check its geometry, charge and spin: only "
            "neutral closed-shell molecules can be labelled."
        )
    levels = singlet.mo_energy
    return ShellCheck(
        monomer=name,
        gap_ev=_ev(levels[occupied] - levels[occupied - 1]),
        triplet_ev=_triplet(molecule, singlet),
        stable=_is_stable(molecule, singlet) if molecule.nao <= STABILITY_FUNCTIONS else None,
    )


def _ev(hartree: float) -> float:
    from nci_core.units import HARTREE_EV

    return float(hartree) * HARTREE_EV


def _molecule(symbols: tuple[str, ...], positions: npt.NDArray[np.float64]) -> Any:
    from pyscf import gto

    from nci_core.integrals.basis_sets import NoBasisError, load_orbital
    from nci_core.labels.environment import pyscf_memory_mb

    try:
        functions = {symbol: load_orbital(BASIS, symbol) for symbol in sorted(set(symbols))}
    except NoBasisError as error:
        raise LabelError(f"{error}, so it cannot be checked for an open shell; choose other elements.") from None
    return gto.M(
        atom=[(symbol, place.tolist()) for symbol, place in zip(symbols, positions, strict=True)],
        basis={symbol: found.shells for symbol, found in functions.items()},
        ecp={symbol: found.ecp for symbol, found in functions.items() if found.ecp},
        unit="Angstrom",
        verbose=0,
        max_memory=pyscf_memory_mb(),
    )


def _triplet(molecule: Any, singlet: Any) -> float | None:
    """Energy of the lowest triplet above the singlet in eV, both with MP2; None if it does not converge."""
    from pyscf import mp, scf

    raised = molecule.copy()
    raised.spin = 2
    raised.build()
    occupied = molecule.nelectron // 2
    orbitals = singlet.mo_coeff
    # From the singlet's orbitals with one electron in the next: aufbau from a guess ends in higher triplets.
    start = np.array([orbitals[:, :n] @ orbitals[:, :n].T for n in (occupied + 1, occupied - 1)])
    triplet = scf.UHF(raised).density_fit()
    triplet.conv_tol, triplet.max_cycle = 1e-6, 100
    triplet.kernel(start)
    if not triplet.converged:
        return None
    return _ev(mp.UMP2(triplet).run().e_tot - mp.MP2(singlet).run().e_tot)


def _is_stable(molecule: Any, singlet: Any) -> bool:
    """Whether the restricted solution is a minimum; in exact integrals, which answer it several times faster."""
    from pyscf import scf

    exact = scf.RHF(molecule)
    exact.conv_tol = 1e-8
    exact.kernel(singlet.make_rdm1())
    return bool(exact.stability(internal=True, external=False, return_status=True)[2])
