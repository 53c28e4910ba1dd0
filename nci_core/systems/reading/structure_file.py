"""Hosts from structure files."""

from collections.abc import Callable
from pathlib import Path

from nci_core.errors import InputError
from nci_core.systems.bonds import bonded, fragments
from nci_core.systems.hosts import BUILTIN_HOSTS, Host, builtin_host
from nci_core.systems.reading.checked import usable
from nci_core.systems.reading.gaussian import read_gaussian_input
from nci_core.systems.reading.molfile import read_molfile
from nci_core.systems.reading.xyz import Structure, read_text, xyz_frames

#: The largest host that can be read has about 100 kB.
MOST_BYTES = 5_000_000
#: Read only to say how many there are instead of one.
MOST_FRAMES = 1_000


def _only_frame(text: str) -> Structure:
    frames = [structure for _, structure in xyz_frames(text, MOST_FRAMES)]
    if len(frames) != 1:
        raise InputError(f"it holds {len(frames)} structures; give a file with one molecule.")
    return frames[0]


#: The formats that are read. ASE knows many more, but picks a reader by what a file contains, and some of those run or
#: open what a file names; none of them keeps charge, multiplicity and units for us to judge.
READERS: dict[str, Callable[[str], Structure]] = {
    ".xyz": _only_frame,
    ".extxyz": _only_frame,
    ".gjf": read_gaussian_input,
    ".com": read_gaussian_input,
    ".mol": read_molfile,
    ".sdf": read_molfile,
}


def host_from_file(path: str | Path) -> Host:
    """Read a host from a structure file: xyz, extended xyz, Gaussian input, molfile or sdf.

    Lengths are in Å unless the file states another unit; a periodic cell is undone. Raises InputError when the file
    cannot be read, is not one neutral closed-shell molecule, or has lengths that are likely in another unit.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None and (path.exists() or path.suffix):
        raise InputError(
            f"{path} is not a structure file that is read here ({', '.join(READERS)}); convert it to xyz, for example "
            "with Open Babel or `ase convert`."
        )
    if reader is None or not path.exists():
        raise InputError(f"There is no file {path}; give the path of an xyz file.")
    text = read_text(path, MOST_BYTES)
    try:
        structure = reader(text)
    except InputError as error:
        raise InputError(f"{path} is not a structure file that can be read: {error}") from None
    try:
        atoms, _ = usable(structure)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    host = Host(path.stem, tuple(atoms.get_chemical_symbols()), atoms.positions, f"file {path.name}")
    pieces = fragments(bonded(host.numbers, host.positions))
    if len(pieces) > 1:
        first, second = pieces[0][0], pieces[1][0]
        raise InputError(
            f"{path} holds {len(pieces)} molecules (atoms {first + 1} and {second + 1} belong to different ones); "
            "a host is one bonded molecule, so give a single one and check the unit of the coordinates (Å)."
        )
    return host


def find_host(name_or_path: str) -> Host:
    """A built-in host by name, or else a host from a file."""
    return builtin_host(name_or_path) if name_or_path in BUILTIN_HOSTS else host_from_file(name_or_path)
