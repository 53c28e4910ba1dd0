"""Every built-in recipe keeps the public contract of recipes; and the contract sees a hash that forgets something."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.recipes import BasisNumbers, Recipe
from nci_core.testing.recipes import RecipeContract


class TestBuiltIn(RecipeContract):
    instead: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "midbond": find_recipe("quick").midbond,
            "host_fitting": {"*": "aug-cc-pvdz-jkfit"},
            "extrapolation": find_recipe("dt").extrapolation,
            "composite": find_recipe("composite").composite,
            "numbers": {"cc-pvdz C": BasisNumbers(digest="0" * 16)},
        }
    )

    @pytest.fixture(params=RECIPES)
    def recipe(self, request: pytest.FixtureRequest) -> Recipe:
        return find_recipe(request.param)


def test_a_forgetful_hash_is_seen() -> None:
    class Forgetful(Recipe):
        @property
        def hash(self) -> str:
            return self.model_copy(update={"cc_amplitudes": 1.0}).hash if self.cc_amplitudes != 1.0 else super().hash

    with pytest.raises(AssertionError, match="cc_amplitudes"):
        TestBuiltIn().test_every_setting_changes_the_hash(Forgetful.model_validate(find_recipe("quick").model_dump()))
