"""Sampling a campaign: the frozen test set, and what a kill or an impossible wish leaves behind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.rounds.sampling import plan_sample, sample_campaign
from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.store import configurations
from nci_core.systems import Dimer, Monomer, builtin_monomer


def test_sampling_freezes_a_test_set_of_every_region(sampled: Campaign) -> None:
    rows = configurations.fetch(sampled.store)
    assert len({row.geometry_hash for row in rows}) == len(rows)
    test = [row for row in rows if row.split == "test"]
    assert len(test) == 8
    assert {row.origin for row in test} == {"sample"}
    assert sum(row.split == "pool" and row.origin == "sample" for row in rows) == 32
    assert 1 <= sum((row.origin or "").startswith("cut:") for row in rows) <= 9
    pool_positions = configurations.positions(sampled.store, split="pool")[1]
    for row in test:
        here = [row.x_angstrom, row.y_angstrom, row.z_angstrom]
        assert np.linalg.norm(pool_positions - here, axis=1).min() > 1e-4


def test_a_frozen_test_set_stays_as_it_is(sampled: Campaign) -> None:
    before = small.test_set(sampled)
    with pytest.raises(InputError, match="frozen already"):
        sample_campaign(sampled, 20, seed=2, n_test=4)
    assert len(small.pool(sampled)) == len(configurations.fetch(sampled.store)) - 8, "nothing was added"
    again = sample_campaign(sampled, 20, seed=2)
    assert (again.n_new, again.n_test) == (20, 0)
    assert small.test_set(sampled) == before


@pytest.mark.parametrize("struck", [2, 3])
def test_sampling_that_is_killed_can_be_done_again(
    tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch, struck: int
) -> None:
    """After the test set is written, or after the pool: the same call then makes what it would have made."""
    from nci_core.store import configurations as rows
    from nci_core.store.bulk import insert_missing

    calls: list[int] = []

    def dies(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == struck:
            raise KeyboardInterrupt
        insert_missing(*arguments)

    def sampled(name: str) -> list[tuple[str, str, str]]:
        campaign = small.make(tmp_path / name, host)
        sample_campaign(campaign, 20, seed=5, n_test=4, points_per_cut=3)
        return [(row.geometry_hash, row.split, row.origin) for row in configurations.fetch(campaign.store)]

    with monkeypatch.context() as patch:
        patch.setattr(rows, "insert_missing", dies)
        with pytest.raises(KeyboardInterrupt):
            sampled("killed")
    campaign = Campaign.open(tmp_path / "killed")
    assert configurations.fetch(campaign.store) == []
    assert sample_campaign(campaign, 20, seed=5, n_test=4, points_per_cut=3).n_test == 4
    found = [(row.geometry_hash, row.split, row.origin) for row in configurations.fetch(campaign.store)]
    assert found == sampled("undisturbed")
    with pytest.raises(InputError, match="frozen already"):
        sample_campaign(campaign, 20, seed=5, n_test=4, points_per_cut=3)


@pytest.mark.parametrize(("n", "options"), [(8, {"n_test": 8}), (8, {"n_test": -1}), (8, {"points_per_cut": -1})])
def test_impossible_samples_change_nothing(tmp_path: Path, host: Path, n: int, options: dict[str, int]) -> None:
    campaign = small.make(tmp_path / "work", host)
    with pytest.raises(InputError):
        sample_campaign(campaign, n, seed=1, **options)
    assert configurations.fetch(campaign.store) == []
    assert sample_campaign(campaign, 8, seed=1, n_test=2).n_test == 2, "no test set was frozen by the failed try"


def test_sampling_is_repeatable(tmp_path: Path, host: Path) -> None:
    found = []
    for name in ("one", "two"):
        campaign = small.make(tmp_path / name, host)
        sample_campaign(campaign, 20, seed=5, n_test=4)
        found.append([(row.geometry_hash, row.split) for row in configurations.fetch(campaign.store)])
    assert found[0] == found[1]


@pytest.mark.parametrize("host", ["ethylene", "c60", "circumcoronene"])
def test_cuts_leave_hosts_of_any_size(host: str) -> None:
    dimer = Dimer(builtin_monomer(host), Monomer.atom("He"))
    cuts = plan_sample(dimer, RegionBounds(), 1, seed=1, points_per_cut=5).cuts
    assert len(cuts) == 3
    for points in cuts.values():
        separations = np.sort(dimer.at(points).separations)
        # From the wall, where van der Waals spheres overlap, to the tail; geometric steps over at least 3.5 Å.
        assert separations[0] < 3.0 < 4.9 < separations[-1]
