"""Counterpoise-corrected Hartree–Fock of a moving probe over a rigid host, with density fitting.

(μν|ρσ) ≈ Σ_P B_Pμν B_Pρσ, B = L⁻¹(P|μν), where L Lᵀ = (P|Q) is the Coulomb metric of the
auxiliary functions [Whitten, J. Chem. Phys. 58, 4496 (1973), DOI 10.1063/1.1679012].

The host does not move, so with the host's functions first in both sets, the blocks
B[host aux, host, host] and L[host, host] are computed once. A new probe position needs only the
integrals that involve the probe and the last rows of the block Cholesky factor. All three
counterpoise fragments (dimer, host + ghost probe, probe + ghost host) share the dimer's functions
and therefore one B. J and K are numpy products: numpy's own BLAS is current, while the one inside
PySCF's wheels falls back to slow kernels on new processors.
"""

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import psutil
from pyscf import df, gto, lib, scf
from pyscf.lib.exceptions import BasisNotFoundError
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from nci_core.errors import TeacherError
from nci_core.systems import Dimer
from nci_core.teachers.fitted_scf import NotConvergedError, Solution, solve

FloatArray = npt.NDArray[np.float64]


def load_basis(name: str, elements: list[str]) -> dict[str, Any]:
    """The orbital basis per element; TeacherError for an element without one."""
    basis = {}
    for element in elements:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # advice to install another package
                basis[element] = gto.basis.load(name, element)
        except (BasisNotFoundError, KeyError, OSError):
            raise TeacherError(f"Basis {name} has no functions for {element}; choose another teacher.") from None
    return basis


def load_auxiliary(name: str, basis: dict[str, Any]) -> dict[str, Any]:
    """The fitting basis per element: the one published for the orbital basis, or else a generated one.

    Weigend, J. Comput. Chem. 29, 167 (2008), DOI 10.1002/jcc.20702, has no He, Li, Be, Na or Mg;
    those get AutoAux of Stoychev, Auer, Neese, J. Chem. Theory Comput. 13, 554 (2017),
    DOI 10.1021/acs.jctc.6b01041. Offset on He–benzene at 3.128 Å: +0.5 cm⁻¹, AutoAux for all
    elements +0.2 at 1.5 times the cost, def2-universal-jkfit +2.5.
    """
    auxiliary = {}
    for element, functions in basis.items():
        try:
            auxiliary.update(load_basis(f"{name}-jkfit", [element]))
        except TeacherError:
            atom = gto.M(atom=element, basis={element: functions}, spin=None, verbose=0)
            auxiliary.update(df.autoaux(atom))
    return auxiliary


def fitting_memory(host_and_probe: list[str], basis: dict[str, Any], auxiliary: dict[str, Any]) -> float:
    """Bytes of the tensor B for these atoms."""
    size = {e: gto.M(atom=e, basis={e: basis[e]}, spin=None, verbose=0).nao for e in basis}
    aux = {e: gto.M(atom=e, basis={e: auxiliary[e]}, spin=None, verbose=0).nao for e in basis}
    return float(8 * sum(aux[e] for e in host_and_probe) * sum(size[e] for e in host_and_probe) ** 2)


