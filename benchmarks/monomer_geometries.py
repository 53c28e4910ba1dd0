"""The computed geometries of the built-in monomers, as the files of `nci_core/systems/library` have them.

    python benchmarks/monomer_geometries.py naphthalene
    python benchmarks/monomer_geometries.py coronene ovalene --functional pbe --basis def2-SVP
    python benchmarks/monomer_geometries.py circumcoronene --functional gfn2-xtb
    python benchmarks/monomer_geometries.py methane --functional "ccsd(t)" --basis cc-pVTZ

Each geometry begins as RDKit's, relaxed with GFN2-xTB (`nci_core.systems.smiles`) and made exactly symmetric. Newton
steps then move the totally symmetric coordinates alone, with PySCF's analytic gradients of density functional theory in
fitted integrals (of CCSD(T), for molecules of few atoms, by finite differences). The Hessian is that of GFN2-xTB by
finite differences, updated by BFGS, so that three gradients suffice. The file says method, versions and point group,
and stands as all built-in monomers do: the centroid at the origin, on the principal axes, the longest along x, planar
molecules in the xy plane. After each gradient the state is written to `--state`, from where an interrupted calculation
goes on.

Errors of the bonds of benzene, against CC 1.3914(10) and CH 1.0802(20) Å at equilibrium (J. Gauss and J. F. Stanton,
J. Phys. Chem. A 104, 2865 (2000)):

    PBE0/def2-TZVP   CC 1.3878 (−0.004)   CH 1.0842 (+0.004)    75 s of CPU time
    PBE0/def2-SVP    CC 1.3951 (+0.004)   CH 1.0930 (+0.013)    19 s
    GFN2-xTB         CC 1.3846 (−0.007)   CH 1.0805 (+0.000)     1 s

Naphthalene (CC 1.3754, 1.4147, 1.4196, 1.4304 by PBE0/def2-SVP, 1.3665, 1.4039, 1.4107, 1.4197 by GFN2-xTB) has a like
shift between the two in every bond, 0.009 to 0.011 Å; X-rays, good to 0.01 Å (Acta Cryst. 2, 238 (1949)), cannot tell
them apart. Vibrations of the ground state, which a computed geometry lacks, make CC in benzene longer by 0.008 Å:
rg 1.399(1) by electron diffraction (J. Mol. Struct. 30, 243 (1976)).
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.units import Bohr, Hartree

from nci_core.systems.monomer import Monomer
from nci_core.systems.point_group import point_group
from nci_core.systems.smiles import host_from_smiles

FloatArray = npt.NDArray[np.float64]

LIBRARY = Path(__file__).parents[1] / "nci_core" / "systems" / "library"


class Wanted(NamedTuple):
    """What a computed monomer is made from."""

    smiles: str
    group: str
    aliases: tuple[str, ...] = ()


_CIRCUMCORONENE = (
    "c1cc2cc3ccc4cc5ccc6cc7ccc8cc9ccc%10cc%11ccc%12cc1c1c2c2c3c4c3c5c6c4c7c8c5c9c%10c6c%11c%12c1c1c2c3c4c5c61"
)

#: The molecules of the library whose geometries are computed, the small ones first.
WANTED = {
    "hydrogen-fluoride": Wanted("F", "C∞v", ("HF",)),
    "acetylene": Wanted("C#C", "D∞h", ("ethyne",)),
    "methane": Wanted("C", "Td"),
    "furan": Wanted("c1ccoc1", "C2v"),
    "thiophene": Wanted("c1ccsc1", "C2v"),
    "s-triazine": Wanted("c1ncncn1", "D3h", ("1,3,5-triazine", "sym-triazine")),
    "pyrrole": Wanted("c1cc[nH]c1", "C2v"),
    "pyridine": Wanted("c1ccncc1", "C2v"),
    "borazine": Wanted("[BH]1[NH][BH][NH][BH][NH]1", "D3h", ("borazole",)),
    "hexafluorobenzene": Wanted("Fc1c(F)c(F)c(F)c(F)c1F", "D6h", ("perfluorobenzene",)),
    "naphthalene": Wanted("c1ccc2ccccc2c1", "D2h"),
    "azulene": Wanted("c1ccc2cccc2cc1", "C2v"),
    "anthracene": Wanted("c1ccc2cc3ccccc3cc2c1", "D2h"),
    "phenanthrene": Wanted("c1ccc2c(c1)ccc1ccccc12", "C2v"),
    "pyrene": Wanted("c1cc2ccc3cccc4ccc(c1)c2c34", "D2h"),
    "fluoranthene": Wanted("c1ccc2c(c1)-c1cccc3cccc-2c13", "C2v"),
    "triphenylene": Wanted("c1ccc2c(c1)c1ccccc1c1ccccc21", "D3h"),
    "tetracene": Wanted("c1ccc2cc3cc4ccccc4cc3cc2c1", "D2h", ("naphthacene",)),
    "chrysene": Wanted("c1ccc2c(c1)ccc1c3ccccc3ccc21", "C2h"),
    "perylene": Wanted("c1cc2cccc3c4cccc5cccc(c(c1)c23)c45", "D2h"),
    "benzo-ghi-perylene": Wanted("c1cc2ccc3ccc4ccc5cccc6c(c1)c2c3c4c56", "C2v", ("benzo[ghi]perylene",)),
    "coronene": Wanted("c1cc2ccc3ccc4ccc5ccc6ccc1c1c2c3c4c5c61", "D6h"),
    "pentacene": Wanted("c1ccc2cc3cc4cc5ccccc5cc4cc3cc2c1", "D2h"),
    "ovalene": Wanted("c1cc2ccc3cc4ccc5ccc6ccc7cc8ccc1c1c2c3c2c4c5c6c7c2c81", "D2h"),
    "circumcoronene": Wanted(_CIRCUMCORONENE, "D6h"),
}


def main() -> None:
    """Compute the geometries asked for, and write a file for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("monomers", nargs="+", choices=[*WANTED, "benzene"], metavar="MONOMER")
    parser.add_argument("--functional", default="pbe0", help="a functional that PySCF knows, ccsd(t), or gfn2-xtb")
    parser.add_argument("--basis", default="def2-TZVP", help="of the functional")
    parser.add_argument("--grid", type=int, default=3, help="PySCF's level of the functional's grid")
    parser.add_argument("--folder", type=Path, default=LIBRARY, help="where the files are written")
    parser.add_argument("--state", type=Path, default=Path("build/monomers"), help="where interrupted ones go on from")
    asked = parser.parse_args()
    for folder in (asked.folder, asked.state):
        folder.mkdir(parents=True, exist_ok=True)
    for name in asked.monomers:
        wanted = WANTED.get(name) or Wanted("c1ccccc1", "D6h")
        begin, start = time.process_time(), host_from_smiles(wanted.smiles, name)
        if point_group(start) != wanted.group:
            raise SystemExit(f"{name} is {point_group(start)} with GFN2-xTB, and should be {wanted.group}.")
        level = f"GFN2-xTB (tblite {version('tblite')})"
        host = start
        if asked.functional != "gfn2-xtb":
            kept = asked.state / f"{name}-{asked.functional}-{asked.basis.lower()}.json"
            host = relaxed(start, asked.functional, asked.basis, asked.grid, kept)
            fitted = "" if asked.functional == "ccsd(t)" else " with density fitting"
            level = f"{asked.functional.upper()}/{asked.basis}{fitted} (PySCF {version('pyscf')})"
        source = (
            f"computed, equilibrium structure of {level}, {point_group(host)}; "
            f"benchmarks/monomer_geometries.py, started from SMILES {wanted.smiles} (RDKit {version('rdkit')})"
        )
        (asked.folder / f"{name}.toml").write_text(file_text(standing(host), source, wanted.aliases), encoding="utf-8")
        print(f"{name}: {level}, {point_group(host)}, {time.process_time() - begin:.0f} s of CPU time", flush=True)
        for (first, second), lengths in bond_lengths(host).items():
            print(f"  {first}-{second}: " + " ".join(f"{length:.4f}" for length in lengths), flush=True)


