"""Fields round a host: folding changes nothing, the well is the lowest place of each direction."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import import_campaign
from nci_core.campaign.queries.live import field, terms
from nci_core.campaign.queries.live_fields import folded_field, ruler, well_radii
from nci_core.errors import InputError, StoreError
from nci_core.systems import Monomer, builtin_monomer
from nci_core.systems.folding import distinct, exact_operations
from nci_core.units import from_cm1

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def ethylene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = import_campaign(DATA / "he-ethylene", tmp_path_factory.mktemp("live") / "he-ethylene")
    yield campaign
    campaign.store.close()


def active(campaign: Campaign) -> int:
    model = campaign.active_model()
    assert model is not None
    return model.id


def grid(half: float = 5.0, n: int = 9) -> np.ndarray:
    axis = np.linspace(-half, half, n)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)


def test_folding_asks_for_an_eighth_and_changes_nothing(ethylene: Campaign) -> None:
    host, points = ethylene.systems[0].dimer.a, grid()
    first, which = distinct(host, points)
    assert len(first) == 5**3  # an octant of a 9 × 9 × 9 grid, with its three planes
    assert which.shape == (9**3,)
    whole, folded = (ask(ethylene.folder, active(ethylene), 1, points) for ask in (field, folded_field))
    below = whole.energy_ev < from_cm1(1000.0)
    assert below.sum() > 500
    named = terms(ethylene.folder, active(ethylene), 1)
    assert named == ("electrostatics", "exchange", "induction", "dispersion")
    assert list(whole.columns) == list(folded.columns) == ["energy_ev", "std_ev", *(f"{name}_ev" for name in named)]
    for name, values in whole.columns.items():
        # 1e-9 eV is 1e-5 cm⁻¹; images agree to rounding.
        np.testing.assert_allclose(folded.columns[name][below], values[below], rtol=0, atol=1e-9, err_msg=name)


def test_only_exact_operations_fold() -> None:
    host = builtin_monomer("ethylene")
    assert len(exact_operations(host)) == len(host.operations) == 8
    moved = host.positions.copy()
    moved[0] += [1e-3, 0.0, 0.0]  # within the tolerance of the point group, but the energies differ
    bent = Monomer("bent", host.symbols, moved)
    assert len(bent.operations) == 8
    assert 1 <= len(exact_operations(bent)) < 8
    first, _ = distinct(bent, grid())
    assert len(first) > len(distinct(host, grid())[0])


def test_points_that_are_not_equivalent_stay_apart() -> None:
    points = np.random.default_rng(1).uniform(-6, 6, (500, 3))
    first, which = distinct(builtin_monomer("benzene"), points)
    assert len(first) == 500
    np.testing.assert_array_equal(first[which], np.arange(500))


def test_the_well_is_the_lowest_place_of_its_direction(ethylene: Campaign) -> None:
    host, model = ethylene.systems[0].dimer.a, active(ethylene)
    directions = np.random.default_rng(2).standard_normal((25, 3))
    directions[0] = [0.0, 0.0, 3.0]
    found = well_radii(ethylene.folder, model, 1, directions)
    rays = directions / np.linalg.norm(directions, axis=1)[:, None]
    radii = np.arange(2.5, 9.0, 0.01)
    for ray, radius in zip(rays, found, strict=True):
        along = field(ethylene.folder, model, 1, host.centre + radii[:, None] * ray).energy_ev
        wall = np.flatnonzero(along > from_cm1(1000.0))
        outside = slice(wall[-1] + 1 if len(wall) else 0, None)
        best = radii[outside][np.argmin(along[outside])]
        # The parabola spans ±0.0625 Å; the well is not quite one, and the search itself has steps of 0.01 Å.
        assert radius == pytest.approx(best, abs=0.015)


def test_equivalent_directions_have_one_well(ethylene: Campaign) -> None:
    host = ethylene.systems[0].dimer.a
    images = host.operations @ np.array([0.3, 0.5, 0.8])
    found = well_radii(ethylene.folder, active(ethylene), 1, images)
    assert np.ptp(found) == 0.0  # one answer, copied


def test_the_ruler_of_a_campaign(ethylene: Campaign) -> None:
    points = np.array([[0.0, 0.0, 3.2], [4.5, 0.0, 0.0]])
    read = ruler(ethylene.folder, active(ethylene), 1, points)
    np.testing.assert_allclose(read.distance, ethylene.systems[0].dimer.at(points).distances[:, :, 0], rtol=1e-14)
    assert read.length.shape == read.std.shape == (2, 6)
    assert (read.std >= 0).all()
    assert read.std.max() > 0
    np.testing.assert_allclose(read.length[0, 0], read.length[0, 1], rtol=1e-9)  # two carbons, mirror images
    assert 0.5 < (read.length / read.distance).min() < (read.length / read.distance).max() < 2.0


def test_bad_questions_are_refused(ethylene: Campaign) -> None:
    folder, model = ethylene.folder, active(ethylene)
    with pytest.raises(InputError, match="no length"):
        well_radii(folder, model, 1, [[0.0, 0.0, 0.0]])
    with pytest.raises(InputError, match="not a finite number"):
        folded_field(folder, model, 1, [[0.0, np.nan, 0.0]])
    with pytest.raises(InputError, match="lies on a nucleus"):
        ruler(folder, model, 1, ethylene.systems[0].dimer.a.positions[:1])
    with pytest.raises(StoreError, match="no model 999"):
        folded_field(folder, 999, 1, [[0.0, 0.0, 3.0]])
