"""Separated text of whatever dialect as cells: commas, semicolons, tabs or spaces; comments; decimal commas."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nci_core.errors import InputError
from nci_core.files import MB, decode_text

#: More is no set of reference energies of one dimer, and could not be selected in the dashboard.
MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 10 * MB, 20_000, 200
#: Lines that begin so say something to people only.
COMMENTS = ("#", "!", "%", "//")
#: Lines that decide how cells are separated.
LOOKED_AT = 200
LONGEST_CELL = 200
_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", " ": "spaces"}
#: ASCII digits, for `float` also takes underscores and digits of other scripts.
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[EeDd][-+]?[0-9]{1,3})?")
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]*,[0-9]+(?:[EeDd][-+]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes:
        columns: k names, those of the header or "column 1", ….
        rows: m rows of k cells each.
        lines: line numbers of the rows in the file, from 1.
        bad: line numbers of rows with another number of cells.
        separator: in words.
        decimal_comma: whether numbers are written 1,5.
        has_header: whether the names are the file's own.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    bad: tuple[int, ...]
    separator: str
    decimal_comma: bool
    has_header: bool

    def number(self, cell: str) -> float:
        """A cell as a number; NaN for anything else, an empty one and "inf" among them."""
        return number(cell, decimal_comma=self.decimal_comma)

    def column(self, name: str) -> list[float]:
        """The numbers (m,) of a column."""
        index = self.columns.index(name)
        return [self.number(row[index]) for row in self.rows]


def number(cell: str, *, decimal_comma: bool = False) -> float:
    """A number as people and programs write it; NaN for whatever is none.

    >>> number("-1.5D-03"), number("−0,25", decimal_comma=True), number("1_000"), number("abc")
    (-0.0015, -0.25, nan, nan)
    """
    text = cell.strip().replace("\u2212", "-")
    if decimal_comma and "." not in text:
        text = text.replace(",", ".", 1)
    if not _NUMBER.fullmatch(text):
        return math.nan
    found = float(text.replace("D", "E").replace("d", "e"))
    return found if math.isfinite(found) else math.nan


def read_table(content: bytes, where: str) -> Table:
    """The cells of a file. Raises InputError, one sentence with the file's name, for what is no table.

    Args:
        content: of the file; UTF-8, UTF-16 or Latin-1, with any line ends.
        where: the file, for errors.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"{where} is larger than the {MOST_BYTES / MB:g} MB that a table of energies may have.")
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{where} is no text; give a table as CSV or another text file.")
    lines = decode_text(content).split("\n")
    kept = [(k, line.strip("\ufeff")) for k, line in enumerate(lines, start=1)]
    kept = [(k, line) for k, line in kept if line.strip() and not line.lstrip().startswith(COMMENTS)]
    if len(kept) > MOST_ROWS + 1:
        raise InputError(f"{where} has {len(kept):,} rows; at most {MOST_ROWS:,} energies can be imported at once.")
    if not kept:
        raise InputError(f"{where} is empty: it has no line that is not a comment.")
    separator = _separator([line for _, line in kept[1 : LOOKED_AT + 1]] or [kept[0][1]])
    cells = [_cells(line, separator) for _, line in kept]
    decimal_comma = separator != "," and _has_decimal_commas(cells)
    has_header = any(math.isnan(number(cell, decimal_comma=decimal_comma)) for cell in cells[0])
    width = len(cells[0])
    if not 2 <= width <= MOST_COLUMNS:
        raise InputError(
            f"{where} has {width} column{'s' * (width != 1)}; a table of energies has 2 to {MOST_COLUMNS}, "
            "separated by commas, semicolons, tabs or spaces."
        )
    body = list(zip(kept, cells, strict=True))[has_header:]
    good = [(k, tuple(row)) for (k, _), row in body if len(row) == width]
    if not body:
        raise InputError(f"{where} has a header and no rows.")
    if not good:
        raise InputError(f"{where}: its header has {width} columns, its rows have {len(body[0][1])}.")
    return Table(
        columns=_names(cells[0]) if has_header else tuple(f"column {k}" for k in range(1, width + 1)),
        rows=tuple(row for _, row in good),
        lines=tuple(k for k, _ in good),
        bad=tuple(k for (k, _), row in body if len(row) != width),
        separator=_SEPARATORS[separator],
        decimal_comma=decimal_comma,
        has_header=has_header,
    )


def joined(tables: Sequence[tuple[Table, str]]) -> tuple[Table, tuple[tuple[int, str], ...]]:
    """Tables of one layout, each with its file's name, as one; and what precedes the lines of each file.

    Raises InputError for tables with other columns.
    """
    whole, name = tables[0]
    starts, before = [], 0
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    bad: list[int] = []
    for table, where in tables:
        if table.columns != whole.columns:
            raise InputError(
                f"{where} has the columns {', '.join(table.columns)[:200]}, but {name} has "
                f"{', '.join(whole.columns)[:200]}; give tables of one layout at once."
            )
        starts.append((before, where))
        rows += table.rows
        lines += [before + line for line in table.lines]
        bad += [before + line for line in table.bad]
        before += max((*table.lines, *table.bad))
    if len(rows) > MOST_ROWS:
        raise InputError(f"There are {len(rows):,} rows; at most {MOST_ROWS:,} energies can be imported at once.")
    comma = any(table.decimal_comma for table, _ in tables)
    found = replace(whole, rows=tuple(rows), lines=tuple(lines), bad=tuple(bad), decimal_comma=comma)
    return found, tuple(starts)


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return [cell[:LONGEST_CELL] for cell in line.split()]
    found = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip()[:LONGEST_CELL] for cell in found]


def _separator(lines: list[str]) -> str:
    """That which gives most lines one number of cells, most of them numbers; the first of equals."""

    def score(separator: str) -> float:
        rows = [_cells(line, separator) for line in lines]
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        if usual < 2:
            return 0.0
        comma = separator != ","
        cells = [cell for row in rows if len(row) == usual for cell in row]
        numbers = sum(not math.isnan(number(cell, decimal_comma=comma)) for cell in cells)
        return (widths.count(usual) / len(rows)) * (0.01 + numbers / len(cells))

    return max(_SEPARATORS, key=score)


def _has_decimal_commas(cells: list[list[str]]) -> bool:
    flat = [cell for row in cells[1:LOOKED_AT] or cells for cell in row]
    return any(_DECIMAL_COMMA.fullmatch(cell) for cell in flat)


def _names(header: list[str]) -> tuple[str, ...]:
    """The header's names, each once."""
    found: list[str] = []
    for k, cell in enumerate(header, start=1):
        name = " ".join(cell.split()) or f"column {k}"
        found.append(name if name not in found else f"{name} (column {k})")
    return tuple(found)
