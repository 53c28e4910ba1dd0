"""Text of people and files before it is shown: characters that would act instead of being seen become visible."""

import unicodedata

#: Categories that act: control, format (bidirectional overrides, zero width), lone surrogates (of a file name that is
#: no UTF-8 and cannot be printed), line and paragraph separators.
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
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


def _shown(character: str) -> str:
    code = ord(character)
    if unicodedata.category(character) not in _ACTING:
        return character
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == _DELETE else f"⟨U+{code:04X}⟩"
