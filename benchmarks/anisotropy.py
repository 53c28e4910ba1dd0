"""How well screened atoms give a molecule's anisotropy: polarizability tensors beside those of Hartree–Fock.

    python benchmarks/anisotropy.py [MOLECULE …]

Of each built-in molecule the static tensor by `properties/screening.py` and by Hartree–Fock in aug-cc-pVDZ in finite
fields of ±0.003 hartree/(e bohr). Prints the relative anisotropy (α_max − α_min)/ᾱ of both, for several widths of the
atoms' dipoles, and which width is right on average: `screening.WIDENING`. Minutes on one core.
"""

import sys

import numpy as np
import numpy.typing as npt
from pyscf import gto, scf

from nci_core.properties import screening
from nci_core.properties.atoms_in_molecules import atoms_in_molecule
from nci_core.systems import Monomer, builtin_monomer
from nci_core.units import BOHR_ANGSTROM

FloatArray = npt.NDArray[np.float64]
MOLECULES = (
    *("benzene", "naphthalene", "ethylene", "acetylene", "carbon-dioxide", "nitrogen", "carbon-monoxide"),
    *("hydrogen-fluoride", "pyridine", "furan", "hydrogen-cyanide"),
)
FIELD = 0.003
WIDENINGS = np.arange(1.0, 1.61, 0.05)


def by_hartree_fock(molecule: Monomer) -> FloatArray:
    """(3, 3) polarizability in bohr³: differences of dipoles in fields along each axis."""
    mol = gto.M(
        atom=list(zip(molecule.symbols, molecule.positions.tolist(), strict=True)), basis="aug-cc-pvdz", verbose=0
    )
    core, dipoles = scf.hf.get_hcore(mol), mol.intor("int1e_r")
    tensor, density = np.empty((3, 3)), None
    for axis in range(3):
        found = []
        for field in (FIELD, -FIELD):
            mf = scf.RHF(mol).density_fit()
            mf.conv_tol = 1e-11
            mf.get_hcore = lambda *_, there=core + field * dipoles[axis]: there
            mf.kernel(density)
            density = mf.make_rdm1()
            found.append(mf.dip_moment(unit="AU", verbose=0))
        tensor[axis] = (found[1] - found[0]) / (2.0 * FIELD)
    return -tensor if np.trace(tensor) < 0.0 else tensor


def by_screening(molecule: Monomer, widening: float) -> FloatArray:
    """(3, 3) polarizability in bohr³ of atoms whose dipoles are so many times wider."""
    alpha = atoms_in_molecule(molecule).polarizabilities
    widths = screening.gaussian_widths(alpha) * widening / screening.WIDENING
    tensor: FloatArray = screening.screened_tensors(molecule.positions / BOHR_ANGSTROM, alpha, widths).sum(axis=0)
    return tensor


def anisotropy(tensor: FloatArray) -> float:
    """(α_max − α_min)/ᾱ."""
    values = np.linalg.eigvalsh(0.5 * (tensor + tensor.T))
    return float((values[-1] - values[0]) / values.mean())


def main() -> None:
    """Print the table."""
    names = sys.argv[1:] or MOLECULES
    ratios = []
    for name in names:
        molecule = builtin_monomer(name)
        right, ours = by_hartree_fock(molecule), by_screening(molecule, screening.WIDENING)
        ratios.append([np.log(anisotropy(by_screening(molecule, w)) / anisotropy(right)) for w in WIDENINGS])
        principal = [np.linalg.eigvalsh(0.5 * (t + t.T)).round(1).tolist() for t in (right, ours)]
        print(
            f"{name:18s} Hartree–Fock {principal[0]}, screened {principal[1]} bohr³; anisotropy "
            f"{anisotropy(right):.2f} and {anisotropy(ours):.2f}",
            flush=True,
        )
    table = np.array(ratios)
    for k, widening in enumerate(WIDENINGS):
        print(f"widening {widening:.2f}: mean ln ratio {table[:, k].mean():+.3f}, sd {table[:, k].std():.3f}")


if __name__ == "__main__":
    main()
