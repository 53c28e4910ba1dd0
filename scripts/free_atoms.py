"""Renew what D4 says about free atoms in nci_core/systems/free_atoms.toml: C₆ where nobody tabulates it, and r2r4.

    python scripts/free_atoms.py [--check]

Polarizabilities, ionisation energies and the C₆ of the first table come from publications, which the file names, and
stay as they are. Prints what changed; with --check writes nothing.
"""

import argparse
import math
import tomllib
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

TABLE = Path(__file__).parents[1] / "nci_core" / "systems" / "free_atoms.toml"
#: Distance in bohr at which D4's pair energies are read; nothing is damped, so any will do.
APART = 50.0


def d4_atom(element: str) -> tuple[float, float]:
    """Static polarizability (bohr³) and C₆ (hartree bohr⁶) of an isolated neutral atom in D4; DOI 10.1063/1.5090222."""
    from dftd4.interface import DispersionModel

    found = DispersionModel(np.array([atomic_numbers[element]]), np.zeros((1, 3))).get_properties()
    return float(found["polarizabilities"][0]), float(found["c6 coefficients"][0, 0])


def scaled_c6(c6: float, polarizability: float, published: float) -> float:
    """C₆ ∝ α^(3/2), of Slater and Kirkwood (DOI 10.1103/PhysRev.37.682), at the published polarizability.

    D4's free metal atoms are too polarizable: K has 364 and not 290 bohr³, and its C₆ is 5,588, scaled 3,973
    where accurate calculations have 3,897 (DOI 10.1103/PhysRevA.63.052704).

    >>> round(scaled_c6(5588.0, 363.66, 289.7))
    3973
    """
    return c6 * (published / polarizability) ** 1.5


def d4_r2r4(element: str) -> float:
    """Q in bohr from C₈ = 3 C₆ Q², both read from the undamped energies of two atoms of an element."""
    from dftd4.interface import DampingParam, DispersionModel

    model = DispersionModel(np.full(2, atomic_numbers[element]), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, APART]]))
    model.set_realspace_cutoff(2.0 * APART, 2.0 * APART, APART)

    def pair(s6: float, s8: float) -> float:
        damping = DampingParam(s6=s6, s8=s8, s9=0.0, a1=0.0, a2=0.0)
        return float(model.get_pairwise_dispersion(damping)["additive pairwise energy"].sum())

    return APART * math.sqrt(pair(0.0, 1.0) / pair(1.0, 0.0) / 3.0)


def renewed(element: str, row: list[float], tabulated: bool) -> list[float]:
    """A row as it should be: polarizability, C₆, r2r4, ionisation energy."""
    polarizability, c6, _, ionisation = row
    if not tabulated:
        own, own_c6 = d4_atom(element)
        c6 = float(f"{scaled_c6(own_c6, own, polarizability):.4g}")
    return [polarizability, c6, round(d4_r2r4(element), 4), ionisation]


def main() -> None:
    """Rewrite the rows that changed, in place, so that comments and order stay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    only_check = parser.parse_args().check
    text = TABLE.read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    for name in ("tabulated", "from_d4"):
        for element, row in tables[name].items():
            new = renewed(element, row, name == "tabulated")
            if new != row:
                print(f"{element}: {row} → {new}")
                text = text.replace(f"\n{element} = {_list(row)}\n", f"\n{element} = {_list(new)}\n")
    if not only_check:
        TABLE.write_text(text, encoding="utf-8")


def _list(row: list[float]) -> str:
    polarizability, c6, r2r4, ionisation = row
    return f"[{polarizability:g}, {c6:g}, {r2r4:.4f}, {ionisation:.3f}]"


if __name__ == "__main__":
    main()