def relaxed(start: Monomer, functional: str, basis: str, grid: int, kept: Path) -> Monomer:
    """The host at the method's minimum of its symmetry."""
    basis_vectors = symmetric_coordinates(start)
    hessian, x, density = cheap_hessian(start, basis_vectors), np.zeros(basis_vectors.shape[1]), None
    before: tuple[FloatArray, FloatArray] | None = None
    if kept.exists():
        state = json.loads(kept.read_text(encoding="utf-8"))
        x, hessian = np.array(state["x"]), np.array(state["hessian"])
    for step in range(MOST_STEPS):
        if functional == "ccsd(t)":
            energy, gradient = coupled_cluster_gradient(start, basis_vectors, x, basis)
        else:
            energy, gradient, density = functional_gradient(start, basis_vectors, x, functional, basis, grid, density)
        if before is not None:
            hessian = updated(hessian, x - before[0], gradient - before[1])
        before = (x, gradient)
        move = -np.linalg.solve(hessian, gradient)
        move *= min(1.0, LONGEST / np.abs(basis_vectors @ move).max())
        farthest = np.abs(basis_vectors @ move).max()
        print(f"  {start.name} step {step}: {energy:.6f} hartree, would move by {farthest:.5f} Å", flush=True)
        x = x + move
        kept.write_text(json.dumps({"x": x.tolist(), "hessian": hessian.tolist()}), encoding="utf-8")
        if farthest < CLOSE_ENOUGH:  # what remains after this step is of second order
            return Monomer(start.name, start.symbols, moved(start, basis_vectors, x))
    raise SystemExit(f"{start.name} did not reach its minimum in {MOST_STEPS} steps; start it again.")


