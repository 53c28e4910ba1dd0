"""Units, error figures and regions: closed-form cases."""

import numpy as np
import pytest

from nci_core.errors import InputError
from nci_core.metrics import by_region, summarise
from nci_core.regions import REGIONS, RegionBounds, SystemBounds, sector_angles, sectors
from nci_core.systems import builtin_monomer
from nci_core.units import BOHR_ANGSTROM, HARTREE_CM1, HARTREE_EV, UNITS, from_cm1, from_unit, to_cm1, to_unit

BOUNDS = RegionBounds()


def test_constants_agree_with_an_independent_source() -> None:
    from scipy import constants

    # scipy may carry another CODATA year: they agree to better than 1e-8.
    assert pytest.approx(constants.value("Hartree energy in eV"), rel=1e-8) == HARTREE_EV
    assert pytest.approx(constants.value("hartree-inverse meter relationship") / 100, rel=1e-8) == HARTREE_CM1
    assert pytest.approx(constants.value("Bohr radius") * 1e10, rel=1e-8) == BOHR_ANGSTROM
    ev = constants.value("electron volt")
    expected = {
        "cm1": constants.value("electron volt-inverse meter relationship") / 100,
        "meV": 1000.0,
        "kJ_mol": ev * constants.N_A / 1000,
        "kcal_mol": ev * constants.N_A / 4184,
        "K": constants.value("electron volt-kelvin relationship"),
    }
    assert {key: unit.per_ev for key, unit in UNITS.items()} == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("key", UNITS)
def test_units_round_trip_and_resolve_a_hundredth_of_a_wavenumber(key: str) -> None:
    energies = np.array([-0.011, 0.0, 0.12])
    # One multiplication and one division: a few units in the last place.
    assert np.allclose(from_unit(to_unit(energies, key), key), energies, rtol=1e-14, atol=0.0)
    assert 10.0 ** -UNITS[key].digits <= to_unit(from_cm1(0.01), key) * 1.5


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(InputError, match="Unknown energy unit 'eV'; choose one of cm1"):
        to_unit(1.0, "eV")


def test_figures_of_known_errors() -> None:
    reference = from_cm1(np.array([-90.0, -30.0, 100.0, 500.0]))
    found = summarise(reference + from_cm1(np.array([3.0, -1.0, 0.0, 2.0])), reference)
    assert found is not None
    # Energies near 0.06 eV carry 1e-17 eV of rounding, 1e-13 cm⁻¹.
    assert found.as_dict() == pytest.approx(
        {"n": 4, "mae_cm1": 1.5, "rmse_cm1": np.sqrt(14 / 4), "max_cm1": 3.0, "bias_cm1": 1.0}, abs=1e-10
    )


def test_the_reference_decides_the_region_and_points_beyond_are_apart() -> None:
    reference = from_cm1(np.array([-90.0, -10.0, 10.0, 2000.0]))
    predicted = from_cm1(np.array([-10.0, 30.0, -50.0, 0.0]))
    overall, regions = by_region(predicted, reference, BOUNDS)
    assert {name: item.mae_cm1 for name, item in regions.items()} == pytest.approx(
        {"well": 80.0, "tail": 40.0, "wall": 60.0, "beyond": 2000.0}
    )
    assert list(regions) == [name for name in REGIONS if name in regions]
    assert overall is not None
    assert (overall.n, overall.max_cm1) == (3, pytest.approx(80.0))


def test_nothing_to_judge_is_none() -> None:
    assert summarise(np.zeros(0), np.zeros(0)) is None
    overall, regions = by_region(from_cm1(np.array([0.0])), from_cm1(np.array([5000.0])), BOUNDS)
    assert overall is None
    assert list(regions) == ["beyond"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["predicted", "reference"])
def test_energies_that_are_not_numbers_are_refused(bad: float, where: str) -> None:
    values = {"predicted": np.array([0.0, 0.1]), "reference": np.array([0.0, 0.1])}
    values[where][1] = bad
    with pytest.raises(InputError, match="not numbers"):
        by_region(values["predicted"], values["reference"], BOUNDS)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="predictions for"):
        summarise(np.zeros(2), np.zeros(3))


def test_borders_of_the_regions() -> None:
    # Each border belongs to the region above it.
    energies = from_cm1(np.array([-20.001, -20.0, -0.001, 0.0, 999.999, 1000.0]))
    assert BOUNDS.classify(energies).tolist() == ["well", "tail", "tail", "wall", "wall", "beyond"]


@pytest.mark.parametrize("bounds", [(0.0, 1000.0), (10.0, 1000.0), (-20.0, 0.0), (-20.0, -30.0), (np.nan, 1000.0)])
def test_bounds_that_bound_nothing_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="Region bounds"):
        RegionBounds(*bounds)


def test_rows_of_several_systems_have_the_bounds_of_their_own() -> None:
    both = SystemBounds({3: RegionBounds(-20.0, 1000.0), 8: RegionBounds(-5.0, 300.0)})
    energies = from_cm1(np.array([-10.0, -10.0, 500.0, 500.0]))
    assert both.of([3, 8, 3, 8]).classify(energies).tolist() == ["tail", "well", "wall", "beyond"]
    assert (both.limit_cm1, both.same) == (1000.0, None)
    assert SystemBounds({3: RegionBounds(), 8: RegionBounds()}).same == RegionBounds()
    assert both.of([]).classify(np.empty(0)).tolist() == []
    overall, regions = by_region(energies + from_cm1(1.0), energies, both.of([3, 8, 3, 8]))
    assert overall is not None
    assert (overall.n, {name: found.n for name, found in regions.items()}) == (
        3,
        {"well": 1, "tail": 1, "wall": 1, "beyond": 1},
    )
    with pytest.raises(InputError, match="2 energies for the bounds of 1 rows"):
        both.of([3]).classify(energies[:2])


@pytest.mark.parametrize("depth", [0.0, -3.0, np.nan, np.inf])
def test_bounds_follow_from_a_depth(depth: float) -> None:
    assert RegionBounds.of_depth(40.0, limit_cm1=300.0) == RegionBounds(-10.0, 300.0)
    assert RegionBounds.of_depth(40.0, well_below_cm1=-3.0) == RegionBounds(-3.0, 1000.0)
    with pytest.raises(InputError, match="positive depth"):
        RegionBounds.of_depth(depth)


@pytest.mark.parametrize("name", ["benzene", "ethylene"])
def test_sectors_are_angles_from_the_face(name: str) -> None:
    host = builtin_monomer(name)
    angles = np.deg2rad([0.0, 29.9, 30.1, 59.9, 60.1, 90.0])
    points = 4.0 * np.column_stack([np.sin(angles), np.zeros(6), np.cos(angles)])
    expected = ["face", "face", "slanted", "slanted", "edge", "edge"]
    assert sectors(host, points).tolist() == expected
    assert sectors(host, -points).tolist() == expected, "both faces are faces"
    # arccos loses half the digits near 0 degrees: 1e-6 degrees.
    assert np.allclose(sector_angles(host, points), np.rad2deg(angles), atol=1e-5)


def test_to_cm1_of_one_hartree() -> None:
    assert to_cm1(HARTREE_EV) == pytest.approx(HARTREE_CM1, rel=1e-14)
