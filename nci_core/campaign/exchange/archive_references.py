"""What the rows of an archive refer to: by name in its files, by number in a database."""

from collections.abc import Mapping
from typing import Any

from nci_core.store.base import Base
from nci_core.store.schema import Metric, Pick, Round, TaughtBy

Row = dict[str, Any]
References = Mapping[str, Mapping[Any, Any]]

#: Tables of history.json whose rows need nothing but their references renamed.
PLAIN_TABLES: dict[str, type[Base]] = {"rounds": Round, "picks": Pick, "metrics": Metric, "taught_by": TaughtBy}


def references(configurations: Mapping[Any, Any], models: Mapping[Any, Any], systems: Mapping[Any, Any]) -> References:
    """Column → what its values are called on the other side, from the same for configurations, models and systems."""
    return {"configuration_id": configurations, "model_id": models, "parent_id": models, "system_id": systems}


def renamed(row: Row, names: References) -> Row:
    """A row with all that it refers to, its proposals' configurations included, under the names of the other side."""
    found = {key: names[key][value] if key in names and value is not None else value for key, value in row.items()}
    notes = found.get("notes")
    if isinstance(notes, dict) and "proposals" in notes:
        found["notes"] = notes | {"proposals": [renamed(each, names) for each in notes["proposals"]]}
    return found
