"""The catalogue's files, read and checked once."""

import tomllib
from functools import cache
from importlib import resources

from nci_core.errors import InputError
from nci_core.teachers.catalogue.preset import Preset

#: Families in the order in which they are listed: what needs nothing first.
ORDER = (
    "first_principles",
    "semiempirical",
    "mace",
    "uma",
    "orb",
    "aimnet2",
    "pet_mad",
    "sevennet",
    "chgnet",
    "diep",
)


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, family by family; a file that is not usable is a mistake of ours and raises what it raises."""
    folder = resources.files(__package__)
    found: list[Preset] = []
    for name in ORDER:
        tables = tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
        found += [Preset.model_validate(tables["defaults"] | table) for table in tables["presets"]]
    specs = [preset.spec for preset in found]
    twice = next((spec for spec in specs if specs.count(spec) > 1), None)
    if twice:
        raise ValueError(f"{twice!r} is in the catalogue twice")
    return tuple(found)


def find_preset(spec: str) -> Preset | None:
    """The preset of a specification, or None; a head or a basis that follows counts for nothing.

    >>> find_preset("mace:mh-1#omol").title, find_preset("hf-d4:def2-svpd").spec, find_preset("mace:/models/x.model")
    ('MACE-MH-1', 'hf-d4', None)
    """
    whole = {preset.spec: preset for preset in presets()}
    text = spec.strip().partition("#")[0]
    kind = text.partition(":")[0].lower()
    exact = whole.get(text) or whole.get(f"{kind}{text[len(kind) :]}")
    basis = whole.get(kind)
    return exact or (basis if basis is not None and basis.kind == "quantum chemistry" else None)


def required_preset(spec: str) -> Preset:
    """The same; raises InputError for a specification that the catalogue does not have."""
    found = find_preset(spec)
    if found is None:
        raise InputError(f"The catalogue has no teacher {spec!r}; `nci teacher list` shows those that it has.")
    return found


def families() -> tuple[str, ...]:
    """Families in the catalogue's order."""
    return tuple(dict.fromkeys(preset.family for preset in presets()))
