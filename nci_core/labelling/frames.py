"""The frames of a file that is to be labelled: host first, probe last, with everything else the file says of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ase import Atoms

from nci_core.datasets.keys import PLAIN, STRUCTURE, in_internal_units, keys_of
from nci_core.errors import InputError
from nci_core.systems import Configurations, Dimer, Monomer
from nci_core.systems.reading.checked import usable
from nci_core.systems.reading.gaussian import read_gaussian_input
from nci_core.systems.reading.molfile import read_molfile, sdf_blocks
from nci_core.systems.reading.monomers import divide
from nci_core.systems.reading.xyz import MOST_BYTES, MOST_FRAMES, Structure, read_text, xyz_frames

#: Keys of energies whose owner cannot be told from the file; they are kept under another name.
TOTALS = (*PLAIN, "REF_energy", "REF_forces", "energies", "stresses")
#: Results that ASE keeps for each atom, in columns.
_PER_ATOM = ("forces", "energies", "stresses", "charges", "magmoms")
#: What may be a host's name in messages and results; anything longer or stranger gives way to the formula.
_NAME = re.compile(r"[\w.+\-]{1,60}")


@dataclass(frozen=True)
class Frame:
    """One dimer of a file.

    Attributes:
        number: in the file, from 0.
        atoms: host first, the probe last, in Å and without a cell; their further columns are its arrays.
        info: the frame's other keys, energies in eV.
        at: the configuration, its host at its coordinates; None where it cannot be labelled.
        problem: why it cannot be labelled; empty if it can.
    """

    number: int
    atoms: Atoms
    info: dict[str, Any]
    at: Configurations | None
    problem: str = ""


@dataclass
class _Hosts:
    """Hosts met so far, so that frames of one share what is computed once for it, such as its symmetry."""

    source: str
    known: dict[tuple[str, str, tuple[str, ...], bytes], Dimer] = field(default_factory=dict)

    def dimer(self, name: str, host: Atoms, probe: str) -> Dimer:
        symbols = tuple(host.get_chemical_symbols())
        key = (name, probe, symbols, host.positions.tobytes())
        if key not in self.known:
            self.known[key] = Dimer(Monomer(name, symbols, host.positions, source=self.source), Monomer.atom(probe))
        return self.known[key]


def read_frames(path: Path, *, leave_out: bool = False) -> list[Frame]:
    """All frames of an (extended) xyz file, a Gaussian input, a molfile or an sdf file.

    Which atom is the probe `systems.reading.monomers` tells: by `monomer_a` and `monomer_b`, or else by the bonds.
    Stated units are converted and cells undone.

    Raises InputError, with the frame's number, for a file that cannot be read and, unless `leave_out`, for the first
    frame that is no dimer of neutral closed shells or whose atoms overlap.
    """
    hosts = _Hosts(f"file {path.name}")
    frames = []
    for number, structure in _structures(path):
        found = _frame(number, structure, hosts)
        if found.problem and not leave_out:
            raise InputError(f"{path}, frame {number}: {found.problem}")
        frames.append(found)
    if not frames:
        raise InputError(f"{path} is empty.")
    return frames


def _structures(path: Path) -> Iterator[tuple[int, Structure]]:
    """Number and content of each structure; InputError names the file."""
    text = read_text(path, MOST_BYTES)
    suffix = path.suffix.lower()
    try:
        if suffix in (".gjf", ".com"):
            yield 0, read_gaussian_input(text)
        elif suffix in (".mol", ".sdf"):
            yield from ((number, read_molfile(block)) for number, block in enumerate(sdf_blocks(text)))
        else:
            yield from xyz_frames(text, MOST_FRAMES)
    except InputError as error:
        raise InputError(f"{path}, {error}") from None


def _frame(number: int, structure: Structure, hosts: _Hosts) -> Frame:
    """A structure as what is labelled, or with the reason why it cannot be."""
    try:
        atoms, stated = usable(structure)
        columns, keys = _further(atoms, structure.comment)
        atoms.info, atoms.calc = keys, None
        keys = in_internal_units(keys_of(number, atoms), stated)
        division = divide(atoms.numbers, atoms.positions, atoms.info)
        order = [*division.host, division.probe]
        host, symbol = atoms[division.host], str(atoms.symbols[division.probe])
        dimer = hosts.dimer(_name(keys, symbol, host), host, symbol)
        at = dimer.at(atoms.positions[division.probe]).checked()
    except InputError as error:
        problem = str(error).removeprefix(f"frame {number}: ")
        return Frame(number, Atoms(), {}, None, problem)
    ordered = Atoms(atoms.numbers[order], atoms.positions[order])
    for name, values in columns.items():
        ordered.set_array(name, values[order])
    return Frame(number, ordered, {k: v for k, v in keys.items() if not _says_structure(k)}, at)


def _says_structure(key: str) -> bool:
    """Whether a key tells host from probe by numbers of atoms, which change when the probe comes last."""
    return key in STRUCTURE and key != "config_type"


def _further(atoms: Atoms, comment: str) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """The further columns and keys of a structure; total energies and their like are called `input_…`."""
    columns = {name: values for name, values in atoms.arrays.items() if name not in ("numbers", "positions")}
    # ASE takes the words of a comment without keys for flags.
    keys = dict(atoms.info) if "=" in comment or not comment.strip() else {"comment": comment.strip()}
    for name, value in (atoms.calc.results if atoms.calc is not None else {}).items():
        (columns if name in _PER_ATOM else keys)[name] = value
    own: list[dict[str, Any]] = [columns, keys]
    for found in own:
        for name in TOTALS:
            if name in found:
                found[f"input_{name}"] = found.pop(name)
    return {name: np.asarray(values) for name, values in columns.items()}, keys


def _name(keys: dict[str, Any], symbol: str, host: Atoms) -> str:
    said = str(keys.get("config_type", ""))
    if said.lower().startswith(f"{symbol.lower()}-"):
        said = said[len(symbol) + 1 :]
    return said if _NAME.fullmatch(said) and said.lower() != "default" else str(host.get_chemical_formula())
