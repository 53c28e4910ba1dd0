"""A thousand damaged recipes: each is one that can be computed with, or one sentence."""

import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nci_core.errors import InputError, NCIError
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.checked_recipe import check_recipe
from nci_core.labels.geometry import fragments
from nci_core.labels.recipe_files import MOST_BYTES, read_recipe
from nci_core.labels.recipes import Recipe
from nci_core.systems import Dimer, Monomer
from nci_core.toml_text import toml_value

DIMER = Dimer(Monomer("hi", ("I", "H"), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.609]])), Monomer.atom("He"))
POINT = np.array([1.2, 0.3, 3.5])
TEXTS = {
    name: "".join(f"{k} = {toml_value(v)}\n" for k, v in recipe.model_dump(mode="json", exclude_none=True).items())
    for name, recipe in RECIPES.items()
}
WORDS = (
    *("def2-svp", "6-31g", "6-31G(d,p)", "cc-pvdz", "lanl2dz", "unc-cc-pvdz", "cc-pvdz@3s", "/etc/passwd", "autoaux"),
    *(
        "ccecp",
        "He",
        "I",
        "*",
        "Qq",
        "s",
        "h",
        "S",
        "nan",
        "inf",
        "-1",
        "1e400",
        "9" * 5000,
        "[" * 2000,
        "\x00",
        "\u2028",
    ),
    *("\x1b[31m", "'''", "fitted", "exact", "true", "1979-05-27", '"', "\\", "=", "\n", "{", "}", "numbers = {}\n"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(WORDS[:20]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS[:20]), inner, max_size=3),
    max_leaves=6,
)


def taken_or_refused(make: Any) -> None:
    """Whatever comes in, it is a recipe whose molecules can be built, or one sentence."""
    try:
        recipe: Recipe = make()
        checked = check_recipe(recipe, DIMER)
    except NCIError as error:
        sentence = str(error)
        assert sentence.endswith(".")
        assert len(sentence.splitlines()) == 1
        assert sentence.isprintable()
        assert len(sentence) < 1000
        return
    assert Recipe.model_validate(checked.recipe.model_dump(mode="json")).hash == checked.recipe.hash
    spec = fragments(DIMER.at(POINT), checked.recipe)["probe"]
    assert spec.ecp == {}


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    text = TEXTS[draw(st.sampled_from(sorted(TEXTS)))]
    for _ in range(draw(st.integers(1, 3))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        middle = draw(st.sampled_from(WORDS) | st.text(string.printable, max_size=6))
        text = text[:at] + middle + text[at + length :]
    return text


@settings(max_examples=500, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(text=damaged_texts())
def test_damaged_files(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    taken_or_refused(lambda: read_recipe(file))


@st.composite
def damaged_values(draw: st.DrawFn) -> dict[str, Any]:
    values = RECIPES[draw(st.sampled_from(sorted(RECIPES)))].model_dump(mode="json", exclude_none=True)
    for _ in range(draw(st.integers(1, 2))):
        place: Any = values
        while True:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            place[key] = draw(VALUES | st.sampled_from(WORDS))
            break
    return values


@settings(max_examples=500, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(values=damaged_values())
def test_damaged_values(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    """As a file, where TOML can say it."""
    try:
        text = "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items() if value is not None)
    except (TypeError, ValueError):
        return
    file = tmp_path_factory.getbasetemp() / "values.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    taken_or_refused(lambda: read_recipe(file))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_text("#" * (MOST_BYTES + 1))
    with pytest.raises(InputError, match=r"larger than the 0\.1 MB"):
        read_recipe(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path)
