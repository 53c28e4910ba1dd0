"""Basis functions of a dimer by role, and the auxiliary functions that fit their products.

Atoms are labelled by role, so that host and probe may be of one element: C1, H1 (host), He2 (probe) and GHOST-H3,
the site of midbond functions.
"""

import warnings
from dataclasses import dataclass
from typing import Any

from pyscf import df, gto
from pyscf.lib.exceptions import BasisNotFoundError

from nci_core.errors import CalculationError

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
    """Orbital and auxiliary functions, label → PySCF's form. There are midbond functions if MIDBOND is a label."""

    orbital: dict[str, Any]
    auxiliary: dict[str, Any]

    @classmethod
    def named(cls, basis: str, host_elements: list[str], probe: str) -> "Functions":
        """One published basis on all atoms, with the fitting basis that belongs to it."""
        orbital = load_basis(basis, sorted({*host_elements, probe}))
        auxiliary = load_auxiliary(basis, orbital)
        labels = {host_label(e): e for e in host_elements} | {probe_label(probe): probe}
        return cls({k: orbital[e] for k, e in labels.items()}, {k: auxiliary[e] for k, e in labels.items()})


def autoaux(label: str, functions: Any) -> Any:
    """Fitting functions of one atom: Stoychev, Auer, Neese, DOI 10.1021/acs.jctc.6b01041."""
    element = label.removeprefix("GHOST-").rstrip("0123456789")
    atom = gto.M(atom=element, basis={element: functions}, spin=None, verbose=0)
    return df.autoaux(atom)[element]


def load_basis(name: str, elements: list[str]) -> dict[str, Any]:
    """The orbital basis per element; CalculationError for an element without one."""
    basis = {}
    for element in elements:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # advice to install another package
                basis[element] = gto.basis.load(name, element)
        except (BasisNotFoundError, KeyError, OSError):
            raise CalculationError(f"Basis {name} has no functions for {element}; choose another basis.") from None
    return basis


def load_auxiliary(name: str, basis: dict[str, Any]) -> dict[str, Any]:
    """The fitting basis per element: the one published for the orbital basis, or else a generated one.

    Weigend, J. Comput. Chem. 29, 167 (2008), DOI 10.1002/jcc.20702, has no He, Li, Be, Na or Mg;
    those get AutoAux of Stoychev, Auer, Neese, J. Chem. Theory Comput. 13, 554 (2017),
    DOI 10.1021/acs.jctc.6b01041. Offset on He–benzene at 3.128 Å: +0.5 cm⁻¹, AutoAux for all
    elements +0.2 at 1.5 times the cost, def2-universal-jkfit +2.5.
    """
    auxiliary = {}
    for element, functions in basis.items():
        try:
            auxiliary.update(load_basis(f"{name}-jkfit", [element]))
        except CalculationError:
            auxiliary[element] = autoaux(element, functions)
    return auxiliary


def fitting_memory(labels: list[str], functions: Functions) -> float:
    """Bytes of the tensor B, (auxiliary, n, n), for atoms of these labels."""

    def size(basis: dict[str, Any], label: str) -> int:
        atom = gto.M(atom="H", basis={"H": basis[label]}, spin=None, verbose=0)
        return int(atom.nao)

    n, x = (sum(size(basis, label) for label in labels) for basis in (functions.orbital, functions.auxiliary))
    return 8.0 * x * n**2
