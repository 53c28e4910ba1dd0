"""Core orbitals that correlation leaves out, counted without PySCF."""

from ase.data import atomic_numbers

#: Atomic number from which on an atom has so many chemical-core orbitals, as PySCF counts them.
CORES = ((81, 34), (71, 23), (49, 18), (39, 14), (31, 9), (13, 5), (5, 1))


def frozen_orbitals(symbol: str, core_electrons: int = 0) -> int:
    """Core orbitals of one atom that are there and not correlated.

    The chemical core is that of PySCF (`pyscf.data.elements.chemcore`, DOI 10.1063/5.0006074): gallium to krypton
    correlate 3d4s4p, indium to xenon 4d5s5p. What an effective core potential replaces is no orbital any more: with 28
    electrons replaced, 4s4p of iodine are left to freeze; a potential larger than the chemical core leaves none.

    >>> frozen_orbitals("I"), frozen_orbitals("I", core_electrons=28), frozen_orbitals("I", core_electrons=46)
    (18, 4, 0)
    """
    number = int(atomic_numbers[symbol])
    whole = next((core for start, core in CORES if number >= start), 0)
    return max(whole - core_electrons // 2, 0)
