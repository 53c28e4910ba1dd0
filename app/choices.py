"""A switch between few options, as all pages draw it: one is always on, and the page's address says which."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.text import Markdown, plain


def as_written(names: Iterable[str]) -> dict[str, Markdown]:
    """Options that are shown as they are."""
    return {name: plain(name) for name in names}


def some_of(words: Mapping[str, Markdown], names: Iterable[str]) -> dict[str, Markdown]:
    """Those of the options that there are here."""
    return {name: words[name] for name in names}


def one_of(
    place: Any,
    label: Markdown,
    words: Mapping[str, Markdown],
    *,
    key: str,
    first: str | None = None,
    titled: bool = False,
    in_address: bool = True,
    **more: Any,
) -> str:
    """Draw the switch at a place, `st` or a column, and return what is on.

    `words` are what people read, by what is returned; the first of them is on unless `first` is named. The label is
    for screen readers alone unless `titled`. What one person alone should find again stays out of the address.
    """
    names = list(words)
    chosen = place.segmented_control(
        label,
        names,
        format_func=words.__getitem__,
        default=first or names[0],
        required=True,
        key=key,
        bind="query-params" if in_address else None,
        label_visibility="visible" if titled else "collapsed",
        **more,
    )
    return str(chosen or first or names[0])
