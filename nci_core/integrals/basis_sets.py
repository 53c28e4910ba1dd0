"""The only place that loads a basis set: functions of one element with the effective core potential they are made for.

PySCF itself takes the name of a basis for a path if there is such a file, and gives functions that are made for an
effective core potential without it. Here names are looked up in PySCF's library alone, and in basis_set_exchange
where that package is installed and the library lacks the name or the element; potential and functions come together.
"""

import copy
import hashlib
import importlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from ase.data import atomic_numbers
from pyscf import gto
from pyscf.gto.basis import parse_nwchem, parse_nwchem_ecp
from pyscf.lib.exceptions import BasisNotFoundError
from scipy.linalg import LinAlgError, eigh

from nci_core.errors import InputError
from nci_core.integrals.basis_names import PATTERN, plain

FOLDER = Path(gto.basis.__file__).parent
#: Pople's sets with polarisation functions in brackets, which PySCF puts together: 6-311+G(2df,p).
_POPLE = re.compile(r"((?:6311|631|321|431)\+{0,2}g)\(([1-3]?[dfp]+)+(,([1-3]?[dfp]+)+)?\)")
#: Share of a bare nucleus' 1s energy, −Z²/2 hartree, that the s functions of a whole atom reach at least. Up to xenon
#: those of PySCF's library have 0.92 or more, those made for a core potential 0.83 at most (lithium and beryllium
#: with two core electrons excepted, whose potentials are there).
CORE_SHARE = 0.9


class NoBasisError(InputError):
    """There is no such basis for an element, or not all of it; callers end the sentence with what to do."""


@dataclass(frozen=True)
class AtomBasis:
    """Functions of one element.

    Attributes:
        shells: PySCF's form, exponents in bohr⁻².
        ecp: effective core potential in PySCF's form, [core electrons, [[l, terms by power of r], …]]; None for none.
    """

    shells: list[Any]
    ecp: list[Any] | None = None

    @property
    def core_electrons(self) -> int:
        """Electrons that the potential replaces."""
        return int(self.ecp[0]) if self.ecp else 0

    @property
    def n_functions(self) -> int:
        """Number of functions, spherical."""
        return sum((2 * int(shell[0]) + 1) * (len(_rows(shell)[0]) - 1) for shell in self.shells)

    @property
    def digest(self) -> str:
        """16 hex digits over exponents, coefficients and potential, however they are arranged and scaled.

        Numbers count with nine digits, more than any basis is published with.
        """
        functions = sorted(
            _written(shell, column) for shell in self.shells for column in range(1, len(_rows(shell)[0]))
        )
        potential = sorted(
            [int(block[0]), power, *(f"{number:.9g}" for number in term)]
            for block in (self.ecp[1] if self.ecp else [])
            for power, terms in enumerate(block[1])
            for term in terms
        )
        text = orjson.dumps([functions, self.core_electrons, potential])
        return hashlib.sha256(text).hexdigest()[:16]


def _rows(shell: list[Any]) -> list[list[float]]:
    """Rows of a shell: exponent and coefficients."""
    return [row for row in shell[1:] if not isinstance(row, int)]


def _written(shell: list[Any], column: int) -> list[Any]:
    """Angular momentum, exponents and coefficients of one function, the largest coefficient being 1."""
    used = sorted((row[0], row[column]) for row in _rows(shell) if row[column])
    largest = max((c for _, c in used), key=abs, default=1.0)
    return [int(shell[0]), [[f"{exponent:.9g}", f"{c / largest:.9g}"] for exponent, c in used]]


def load_orbital(name: str, symbol: str) -> AtomBasis:
    """Orbital functions of one element with their potential; raises NoBasisError.

    >>> load_orbital("def2-svp", "I").core_electrons, load_orbital("def2-svp", "Br").core_electrons
    (28, 0)
    """
    found = _load(name, symbol)
    if found.ecp is None and not _describes_core(name, symbol):
        raise NoBasisError(
            f"The basis {name!r} has functions for {symbol} that are made for an effective core potential, "
            "and there is none with them"
        )
    return copy.deepcopy(found)


