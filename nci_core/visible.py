"""Text of people and files before it is shown: characters that would act instead of being seen become visible."""

import re
import unicodedata

from pydantic import ValidationError

#: Categories that act or that nobody can see: control, format (bidirectional overrides, zero width), lone surrogates
#: (of a file name that is no UTF-8 and cannot be printed), line and paragraph separators, private and unassigned.
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}
_PICTURES, _DELETE = 0x2400, 0x7F


def visible(value: object, *, lines: bool = False) -> str:
    """The text of a value on one line, or with its own lines kept: nothing in it moves a cursor or turns text round.

    >>> visible("a\\x1b[2J\\nb\\u202e"), visible("a\\nb", lines=True)
    ('a␛[2J␊b⟨U+202E⟩', 'a\\nb')
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if lines and c == "\n" else _shown(c) for c in text)


#: Characters of a name that is made of any text.
MOST_NAME = 48
#: Characters of somebody else's words in a sentence.
LONGEST_QUOTE = 80


def quoted(value: object, longest: int = LONGEST_QUOTE) -> str:
    """Words of others inside a sentence: on one line, visible, cut short.

    >>> quoted("a\\n\\x1bb"), quoted("long", 2)
    ('a ␛b', 'lo…')
    """
    short = visible(" ".join(str(value).split()))
    return short if len(short) <= longest else short[:longest] + "…"


def first_problem(error: ValidationError) -> str:
    """What is wrong with the first bad field, in words for people."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = quoted(".".join(str(part) for part in first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"field {place} is not one that this version of nci knows"
    if first["type"] == "missing":
        return f"it has no {place}"
    message = quoted(first["msg"].removeprefix("Value error, "), 2 * LONGEST_QUOTE)
    return f"{place}: {message}" if place else message


def _shown(character: str) -> str:
    code = ord(character)
    if unicodedata.category(character) not in _ACTING:
        return character
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == _DELETE else f"⟨U+{code:04X}⟩"


def folder_name(title: str, fallback: str) -> str:
    """A name for a folder from any text: small letters, digits and hyphens only, of a bounded length.

    >>> folder_name("He – Furan (1) ../../etc", "x"), folder_name("…", "he-C4H4O"), folder_name("", "")
    ('he-furan-1-etc', 'he-c4h4o', 'campaign')
    """
    return host_name(title, host_name(fallback, "campaign")).lower()


def host_name(text: str, fallback: str) -> str:
    """A name for a molecule from any text: letters, digits and hyphens only; `fallback` where none is left.

    >>> host_name("Furan <b>", "C4H4O"), host_name("../", "C4H4O")
    ('Furan-b', 'C4H4O')
    """
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only)[:MOST_NAME].strip("-") or fallback
