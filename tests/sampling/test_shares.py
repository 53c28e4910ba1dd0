"""What a sample of any system covers: its own well, half planes of linear hosts, the outside of cages."""

from dataclasses import replace

import numpy as np
import pytest

from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.sampling import PairGuide, SampleSettings, sample
from nci_core.sampling.depth import well_depth
from nci_core.sampling.inside import enclosed
from nci_core.sampling.quotas import MOST
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

SYSTEMS = [
    ("He", "benzene"),
    ("He", "methane"),
    ("He", "nitrogen"),
    ("Ar", "carbon-dioxide"),
    ("Ar", "hydrogen-fluoride"),
    ("Xe", "benzene"),
    ("He", "c60"),
]


def dimer_of(probe: str, host: str) -> Dimer:
    return Dimer(builtin_monomer(host), Monomer.atom(probe))


@pytest.mark.parametrize(("probe", "host"), SYSTEMS)
@pytest.mark.parametrize("n", [60, 200])
def test_every_region_has_its_share_whatever_the_depth(probe: str, host: str, n: int) -> None:
    dimer = dimer_of(probe, host)
    bounds = RegionBounds.of_depth(well_depth(dimer))
    result = sample(dimer, n, seed=1, settings=SampleSettings.of(bounds))
    region = bounds.classify(result.energies)
    few = 3 / n  # shares are those of 256 candidates, and points the first of them
    assert (region == "well").mean() >= 0.32 - few
    assert (region == "tail").mean() <= MOST["tail"] + few
    assert 0.3 <= np.isin(region, ["wall", "beyond"]).mean() <= MOST["wall"] + few


@pytest.mark.parametrize(("probe", "host"), [("He", "benzene"), ("He", "nitrogen")])
def test_the_wall_is_thinned_evenly(probe: str, host: str) -> None:
    dimer = dimer_of(probe, host)
    settings = SampleSettings.of(RegionBounds.of_depth(well_depth(dimer)))
    every, chosen = (
        to_cm1(sample(dimer, 400, seed=1, settings=each).energies)
        for each in (replace(settings, bounds=None), settings)
    )
    edges = [0.0, 10.0, 100.0, 500.0, settings.limit_cm1]
    before, after = (np.histogram(energies, edges)[0] / (energies > 0).sum() for energies in (every, chosen))
    # Of some 160 points a share of 0.2 is known to 0.03; greedy choices left the highest bin empty.
    assert np.abs(after - before).max() < 0.08


def test_a_longer_sample_with_shares_starts_with_the_shorter_one() -> None:
    dimer, settings = dimer_of("He", "methane"), SampleSettings.of(RegionBounds(-10.0))
    long, short = (sample(dimer, n, seed=1, settings=settings).positions for n in (60, 20))
    assert np.array_equal(long[:20], short)


def test_shares_choose_among_the_points_of_before() -> None:
    """Over benzene the scales are those of the sampler itself: shares leave points out and move none."""
    dimer = dimer_of("He", "benzene")
    chosen = sample(dimer, 50, seed=4, settings=SampleSettings.of(RegionBounds.of_depth(well_depth(dimer))))
    every = sample(dimer, 50 + chosen.rejected["left out"], seed=4)
    assert {tuple(place) for place in chosen.positions} <= {tuple(place) for place in every.positions}


def test_a_well_that_the_guide_does_not_have_is_not_waited_for() -> None:
    dimer = dimer_of("He", "nitrogen")
    deepest = well_depth(dimer)
    result = sample(dimer, 60, seed=1, settings=SampleSettings.of(RegionBounds(-10.0 * deepest)))
    assert len(result.positions) == 60
    assert result.rejected["left out"] <= 60 * 6  # DENSEST, of which 0.7 is taken where there is no well


@pytest.mark.parametrize(("probe", "host", "well"), [("He", "benzene", -20.0), ("He", "ethylene", -10.0)])
def test_own_bounds_are_those_that_the_embedded_campaigns_were_given(probe: str, host: str, well: float) -> None:
    bounds = RegionBounds.of_depth(well_depth(dimer_of(probe, host)))
    assert (bounds.well_below_cm1, bounds.limit_cm1) == (well, 1000.0)


def test_the_depth_is_that_of_the_guide_s_minimum() -> None:
    dimer = dimer_of("Ar", "carbon-dioxide")
    heights = np.linspace(2.5, 6.0, 3501)  # its deepest place is above the carbon, by symmetry
    above = np.outer(heights, dimer.a.axes[2]) + dimer.a.centre
    expected = -to_cm1(PairGuide(dimer)(above)).min()
    assert well_depth(dimer) == pytest.approx(expected, abs=0.1)  # it is rounded to that
    with pytest.raises(InputError, match="attracts Ar nowhere"):
        well_depth(dimer, lambda places: np.exp(-np.linalg.norm(places, axis=1)))


@pytest.mark.parametrize("host", ["carbon-dioxide", "hydrogen-fluoride", "acetylene"])
def test_around_linear_hosts_angles_are_even_in_a_half_plane(host: str) -> None:
    dimer = dimer_of("Ar", host)
    settings = SampleSettings(axis_share=0.0)
    found = sample(dimer, 180, seed=2, settings=settings).positions - dimer.a.centre
    own = found @ dimer.a.axes.T
    across = np.linalg.norm(own[:, 1:], axis=1)
    spread = np.linalg.svd(own[:, 1:] / np.maximum(across, 1e-9)[:, None], compute_uv=False)
    assert spread[1] < 1e-2 * spread[0], "all on one side of one line, to the grid of positions"
    folded = np.degrees(np.arctan2(across, np.abs(own[:, 0])))
    counts = np.histogram(folded, bins=[0, 30, 60, 90])[0]
    # A low-discrepancy sequence fills three bins by 60 each to within a few points; candidates behind walls are few.
    assert np.abs(counts - 60).max() <= 8


def test_no_point_is_inside_a_cage() -> None:
    cage = builtin_monomer("c60")
    radius = np.linalg.norm(cage.positions - cage.centre, axis=1).mean()
    inside = np.random.default_rng(0).normal(size=(50, 3))
    inside *= 0.9 * radius * np.random.default_rng(1).random((50, 1)) / np.linalg.norm(inside, axis=1)[:, None]
    assert enclosed(cage, inside + cage.centre).all()
    # A guide without a wall lets rays begin at the centre.
    everywhere = sample(
        Dimer(cage, Monomer.atom("He")), 80, seed=0, guide=lambda places: -from_cm1(1.0 + 0 * places[:, 0])
    )
    assert np.linalg.norm(everywhere.positions - cage.centre, axis=1).min() > radius
    assert everywhere.rejected["inside"] > 0


def test_a_bowl_and_a_ring_enclose_nothing() -> None:
    cage = builtin_monomer("c60")
    half = cage.positions @ cage.axes[2] > 0.0
    bowl = Monomer("bowl", ("C",) * int(half.sum()), cage.positions[half])
    assert not enclosed(bowl, np.array([cage.centre, cage.centre + 0.5 * cage.axes[2]])).any()
    above = builtin_monomer("benzene").centre + np.array([[0.0, 0.0, 1.5], [0.0, 0.0, 3.0]])
    assert not enclosed(builtin_monomer("benzene"), above).any()
