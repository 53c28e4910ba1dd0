"""Every page says and draws of the embedded campaigns what it did when that was kept last; see record_pages.py."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import Once

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))

from page_differences import differences
from page_places import CAMPAIGNS, Place, alone, file_of, import_both, kept_name, look, looks

KEPT = {name: json.loads(file_of(name).read_text(encoding="utf-8")) for name in CAMPAIGNS}
LOOKS = list(looks())


@pytest.fixture(scope="module")
def home(once: Once) -> Iterator[Path]:
    from app import predictor

    folder = once("both-embedded", import_both)
    with alone(folder):
        yield folder
    predictor.predictor().close()


@pytest.mark.parametrize(("campaign", "unit", "place"), LOOKS, ids=lambda part: getattr(part, "name", part))
def test_a_page_says_what_it_said(home: Path, campaign: str, unit: str, place: Place) -> None:
    said = differences(KEPT[campaign].get(kept_name(unit, place), []), look(home, campaign, unit, place))
    if said:
        pytest.fail(f"{place.name} of {campaign} has changed:\n{said}", pytrace=False)


def test_all_that_is_kept_is_looked_at() -> None:
    assert {(campaign, kept_name(unit, place)) for campaign, unit, place in LOOKS} == {
        (campaign, name) for campaign, pages in KEPT.items() for name in pages
    }


@pytest.mark.parametrize(
    ("kept", "now", "said"),
    [
        (["MAE 0.032 ± 0.005 cm⁻¹"], ["MAE 0.033 ± 0.005 cm⁻¹"], ""),
        (["MAE 0.032 cm⁻¹"], ["MAE 0.034 cm⁻¹"], "− MAE 0.032 cm⁻¹\n+ MAE 0.034 cm⁻¹"),
        (["49 points"], ["50 points"], "− 49 points\n+ 50 points"),
        (["recipe a924f9e9453b"], ["recipe a925f9e9453b"], "− recipe a924f9e9453b\n+ recipe a925f9e9453b"),
        (["a", "b", "c"], ["a", "c"], "  a\n− b\n  c"),
    ],
)
def test_differences_are_read_line_by_line(kept: list[str], now: list[str], said: str) -> None:
    assert differences(kept, now) == said
