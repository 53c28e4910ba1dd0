"""Which atoms and small molecules are closed shells in their ground state, and which are known not to be."""

from collections import Counter
from collections.abc import Sequence

from nci_core.errors import InputError

#: Neutral atoms with a ¹S₀ ground state, all electrons paired (NIST ASD, DOI 10.18434/T4W30F). Other atoms with an
#: even number of electrons (C, O, Si, S, Ti, Fe, …) have unpaired ones by Hund's rule.
CLOSED_SHELL_ATOMS = (
    *("He", "Ne", "Ar", "Kr", "Xe", "Rn"),
    *("Be", "Mg", "Ca", "Sr", "Ba", "Ra"),
    *("Zn", "Cd", "Hg", "Pd", "Yb"),
)

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
    """Raise InputError for an atom whose ground state has unpaired electrons; `role` is 'Probe' or 'Host'."""
    if symbol not in CLOSED_SHELL_ATOMS:
        raise InputError(
            f"{role} {symbol!r} has unpaired electrons in its ground state; only closed-shell atoms are supported: "
            f"{', '.join(CLOSED_SHELL_ATOMS)}."
        )


def check_closed_shell(symbols: Sequence[str], name: str) -> None:
    """Raise InputError for a host that is known to be no closed shell, by its composition.

    >>> check_closed_shell(("O", "C", "O"), "carbon dioxide")
    """
    if len(symbols) == 1:
        check_closed_shell_atom(symbols[0], "Host")
    if tuple(sorted(symbols)) in OPEN_SHELL_MOLECULES:
        formula = "".join(f"{s}{n if n > 1 else ''}" for s, n in Counter(symbols).items())
        raise InputError(
            f"Host {name!r} is {formula}, which has unpaired electrons in its ground state; "
            "only closed-shell hosts are supported."
        )