def load_fitting(name: str, symbol: str) -> AtomBasis:
    """Fitting functions of one element; raises NoBasisError."""
    return copy.deepcopy(_load(name, symbol))


def is_known(name: str) -> bool:
    """Whether PySCF's library has a basis of that name, for whatever elements."""
    return PATTERN.fullmatch(name) is not None and bool(_files(plain(name), "C"))


@lru_cache(maxsize=1024)
def _load(name: str, symbol: str) -> AtomBasis:
    missing = f"The basis {name!r} has no functions for {symbol}"
    if not PATTERN.fullmatch(name):
        raise NoBasisError(f"{missing}, for that is not the name of a basis set")
    files = _files(plain(name), symbol)
    found = _from_library(files, symbol) or _from_exchange(name, symbol)
    if found is None:
        raise NoBasisError(missing if files else f"{missing}: there is no basis of that name")
    return found


def _files(name: str, symbol: str) -> tuple[str, ...]:
    """Files or modules of PySCF's library that make up a basis, none for an unknown name."""
    known: dict[str, str | tuple[str, ...]] = gto.basis.ALIAS
    if name not in known and _POPLE.fullmatch(name) and _POPLE.fullmatch(name)[1] in known:  # type: ignore[index]
        found = gto.basis._parse_pople_basis(name, symbol)
        return (found,) if isinstance(found, str) else tuple(found)
    entry = known.get(name, ())
    return (entry,) if isinstance(entry, str) else tuple(entry)


def _from_library(files: tuple[str, ...], symbol: str) -> AtomBasis | None:
    """Functions from all files and the potential that one of them has; None if a file lacks the element."""
    shells: list[Any] = []
    potential: list[Any] = []
    try:
        for file in files:
            if not file.endswith(".dat"):
                shells += getattr(importlib.import_module(f"pyscf.gto.basis.{file}"), symbol)
                continue
            shells += parse_nwchem.load(str(FOLDER / file), symbol, False)
            potential = potential or parse_nwchem_ecp.load(str(FOLDER / file), symbol)
    except (BasisNotFoundError, AttributeError, KeyError, OSError, ValueError, IndexError):
        return None  # lacks the element, or is no basis but a potential alone
    return AtomBasis(shells, potential or None) if shells else None


def _from_exchange(name: str, symbol: str) -> AtomBasis | None:
    """The same from basis_set_exchange, where that is installed and has it."""
    try:
        exchange: Any = importlib.import_module("basis_set_exchange")
    except ImportError:
        return None
    try:
        text = str(exchange.get_basis(name, elements=[symbol], fmt="nwchem", header=False))
        functions, _, potential = text.partition("\nECP\n")
        shells = parse_nwchem.parse(functions, symbol)
        ecp = parse_nwchem_ecp.parse(potential, symbol) if potential else None
    except (BasisNotFoundError, KeyError, ValueError, RuntimeError):
        return None
    return AtomBasis(shells, ecp or None) if shells else None


@lru_cache(maxsize=1024)
def _describes_core(name: str, symbol: str) -> bool:
    """Whether the s functions can hold the innermost electrons of an atom with all its electrons."""
    s_shells = [shell for shell in _load(name, symbol).shells if shell[0] == 0]
    if not s_shells:
        return False
    atom = gto.M(atom=symbol, basis={symbol: s_shells}, spin=None, verbose=0)
    one_electron = atom.intor("int1e_kin") + atom.intor("int1e_nuc")
    try:
        lowest = float(eigh(one_electron, atom.intor("int1e_ovlp"), eigvals_only=True)[0])
    except LinAlgError:  # dependent functions; such a set is rich enough
        return True
    return lowest < -CORE_SHARE * int(atomic_numbers[symbol]) ** 2 / 2
