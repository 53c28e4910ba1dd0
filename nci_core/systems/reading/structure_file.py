"""Hosts from structure files."""

import re
from collections.abc import Callable
from pathlib import Path

from nci_core.errors import InputError
from nci_core.files import MB
from nci_core.systems.bonds import bonded, fragments
from nci_core.systems.hosts import BUILTIN_HOSTS, builtin_host
from nci_core.systems.monomer import Monomer
from nci_core.systems.reading.checked import usable
from nci_core.systems.reading.gaussian import read_gaussian_input
from nci_core.systems.reading.molfile import read_molfile, sdf_blocks
from nci_core.systems.reading.xyz import Structure, read_text, text_of, xyz_frames
from nci_core.visible import quoted

#: The largest host that can be read has about 100 kB.
MOST_BYTES = 5_000_000
#: Read only to say how many there are instead of one.
MOST_FRAMES = 1_000


def _only_frame(text: str) -> Structure:
    frames = [structure for _, structure in xyz_frames(text, MOST_FRAMES)]
    if len(frames) != 1:
        raise InputError(f"it holds {len(frames)} structures; give a file with one molecule.")
    return frames[0]


def _first_of_sdf(text: str) -> Structure:
    """The first molecule of an sdf file; `host_from_text` says in the host's source that there are others."""
    blocks = sdf_blocks(text)
    return read_molfile(blocks[0] if blocks else "")


#: The formats that are read. ASE knows many more, but picks a reader by what a file contains, and some of those run or
#: open what a file names; none of them keeps charge, multiplicity and units for us to judge.
READERS: dict[str, Callable[[str], Structure]] = {
    ".xyz": _only_frame,
    ".extxyz": _only_frame,
    ".gjf": read_gaussian_input,
    ".com": read_gaussian_input,
    ".mol": read_molfile,
    ".sdf": _first_of_sdf,
}


def host_from_file(path: str | Path) -> Monomer:
    """Read a host from a structure file: xyz, extended xyz, Gaussian input, molfile or sdf.

    Lengths are in Å unless the file states another unit; a periodic cell is undone. Raises InputError when the file
    cannot be read, is not one neutral closed-shell molecule, or has lengths that are likely in another unit.
    """
    path = Path(path)
    _reader(path.name, there=path.exists(), shown=path)
    return host_from_text(read_text(path, MOST_BYTES), path.name, shown=path)


def host_from_upload(name: str, content: bytes) -> Monomer:
    """The host in a file that somebody sent: its name, which decides the format and is never a path, and its bytes.

    Raises InputError as `host_from_file`.
    """
    plain_name = re.split(r"[/\\]", name)[-1]
    _reader(plain_name, there=True, shown=plain_name)
    if len(content) > MOST_BYTES:
        raise InputError(f"{quoted(plain_name)} is larger than the {MOST_BYTES / MB:g} MB that a structure may have.")
    return host_from_text(text_of(content, quoted(plain_name)), plain_name)


def _reader(name: str, *, there: bool, shown: object) -> Callable[[str], Structure]:
    """The reader of a file by the end of its name; InputError where there is none, or no file."""
    suffix = Path(name).suffix.lower()
    reader = READERS.get(suffix)
    if reader is None and (there or suffix):
        raise InputError(
            f"{shown} is not a structure file that is read here ({', '.join(READERS)}); convert it to xyz, for example "
            "with Open Babel or `ase convert`."
        )
    if reader is None or not there:
        raise InputError(f"There is no file {shown}; give the path of an xyz file.")
    return reader


def host_from_text(text: str, name: str, *, shown: object | None = None) -> Monomer:
    """The host in the text of a file of this name; `shown` is what errors call it. Raises as `host_from_file`."""
    shown = name if shown is None else shown
    reader = _reader(name, there=True, shown=shown)
    try:
        structure = reader(text)
    except InputError as error:
        raise InputError(f"{shown} is not a structure file that can be read: {error}") from None
    try:
        atoms, _ = usable(structure)
    except InputError as error:
        raise InputError(f"{shown}: {error}") from None
    several = len(sdf_blocks(text)) if Path(name).suffix.lower() == ".sdf" else 1
    source = f"file {name}" + (f", the first of {several} molecules" if several > 1 else "")
    host = Monomer(Path(name).stem, tuple(atoms.get_chemical_symbols()), atoms.positions, source=source)
    pieces = fragments(bonded(host.numbers, host.positions))
    if len(pieces) > 1:
        first, second = pieces[0][0], pieces[1][0]
        raise InputError(
            f"{shown} holds {len(pieces)} molecules (atoms {first + 1} and {second + 1} belong to different ones); "
            "a host is one bonded molecule, so give a single one and check the unit of the coordinates (Å)."
        )
    return host


def find_host(name_or_path: str) -> Monomer:
    """A built-in host by name, or else a host from a file."""
    return builtin_host(name_or_path) if name_or_path in BUILTIN_HOSTS else host_from_file(name_or_path)
