"""Regions begin and end where each system's depth says, unless somebody says otherwise; they do not move later."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.exchange.dataset import read_frames, write_configurations
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.campaign.rounds.teaching import teach
from nci_core.config import FILE_NAME, CampaignSettings, SystemSettings
from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.systems import Monomer

#: By the guide these wells are 43.6, 21.8 and 3 × 10² cm⁻¹ deep; a third of that begins with these digits.
OWN = {"he-ethylene": -10.0, "he-nitrogen": -7.0, "xe-carbon-dioxide": -100.0}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Campaign]:
    def made(name: str = "work", **settings: object) -> Campaign:
        systems = [
            SystemSettings.of("ethylene"),
            SystemSettings.of("nitrogen"),
            SystemSettings.of("carbon-dioxide", "Xe"),
        ]
        return Campaign.create(
            tmp_path / name, CampaignSettings.of(systems, recipe="quick", teacher="formula", **settings)
        )

    return made


def wells(campaign: Campaign) -> dict[str, float]:
    return {system.name: system.bounds.well_below_cm1 for system in campaign.systems}


def test_each_system_has_a_third_of_its_own_depth(
    make: Callable[..., Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make()
    assert wells(campaign) == OWN
    assert {system.bounds.limit_cm1 for system in campaign.systems} == {1000.0}
    written = tomllib.loads((campaign.folder / FILE_NAME).read_text(encoding="utf-8"))
    assert [system["well_below_cm1"] for system in written["systems"]] == list(OWN.values())
    assert not {"well_below_cm1", "limit_cm1"} & set(written), "none for all of them"
    monkeypatch.setattr("nci_core.campaign.systems._depth", lambda system: 1e6)
    assert wells(Campaign.open(campaign.folder)) == OWN, "kept, whatever a later guide says"


def test_bounds_that_somebody_gives_are_those_of_all_systems(make: Callable[..., Campaign]) -> None:
    assert set(wells(make(well_below_cm1=-3.0)).values()) == {-3.0}
    campaign = make("limited", limit_cm1=400.0)
    assert wells(campaign) == OWN
    assert {system.bounds.limit_cm1 for system in campaign.systems} == {400.0}
    both = make("both", limit_cm1=400.0, well_below_cm1=-3.0)
    assert {system.depth_cm1 for system in both.systems} == {None}
    assert both.add_system(SystemSettings.of("methane")).bounds == RegionBounds(-3.0, 400.0)


def test_a_system_that_is_added_has_its_own(make: Callable[..., Campaign]) -> None:
    campaign = make()
    added = campaign.add_system(SystemSettings.of("methane", role="transfer"))
    assert added.bounds == RegionBounds(-10.0, 1000.0)
    assert campaign.bounds.systems[added.id] == added.bounds
    path = campaign.folder / FILE_NAME
    by_hand = path.read_text(encoding="utf-8").replace("well_below_cm1 = -7.0", "").replace("depth_cm1 = 21.8", "")
    path.write_text(by_hand, encoding="utf-8")
    assert wells(Campaign.open(campaign.folder))["he-nitrogen"] == -7.0


def test_bounds_that_bound_nothing_are_refused(make: Callable[..., Campaign]) -> None:
    with pytest.raises(InputError, match="Region bounds"):
        make(well_below_cm1=5.0)
    path = make("other").folder / FILE_NAME
    path.write_text(path.read_text(encoding="utf-8").replace("well_below_cm1 = -7.0", "well_below_cm1 = 7.0"))
    with pytest.raises(InputError, match="Region bounds"):
        Campaign.open(path.parent)


def test_elements_that_the_guide_does_not_know_have_the_usual_bounds(tmp_path: Path) -> None:
    # The guide ends at radon.
    thorium = Monomer("thorium", ("Th", "Th"), np.array([[0.0, 0.0, -1.4], [0.0, 0.0, 1.4]]))
    settings = CampaignSettings.of([SystemSettings.of(thorium)], teacher="formula")
    campaign = Campaign.create(tmp_path / "thorium", settings)
    (system,) = campaign.systems
    assert (system.bounds, system.depth_cm1) == (RegionBounds(), None)


def test_regions_are_told_apart_by_the_bounds_of_each_system(
    make: Callable[..., Campaign], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.use_formula(monkeypatch)
    campaign = make()
    sample_campaign(campaign, 20, seed=1, n_test=4)
    teach(campaign)
    campaign.store.close()
    campaign = Campaign.open(campaign.folder)
    first, *others = campaign.systems
    every = -1e-6  # nearly all that attracts is the first one's well, and hardly anything another's
    campaign.systems = (
        replace(first, bounds=RegionBounds(every, 1000.0)),
        *(replace(system, bounds=RegionBounds(-1e6, 1e6)) for system in others),
    )
    write_configurations(campaign, tmp_path / "all.extxyz")
    found: dict[str, set[str]] = {}
    for frame in read_frames(campaign.settings.systems, tmp_path / "all.extxyz"):
        found.setdefault(frame.system.name, set()).add(frame.keys["region"])
    assert found == {
        "he-ethylene": {"well", "wall"},
        "he-nitrogen": {"tail", "wall"},
        "xe-carbon-dioxide": {"tail", "wall"},
    }
    reasons = {proposal.configuration_id: proposal.reason for proposal in propose(campaign, "random", 30)}
    assert {reason.partition(",")[0] for reason in reasons.values()} == {"well", "tail", "wall"}


def test_an_archive_keeps_them(make: Callable[..., Campaign], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make()
    sample_campaign(campaign, 12, seed=1, n_test=3)
    export_campaign(campaign, tmp_path / "archive")
    monkeypatch.setattr("nci_core.campaign.systems._depth", lambda system: 1e6)
    again = import_campaign(tmp_path / "archive", tmp_path / "again")
    assert wells(again) == OWN
    again.store.close()
