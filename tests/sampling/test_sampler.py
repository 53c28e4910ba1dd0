"""The sampler's contract: seeded, clash-free, symmetry-unique, from the wall to the tail."""

import numpy as np
import pytest
from ase.build import molecule

from nci_core.errors import InputError
from nci_core.regions import RegionBounds, sectors
from nci_core.sampling import PairGuide, SampleSettings, sample
from nci_core.sampling.rays import low_discrepancy, rotation_axes
from nci_core.sampling.sampler import is_clash
from nci_core.systems import Configurations, Dimer, Monomer, RigidForces, builtin_monomer
from nci_core.units import to_cm1

METHANE = molecule("CH4")


def dimers() -> list[Dimer]:
    hosts = [
        builtin_monomer("benzene"),
        builtin_monomer("ethylene"),
        Monomer("methane", tuple(METHANE.get_chemical_symbols()), METHANE.positions + 5.0),
        Monomer("nitrogen", ("N", "N"), np.array([[0.0, 0.0, -0.55], [0.0, 0.0, 0.55]])),
        Monomer("neon", ("Ne",), np.zeros((1, 3))),
    ]
    return [Dimer(host, Monomer.atom("He")) for host in hosts] + [Dimer(hosts[0], Monomer.atom("Ar"))]


@pytest.mark.parametrize("dimer", dimers(), ids=lambda d: d.name)
def test_contract(dimer: Dimer) -> None:
    settings = SampleSettings()
    result = sample(dimer, 200, seed=3)
    assert result.positions.shape == (200, 3)
    assert result.energies.shape == (200,)
    assert len(set(dimer.at(result.positions).geometry_hashes())) == 200
    assert np.allclose(result.positions, np.round(result.positions, 4), rtol=0, atol=1e-12)
    # Folding a second time moves nothing but the last digit.
    assert np.allclose(dimer.at(result.positions).unique().R, result.positions, rtol=0, atol=2.1e-4)
    assert not is_clash(dimer.at(result.positions), settings.clash_factor).any()
    dimer.at(result.positions).checked()
    nearest = dimer.at(result.positions).separations
    assert nearest.max() <= settings.reach + 1e-3
    assert nearest.max() > 0.9 * settings.reach
    energies = to_cm1(result.energies)
    assert energies.max() < settings.limit_cm1
    assert energies.max() > 0.6 * settings.limit_cm1
    counts = {name: int((RegionBounds().classify(result.energies) == name).sum()) for name in ("wall", "tail")}
    assert min(counts.values()) >= 40
    assert {"clash", "wall", "duplicate"} <= set(result.rejected)


def test_the_same_seed_gives_the_same_points() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    first, again, other = (sample(dimer, 50, seed=s).positions for s in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # Stored once; must hold on every machine.
    assert np.allclose(first[:2], SEED_7, rtol=0, atol=1e-9)


def test_a_longer_sample_starts_with_the_shorter_one() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    assert np.array_equal(sample(dimer, 60, seed=1).positions[:20], sample(dimer, 20, seed=1).positions)


def test_faces_edges_and_corners_of_benzene() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    result = sample(dimer, 400, seed=0)
    found = sectors(dimer.a, result.positions)
    near = dimer.at(result.positions).separations < 4.5
    for sector, least in (("face", 30), ("slanted", 50), ("edge", 80)):
        assert ((found == sector) & near).sum() >= least
    in_plane = near & (np.abs(result.positions[:, 2]) < 1.0)
    assert in_plane.sum() >= 20
    # Each C–H bond's end and the gaps between bonds: the wedge spans 30 degrees of azimuth.
    azimuth = np.degrees(np.arctan2(result.positions[in_plane, 1], result.positions[in_plane, 0]))
    assert np.ptp(azimuth) > 20.0
    on_axis = np.linalg.norm(result.positions[:, :2], axis=1) < 1e-3
    assert on_axis.any()


def test_denser_where_the_energy_changes() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    nearest = dimer.at(sample(dimer, 300, seed=0).positions).separations
    assert (nearest < 4.0).sum() > 2 * (nearest > 6.0).sum() > 20


def test_a_model_can_guide() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))

    class Model:
        def energies(self, at: Configurations) -> np.ndarray:
            assert at.dimer is dimer
            return np.exp(-3.0 * (at.separations - 3.0)) - 0.005

        def energies_and_forces(self, at: Configurations) -> tuple[np.ndarray, RigidForces]:
            raise AssertionError("the sampler asks for energies alone")

    result = sample(dimer, 60, seed=0, guide=Model(), settings=SampleSettings(limit_cm1=1000.0))
    assert np.allclose(result.energies, Model().energies(dimer.at(result.positions)))
    assert to_cm1(result.energies).max() < 1000.0


