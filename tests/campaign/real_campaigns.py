"""A campaign whose labels are computed for real, by recipes that take a second."""

from collections.abc import Iterator
from pathlib import Path

import killed_labels as killed
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.labels.builtin_recipes import RECIPES


@pytest.fixture
def campaign(
    tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Campaign]:
    recipe = getattr(request, "param", killed.TINY.name)
    for name, known in killed.RECIPES_HERE.items():
        monkeypatch.setitem(RECIPES, name, known)
    made = small.make(tmp_path / "work", host, recipe=recipe)
    yield made
    made.store.close()