def moved(start: Monomer, basis_vectors: FloatArray, x: FloatArray) -> FloatArray:
    """Positions (n, 3) in Å after a displacement x (k,)."""
    return start.positions + (basis_vectors @ x).reshape(-1, 3)


def functional_gradient(
    start: Monomer, basis_vectors: FloatArray, x: FloatArray, functional: str, basis: str, grid: int, density: Any
) -> tuple[float, FloatArray, Any]:
    """Energy in hartree, its gradient (k,) in eV/Å along the coordinates, and the density, where to begin next."""
    from pyscf import dft, gto

    atoms = list(zip(start.symbols, moved(start, basis_vectors, x), strict=True))
    field = dft.RKS(gto.M(atom=atoms, basis=basis, verbose=0), xc=functional).density_fit()
    field.grids.level, field.conv_tol = grid, 1e-8
    energy = field.kernel(dm0=density)
    if not field.converged:
        raise SystemExit(f"The density of {start.name} did not converge.")
    gradient = basis_vectors.T @ field.nuc_grad_method().kernel().ravel() * Hartree / Bohr
    return energy, gradient, field.make_rdm1()


def coupled_cluster_gradient(
    start: Monomer, basis_vectors: FloatArray, x: FloatArray, basis: str
) -> tuple[float, FloatArray]:
    """As `functional_gradient`, with frozen cores and by finite differences."""
    from pyscf import cc, gto, scf

    def energy(at: FloatArray) -> float:
        atoms = list(zip(start.symbols, moved(start, basis_vectors, at), strict=True))
        field = scf.RHF(gto.M(atom=atoms, basis=basis, verbose=0)).run(conv_tol=1e-11)
        correlated = cc.CCSD(field).set_frozen().run(conv_tol=1e-9)
        return float(correlated.e_tot + correlated.ccsd_t())

    steps = DISPLACEMENT * np.eye(len(x))
    gradient = np.array([energy(x + step) - energy(x - step) for step in steps]) / (2.0 * DISPLACEMENT)
    return energy(x), gradient * Hartree


#: Steps at most, and (Å) the longest that an atom goes in one, and below which it has arrived.
MOST_STEPS, LONGEST, CLOSE_ENOUGH = 12, 0.1, 1e-3
#: Coordinates below this (Å) are rounding.
ZERO = 1e-5
#: Displacement of the finite differences, Å.
DISPLACEMENT = 0.01


def symmetric_coordinates(host: Monomer) -> FloatArray:
    """Totally symmetric displacements without translation and rotation: (3n, k), orthonormal columns."""
    centred, count = host.positions - host.centre, len(host.symbols)
    projector = np.zeros((3 * count, 3 * count))
    for operation, onto in images(host):
        permutation = np.zeros((count, count))
        permutation[onto, np.arange(count)] = 1.0
        projector += np.kron(permutation, operation) / len(host.operations)
    rigid = [np.tile(axis, count) for axis in np.eye(3)] + [np.cross(axis, centred).ravel() for axis in np.eye(3)]
    outside, values, _ = np.linalg.svd(np.array(rigid).T, full_matrices=False)
    outside = outside[:, values > 1e-6]
    projector = (np.eye(3 * count) - outside @ outside.T) @ projector
    left, values, _ = np.linalg.svd(projector)
    found: FloatArray = left[:, values > 0.5]
    return found


