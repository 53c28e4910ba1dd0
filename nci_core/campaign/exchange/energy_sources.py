"""Files of energies that people bring, one or many at once, read whole before anything is checked or stored.

A table (`datasets.energy_tables`) is read as its `Choices` say; several tables of one layout are one table. Frames of
extended xyz, those of the NCI Atlas among them, are superposed onto the campaign's host; a table that comes with them
has their energies. Outputs of Psi4, ORCA and Molpro (`datasets.program_outputs`) give interaction energies of dimers
whose parts were computed too. Energies in eV, positions in Å.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from nci_core.campaign.exchange.energy_frames import Frames, read_frames
from nci_core.datasets.energy_tables import Choices, Points, Table, guess, joined, read_table
from nci_core.datasets.energy_tables.choices import guess_named
from nci_core.datasets.energy_tables.points import overlaps
from nci_core.datasets.energy_tables.table import MOST_BYTES, MOST_ROWS
from nci_core.datasets.program_outputs import Calculation, interactions, program_of, read_calculations
from nci_core.errors import InputError
from nci_core.files import MB, decode_text, read_limited
from nci_core.systems import Dimer
from nci_core.visible import quoted

Form = Literal["table", "frames", "outputs"]
Named = tuple[str, bytes]

#: Ends of names of files with one structure after the other, and of those that programs write.
FRAMES, OUTPUTS = (".extxyz", ".xyz"), (".out", ".log")
TABLES = (".csv", ".tsv", ".txt", ".dat")
#: What is read of a folder; outputs repeat orbitals and may be long.
MOST_FILES, MOST_OUTPUT_BYTES, MOST_TOGETHER_BYTES = 3_000, 50 * MB, 300 * MB
#: What one entry of a file is called, and what several files are.
ENTRY: dict[Form, str] = {"table": "row", "frames": "frame", "outputs": "calculation"}
_FORMS: dict[Form, str] = {"table": "tables", "frames": "files of frames", "outputs": "outputs"}


@dataclass(frozen=True)
class EnergyFile:
    """A file, or several that belong together, as they were given.

    Attributes:
        name: shown to people; never a path.
        sha256: of the content; of several files, of theirs in order.
        form: what it is.
        starts: number of the first entry of each file, and the file's name; of outputs that of each calculation.
        table: its cells; None without a table.
        frames: whose energies a table has; None for a table alone.
        levels: energies that need no table by level, the likeliest first; those of frames have one level, "".
        level: the one that is read.
        method: as the files say, where they do.
        note: what a person should know of them; "" for nothing.
    """

    name: str
    sha256: str
    form: Form
    starts: tuple[tuple[int, str], ...]
    table: Table | None = None
    frames: Frames | None = None
    levels: dict[str, Points] = field(default_factory=dict)
    level: str = ""
    method: str = ""
    note: str = ""

    def at(self, level: str) -> "EnergyFile":
        """The same outputs at another level; InputError for one that they do not have."""
        if level not in self.levels:
            raise InputError(f"{self.name} has no energies at {quoted(level)}; it has {'; '.join(self.levels)}.")
        return replace(self, level=level, method=level)

    def guess(self) -> Choices:
        """The likeliest meaning of the table; frames and outputs have none to choose."""
        if self.table is None:
            return Choices(energy_unit="eV")
        return guess(self.table) if self.frames is None else guess_named(self.table)

    def place(self, number: int) -> str:
        """An entry for people, with its file where there are several."""
        at = number - 1 if self.form == "table" else number  # lines count from 1, frames from 0 as in ASE
        first, name = next((each for each in reversed(self.starts) if each[0] <= at), self.starts[0])
        if self.form == "outputs":
            return name
        return f"{ENTRY[self.form]} {number - first}" + (f" of {name}" if len(self.starts) > 1 else "")


def open_paths(dimer: Dimer, paths: Sequence[Path], level: str = "") -> EnergyFile:
    """Files, and all readable ones in folders, by their paths; raises InputError as `open_files` does."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        found += [each for each in inside if each == path or each.name.lower().endswith((*FRAMES, *OUTPUTS, *TABLES))]
        if len(found) > MOST_FILES:
            raise InputError(f"{path} has more than {MOST_FILES:,} files; give a folder for each set of energies.")
    if not found:
        raise InputError(f"{paths[0]} has no table, structures or outputs ({', '.join((*TABLES, *FRAMES, *OUTPUTS))}).")
    opened = open_files(dimer, [(path.name, read_limited(path, MOST_OUTPUT_BYTES)) for path in found])
    return opened.at(level) if level else opened


