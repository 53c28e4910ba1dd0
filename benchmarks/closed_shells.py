"""What the check for open-shell ground states finds for molecules and atoms of known ground states.

    python benchmarks/closed_shells.py

Prints, for each, the gap of Hartree–Fock, the MP2 energy of the lowest triplet above the singlet (def2-SVP), whether
the restricted solution is stable, and whether the verdict is right. The molecules are those of ASE's G2 collection
(DOI 10.1063/1.473182) and a few diatomics at their experimental distances; half a minute.
"""

import time

import numpy as np
from ase import Atoms
from ase.build import molecule

from nci_core.labels.closed_shell import check_monomer

CLOSED = ("H2O", "NH3", "N2", "CO", "CO2", "F2", "O3", "HCN", "C2H4", "C2H2", "H2CO", "SO2", "SiH2_s1A1d", "HF", "CS")
#: Diatomics with a triplet ground state; distances in Å as in the NIST WebBook.
OPEN = {"O2": 1.2075, "S2": 1.889, "SO": 1.481, "NH": 1.036, "PH": 1.422, "NF": 1.317, "B2": 1.590}
CLOSED_ATOMS, OPEN_ATOMS = ("Be", "Mg", "Ca", "Zn", "Hg"), ("C", "O", "Si", "S", "Ge", "Se")


def cases() -> list[tuple[str, Atoms, bool]]:
    """Name, structure and whether its ground state is open-shell."""
    found = [(name, molecule(name), False) for name in CLOSED]
    found.append(("C2", Atoms("C2", [[0, 0, 0], [0, 0, 1.243]]), False))
    for name, distance in OPEN.items():
        found.append((name, Atoms(name, [[0, 0, 0], [0, 0, distance]]), True))
    found.append(("CH2", molecule("CH2_s3B1d"), True))
    found += [(name, Atoms(name), False) for name in CLOSED_ATOMS]
    return found + [(name, Atoms(name), True) for name in OPEN_ATOMS]


def main() -> None:
    """Print the table; the last line counts the wrong verdicts."""
    wrong = 0
    print(f"{'':12}{'gap / eV':>10}{'triplet / eV':>14}{'stable':>8}{'CPU s':>8}  ground state")
    for name, atoms, is_open in cases():
        start = time.process_time()
        found = check_monomer(name, tuple(atoms.get_chemical_symbols()), np.array(atoms.positions))
        said = found.triplet_ev is not None and found.triplet_ev < 0
        wrong += said != is_open
        truth = ("open-shell" if is_open else "closed-shell") + ("" if said == is_open else ", NOT FOUND")
        seconds = time.process_time() - start
        print(f"{name:12}{found.gap_ev:10.1f}{found.triplet_ev:14.2f}{found.stable!s:>8}{seconds:8.1f}  {truth}")
    print(f"{wrong} wrong of {len(cases())}")


if __name__ == "__main__":
    main()
