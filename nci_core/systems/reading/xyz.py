"""Frames of xyz and extended xyz files, split here so that nothing is allocated that a file only claims."""

import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from nci_core.errors import InputError
from nci_core.files import decode_text, read_limited

#: About 250,000 frames of a molecule like benzene, a hundred times the largest published set; parsed, ten times this
#: is in memory.
MOST_BYTES = 200_000_000
#: Distances between all pairs of atoms are kept at several places: 24 MB each at this size. CCSD(T) ends far below.
MOST_ATOMS = 1_000
#: Each takes about half a millisecond to read.
MOST_FRAMES = 250_000
#: ASE reads comment lines character by character.
MOST_COMMENT = 20_000
#: Columns per atom that `Properties=` may announce; ASE prepares each before it looks at the line.
MOST_COLUMNS = 200

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b]")
_COUNT = re.compile(r"\s*(\d{1,18})\s*", re.ASCII)


@dataclass(frozen=True)
class Structure:
    """What a file says of one structure, not yet judged.

    Attributes:
        atoms: as the file has them: positions in its unit, ASE's info, arrays and calculator for all else.
        comment: the comment or title, as it stands.
    """

    atoms: Atoms
    comment: str


def read_text(path: Path, most_bytes: int) -> str:
    """The text of a file; InputError for what is missing, too large, a folder or no text."""
    if path.is_dir():
        raise InputError(f"{path} is not a text file but a folder; give the path of a file.")
    return text_of(read_limited(path, most_bytes), path)


def text_of(content: bytes, shown: object) -> str:
    """The text that bytes are; InputError where they are none, with what they are called."""
    text = decode_text(content)
    if _CONTROL.search(text.rstrip("\x1a")):
        raise InputError(f"{shown} is not a text file (it has control characters), and so not a structure file.")
    return text


def xyz_frames(text: str, most_frames: int, only: Collection[int] | None = None) -> Iterator[tuple[int, Structure]]:
    """Number (from 0) and structure of each frame, or of those numbered in `only`; InputError names the frame.

    Lines end at newlines alone: form feeds and U+2028 are text, though Python's `splitlines` would end a line there.
    """
    lines = text.split("\n")
    line, frame = 0, 0
    while line < len(lines):
        if not lines[line].strip():
            line += 1
            continue
        count = _COUNT.fullmatch(lines[line])
        if not count:
            raise InputError(f"frame {frame}: line {line + 1} should be a number of atoms; is this an extxyz file?")
        n, left = int(count[1]), len(lines) - line - 2
        if lines[-1] == "":
            left -= 1
        if frame == most_frames:
            raise InputError(f"it has more than {most_frames} frames; split it into several files.")
        if only is None or frame in only:
            if n < 1 or left < n:
                raise InputError(f"frame {frame} is cut off: {n} atoms expected, {max(left, 0)} found.")
            if n > MOST_ATOMS:
                raise InputError(f"frame {frame} has {n} atoms; at most {MOST_ATOMS} can be read.")
            yield frame, _structure(frame, lines[line + 1], lines[line + 2 : line + 2 + n])
        line += n + 2
        frame += 1


def _structure(frame: int, comment: str, rows: list[str]) -> Structure:
    if len(comment) > MOST_COMMENT:
        raise InputError(f"frame {frame}: its comment has {len(comment)} characters; at most {MOST_COMMENT} are read.")
    _check_columns(frame, comment)
    try:
        try:
            atoms = _parse(comment, rows)
        except ValueError:
            # The comment of a plain xyz file is any text, and need not be the keys and values that ASE looks for.
            if "=" in comment:
                raise
            atoms = _parse("", rows)
        atoms.get_chemical_symbols()
    except KeyError as error:
        raise InputError(f"frame {frame}: unknown element or missing column {error}.") from None
    except IndexError:
        raise InputError(f"frame {frame}: unknown element, an atomic number above 118.") from None
    except Exception as error:  # ASE's parser raises anything
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"frame {frame} cannot be read ({type(error).__name__}: {reason}).") from None
    if (atoms.numbers < 0).any():
        raise InputError(f"frame {frame}: unknown element, a negative atomic number.")
    return Structure(atoms, comment)


def _parse(comment: str, rows: list[str]) -> Atoms:
    from ase.io.extxyz import read_xyz  # here: it takes 0.3 s, and most processes read no file

    chunk = "\n".join([str(len(rows)), comment, *rows, ""])
    return next(iter(read_xyz(io.StringIO(chunk), index=slice(0, 1))))


def _check_columns(frame: int, comment: str) -> None:
    for properties in re.findall(r"Properties\s*=\s*[\"'{\[]?\s*([^\s\"'}\]]+)", comment):
        fields = properties.split(":")
        counts = [int(c) if re.fullmatch(r"\d{1,6}", c, re.ASCII) else MOST_COLUMNS + 1 for c in fields[2::3]]
        if len(fields) % 3 or sum(counts) > MOST_COLUMNS:
            raise InputError(f"frame {frame}: Properties={properties[:100]} cannot be read.")
        names = fields[::3]
        if "pos" not in names or not {"species", "Z"} & set(names):
            raise InputError(f"frame {frame}: Properties={properties[:100]} has no species and pos.")
