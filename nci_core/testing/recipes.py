"""What every recipe must satisfy: its hash says what decides a label, all of it and nothing else."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from nci_core.labels.prediction_error import PredictionError
from nci_core.labels.recipes import Recipe


class RecipeContract:
    """Tests of a recipe; give it a fixture.

    `recipe` is the `Recipe`. For example::

        class TestMyRecipe(RecipeContract):
            @pytest.fixture
            def recipe(self):
                return Recipe(name="mine", host_basis={"*": "def2-svp"}, probe_basis="def2-svp")

    Attributes:
        silent: other values of fields that decide no label.
        named: fields that only name the recipe; whether they are part of the hash is its own affair.
        instead: values of fields that are None in the recipe.
    """

    silent: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"description": "other words", "prediction_error": PredictionError(floor_cm1=7.5)}
    )
    named: ClassVar[frozenset[str]] = frozenset({"name"})
    instead: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    @pytest.fixture
    def recipe(self) -> Recipe:
        """The recipe to be tested."""
        raise NotImplementedError("Give this class a fixture `recipe`.")

    def test_json_round_trip_keeps_the_hash(self, recipe: Recipe) -> None:
        """Recipes travel with labels, in files and in the database."""
        found = type(recipe).model_validate_json(recipe.model_dump_json())
        assert found == recipe
        assert found.hash == recipe.hash
        assert len(recipe.hash) == 12
        assert set(recipe.hash) <= set("0123456789abcdef")

    def test_every_setting_changes_the_hash(self, recipe: Recipe) -> None:
        """Each number and word of each field, and all to different hashes."""
        deciding = type(recipe).model_fields.keys() - self.silent.keys() - self.named
        changes = {path: changed for path, changed in variants(recipe, self.instead) if path.split(".")[0] in deciding}
        hashes = {path: changed.hash for path, changed in changes.items()}
        assert recipe.hash not in hashes.values(), [path for path, found in hashes.items() if found == recipe.hash]
        assert len(set(hashes.values())) == len(hashes)
        untried = deciding - {path.split(".")[0] for path in changes} - single_valued(type(recipe))
        assert not untried, f"Give values of {', '.join(sorted(untried))} in `instead`: the recipe has None there."

    def test_words_leave_the_hash_alone(self, recipe: Recipe) -> None:
        """What is only said of a recipe changes no label."""
        for name, value in self.silent.items():
            assert recipe.model_copy(update={name: value}).hash == recipe.hash, name


def single_valued(model: type[BaseModel]) -> set[str]:
    """Fields with one allowed value.

    >>> sorted(single_valued(Recipe))
    ['counterpoise', 'method']
    """
    annotations = {name: field.annotation for name, field in model.model_fields.items()}
    return {name for name, kind in annotations.items() if get_origin(kind) is Literal and len(get_args(kind)) == 1}


def variants(model: BaseModel, instead: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The model with one value changed, one after the other, by the value's path; `instead` for fields without one."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if get_origin(field.annotation) is Literal:
            changes = [("", other) for other in get_args(field.annotation) if other != value]
        elif value is None:
            changes = [("", instead[name])] if name in instead else []
        else:
            changes = list(_others(value))
        for path, other in changes:
            yield f"{name}{path}", model.model_copy(update={name: other})


def _others(value: Any) -> Iterator[tuple[str, Any]]:
    """Values that differ from one in one place, with the place's path."""
    if isinstance(value, BaseModel):
        yield from ((f".{path}", changed) for path, changed in variants(value, {}))
    elif isinstance(value, Mapping):
        for key, own in value.items():
            yield from ((f".{key}{path}", {**value, key: other}) for path, other in _others(own))
    elif isinstance(value, tuple):
        for k, own in enumerate(value):
            yield from ((f".{k}{path}", (*value[:k], other, *value[k + 1 :])) for path, other in _others(own))
    elif isinstance(value, bool):
        yield "", not value
    elif isinstance(value, int):
        yield "", value + 1
    elif isinstance(value, float):
        yield "", math.nextafter(value, math.inf)
    elif isinstance(value, str):
        yield "", f"{value}-other"
    else:
        raise TypeError(f"Nobody knows another value of {value!r}.")
