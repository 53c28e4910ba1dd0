"""The text of one output: searched by patterns, numbers with the digits that were printed."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn, Self

from nci_core.errors import InputError
from nci_core.labels.elsewhere.inputs import Program

# Digits are bounded and named one by one: \d also matches digits of other scripts, and `int` refuses long ones.
NUMBER = r"([-+]?[0-9]{1,9}\.[0-9]{1,30}(?:[EeDd][-+]?[0-9]{1,3})?)"
COUNT = r"([0-9]{1,9})"
NAMES: dict[Program, str] = {"psi4": "Psi4", "orca": "ORCA", "molpro": "Molpro"}


@dataclass(frozen=True)
class Printed:
    """A printed number, and half a unit of its last digit: it may stand for anything that close."""

    value: float
    half_unit: float

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a number as programs print them.

        >>> Printed.of("-74.96357410")
        Printed(value=-74.9635741, half_unit=5e-09)
        >>> Printed.of("0.1D-02").half_unit
        0.0005
        """
        number = Decimal(text.upper().replace("D", "E"))
        exponent = number.as_tuple().exponent
        return cls(float(number), float(Decimal((0, (5,), int(exponent) - 1))))


@dataclass(frozen=True)
class FragmentOutput:
    """What one output says; energies in hartree, `wall_seconds` 0 where it does not say."""

    hf_hartree: float
    ccsd_hartree: float
    triples_hartree: float
    t1_diagnostic: float
    n_basis: int
    nuclear_repulsion: Printed
    version: str
    wall_seconds: float


class Output:
    """The text of one output; whatever is missing is said with the file's name."""

    def __init__(self, program: Program, text: str, where: str) -> None:
        self.program, self.text, self.where = program, text, where

    def refuse(self, reason: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{self.where} {reason}; nothing was stored of this label.")

    def has(self, pattern: str) -> bool:
        """Whether the pattern occurs."""
        return re.search(pattern, self.text, re.MULTILINE) is not None

    def find(self, pattern: str) -> str | None:
        """Last occurrence of the pattern's group, None if there is none."""
        found = re.findall(pattern, self.text, re.MULTILINE)
        return str(found[-1]) if found else None

    def last(self, pattern: str, what: str) -> str:
        """Last occurrence of the pattern's group; refuses an output without."""
        found = self.find(pattern)
        if found is None:
            self.refuse(f"gives no {what}")
        return found

    def number(self, pattern: str, what: str) -> Printed:
        """Last number at the pattern's group."""
        text = self.last(pattern, what)
        try:
            found = Printed.of(text)
        except (InvalidOperation, OverflowError):
            found = Printed(math.inf, 0.0)
        if not math.isfinite(found.value):
            self.refuse(f"gives {text} as {what}")
        return found

    def count(self, pattern: str, what: str) -> int:
        """Last whole number at the pattern's group."""
        return int(self.last(pattern, what))

    def require(self, finished: str, scf: str, cc: str) -> None:
        """Refuse an output that broke off, did not converge, or holds more than one calculation."""
        if not self.has(scf):
            self.refuse("does not say that Hartree-Fock converged")
        if not self.has(cc):
            self.refuse("does not say that CCSD converged")
        ends = len(re.findall(finished, self.text, re.MULTILINE))
        if not ends:
            self.refuse(f"does not end as a finished {NAMES[self.program]} output")
        if ends > 1:
            self.refuse("holds more than one calculation")

    def require_count(self, pattern: str, expected: int, what: str) -> None:
        """Refuse an output that says another number than expected; one that does not say it is not refused."""
        found = self.find(pattern)
        if found is not None and int(found) != expected:
            self.refuse(f"{what.format(int(found))} instead of {expected}")

    def require_sum(self, whole: Printed, parts: list[Printed], what: str, more: float = 0.0) -> None:
        """Refuse numbers of which one is not the sum of the others, within the digits that are printed.

        Args:
            whole: the sum.
            parts: its parts.
            what: both in words, "gives WHAT" is the sentence.
            more: a difference that the program's thresholds allow, in hartree.
        """
        # Rounding of binary numbers of this size comes on top of the decimal one.
        rounding = 4 * math.ulp(abs(whole.value))
        allowed = whole.half_unit + sum(part.half_unit for part in parts) + rounding + more
        if not abs(whole.value - math.fsum(part.value for part in parts)) <= allowed:
            self.refuse(f"gives {what}")

    def clock(self, pattern: str, scales: tuple[float, ...]) -> float:
        """Seconds from the groups of a pattern, 0 if it does not occur."""
        found = re.findall(pattern, self.text)
        if not found:
            return 0.0
        parts = (found[-1],) if isinstance(found[-1], str) else found[-1]
        return sum(float(part) * scale for part, scale in zip(parts, scales, strict=True))
