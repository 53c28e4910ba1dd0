"""Interaction energies by PySCF alone: named basis sets, named potentials, ghosts, and nothing of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyscf import ao2mo, cc, gto, scf
from pyscf.mp.dfmp2 import DFMP2


@dataclass(frozen=True)
class Atom:
    """One atom: element, place in Å, its basis by name or as shells, and whether it has an effective core potential.

    `potential` is the name of the set whose potential it is, if not that of the basis; `fitting` are the functions
    that products of orbitals are fitted by, as shells.
    """

    symbol: str
    place: tuple[float, float, float]
    basis: Any
    has_potential: bool = False
    potential: str = ""
    fitting: Any = None


def molecule(real: list[Atom], ghosts: list[Atom]) -> Any:
    """Real atoms and ghosts, each with its functions."""
    atoms, basis, potentials = [], {}, {}
    for number, (atom, ghost) in enumerate([*((a, False) for a in real), *((a, True) for a in ghosts)], start=1):
        label = f"{'ghost-' if ghost else ''}{atom.symbol}{number}"
        atoms.append((label, atom.place))
        basis[label] = gto.basis.load(atom.basis, atom.symbol) if isinstance(atom.basis, str) else atom.basis
        if atom.has_potential and not ghost:
            potentials[label] = gto.basis.load_ecp(atom.potential or atom.basis, atom.symbol)
    return gto.M(atom=atoms, basis=basis, ecp=potentials, unit="Angstrom", verbose=0)


def energies(mol: Any, frozen: int) -> tuple[float, float]:
    """Hartree–Fock and CCSD(T) energies in hartree."""
    mf = scf.RHF(mol)
    mf.conv_tol, mf.conv_tol_grad = 1e-12, 1e-8
    mf.kernel()
    solver = cc.CCSD(mf, frozen=frozen or None)
    solver.conv_tol, solver.conv_tol_normt = 1e-10, 1e-8
    solver.kernel()
    triples = solver.ccsd_t() if mol.nelectron - 2 * frozen > 2 else 0.0
    return float(mf.e_tot), float(mf.e_tot + solver.e_corr + triples)


def fitted_energies(real: list[Atom], ghosts: list[Atom], frozen: int, *, beyond_mp2: bool) -> NDArray[np.float64]:
    """Hartree–Fock and correlation of MP2 and, if asked for, CCSD(T) in hartree; integrals fitted by the functions."""
    mol = molecule(real, ghosts)
    fitting = {label: atom.fitting for (label, _), atom in zip(mol._atom, [*real, *ghosts], strict=True)}
    mf = scf.RHF(mol).density_fit(auxbasis=fitting)
    mf.conv_tol, mf.conv_tol_grad = 1e-12, 1e-8
    mf.kernel()
    mp2 = DFMP2(mf, frozen=frozen or None).kernel()[0]
    if not beyond_mp2:
        return np.array([mf.e_tot, mp2])
    # Four-index integrals from the fitted ones: for so few functions much faster than PySCF's own fitted solver.
    whole = scf.RHF(mol)
    whole._eri = ao2mo.restore(8, mf.with_df.get_eri(), mol.nao)
    whole.mo_coeff, whole.mo_energy, whole.mo_occ, whole.e_tot = mf.mo_coeff, mf.mo_energy, mf.mo_occ, mf.e_tot
    whole.converged = True
    solver = cc.CCSD(whole, frozen=frozen or None)
    solver.conv_tol, solver.conv_tol_normt = 1e-10, 1e-8
    solver.kernel()
    triples = solver.ccsd_t() if mol.nelectron - 2 * frozen > 2 else 0.0
    return np.array([mf.e_tot, mp2, solver.e_corr + triples])


def fitted_interaction(
    host: list[Atom], probe: list[Atom], middle: list[Atom], frozen: tuple[int, int], *, beyond_mp2: bool
) -> NDArray[np.float64]:
    """What `fitted_energies` gives, of the interaction; `middle` are sites of functions without an atom."""
    cases = (
        ([*host, *probe], middle, sum(frozen)),
        (host, [*probe, *middle], frozen[0]),
        (probe, [*host, *middle], frozen[1]),
    )
    whole, one, other = (fitted_energies(*case, beyond_mp2=beyond_mp2) for case in cases)
    return whole - one - other


def interaction(
    host: list[Atom], probe: list[Atom], frozen: tuple[int, int], middle: Sequence[Atom] = ()
) -> tuple[float, float]:
    """Counterpoise-corrected Hartree–Fock and CCSD(T) in hartree; `frozen` core orbitals of host and probe."""
    whole = energies(molecule([*host, *probe], [*middle]), sum(frozen))
    one, other = (
        energies(molecule(host, [*probe, *middle]), frozen[0]),
        energies(molecule(probe, [*host, *middle]), frozen[1]),
    )
    return whole[0] - one[0] - other[0], whole[1] - one[1] - other[1]
