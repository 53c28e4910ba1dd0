"""Paths that people give: an empty one is a slip, such as an unset variable, and never means the working directory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.models import ParameterInfo

from nci_core.errors import InputError


def refuse_empty_paths(app: typer.Typer) -> None:
    """Make every path that the application's commands take refuse what is empty or blank.

    Done for all at once, after they are registered, so that no command can forget it: `Path("")` is the working
    directory, and what it was made from cannot be told any more.
    """
    for command in commands(app):
        for name, hint in get_type_hints(command, include_extras=True).items():
            if get_origin(hint) is Annotated and takes_path(hint):
                for info in hint.__metadata__:
                    if isinstance(info, ParameterInfo) and info.parser is None:
                        info.parser = _reader(_shown(name, info))


def commands(app: typer.Typer) -> Iterator[Callable[..., Any]]:
    """The functions of an application's commands, those of its groups included."""
    for found in app.registered_commands:
        if found.callback is not None:
            yield found.callback
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance)


def takes_path(hint: Any) -> bool:
    """Whether an annotation is a path, an optional one or a list of them."""
    return hint is Path or any(takes_path(part) for part in get_args(hint) if not isinstance(part, ParameterInfo))


def _shown(name: str, info: ParameterInfo) -> str:
    """How the command's help calls a parameter."""
    # Inside Annotated, where the default stands elsewhere, typer keeps the first name as one.
    names = (info.default, *(info.param_decls or ()))
    given = [text for text in names if isinstance(text, str) and text.startswith("--")]
    option = isinstance(info, typer.models.OptionInfo)
    return given[0] if given else (f"--{name.replace('_', '-')}" if option else name.upper())


def _reader(shown: str) -> Callable[[str], Path]:
    def path(value: str) -> Path:
        if not str(value).strip():
            raise InputError(
                f"The path given as {shown} is empty; name a file or folder, or . for the working directory."
            )
        return Path(value)

    return path
