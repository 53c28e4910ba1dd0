"""Text in places where Streamlit reads Markdown. What people or files gave is shown as it is, never read.

A page writes Markdown itself and puts what comes from outside through `plain`; `tests/app/test_app_text.py` looks at
every call. Selectboxes and cells of data frames show text as it is and need nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping

from nci_core.visible import visible

#: Annotates text that may hold Markdown: of arguments and results, for the test.
Markdown = str

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~$&])")
#: Streamlit and its Markdown replace these after the escapes are gone: links without brackets, addresses of mail,
#: :shortcodes: and :directives, arrows and dashes. A word joiner, which is not seen, keeps their parts apart.
_LATE = re.compile(
    r"(?<=:)(?=[a-z/]|[\w+-]+:)|(?<=\w@)(?=\w)|(?<=www)(?=\.)|(?<=-)(?=[->])|(?<=[<>~])(?=[-=])", re.IGNORECASE
)
#: A line that begins so is a heading, an item of a list or the underline of a heading.
_BEGINNING = re.compile(r"^(\d*)(?=[-+#=.)])")
_JOINER = "\u2060"


def plain(value: object) -> Markdown:
    r"""Markdown that shows the text of a value as it is, on one line.

    >>> plain("a_b [x](y)"), plain("1. :red[a]").replace(_JOINER, "|")
    ('a\\_b \\[x\\](y)', '1\\. :|red\\[a\\]')
    """
    text = _LATE.sub(_JOINER, visible(" ".join(str(value).split("\n")).strip()))
    return _BEGINNING.sub(r"\1\\", _SPECIAL.sub(r"\\\1", text))


def code(value: object) -> Markdown:
    """Markdown that shows a command or a path as code, whatever it holds."""
    text = visible(value)
    fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence} {text} {fence}" if text.strip() else plain(text)


def distinct(titles: Mapping[str, str]) -> dict[str, str]:
    """Titles by key; those that several share become their keys, for Streamlit tells choices apart by their text.

    >>> distinct({"a": "He–ethylene", "b": "He–ethylene", "c": "He–furan"})
    {'a': 'a', 'b': 'b', 'c': 'He–furan'}
    """
    often = Counter(titles.values())
    return {key: title if often[title] == 1 else visible(key) for key, title in titles.items()}
