"""A label that somebody sent, as JSON: whether it is whole, and of the geometry and recipe that it should be."""

from typing import Any

import numpy as np
import orjson

from nci_core.labels.recipes import Recipe
from nci_core.labels.results import FragmentName, LabelResult
from nci_core.systems import Dimer

#: Å: settings keep six decimals of a host.
SAME_HOST = 2e-6
FRAGMENTS: set[FragmentName] = {"dimer", "host", "probe"}


def received_label(
    raw: dict[str, Any], dimer: Dimer, geometry_hash: str, recipe_hash: str
) -> tuple[LabelResult, Recipe]:
    """The label and its recipe; ValueError, or ArithmeticError for factors that overflow, unless all of it is so."""
    result = LabelResult.model_validate_json(orjson.dumps(raw), strict=True)
    recipe = Recipe.model_validate_json(orjson.dumps(raw["recipe"]), strict=True)
    for part in (result.fragments, result.smaller, result.larger):
        if part is not None and set(part) != FRAGMENTS:
            raise ValueError("it does not have the three fragments")
    result.consistent()
    if not recipe.hash == result.recipe_hash == recipe_hash:
        raise ValueError(f"its recipe has the hash {recipe.hash}")
    host = np.array(result.host_positions_angstrom, dtype=float)
    mine = dimer.a.positions
    same = result.probe == dimer.b.symbols[0] and tuple(result.host_symbols) == dimer.a.symbols
    same = same and result.probe_symbols is None and result.probe_positions_angstrom is None
    if not same or host.shape != mine.shape or not np.allclose(host, mine, rtol=0.0, atol=SAME_HOST):
        raise ValueError("it is of another dimer")
    found = dimer.at(result.position_angstrom).geometry_hashes()[0]
    if not found == result.geometry_hash == geometry_hash:
        raise ValueError(f"its geometry has the hash {found}")
    return result, recipe
