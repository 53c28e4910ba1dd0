"""Charge and spin that a file declares: whatever contradicts a neutral closed shell is refused."""

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from nci_core.errors import InputError
from nci_core.systems.reading.xyz import Structure

_WHOSE = r"(?:_?(?:total|tot|a|b|ab))?"
_CHARGE = rf"(?:(?:ref|dft|total|tot|net|molecular|molecule|mol|system|formal)_?)?(?:charge|chg|chrg){_WHOSE}"
#: A bare q is a charge where it is a key, and anything in running text.
_CHARGE_KEY = rf"(?:{_CHARGE}|q)"
_MULTIPLICITY = rf"(?:(?:ref|dft|spin)_?)?(?:multiplicity|mult){_WHOSE}"
_SPIN = (
    r"(?:(?:ref|dft|total|tot)_?)?"
    rf"(?:spin|uhf|n_?unpaired|unpaired|unpaired_electrons|magmom|magnetic_moment|magmoms|initial_magmoms){_WHOSE}"
)
#: Per atom; these may be fractions, so that their sum counts.
_CHARGES = r"(?:initial_|formal_)?charges"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_IN_TEXT = re.compile(
    rf"(?<![\w.])({_CHARGE}|{_MULTIPLICITY}|{_SPIN}|q(?=\s*=))\s*[:=]?\s*({_NUMBER})(?![\w.])", re.IGNORECASE
)
_TWO_NUMBERS = re.compile(r"\s*(?:[+-]?\d{1,2}[\s,]+\d{1,2}[\s,]*){1,3}", re.ASCII)
_WORDS = re.compile(
    r"\b(?:(?P<charged>(?:di|tri)?(?:an|cat)ion)|(?P<open>doublet|triplet|quartet|quintet|sextet|septet))\b",
    re.IGNORECASE,
)
_SAID = {"neutral": 0.0, "singlet": 1.0, "none": 0.0, "doublet": 2.0, "triplet": 3.0, "quintet": 5.0}
#: Partial charges rounded to three decimals add up to zero within this for the largest structures that are read.
_ROUNDING = 0.5


def without_quotes(comment: str) -> str:
    """A comment without its quoted notes, which say nothing of the structure in a form that can be relied on."""
    return re.sub(r"\"[^\"]*\"|'[^']*'", " ", comment)


def check_neutral_singlet(structure: Structure) -> None:
    """Raise InputError where comment, keys or columns of a structure declare a charge or unpaired electrons.

    Understood are `charge`, `multiplicity`, `spin` and their usual variants, also for `_a` and `_b`, as keys or in the
    text of the comment, a comment that is charge and multiplicity alone ("-2 1"), and initial charges and magnetic
    moments of atoms. A spin other than 0 is 2S to some programs and 2S + 1 to others: it needs multiplicity=1 too.
    """
    neutral = singlet = False
    spins = []
    for key, value in _statements(structure):
        numbers = _numbers(value)
        said = f"{key}={_short(value)}"
        if not numbers or not all(math.isfinite(number) for number in numbers):
            raise InputError(f"{said} is declared, which is no charge or spin that can be understood; mend it.")
        if re.fullmatch(_CHARGES, key, re.IGNORECASE):
            if abs(sum(numbers)) > _ROUNDING:
                raise InputError(f"{key} add up to {sum(numbers):g}; only neutral systems are supported.")
        elif re.fullmatch(_CHARGE_KEY, key, re.IGNORECASE):
            if any(numbers):
                raise InputError(f"{said} is declared; only neutral systems are supported.")
            neutral = True
        elif re.fullmatch(_MULTIPLICITY, key, re.IGNORECASE):
            if any(number != 1.0 for number in numbers):
                raise InputError(f"{said} is declared; only singlets (multiplicity=1) are supported.")
            singlet = True
        elif any(abs(number) > _ROUNDING / 5 for number in numbers) and str(value).lower() != "singlet":
            spins.append(said)
    if spins and not singlet:
        raise InputError(
            f"{spins[0]} is declared, which may mean unpaired electrons; only closed shells are supported, "
            "and multiplicity=1 beside it says that this is one."
        )
    for word in _WORDS.finditer(without_quotes(structure.comment)):
        if not (neutral if word["charged"] else singlet):
            cure = "charge=0" if word["charged"] else "multiplicity=1"
            raise InputError(
                f"{word[0]!r} stands in its comment; only neutral closed shells are supported "
                f"(if this is one, add {cure})."
            )


def _statements(structure: Structure) -> Iterator[tuple[str, Any]]:
    """Every key and value that may speak of charge or spin."""
    atoms = structure.atoms
    results = atoms.calc.results if atoms.calc is not None else {}
    for key, value in (*atoms.info.items(), *results.items(), *atoms.arrays.items()):
        # A bare word of the comment is True to ASE; the text below knows what follows it.
        if value is not True and re.fullmatch(
            f"{_CHARGE_KEY}|{_CHARGES}|{_MULTIPLICITY}|{_SPIN}", str(key).replace("-", "_"), re.IGNORECASE
        ):
            yield str(key).replace("-", "_"), value
    for key, text in _IN_TEXT.findall(without_quotes(structure.comment)):
        yield key, text
    if _TWO_NUMBERS.fullmatch(structure.comment + " "):
        numbers = re.findall(r"[+-]?\d+", structure.comment)
        yield from zip(("charge", "multiplicity") * 3, numbers, strict=False)


def _numbers(value: Any) -> list[float]:
    """The numbers that a value is; empty when it is something else."""
    if isinstance(value, str):
        value = [_SAID.get(part.lower(), part) for part in re.findall(r"[^\s,;\[\](){}]+", value)]
    try:
        return [float(number) for number in np.ravel(np.asarray(value, dtype=float))]
    except (TypeError, ValueError):
        return []


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:37]}…"
