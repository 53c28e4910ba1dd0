"""A small campaign: four configurations in the pool, two in the test set."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from a_system import a_system
from stored_places import Place

from nci_core.store import CampaignInfo, Store, campaign, configurations


def campaign_info() -> CampaignInfo:
    return CampaignInfo(
        teacher="hf-d4",
        recipe="quick",
        recipe_hash="r1",
        well_below_cm1=-20.0,
        limit_cm1=1000.0,
        nci_version="0.1.0",
    )


def fill(store: Store) -> None:
    campaign.set_info(store, campaign_info(), [a_system()])
    heights = [[0.0, 0.0, 3.0 + 0.1 * i] for i in range(6)]
    configurations.add(
        store, heights[:4], [f"pool{i}" for i in range(4)], system_id=1, sectors=["face"] * 4, sample_seed=7
    )
    configurations.add(store, heights[4:], [f"test{i}" for i in range(2)], system_id=1, split="test")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    folder = tmp_path / "campaign"
    folder.mkdir()
    if request.param == "sqlite":
        return Place(str(folder), folder)
    return Place(request.getfixturevalue("fresh_schema"), folder)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.create() as opened:
        fill(opened)
        yield opened
