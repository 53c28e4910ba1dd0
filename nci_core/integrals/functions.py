"""Basis functions of a dimer by role, and the auxiliary functions that fit their products.

Atoms are labelled by role, so that host and probe may be of one element: C1, H1 (host), He2 (probe) and GHOST-H3,
the site of midbond functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ase.data import atomic_numbers
from pyscf import df, gto

from nci_core.errors import CalculationError
from nci_core.integrals.basis_sets import AtomBasis, NoBasisError, load_fitting, load_orbital

#: Label of the midbond site.
MIDBOND = "GHOST-H3"


def host_label(symbol: str) -> str:
    """Label of a host atom: C1."""
    return f"{symbol}1"


def probe_label(symbol: str) -> str:
    """Label of the probe: He2."""
    return f"{symbol}2"


@dataclass(frozen=True)
class Functions:
    """Orbital and auxiliary functions, label → PySCF's form. There are midbond functions if MIDBOND is a label.

    `ecp` has the effective core potentials, label → PySCF's form; an atom without one has all its electrons.
    """

    orbital: dict[str, Any]
    auxiliary: dict[str, Any]
    ecp: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def named(cls, bases: dict[str, str], host_elements: list[str], probe: str) -> "Functions":
        """A published basis on each element, with the fitting basis that belongs to it; CalculationError without."""
        orbital = load_bases({element: bases[element] for element in sorted({*host_elements, probe})})
        auxiliary = {element: load_auxiliary(bases[element], element, found) for element, found in orbital.items()}
        labels = {host_label(e): e for e in host_elements} | {probe_label(probe): probe}
        return cls(
            {label: orbital[e].shells for label, e in labels.items()},
            {label: auxiliary[e] for label, e in labels.items()},
            {label: orbital[e].ecp for label, e in labels.items() if orbital[e].ecp},
        )


def autoaux(label: str, functions: Any) -> Any:
    """Fitting functions of one atom: Stoychev, Auer, Neese, DOI 10.1021/acs.jctc.6b01041.

    The rule asks the element for the highest angular momentum of its valence; functions that are made for a large core
    potential may lack it (krypton without 3d), and count as those of the heaviest element that needs no more.
    """
    element = label.removeprefix("GHOST-").rstrip("0123456789")
    highest = max(int(shell[0]) for shell in functions)
    if highest < 2 and atomic_numbers[element] > (2, 20)[highest]:
        element = ("He", "Ca")[highest]
    atom = gto.M(atom=element, basis={element: functions}, spin=None, verbose=0)
    return df.autoaux(atom)[element]


def uncontracted(exponents: Mapping[str, Sequence[float]]) -> list[Any]:
    """PySCF's form of Gaussians by the letter of their angular momentum, exponents in bohr⁻²."""
    return [["spdfghi".index(letter), [x, 1.0]] for letter, values in exponents.items() for x in values]


def load_bases(bases: dict[str, str]) -> dict[str, AtomBasis]:
    """The orbital functions of each element, element → name of its basis; CalculationError for one without."""
    try:
        return {element: load_orbital(name, element) for element, name in bases.items()}
    except NoBasisError as error:
        raise CalculationError(f"{error}; choose another basis.") from None


def load_auxiliary(name: str, element: str, basis: AtomBasis) -> Any:
    """The fitting functions of an element: those published for its orbital basis, or else generated ones.

    Weigend, J. Comput. Chem. 29, 167 (2008), DOI 10.1002/jcc.20702, has no He, Li, Be, Na or Mg;
    those get AutoAux of Stoychev, Auer, Neese, J. Chem. Theory Comput. 13, 554 (2017),
    DOI 10.1021/acs.jctc.6b01041. Offset on He–benzene at 3.128 Å: +0.5 cm⁻¹, AutoAux for all
    elements +0.2 at 1.5 times the cost, def2-universal-jkfit +2.5.
    """
    try:
        return load_fitting(f"{name}-jkfit", element).shells
    except NoBasisError:
        return autoaux(element, basis.shells)


def fitting_memory(labels: list[str], functions: Functions) -> float:
    """Bytes of the tensor B, (auxiliary, n, n), for atoms of these labels."""

    def size(basis: dict[str, Any], label: str) -> int:
        atom = gto.M(atom="H", basis={"H": basis[label]}, spin=None, verbose=0)
        return int(atom.nao)

    n, x = (sum(size(basis, label) for label in labels) for basis in (functions.orbital, functions.auxiliary))
    return 8.0 * x * n**2
