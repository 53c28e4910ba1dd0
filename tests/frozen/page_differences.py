"""What differs between a page as it was kept and as it is now, up to the last printed digit of its numbers."""

import difflib
import re

#: A number that stands alone: no part of a word, a hash or a version.
NUMBER = re.compile(r"(?<![\w.])[-−+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*[A-Za-z_])")
#: Lines around a difference.
AROUND = 1


def differences(kept: list[str], now: list[str]) -> str:
    """Empty where the two say the same; else what to read: lines before with −, lines now with +."""
    before, after = ([NUMBER.sub("#", line) for line in lines] for lines in (kept, now))
    said: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            said += _shown(kept, range(a - AROUND, a)) + [f"− {line}" for line in kept[a:b]]
            said += [f"+ {line}" for line in now[c:d]] + _shown(kept, range(b, b + AROUND))
            continue
        for old, new in zip(kept[a:b], now[c:d], strict=True):
            if not _same_numbers(old, new):
                said += [f"− {old}", f"+ {new}"]
    return "\n".join(said)


def _shown(lines: list[str], numbers: range) -> list[str]:
    return [f"  {lines[k]}" for k in numbers if 0 <= k < len(lines)]


def _same_numbers(old: str, new: str) -> bool:
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(a == b or abs(_value(a) - _value(b)) <= 1.01 * max(_unit(a), _unit(b)) for a, b in pairs)


def _value(number: str) -> float:
    return float(number.replace("−", "-"))


def _unit(number: str) -> float:
    """One of the last digit that is printed; a whole number must be met exactly."""
    digits, _, exponent = number.partition("e")
    if "." not in digits and not exponent:
        return 0.0
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
