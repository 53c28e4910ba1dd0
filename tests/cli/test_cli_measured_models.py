"""Models of files measured on the labels of a campaign."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ethylene_file import ETHYLENE, labelled

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import import_campaign

Nci = Callable[..., Any]


DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def ethylene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = import_campaign(DATA / "he-ethylene", tmp_path_factory.mktemp("campaigns") / "he-ethylene")
    yield campaign
    campaign.store.close()


def test_a_checkpoint_on_a_campaign_is_measured_on_its_labels(nci: Nci, ethylene: Campaign) -> None:
    everything = json.loads(nci("evaluate", "-c", ethylene.folder, "--json").out)["errors"]
    one = json.loads(nci("evaluate", "-c", ethylene.folder, "--model", ETHYLENE, "--json").out)["errors"]
    assert list(one) == [ETHYLENE.name]
    stored = everything["round-4-finetuned"]
    for split in ("test", "pool"):
        assert one[ETHYLENE.name][split]["all"]["n"] == stored[split]["all"]["n"]
        # Stored energies are of another processor, and all are rounded in the last digits.
        assert one[ETHYLENE.name][split]["all"]["mae_cm1"] == pytest.approx(stored[split]["all"]["mae_cm1"], rel=1e-6)
    benzene = DATA / "he-benzene" / "models" / "round-7-finetuned.pt"
    assert json.loads(nci("evaluate", "-c", ethylene.folder, "--model", benzene, "--json").out)["errors"] != one


def test_a_campaigns_bounds_are_those_of_its_files(nci: Nci, ethylene: Campaign, tmp_path: Path) -> None:
    data = labelled(tmp_path / "a.extxyz")
    own = ethylene.settings
    found = json.loads(nci("evaluate", "-c", ethylene.folder, "--data", data, "--json").out)
    assert (found["well_below_cm1"], found["limit_cm1"]) == (own.well_below_cm1, own.limit_cm1)
    found = json.loads(nci("evaluate", "-c", ethylene.folder, "--data", data, "--limit", 700, "--json").out)
    assert (found["well_below_cm1"], found["limit_cm1"]) == (own.well_below_cm1, 700.0)


def test_a_checkpoint_is_checked_on_the_campaigns_host(nci: Nci, ethylene: Campaign) -> None:
    done = nci("check", "-c", ethylene.folder, "--model", ETHYLENE, "--json")
    assert done.code == 0, done.err
    stored = nci("check", "-c", ethylene.folder, "--model", "round-4-finetuned", "--json")
    assert list(json.loads(done.out).values()) == list(json.loads(stored.out).values())
