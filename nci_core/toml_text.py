"""Settings as TOML that a person reads: each under the sentence that describes it."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def toml_value(value: Any) -> str:
    """A string, number, boolean, or list or table of them as TOML; a table's empty fields are left out.

    >>> toml_value(["a", [1.0, 2]])
    '["a", [1.0, 2]]'
    >>> toml_value({"x": 1, "y": None})
    '{"x" = 1}'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML escapes as JSON does
    if isinstance(value, dict):
        fields = (f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items() if v is not None)
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return repr(value)


def described(model: type[BaseModel], values: Mapping[str, Any]) -> list[str]:
    """Lines that set each value below its field's description; None stands as a comment, for TOML has no word for it.

    >>> from pydantic import Field
    >>> class Two(BaseModel):
    ...     a: float | None = Field(None, description="one")
    >>> described(Two, {"a": None})
    ['# one', '# a =', '']
    """
    lines: list[str] = []
    for name, value in values.items():
        setting = f"# {name} =" if value is None else f"{name} = {toml_value(value)}"
        lines += [f"# {model.model_fields[name].description}", setting, ""]
    return lines
