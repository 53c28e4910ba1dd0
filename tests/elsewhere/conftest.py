"""He–H2 and Ne–H2 by a recipe that takes a second, exported and computed by the script that travels."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "campaign"))  # small_campaign
sys.path.insert(0, str(Path(__file__).parent))  # made_outputs, tiny_label

import small_campaign as small
from tiny_label import TINY, run_script

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.elsewhere import Exported, export_inputs
from nci_core.labels import builtin_recipes
from nci_core.labels.recipes import Recipe


@pytest.fixture(scope="module")
def tiny() -> Iterator[Recipe]:
    """Known only while a module of these tests runs: others ask which recipes are built in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(builtin_recipes.RECIPES, "tiny", TINY)
        yield TINY


@pytest.fixture
def make_campaign(tmp_path: Path, tiny: Recipe) -> Iterator[Callable[[], Campaign]]:
    opened: list[Campaign] = []

    def make() -> Campaign:
        opened.append(small.sampled(tmp_path / "work", small.write_host(tmp_path), recipe="tiny"))
        return opened[-1]

    yield make
    for campaign in opened:
        campaign.store.close()


@pytest.fixture
def campaign(make_campaign: Callable[[], Campaign]) -> Campaign:
    return make_campaign()


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory, tiny: Recipe) -> Iterator[tuple[Campaign, Exported, bytes]]:
    """A campaign with two exported labels, and the result that the script wrote for the first; import only copies."""
    folder = tmp_path_factory.mktemp("computed")
    campaign = small.sampled(folder / "work", small.write_host(folder), recipe="tiny")
    done = export_inputs(campaign, small.pool(campaign)[:2], "a person", folder / "out")
    run = run_script(done.folders[0])
    assert run.returncode == 0, run.stderr
    yield campaign, done, (done.folders[0] / "result-pyscf.json").read_bytes()
    campaign.store.close()
