"""Fitted integrals and Hartree–Fock of a moving probe over a rigid host and of the counterpoise fragments.

(μν|ρσ) ≈ Σ_P B_Pμν B_Pρσ, B = L⁻¹(P|μν), where L Lᵀ = (P|Q) is the Coulomb metric of the
auxiliary functions [Whitten, J. Chem. Phys. 58, 4496 (1973), DOI 10.1063/1.1679012].

The host does not move, so with the host's functions first in both sets, the blocks
B[host aux, host, host] and L[host, host] are computed once. A new probe position needs only the
integrals that involve the probe and the last rows of the block Cholesky factor. All three
counterpoise fragments (dimer, host + ghost probe, probe + ghost host) share the dimer's functions
and therefore one B. Effective core potentials, of real atoms only, are one-electron integrals: the
host's are in host and dimer, the probe's in probe and dimer. J and K are numpy products: numpy's own
BLAS is current, while the one inside PySCF's wheels falls back to slow kernels on new processors.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import psutil
from pyscf import df, gto, lib, scf
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from nci_core.errors import CalculationError, NotConvergedError
from nci_core.integrals.cores import frozen_orbitals
from nci_core.integrals.electrostatics import electrostatic_energy
from nci_core.integrals.functions import MIDBOND, Functions, fitting_memory, host_label, probe_label
from nci_core.integrals.scf import CONV_TOL, Solution, solve
from nci_core.systems import Dimer
from nci_core.systems.midbond import midbond_site

FloatArray = npt.NDArray[np.float64]


class FittedDimer:
    """Fitted integrals and Hartree–Fock of one dimer at any probe position.

    Args:
        dimer: host and probe.
        functions: orbital and auxiliary functions by role.
        conv_tol: of the SCF, Hartree.

    One object holds B, 8·n_aux·n² bytes (0.25 GB for benzene in aug-cc-pVDZ); use it from one thread.
    """

    def __init__(self, dimer: Dimer, functions: Functions, conv_tol: float = CONV_TOL) -> None:
        self.dimer, self.functions, self.conv_tol = dimer, functions, conv_tol
        self.labels = [*map(host_label, dimer.a.symbols), probe_label(dimer.b.symbols[0])]
        if MIDBOND in functions.orbital:
            self.labels.append(MIDBOND)
        need, free = fitting_memory(self.labels, functions), psutil.virtual_memory().available
        if 1.2 * need > free:
            raise CalculationError(
                f"Fitted integrals of {dimer.name} need {1.2 * need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB "
                "are free; choose a smaller basis or another machine."
            )
        # Where the probe stands does not matter here, only the order of the functions.
        mol = self.molecule(dimer.a.centre + np.array([0.0, 0.0, 50.0]))
        aux = df.make_auxmol(mol, functions.auxiliary)
        probe = len(dimer.a.symbols)
        self.host_shells, self.n_host = (int(i) for i in mol.aoslice_by_atom()[probe][[0, 2]])
        self.host_aux_shells, self.x_host = (int(i) for i in aux.aoslice_by_atom()[probe][[0, 2]])
        self.n, self.n_shells, self.n_aux_shells = mol.nao, mol.nbas, aux.nbas
        host_charge = int(mol.atom_charges()[:probe].sum())
        self.electrons = (host_charge, mol.nelectron - host_charge)

        self.L11 = _factor(aux.intor("int2c2e", shls_slice=(0, self.host_aux_shells) * 2), dimer)
        host_block = self._host_block(mol, aux)
        self.B: FloatArray = np.zeros((aux.nao, self.n, self.n))
        self.B[: self.x_host, : self.n_host, : self.n_host] = host_block
        self.host_repulsion, self.orbitals = self._monomer_orbitals(host_block)

    @property
    def frozen(self) -> tuple[int, int]:
        """Frozen core orbitals of host and probe, by the convention of `frozen_orbitals`."""
        cores = self.functions.ecp
        of_atoms = [
            frozen_orbitals(symbol, int(cores[label][0]) if label in cores else 0)
            for label, symbol in zip(self.labels, [*self.dimer.a.symbols, self.dimer.b.symbols[0]], strict=False)
        ]
        return sum(of_atoms[:-1]), of_atoms[-1]

    @classmethod
    def start(cls, dimer: Dimer, functions: Functions, conv_tol: float = CONV_TOL) -> Self:
        """The same, with a sentence when there is not enough memory."""
        dimer.check_computable()
        try:
            return cls(dimer, functions, conv_tol)
        except MemoryError:
            raise CalculationError(f"There is not enough memory for fitted integrals of {dimer.name}.") from None

    def interaction_energy(self, position: FloatArray) -> float:
        """Counterpoise-corrected E_AB − E_A − E_B in Hartree, probe at position (3,) in Å."""
        dimer, host, probe = self.fragments(position)
        return dimer.energy - host.energy - probe.energy

    def electrostatics(self, position: FloatArray, host: Solution, probe: Solution) -> float:
        """First-order electrostatics in Hartree of the monomers that `fragments` gave at this position."""
        mol, at = self.molecule(position), len(self.dimer.a.symbols)
        to_probe = _attraction_to(mol, at)
        return electrostatic_energy(self.B, mol, at, (_attraction(mol) - to_probe, to_probe), (host, probe))

    def fragments(self, position: FloatArray) -> tuple[Solution, Solution, Solution]:
        """Dimer, host and probe in the dimer's functions, probe at position (3,) in Å; `B` is theirs until the next."""
        mol = self.molecule(position)
        self._fit(mol)
        overlap, kinetic = (mol.intor(f"int1e_{name}") for name in ("ovlp", "kin"))
        attraction = _attraction(mol)
        probe = len(self.dimer.a.symbols)
        to_probe = _attraction_to(mol, probe)

        def state(nuclear: FloatArray, repulsion: float, electrons: int, guess: FloatArray, what: str) -> Solution:
            try:
                return solve(self.B, mol, overlap, kinetic + nuclear, repulsion, electrons, guess, self.conv_tol)
            except (NotConvergedError, LinAlgError):
                where = ", ".join(f"{x:.3f}" for x in position)
                raise NotConvergedError(
                    f"Hartree–Fock of {what} did not converge with the probe at ({where}) Å."
                ) from None

        a, b = self.electrons
        host = state(attraction - to_probe, self.host_repulsion, a, self.orbitals[0], f"host {self.dimer.a.name}")
        alone = state(to_probe, 0.0, b, self.orbitals[1], f"probe {self.dimer.b.symbols[0]}")
        # Heitler–London guess: the fragments' orbitals side by side, orthogonalised.
        guess = np.hstack([host.occupied, alone.occupied])
        return state(attraction, mol.energy_nuc(), a + b, guess, f"dimer {self.dimer.name}"), host, alone

    def molecule(self, position: FloatArray) -> Any:
        """The dimer as a PySCF molecule, host first, then the probe at position (3,) in Å, then the midbond site."""
        point = np.asarray(position, dtype=float)
        points = [*self.dimer.a.positions, point]
        if MIDBOND in self.functions.orbital:
            points.append(midbond_site(self.dimer.a.positions, point))
        return _molecule(self.labels, points, self.functions)

    def _host_block(self, mol: Any, aux: Any) -> FloatArray:
        """(P, i, j) block of B that never changes; integrals of i ≥ j alone."""
        pairs = df.incore.aux_e2(
            mol, aux, aosym="s2ij", shls_slice=(0, self.host_shells) * 2 + (0, self.host_aux_shells)
        )
        rows = np.ascontiguousarray(pairs.reshape(-1, self.x_host).T)
        return np.asarray(lib.unpack_tril(np.asarray(solve_triangular(self.L11, rows, lower=True))))

    def _solve_host(self, integrals: FloatArray) -> FloatArray:
        """L11⁻¹ (P|μν): (i, j, P) integrals → (P, i, j)."""
        i, j, x = integrals.shape
        right = np.ascontiguousarray(integrals.transpose(2, 0, 1)).reshape(x, -1)
        return np.asarray(solve_triangular(self.L11, right, lower=True, overwrite_b=True)).reshape(x, i, j)

    def _fit(self, mol: Any) -> None:
        """Bring B up to date with the probe's position, leaving its host–host–host block alone."""
        aux = df.make_auxmol(mol, self.functions.auxiliary)
        h, x = self.n_host, self.x_host
        metric = aux.intor("int2c2e", shls_slice=(self.host_aux_shells, self.n_aux_shells, 0, self.n_aux_shells))
        L21 = np.asarray(solve_triangular(self.L11, metric[:, :x].T, lower=True)).T
        L22 = _factor(metric[:, x:] - L21 @ L21.T, self.dimer)
        host_aux, probe_aux = (0, self.host_aux_shells), (self.host_aux_shells, self.n_aux_shells)
        everything, probe = (0, self.n_shells), (self.host_shells, self.n_shells)
        mixed = self._solve_host(df.incore.aux_e2(mol, aux, shls_slice=everything + probe + host_aux))
        self.B[:x, :, h:] = mixed
        self.B[:x, h:, :h] = mixed[:, :h].transpose(0, 2, 1)
        last = df.incore.aux_e2(mol, aux, shls_slice=everything + everything + probe_aux)
        rows = np.ascontiguousarray(last.transpose(2, 0, 1)).reshape(-1, self.n**2)
        rows -= L21 @ self.B[:x].reshape(x, -1)
        self.B[x:] = np.asarray(solve_triangular(L22, rows, lower=True)).reshape(-1, self.n, self.n)

    def _monomer_orbitals(self, host_block: FloatArray) -> tuple[float, tuple[FloatArray, FloatArray]]:
        """Host nuclear repulsion (Hartree) and the occupied orbitals of both monomers, padded to (n, occ)."""
        padded = []
        repulsion = 0.0
        hosts = len(self.dimer.a.symbols)
        parts = [(self.labels[:hosts], self.dimer.a.positions), (self.labels[hosts : hosts + 1], np.zeros((1, 3)))]
        for (labels, points), start in zip(parts, (0, self.n_host), strict=True):
            mol = _molecule(labels, list(points), self.functions)
            if start == 0:
                repulsion = mol.energy_nuc()
                one = (mol.intor("int1e_ovlp"), mol.intor("int1e_kin") + _attraction(mol))
                try:
                    occupied = solve(host_block, mol, *one, repulsion, mol.nelectron, None).occupied
                except (NotConvergedError, LinAlgError):
                    raise NotConvergedError(f"Hartree–Fock of host {self.dimer.a.name} did not converge.") from None
            else:
                atom = scf.RHF(mol).run()
                occupied = atom.mo_coeff[:, atom.mo_occ > 0]
            orbitals = np.zeros((self.n, occupied.shape[1]))
            orbitals[start : start + len(occupied)] = occupied
            padded.append(orbitals)
        return float(repulsion), (padded[0], padded[1])