def test_a_second_pass_avoids_the_first() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    first = sample(dimer, 40, seed=0)
    taken = dimer.at(first.positions).geometry_hashes()
    second = sample(dimer, 40, seed=0, taken=taken)
    assert not set(taken) & set(dimer.at(second.positions).geometry_hashes())
    assert second.rejected["duplicate"] == 40


def test_a_guide_without_a_wall_is_stopped_by_the_nuclei() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    settings = SampleSettings(change_share=0.0)
    result = sample(dimer, 100, seed=0, guide=lambda p: np.full(len(p), -0.01), settings=settings)
    assert result.rejected["no wall"] >= 100
    assert result.rejected["clash"] > 0
    assert not is_clash(dimer.at(result.positions), settings.clash_factor).any()


def test_bad_guides_and_settings() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    with pytest.raises(InputError, match="not finite"):
        sample(dimer, 5, seed=0, guide=lambda p: np.full(len(p), np.nan))
    with pytest.raises(InputError, match="Only 0 of 5 points found"):
        sample(dimer, 5, seed=0, guide=lambda p: np.full(len(p), 100.0))
    with pytest.raises(InputError, match="at least one point"):
        sample(dimer, 0, seed=0)
    with pytest.raises(InputError, match="at most 100,000 points, got n = 1,000,000,000"):
        sample(dimer, 1_000_000_000, seed=0)
    with pytest.raises(InputError, match="positive numbers"):
        SampleSettings(reach=-1.0)


def test_rotation_axes() -> None:
    assert len(rotation_axes(builtin_monomer("benzene"))) == 2 * 7  # D6h: C6, three C2', three C2''
    assert len(rotation_axes(builtin_monomer("ethylene"))) == 2 * 3
    assert rotation_axes(Monomer("peroxide", ("O", "O", "H", "H"), np.array(BENT))).shape == (0, 3)


#: No symmetry at all.
BENT = [[0.0, 0.0, 0.0], [1.4, 0.0, 0.0], [-0.3, 0.9, 0.1], [1.9, -0.4, 0.8]]


def test_low_discrepancy_continues() -> None:
    whole = low_discrepancy(100, 6, seed=2)
    assert np.allclose(low_discrepancy(40, 6, seed=2, start=60), whole[60:], atol=1e-12)
    counts = np.histogram2d(whole[:, 0], whole[:, 5], bins=4, range=[[0, 1], [0, 1]])[0]
    assert counts.min() >= 2


def test_the_default_guide_against_hf_d4() -> None:
    """HF/aug-cc-pVDZ + D4 in cm⁻¹, computed once: nci_core.teachers, spec hf-d4."""
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    positions = np.array([[0.0, 0.0, 2.4], [0.0, 1.39, 2.4], [0.0, 4.2, 0.0], [3.9, 0.0, 0.0], [0.0, 0.0, 4.0]])
    teacher = np.array([467.2, 1262.5, 1113.5, 391.9, -39.1])
    guide = to_cm1(PairGuide(dimer)(positions))
    assert np.all(np.abs(np.log(guide[:4] / teacher[:4])) < np.log(2.5))
    assert guide[4] == pytest.approx(teacher[4], abs=15.0)


def test_an_element_without_parameters_is_named() -> None:
    francium = Monomer("francium", ("Fr", "Fr"), np.array([[0.0, 0.0, -2.25], [0.0, 0.0, 2.25]]))
    with pytest.raises(InputError, match="no parameters for Fr"):
        PairGuide(Dimer(francium, Monomer.atom("He")))


SEED_7 = [[3.2048, 0.9099, 1.4731], [2.5948, 8.4432, 0.3681]]