def open_files(dimer: Dimer, named: Sequence[Named]) -> EnergyFile:
    """Files of a dimer's energies: tables of one layout, frames (perhaps with a table), or outputs.

    Raises InputError, one sentence, for what is none of these, for a mixture, and for files of another dimer.
    """
    files = [(quoted(Path(name.replace("\\", "/")).name or "the file"), content) for name, content in named]
    if not files or len(files) > MOST_FILES or sum(len(content) for _, content in files) > MOST_TOGETHER_BYTES:
        raise InputError(f"Give one to {MOST_FILES:,} files of together at most {MOST_TOGETHER_BYTES / MB:g} MB.")
    forms = [_form(name, content) for name, content in files]
    of = {form: [file for file, its in zip(files, forms, strict=True) if its == form] for form in _FORMS}
    digests = [hashlib.sha256(content).hexdigest() for _, content in files]
    sha256 = digests[0] if len(files) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    name = files[0][0] if len(files) == 1 else f"{files[0][0]} and {len(files) - 1:,} more"
    if of["frames"] and not of["outputs"] and len(of["table"]) <= 1:
        frames = read_frames(dimer, of["frames"], with_table=bool(of["table"]))
        table = read_table(of["table"][0][1], of["table"][0][0]) if of["table"] else None
        return EnergyFile(name, sha256, "frames", frames.starts, table, frames, {"": frames.points}, "", frames.method)
    if sum(map(bool, of.values())) > 1:
        counts = " and ".join(f"{len(of[form])} {words}" for form, words in _FORMS.items() if of[form])
        raise InputError(f"These are {counts}; give files of one kind at once, or structures with the table of theirs.")
    if of["outputs"]:
        return _outputs(dimer, name, sha256, of["outputs"])
    table, starts = joined([(read_table(content, each), each) for each, content in files])
    return EnergyFile(name, sha256, "table", starts, table)


def _form(name: str, content: bytes) -> Form:
    """What a file is; InputError for one that is too large."""
    lower = name.lower()
    form: Form = "table"
    if lower.endswith(FRAMES):
        form = "frames"
    elif b"\0" not in content and program_of(decode_text(content[:20_000])):
        form = "outputs"
    elif lower.endswith(OUTPUTS):
        raise InputError(f"{name} is no output of Psi4, ORCA or Molpro; other programs' energies can come as a table.")
    most = MOST_OUTPUT_BYTES if form == "outputs" else MOST_BYTES
    if len(content) > most:
        raise InputError(f"{name} is larger than the {most / MB:g} MB that such a file of energies may have.")
    return form


def _outputs(dimer: Dimer, name: str, sha256: str, files: Sequence[Named]) -> EnergyFile:
    """Interaction energies from outputs, at every level that they have."""
    found: list[Calculation] = []
    starts: list[tuple[int, str]] = []
    problems: dict[int, str] = {}
    for each, content in files:
        number = len(starts) + 1
        try:
            read = read_calculations(decode_text(content), each, number)
        except InputError as error:
            problems[number] = str(error).removeprefix(each).lstrip(": ").rstrip(".")
            read = []
        found += read
        starts += [(number, each), *((number + k, f"{each}, calculation {k + 1}") for k in range(1, len(read)))]
    by_level, unused = interactions(found, dimer)
    problems |= dict(unused)
    file = EnergyFile(name, sha256, "outputs", tuple(starts))
    levels = {
        level.label: Points(its.positions, its.energy_ev, its.numbers).without(
            problems | dict(its.problems) | overlaps(dimer, its.positions, its.numbers)
        )
        for level, its in by_level.items()
    }
    usable = {label: points for label, points in levels.items() if len(points)}
    if not usable:
        said = next((points.problems for points in levels.values()), tuple(problems.items()))
        first = f" ({file.place(said[0][0])}: {said[0][1]})" if said else ""
        raise InputError(
            f"No interaction energy of {dimer.name} can be had from {name}{first}; "
            f"it takes total energies of the dimer, of {dimer.a.name} and of {dimer.b.symbols[0]} at one level."
        )
    if sum(map(len, usable.values())) > MOST_ROWS:
        raise InputError(f"{name} has more than {MOST_ROWS:,} energies; bring them in parts.")
    best, highest = next(iter(usable)), next(iter(levels))
    note = ""
    if best.split(",")[0] != highest.split(",")[0] and levels[highest].problems:
        number, reason = levels[highest].problems[0]
        note = f"There is no energy at {highest.split(',')[0]} ({file.place(number)}: {reason})."
    return replace(file, levels=usable, level=best, method=best, note=note)