class FittedHartreeFock:
    """Hartree–Fock interaction energies of one dimer at any probe position.

    Args:
        dimer: host and probe.
        basis_name: orbital basis.

    One object holds B, 8·n_aux·n² bytes (0.25 GB for benzene in aug-cc-pVDZ); use it from one thread.
    """

    def __init__(self, dimer: Dimer, basis_name: str) -> None:
        self.dimer = dimer
        self.atoms = [*dimer.host.symbols, dimer.probe]
        self.basis = load_basis(basis_name, sorted(set(self.atoms)))
        self.auxiliary = load_auxiliary(basis_name, self.basis)
        need, free = fitting_memory(self.atoms, self.basis, self.auxiliary), psutil.virtual_memory().available
        if 1.2 * need > free:
            raise TeacherError(
                f"Hartree–Fock of {dimer.name} needs {1.2 * need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are "
                "free; choose a cheaper teacher such as gfn2-xtb."
            )
        # Where the probe stands does not matter here, only the order of the functions.
        mol = self._molecule(dimer.host.centre + np.array([0.0, 0.0, 50.0]))
        aux = df.make_auxmol(mol, self.auxiliary)
        self.host_shells, self.n_host = (int(i) for i in mol.aoslice_by_atom()[-1][[0, 2]])
        self.host_aux_shells, self.x_host = (int(i) for i in aux.aoslice_by_atom()[-1][[0, 2]])
        self.n, self.n_shells, self.n_aux_shells = mol.nao, mol.nbas, aux.nbas
        host_charge = int(dimer.host.numbers.sum())
        self.electrons = (host_charge, mol.nelectron - host_charge)

        self.L11 = _factor(aux.intor("int2c2e", shls_slice=(0, self.host_aux_shells) * 2), dimer)
        host_block = self._host_block(mol, aux)
        self.B: FloatArray = np.zeros((aux.nao, self.n, self.n))
        self.B[: self.x_host, : self.n_host, : self.n_host] = host_block
        self.host_repulsion, self.orbitals = self._monomer_orbitals(host_block)

    @classmethod
    def start(cls, dimer: Dimer, basis_name: str) -> Self:
        """The same, with a sentence when there is not enough memory."""
        try:
            return cls(dimer, basis_name)
        except MemoryError:
            raise TeacherError(f"There is not enough memory for Hartree–Fock of {dimer.name}.") from None

    def interaction_energy(self, position: FloatArray) -> float:
        """Counterpoise-corrected E_AB − E_A − E_B in Hartree, probe at position (3,) in Å."""
        dimer, host, probe = self.fragments(position)
        return dimer.energy - host.energy - probe.energy

    def fragments(self, position: FloatArray) -> tuple[Solution, Solution, Solution]:
        """Dimer, host and probe in the dimer's functions, probe at position (3,) in Å; `B` is theirs until the next."""
        mol = self._molecule(position)
        self._fit(mol)
        overlap, kinetic, attraction = (mol.intor(f"int1e_{name}") for name in ("ovlp", "kin", "nuc"))
        probe = mol.natm - 1
        with mol.with_rinv_origin(mol.atom_coord(probe)):
            to_probe = -mol.atom_charge(probe) * mol.intor("int1e_rinv")

        def state(nuclear: FloatArray, repulsion: float, electrons: int, guess: FloatArray, what: str) -> Solution:
            try:
                return solve(self.B, mol, overlap, kinetic + nuclear, repulsion, electrons, guess)
            except (NotConvergedError, LinAlgError):
                where = ", ".join(f"{x:.3f}" for x in position)
                raise TeacherError(f"Hartree–Fock of {what} did not converge with the probe at ({where}) Å.") from None

        a, b = self.electrons
        host = state(attraction - to_probe, self.host_repulsion, a, self.orbitals[0], f"host {self.dimer.host.name}")
        alone = state(to_probe, 0.0, b, self.orbitals[1], f"probe {self.dimer.probe}")
        # Heitler–London guess: the fragments' orbitals side by side, orthogonalised.
        guess = np.hstack([host.occupied, alone.occupied])
        return state(attraction, mol.energy_nuc(), a + b, guess, f"dimer {self.dimer.name}"), host, alone

    def _molecule(self, position: FloatArray) -> Any:
        points = [*self.dimer.host.positions, np.asarray(position)]
        return gto.M(atom=list(zip(self.atoms, points, strict=True)), basis=self.basis, unit="Angstrom", verbose=0)

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
        aux = df.make_auxmol(mol, self.auxiliary)
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
        parts = [(self.atoms[:-1], self.dimer.host.positions), (self.atoms[-1:], np.zeros((1, 3)))]
        for (symbols, points), start in zip(parts, (0, self.n_host), strict=True):
            atoms = list(zip(symbols, points, strict=True))
            mol = gto.M(atom=atoms, basis=self.basis, unit="Angstrom", verbose=0)
            if start == 0:
                repulsion = mol.energy_nuc()
                one = (mol.intor("int1e_ovlp"), mol.intor("int1e_kin") + mol.intor("int1e_nuc"))
                try:
                    occupied = solve(host_block, mol, *one, repulsion, mol.nelectron, None).occupied
                except (NotConvergedError, LinAlgError):
                    raise TeacherError(f"Hartree–Fock of host {self.dimer.host.name} did not converge.") from None
            else:
                atom = scf.RHF(mol).run()
                occupied = atom.mo_coeff[:, atom.mo_occ > 0]
            orbitals = np.zeros((self.n, occupied.shape[1]))
            orbitals[start : start + len(occupied)] = occupied
            padded.append(orbitals)
        return float(repulsion), (padded[0], padded[1])


def _factor(metric: FloatArray, dimer: Dimer) -> FloatArray:
    try:
        return np.asarray(cholesky(metric, lower=True))
    except LinAlgError:
        raise TeacherError(
            f"The fitting basis of {dimer.name} is linearly dependent; the probe is too close to the host, "
            "or this host needs another teacher."
        ) from None