def _molecule(labels: list[str], points: list[FloatArray], functions: Functions) -> Any:
    basis = {label: functions.orbital[label] for label in labels}
    ecp = {label: functions.ecp[label] for label in labels if label in functions.ecp}
    return gto.M(atom=list(zip(labels, points, strict=True)), basis=basis, ecp=ecp, unit="Angstrom", verbose=0)


def _core_potential(mol: Any, atom: int | None = None) -> FloatArray:
    """(n, n) integrals of the effective core potentials, of one atom alone if asked; Hartree."""
    rows = np.asarray(mol._ecpbas)
    part = mol.copy()
    part._ecpbas = rows if atom is None or not len(rows) else rows[rows[:, gto.mole.ATOM_OF] == atom]
    if not len(part._ecpbas):
        return np.zeros((mol.nao, mol.nao))
    return np.asarray(part.intor("ECPscalar"))


def _attraction(mol: Any) -> FloatArray:
    """(n, n) attraction of all nuclei, less the electrons of their cores, and core potentials; Hartree."""
    return np.asarray(mol.intor("int1e_nuc")) + _core_potential(mol)


def _attraction_to(mol: Any, atom: int) -> FloatArray:
    """(n, n) attraction of one nucleus, its core potential included; Hartree."""
    with mol.with_rinv_origin(mol.atom_coord(atom)):
        nucleus = -mol.atom_charge(atom) * mol.intor("int1e_rinv")
    return np.asarray(nucleus) + _core_potential(mol, atom=atom)


def _factor(metric: FloatArray, dimer: Dimer) -> FloatArray:
    try:
        return np.asarray(cholesky(metric, lower=True))
    except LinAlgError:
        raise CalculationError(
            f"The fitting basis of {dimer.name} is linearly dependent; the probe is too close to the host, "
            "or this host needs another basis."
        ) from None