def cheap_hessian(host: Monomer, basis_vectors: FloatArray) -> FloatArray:
    """The Hessian (k, k) of GFN2-xTB in eV/Å² along the columns of (3n, k)."""
    from tblite.ase import TBLite

    atoms = Atoms(list(host.symbols))
    atoms.calc = TBLite(method="GFN2-xTB", accuracy=0.01, verbosity=0)
    rows = []
    for column in basis_vectors.T:
        forces = []
        for sign in (1.0, -1.0):
            atoms.positions = host.positions + sign * DISPLACEMENT * column.reshape(-1, 3)
            forces.append(atoms.get_forces().ravel())
        rows.append((forces[1] - forces[0]) @ basis_vectors / (2.0 * DISPLACEMENT))
    hessian: FloatArray = 0.5 * (np.array(rows) + np.array(rows).T)
    return hessian


def updated(hessian: FloatArray, move: FloatArray, change: FloatArray) -> FloatArray:
    """The BFGS update of a Hessian (k, k) for a move and the change of the gradient along it, both (k,)."""
    if move @ change <= 0.0:
        return hessian
    along = hessian @ move
    return hessian + np.outer(change, change) / (change @ move) - np.outer(along, along) / (move @ along)


def standing(host: Monomer) -> Monomer:
    """The host with its centroid at the origin, on its principal axes, and with exactly its symmetry.

    Where two axes in a plane are equally long, x is a two-fold axis in it, that which an atom is farthest out on.
    """
    axes = host.axes.copy()
    turns = host.operations[(np.linalg.det(host.operations) > 0) & (np.trace(host.operations, axis1=1, axis2=2) < -0.9)]
    flips = [axis for axis in map(turning_axis, turns) if abs(axis @ axes[2]) < 0.1]
    along = np.linalg.eigvalsh((host.positions - host.centre).T @ (host.positions - host.centre))
    if flips and np.isclose(along[1], along[2], rtol=1e-4):
        axes[0] = max(flips, key=lambda axis: round(float(np.abs((host.positions - host.centre) @ axis).max()), 3))
        axes[1] = np.cross(axes[2], axes[0])
    axes[2] *= np.linalg.det(axes)  # no mirror image
    placed = Monomer(host.name, host.symbols, (host.positions - host.centre) @ axes.T, source=host.source)
    for _ in range(2):  # the operations are as exact as the positions that they are found from
        mean = [operation.T @ placed.positions[onto].T for operation, onto in images(placed)]
        placed = Monomer(host.name, host.symbols, np.mean(mean, axis=0).T, source=host.source)
    return Monomer(
        host.name, host.symbols, np.where(np.abs(placed.positions) < ZERO, 0.0, placed.positions), source=host.source
    )


def turning_axis(rotation: FloatArray) -> FloatArray:
    """The axis (3,) of a two-fold rotation (3, 3)."""
    found: FloatArray = np.linalg.svd(rotation + np.eye(3))[0][:, 0]
    return found


def images(host: Monomer) -> list[tuple[FloatArray, npt.NDArray[np.int64]]]:
    """Each operation (3, 3) with the atoms (n,) that it maps the atoms onto."""
    centred, found = host.positions - host.centre, []
    for operation in host.operations:
        apart = np.linalg.norm((centred @ operation.T)[:, None] - centred[None], axis=-1)
        found.append((operation, (apart + 1e3 * (host.numbers[:, None] != host.numbers[None])).argmin(axis=1)))
    return found


def file_text(host: Monomer, source: str, aliases: tuple[str, ...] = ()) -> str:
    """The file of a monomer as the library reads it."""
    lines = [f'name = "{host.name}"', "charge = 0", f"source = {json.dumps(source, ensure_ascii=False)}"]
    lines += [f"aliases = {json.dumps(list(aliases))}"] if aliases else []
    lines += [f"symbols = {json.dumps(list(host.symbols))}", "positions_angstrom = ["]
    lines += ["  [" + ", ".join(f"{value + 0.0:.7f}" for value in row) + "]," for row in host.positions]
    return "\n".join([*lines, "]", ""])


def bond_lengths(host: Monomer) -> dict[tuple[str, str], list[float]]:
    """The different lengths in Å of the bonds between each two elements, shortest first."""
    from nci_core.systems.bonds import bonded

    found: dict[tuple[str, str], set[float]] = {}
    for i, j in np.argwhere(np.triu(bonded(host.numbers, host.positions))):
        first, second = sorted((host.symbols[i], host.symbols[j]))
        length = float(np.linalg.norm(host.positions[i] - host.positions[j]))
        found.setdefault((first, second), set()).add(round(length, 4))
    return {pair: sorted(lengths) for pair, lengths in sorted(found.items())}


if __name__ == "__main__":
    main()
