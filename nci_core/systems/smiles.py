"""A rigid host from a SMILES string: RDKit embeds conformers, MMFF94 ranks them, GFN2-xTB relaxes the lowest.

RDKit is an optional package (`pip install 'nci[smiles]'`) and imported inside the functions that need it.
"""

import importlib.util
import re
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ase import Atoms

from nci_core.errors import InputError
from nci_core.systems.bonds import bonded
from nci_core.systems.monomer import Monomer
from nci_core.systems.symmetry import point_group_operations
from nci_core.visible import quoted

FloatArray = npt.NDArray[np.float64]

#: Characters of a SMILES string, and atoms of the molecule with its hydrogens: conformers of more are no longer found
#: by embedding a few, and CCSD(T) ends far below.
MOST_CHARACTERS, MOST_ATOMS = 300, 100
#: Conformers embedded: for a rigid molecule, more for each rotatable bond, and at most.
CONFORMERS, CONFORMERS_A_BOND, MOST_CONFORMERS = 5, 10, 60
#: Seed of the embedding: the same SMILES gives the same geometry everywhere.
SEED = 20240
#: Steps of the force field; forces (eV/Å) and steps at which the relaxation ends.
FIELD_STEPS, FORCES, RELAX_STEPS = 2000, 0.002, 300
#: tblite's accuracy factor in a relaxation: 1e-8 hartree.
ACCURACY = 0.01
#: An embedded geometry this close (Å) to a symmetric one is made symmetric.
NEARLY = 5e-3
#: Coordinates below this (Å) are rounding.
ZERO = 1e-6


class _Embedded(NamedTuple):
    symbols: tuple[str, ...]
    positions: FloatArray
    bonds: npt.NDArray[np.bool_]
    source: str


def host_from_smiles(smiles: str, name: str | None = None) -> Monomer:
    """The host that a SMILES string describes, in the conformer of lowest energy that was found.

    ETKDGv3 (DOI 10.1021/acs.jcim.0c00025) embeds conformers from a fixed seed, MMFF94 (DOI
    10.1002/(SICI)1096-987X(199604)17:5/6<490::AID-JCC1>3.0.CO;2-P) ranks them, and GFN2-xTB (DOI
    10.1021/acs.jctc.8b01176) relaxes the lowest where tblite is installed. The result stands on its principal axes
    (Å), the thinnest direction along z, and is exactly symmetric where it was nearly so. `Host.source` says all this.

    Args:
        smiles: one neutral closed-shell molecule.
        name: of the host; without one it is called by its formula.

    Raises InputError, in one sentence, where the string cannot be read, RDKit is missing, or the molecule is charged,
    open-shell, several molecules, too large, or does not keep its bonds when relaxed.
    """
    text = smiles.strip()
    embedded = _embedded(text)
    symbols, positions, source = embedded.symbols, embedded.positions, embedded.source
    relaxed = _relaxed(symbols, positions)
    if relaxed is not None:
        positions, source = relaxed, f"{source}, relaxed with GFN2-xTB"
    called = name or str(Atoms(list(symbols)).get_chemical_formula("hill"))
    host = _upright(Monomer(called, symbols, positions, source=source))
    if (bonded(host.numbers, host.positions) != embedded.bonds).any():
        raise InputError(
            f"The molecule {quoted(text)!r} does not keep its bonds when its geometry is relaxed; give a structure "
            "file."
        )
    return host


