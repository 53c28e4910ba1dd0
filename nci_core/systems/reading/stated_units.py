"""Units that a file states, for lengths and for energies."""

import re
from dataclasses import dataclass
from typing import Any

from nci_core.errors import InputError
from nci_core.systems.reading.declared import without_quotes
from nci_core.units import energy_unit_named, length_unit_named

_LENGTH = r"lengths?|pos|positions?|coords?|coordinates?|distances?|geometry"
_ENERGY = r"energy|energies"
_LENGTH_KEY = re.compile(rf"(?:{_LENGTH})_?units?|units?_?(?:{_LENGTH})", re.IGNORECASE)
_ENERGY_KEY = re.compile(rf"(?:{_ENERGY})_?units?|units?_?(?:{_ENERGY})", re.IGNORECASE)
_ANY_KEY = re.compile(r"units?", re.IGNORECASE)
_ONE_ENERGY_KEY = re.compile(rf"(.*(?:{_ENERGY}).*)_units?", re.IGNORECASE)
#: Names that mean a length wherever they stand in a comment; others ("au", "nm") only after "in" or "units".
_IN_TEXT = re.compile(
    r"(?<![^\W_])(bohrs?|a\.\s?u\.|atomic units|[aå]ngstr[oö]ms?|å|nanomet(?:er|re)s?|picomet(?:er|re)s?)(?![^\W_])"
    r"|\b(?:in|units?:?)\s+\(?\[?(nm|pm|au)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class StatedUnits:
    """What a structure's keys and comment say of units.

    Attributes:
        length: Å per unit of length, None where no key states it.
        length_hints: Å per unit of each length that the comment mentions.
        energy: eV per unit of energies without a unit of their own, None where none is stated.
        energies: key of an energy → eV per its own unit.
        keys: the keys that stated something; once values are converted they are no longer true.
    """

    length: float | None
    length_hints: tuple[float, ...]
    energy: float | None
    energies: dict[str, float]
    keys: tuple[str, ...]


def stated_units(info: dict[str, Any], comment: str) -> StatedUnits:
    """Units from the keys of a structure and its comment; InputError for unknown units and for two that disagree."""
    lengths: set[float] = set()
    general: set[float] = set()
    energies: dict[str, float] = {}
    keys = []
    for key, value in info.items():
        if value is True:  # a bare word
            continue
        if _ANY_KEY.fullmatch(key):
            for found, name in _several(key, str(value)):
                (lengths if name == "length" else general).add(found)
        elif _LENGTH_KEY.fullmatch(key):
            lengths.add(_known(length_unit_named(str(value)), key, value))
        elif _ENERGY_KEY.fullmatch(key):
            general.add(_known(energy_unit_named(str(value)), key, value))
        elif one := _ONE_ENERGY_KEY.fullmatch(key):
            energies[one[1]] = _known(energy_unit_named(str(value)), key, value)
        else:
            continue
        keys.append(key)
    if len(lengths) > 1 or len(general) > 1:
        raise InputError(f"{' and '.join(keys)} state different units; keep the right one.")
    mentioned = {
        _known(length_unit_named(a or b), "unit", a or b) for a, b in _IN_TEXT.findall(without_quotes(comment))
    }
    return StatedUnits(
        next(iter(lengths), None), tuple(sorted(mentioned)), next(iter(general), None), energies, tuple(keys)
    )


def _known(found: float | None, key: str, value: Any) -> float:
    if found is None:
        raise InputError(f"{key}={str(value)[:40]} is no unit that is known; convert to eV and Å.")
    return found


def _several(key: str, value: str) -> list[tuple[float, str]]:
    """Units in the value of a plain `units`: one, or an energy and a length such as "eV, Å"."""
    whole = [(length_unit_named(value), "length"), (energy_unit_named(value), "energy")]
    found = [(factor, name) for factor, name in whole if factor is not None]
    if found:  # "au" is both
        return found
    parts = [part for part in re.split(r"[,;\s]+|/(?=å|ang|bohr)", value, flags=re.IGNORECASE) if part]
    for part in parts if len(parts) > 1 else ():
        if (length := length_unit_named(part)) is not None:
            found.append((length, "length"))
        else:
            found.append((_known(energy_unit_named(part), key, value), "energy"))
    return found or [(_known(None, key, value), "energy")]
