"""Names of basis sets: how they are compared, what they may look like, and what stands in where one ends.

No PySCF here: recipes are read by processes that never load it.
"""

import re

from ase.data import atomic_numbers

#: Names of published basis sets, such as '6-311++G(2df,2pd)', 'def2-SV(P)' or 'Sadlej pVTZ': nothing that could be a
#: path or the text of a basis, and none of PySCF's short forms that change one ('unc-' before a name, '@' after it).
PATTERN = re.compile(r"(?!unc-)[A-Za-z0-9][A-Za-z0-9+*(), _-]{0,47}", re.IGNORECASE)
#: In place of a fitting basis: AutoAux functions, made from the orbital ones.
AUTOAUX = "autoaux"

#: What stands in for an element that a set lacks, by set: of about its size, and defined from hydrogen to radon
#: (Weigend, Ahlrichs, DOI 10.1039/b508541a; diffuse functions: Rappoport, Furche, DOI 10.1063/1.3484283), beyond
#: krypton with effective core potentials for 28 electrons.
STAND_INS = {
    "6-31g": "def2-svp",
    "cc-pvdz": "def2-svp",
    "cc-pvtz": "def2-tzvp",
    "aug-cc-pvdz": "def2-svpd",
    "aug-cc-pvtz": "def2-tzvppd",
    "aug-cc-pvtz-jkfit": AUTOAUX,
    "cc-pvtz-jkfit": AUTOAUX,
}
_FITTED = frozenset((1, *range(5, 11), *range(13, 19), *range(31, 37)))
#: Atomic numbers up to xenon that PySCF's library has, by set.
THERE = {
    "6-31g": frozenset(range(1, 31)),
    "cc-pvdz": frozenset(range(1, 37)) - {19},
    "cc-pvtz": frozenset(range(1, 37)) - {19},
    "aug-cc-pvdz": frozenset(range(1, 37)) - {19, 20},
    "aug-cc-pvtz": frozenset(range(1, 37)) - {19, 20},
    "aug-cc-pvtz-jkfit": _FITTED,
    "cc-pvtz-jkfit": _FITTED,
}
#: Beyond it nothing stands in: heavier atoms need more than a scalar potential and a look at each.
HEAVIEST_STAND_IN = 54


def plain(name: str) -> str:
    """PySCF reads a name without regard to case, hyphens, underscores and blanks.

    >>> plain("Def2-SVP")
    'def2svp'
    """
    return name.lower().translate(str.maketrans("", "", "-_ "))


def stand_in(name: str, symbol: str) -> str:
    """The basis itself, or what stands in for it where it lacks an element.

    >>> stand_in("6-31g", "C"), stand_in("6-31g", "Br"), stand_in("6-31g", "Rn")
    ('6-31g', 'def2-svp', '6-31g')
    """
    number = int(atomic_numbers[symbol])
    lacks = name in THERE and number not in THERE[name] and number <= HEAVIEST_STAND_IN
    return STAND_INS[name] if lacks else name