def _molecule(text: str) -> Any:
    """The RDKit molecule with its hydrogens, of a kind that a host can be."""
    if not text:
        raise InputError("The SMILES string is empty; type one such as c1ccoc1 for furan.")
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"A SMILES string has at most {MOST_CHARACTERS} characters here, and this one {len(text)}.")
    if importlib.util.find_spec("rdkit") is None:
        raise InputError("SMILES need RDKit, which is not installed; run pip install 'nci[smiles]', or give a file.")
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    molecule = Chem.MolFromSmiles(text) if not re.search(r"\s", text) else None  # what follows a blank is a name
    if molecule is None or not molecule.GetNumAtoms():
        raise InputError(f"{quoted(text)!r} is not a SMILES string that can be read; furan, for example, is c1ccoc1.")
    # RDKit's own spelling: however somebody writes a molecule, its geometry is the same.
    molecule = Chem.AddHs(Chem.MolFromSmiles(Chem.MolToSmiles(molecule)))
    pieces = len(Chem.GetMolFrags(molecule))
    if pieces > 1:
        raise InputError(f"{quoted(text)!r} describes {pieces} molecules; a host is a single one.")
    if any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        raise InputError(f"{quoted(text)!r} has an atom without an element; a host is one whole molecule.")
    charge = Chem.GetFormalCharge(molecule)
    if charge:
        raise InputError(f"{quoted(text)!r} has charge {charge:+d}; only neutral hosts are supported.")
    if any(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
        raise InputError(f"{quoted(text)!r} has unpaired electrons; only closed-shell hosts are supported.")
    if molecule.GetNumAtoms() > MOST_ATOMS:
        raise InputError(
            f"{quoted(text)!r} has {molecule.GetNumAtoms()} atoms, more than the {MOST_ATOMS} that a geometry is made "
            "for here; give a structure file."
        )
    return molecule


def _embedded(text: str) -> _Embedded:
    """The conformer of lowest energy by the force field."""
    from rdkit.Chem import AllChem, rdMolDescriptors

    molecule = _molecule(text)
    turning = rdMolDescriptors.CalcNumRotatableBonds(molecule)
    settings = AllChem.ETKDGv3()  # type: ignore[attr-defined]
    settings.randomSeed = SEED
    wanted = min(CONFORMERS + CONFORMERS_A_BOND * turning, MOST_CONFORMERS)
    conformers = list(AllChem.EmbedMultipleConfs(molecule, wanted, settings))  # type: ignore[attr-defined]
    if not conformers:
        raise InputError(f"No geometry was found for {quoted(text)!r}; give a structure file.")
    best, field = conformers[0], "ETKDGv3"
    if AllChem.MMFFHasAllMoleculeParams(molecule):  # type: ignore[attr-defined]
        energies = AllChem.MMFFOptimizeMoleculeConfs(molecule, maxIters=FIELD_STEPS)  # type: ignore[attr-defined]
        best = conformers[int(np.argmin([energy for _, energy in energies]))]
        field = f"ETKDGv3 + MMFF94, lowest of {len(conformers)} conformers"
    positions = np.array(molecule.GetConformer(best).GetPositions(), dtype=float)
    bonds = np.zeros((len(positions), len(positions)), dtype=bool)
    for bond in molecule.GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        bonds[i, j] = bonds[j, i] = True
    symbols = tuple(atom.GetSymbol() for atom in molecule.GetAtoms())
    return _Embedded(symbols, positions, bonds, f"SMILES {_canonical(molecule)}: {field}")


def _canonical(molecule: Any) -> str:
    """RDKit's own spelling of the molecule: what is kept is not what somebody typed."""
    from rdkit import Chem

    return str(Chem.MolToSmiles(Chem.RemoveHs(molecule)))


def _relaxed(symbols: tuple[str, ...], positions: FloatArray) -> FloatArray | None:
    """Positions (n, 3) in Å at a minimum of GFN2-xTB, None without tblite."""
    if importlib.util.find_spec("tblite") is None or len(symbols) == 1:
        return None
    from ase.optimize import BFGS
    from tblite.ase import TBLite

    atoms = Atoms(list(symbols), positions=positions)
    atoms.calc = TBLite(method="GFN2-xTB", accuracy=ACCURACY, verbosity=0)
    try:
        converged = BFGS(atoms, logfile=None).run(fmax=FORCES, steps=RELAX_STEPS)
    except Exception as error:  # tblite raises what it likes
        raise InputError(f"GFN2-xTB could not relax the molecule ({error}); give a structure file.") from None
    if not converged:
        raise InputError(f"GFN2-xTB did not find a minimum in {RELAX_STEPS} steps; give a structure file.")
    found: FloatArray = atoms.positions
    return found


def _upright(host: Monomer) -> Monomer:
    """The host about its centre, on its principal axes, and with exactly the symmetry it nearly has."""
    axes = host.axes * np.array([[1.0], [1.0], [np.linalg.det(host.axes)]])  # no mirror image
    placed = (host.positions - host.centre) @ axes.T
    numbers = host.numbers
    operations = point_group_operations(numbers, placed)
    mean = np.zeros_like(placed)
    for operation in operations:
        image = placed @ operation.T
        apart = np.linalg.norm(placed[:, None] - image[None], axis=-1) + 1e3 * (numbers[:, None] != numbers[None])
        mean += image[apart.argmin(axis=1)] / len(operations)
    chosen = mean if np.abs(mean - placed).max() < NEARLY else placed
    chosen[np.abs(chosen) < ZERO] = 0.0
    return replace(host, positions=chosen)
