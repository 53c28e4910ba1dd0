"""What an atom is in its molecule, and so which parameters its pairs have.

Today an atom's environment is its element. Whoever tells atoms of one element apart (a ring's edge from its middle)
changes `environments` here; everything else only compares names.
"""

from collections.abc import Iterable
from typing import NamedTuple

from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer


class PairKind(NamedTuple):
    """Two environments, of an atom of monomer a and one of monomer b: pairs of one kind share their parameters."""

    a: str
    b: str


def environments(monomer: Monomer) -> tuple[str, ...]:
    """The environment of each of a monomer's n atoms."""
    return monomer.symbols


def pair_kinds(dimers: Iterable[Dimer]) -> tuple[PairKind, ...]:
    """All kinds of pairs of these dimers, sorted.

    >>> from nci_core.systems import builtin_monomer
    >>> pair_kinds([Dimer(builtin_monomer("benzene"), Monomer.atom("He"))])
    (PairKind(a='C', b='He'), PairKind(a='H', b='He'))
    """
    return tuple(sorted({PairKind(one, dimer.b.symbols[0]) for dimer in dimers for one in environments(dimer.a)}))
