"""Choices between few options as all pages draw them; the address of the page says what was chosen."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from app.text import Markdown, plain

K = TypeVar("K")


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


def one_from(
    place: Any,
    label: Markdown,
    words: Mapping[K, str],
    *,
    key: str,
    first: K | None = None,
    in_address: bool = True,
    **more: Any,
) -> K:
    """The same for more options, which unfold: a list, at first at `first`, whose words are shown as they are."""
    names = list(words)
    chosen: K = place.selectbox(
        label,
        names,
        index=names.index(first) if first in names else 0,
        format_func=words.__getitem__,
        key=key,
        bind="query-params" if in_address else None,
        **more,
    )
    return chosen
