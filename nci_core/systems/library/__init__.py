"""The built-in monomers: one TOML file each, with its source; an atom needs none.

Another folder of such files serves as well: every function takes it as `folder`.
"""

import difflib
import tomllib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from ase.data import atomic_names, atomic_numbers
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.errors import InputError
from nci_core.systems.monomer import Monomer
from nci_core.systems.point_group import formula

LIBRARY = Path(__file__).parent

#: Rare gases: known by name and by symbol.
ATOMS = ("He", "Ne", "Ar", "Kr", "Xe")


class MonomerFile(BaseModel):
    """What a file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40, description="that of the file")
    charge: Literal[0] = Field(description="in units of e")
    source: str = Field(min_length=20, description="method or publication, and the kind of structure")
    aliases: tuple[str, ...] = Field(
        (), description="other names, and the usual formula where it is not in Hill's order"
    )
    symbols: tuple[str, ...] = Field(min_length=1, description="chemical symbols of the n atoms")
    positions_angstrom: tuple[tuple[float, float, float], ...] = Field(description="of the n nuclei")


class _Folder(NamedTuple):
    monomers: dict[str, Monomer]
    #: What people may write, in small letters → the monomers that it may mean.
    known_as: dict[str, tuple[str, ...]]


def names(folder: Path = LIBRARY) -> list[str]:
    """The names of all monomers, the small and light ones first; InputError for a file that is none."""
    return list(_read(folder).monomers)


def builtin_monomer(name: str, folder: Path = LIBRARY) -> Monomer:
    """A monomer by its name, another of its names or its formula, in small or large letters.

    Raises InputError for a name that no file has, with those that are close to it, and for a formula of several.

    >>> builtin_monomer("H2O").name, builtin_monomer("Methane").name, builtin_monomer("he").name
    ('water', 'methane', 'He')
    """
    monomers, known_as = _read(folder)
    found = known_as.get(name.strip().lower(), ())
    if len(found) == 1:
        return monomers[found[0]]
    if found:
        raise InputError(f"{name!r} is the formula of {' and '.join(found)}; give one of these names.")
    close = [known_as[match][0] for match in difflib.get_close_matches(name.strip().lower(), known_as, 5, 0.7)]
    meant = " or ".join(dict.fromkeys(close))
    offer = f"did you mean {meant}?" if meant else "give a name such as benzene or water, or the path of an xyz file."
    raise InputError(f"There is no built-in monomer {name!r}; {offer}")


def is_builtin(name: str, folder: Path = LIBRARY) -> bool:
    """Whether `builtin_monomer` knows this name, or says which ones it may mean."""
    return name.strip().lower() in _read(folder).known_as


@lru_cache(maxsize=8)
def _read(folder: Path) -> _Folder:
    atoms = [
        (replace(Monomer.atom(symbol), source="an atom"), (atomic_names[atomic_numbers[symbol]],)) for symbol in ATOMS
    ]
    read = atoms + [_monomer(path) for path in folder.glob("*.toml")]
    read.sort(key=lambda pair: (len(pair[0].symbols), int(pair[0].numbers.sum()), pair[0].name))
    known_as: dict[str, tuple[str, ...]] = {monomer.name.lower(): (monomer.name,) for monomer, _ in read}
    for monomer, aliases in read:
        for alias in {word.lower() for word in (*aliases, formula(monomer))} - {monomer.name.lower()}:
            known_as[alias] = (*known_as.get(alias, ()), monomer.name)
    return _Folder({monomer.name: monomer for monomer, _ in read}, known_as)


def _monomer(path: Path) -> tuple[Monomer, tuple[str, ...]]:
    """The monomer in a file, and its other names."""
    try:
        read = MonomerFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path} is not a monomer: {where}: {first['msg']}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a TOML file: {error}.") from None
    if read.name != path.stem:
        raise InputError(f"{path} is the monomer {read.name!r}; call the file {read.name}.toml.")
    return Monomer(read.name, read.symbols, np.array(read.positions_angstrom), read.charge, read.source), read.aliases
