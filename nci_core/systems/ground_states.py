"""Which atoms and small molecules are closed shells in their ground state, and which are known not to be."""

from collections import Counter
from collections.abc import Sequence

from ase.data import atomic_numbers

from nci_core.errors import InputError

#: Neutral atoms with a ¹S₀ ground state, all electrons paired (NIST ASD, DOI 10.18434/T4W30F). Other atoms with an
#: even number of electrons (C, O, Si, S, Ti, Fe, …) have unpaired ones by Hund's rule.
CLOSED_SHELL_ATOMS = (
    *("He", "Ne", "Ar", "Kr", "Xe", "Rn"),
    *("Be", "Mg", "Ca", "Sr", "Ba", "Ra"),
    *("Zn", "Cd", "Hg", "Pd", "Yb"),
)

#: Electrons of atomic ions that are closed shells: those of a noble gas (Na⁺, Ca²⁺, Cl⁻) or a full d shell outside one
#: (Cu⁺, Zn²⁺; Ag⁺, Cd²⁺; Au⁺, Hg²⁺).
CLOSED_SHELL_ION_ELECTRONS = frozenset({2, 10, 18, 36, 54, 86} | {28, 46, 78})

_CHALCOGENS = ("O", "S", "Se", "Te", "Po")
_PNICTOGENS = ("N", "P", "As", "Sb", "Bi")
_HALOGENS = ("F", "Cl", "Br", "I")


def _pairs(first: Sequence[str], second: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(sorted((a, b))) for a in first for b in second}


#: Sorted symbols of molecules with an even number of electrons whose ground state is no singlet. Diatomics: Huber
#: and Herzberg, Constants of Diatomic Molecules (NIST WebBook, DOI 10.18434/T4D303); CH₂, CCO, NCN, CNN: Herzberg,
#: Electronic Spectra and Electronic Structure of Polyatomic Molecules (1966). Of other molecules composition alone
#: tells too little.
OPEN_SHELL_MOLECULES: frozenset[tuple[str, ...]] = frozenset(
    _pairs(_CHALCOGENS, _CHALCOGENS)
    | _pairs(_PNICTOGENS, ("H", *_HALOGENS))
    | {("B", "B"), ("Al", "Al"), ("Si", "Si"), ("Ge", "Ge"), ("Sn", "Sn"), ("Pb", "Pb"), ("C", "Si")}
    | {("B", "N"), ("Al", "N"), ("B", "P"), ("O", "Ti"), ("Fe", "O"), ("Ni", "O")}
    | {("C", "H", "H"), ("C", "C", "O"), ("C", "N", "N")}
)


def check_closed_shell_atom(symbol: str, role: str) -> None:
    """Raise InputError for an atom whose ground state has unpaired electrons; `role` is 'Probe' or 'Monomer'."""
    if symbol not in CLOSED_SHELL_ATOMS:
        raise InputError(
            f"{role} {symbol!r} has unpaired electrons in its ground state; only closed-shell atoms are supported: "
            f"{', '.join(CLOSED_SHELL_ATOMS)}."
        )


def check_closed_shell(symbols: Sequence[str], name: str, charge: int = 0) -> None:
    """Raise InputError for a monomer that is known to be no closed shell, by its composition and charge.

    >>> check_closed_shell(("O", "C", "O"), "carbon dioxide")
    """
    if charge:
        _check_ion(symbols, name, charge)
        return
    if len(symbols) == 1:
        check_closed_shell_atom(symbols[0], "Monomer")
    if tuple(sorted(symbols)) in OPEN_SHELL_MOLECULES:
        formula = "".join(f"{s}{n if n > 1 else ''}" for s, n in Counter(symbols).items())
        raise InputError(
            f"Monomer {name!r} is {formula}, which has unpaired electrons in its ground state; "
            "only closed-shell monomers are supported."
        )


def _check_ion(symbols: Sequence[str], name: str, charge: int) -> None:
    """Of ions the shells of single atoms are known; of charged molecules only their number of electrons tells."""
    if len(symbols) == 1 and atomic_numbers[symbols[0]] - charge not in CLOSED_SHELL_ION_ELECTRONS:
        raise InputError(
            f"Monomer {name!r} is the ion {symbols[0]} of charge {charge:+d}, which is not known to be a closed shell; "
            "only closed-shell monomers are supported."
        )
