"""An interaction energy by PySCF alone: named basis sets, named potentials, ghosts, and nothing of ours."""

from dataclasses import dataclass
from typing import Any

from pyscf import cc, gto, scf


@dataclass(frozen=True)
class Atom:
    """One atom: element, place in Å, name of its basis, and whether an effective core potential comes with that."""

    symbol: str
    place: tuple[float, float, float]
    basis: str
    has_potential: bool = False


def molecule(real: list[Atom], ghosts: list[Atom]) -> Any:
    """Real atoms and ghosts, each with its functions."""
    atoms, basis, potentials = [], {}, {}
    for number, (atom, ghost) in enumerate([*((a, False) for a in real), *((a, True) for a in ghosts)], start=1):
        label = f"{'ghost-' if ghost else ''}{atom.symbol}{number}"
        atoms.append((label, atom.place))
        basis[label] = gto.basis.load(atom.basis, atom.symbol)
        if atom.has_potential and not ghost:
            potentials[label] = gto.basis.load_ecp(atom.basis, atom.symbol)
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


def interaction(host: list[Atom], probe: list[Atom], frozen: tuple[int, int]) -> float:
    """Counterpoise-corrected CCSD(T) in hartree; `frozen` core orbitals of host and probe."""
    whole = energies(molecule([*host, *probe], []), sum(frozen))[1]
    return whole - energies(molecule(host, probe), frozen[0])[1] - energies(molecule(probe, host), frozen[1])[1]
