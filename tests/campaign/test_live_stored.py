"""Teacher and CCSD(T) between the configurations: what is stored is kept, symmetric, blank far away, and measured."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import import_campaign
from nci_core.campaign.queries.live import field
from nci_core.campaign.queries.live_stored import FEWEST, misses, stored_field
from nci_core.errors import InputError
from nci_core.interpolation import REACH, orbit
from nci_core.store import models
from nci_core.store.tables import configurations_table
from nci_core.units import CM1_EV, from_cm1

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def ethylene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = import_campaign(DATA / "he-ethylene", tmp_path_factory.mktemp("stored") / "he-ethylene")
    yield campaign
    campaign.store.close()


def distilled(campaign: Campaign) -> int:
    return next(model.id for model in models.fetch(campaign.store) if model.kind == "distilled")


def stored(campaign: Campaign, column: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    settings = campaign.settings
    table = configurations_table(
        campaign.store, teacher=settings.teacher, recipe_hash=settings.reference.hash, model_id=None
    )
    rows = table[(table["split"] == split) & (table[column] < from_cm1(settings.limit_cm1))]
    return rows[["x_angstrom", "y_angstrom", "z_angstrom"]].to_numpy(dtype=float), rows[column].to_numpy(dtype=float)


@pytest.mark.parametrize(("source", "column"), [("teacher", "teacher_ev"), ("reference", "label_ev")])
@pytest.mark.parametrize("split", ["test", "pool"])
def test_stored_energies_are_kept_and_equivalent_places_agree(
    ethylene: Campaign, source: str, column: str, split: str
) -> None:
    places, energies = stored(ethylene, column, split)
    found = stored_field(ethylene.folder, distilled(ethylene), 1, source, split, places)
    np.testing.assert_allclose(found, energies, rtol=0, atol=1e-4 * CM1_EV)
    host = ethylene.systems[0].dimer.a
    image = orbit(host, places)[-1] + host.centre
    again = stored_field(ethylene.folder, distilled(ethylene), 1, source, split, image)
    np.testing.assert_allclose(again, energies, rtol=0, atol=1e-3 * CM1_EV)


def test_labels_of_one_split_say_what_those_of_the_other_are(ethylene: Campaign) -> None:
    """From the training labels, CCSD(T) at the test points is met far better than by the distilled student."""
    places, energies = stored(ethylene, "label_ev", "test")
    found = stored_field(ethylene.folder, distilled(ethylene), 1, "reference", "pool", places)
    near = np.isfinite(found)
    assert 10 < near.sum() < len(near)
    alone = field(ethylene.folder, distilled(ethylene), 1, places[near]).energy_ev
    better, before = (np.median(np.abs(v - energies[near])) for v in (found[near], alone))
    assert better < before / 5


def test_far_away_nothing_is_said(ethylene: Campaign) -> None:
    far = ethylene.systems[0].dimer.a.centre + np.array([[0.0, 0.0, 20.0 + REACH], [0.0, 0.0, 60.0]])
    assert np.isnan(stored_field(ethylene.folder, distilled(ethylene), 1, "reference", "test", far)).all()


def test_the_error_is_measured_on_energies_left_out(ethylene: Campaign) -> None:
    found = misses(ethylene.folder, distilled(ethylene), 1, "reference", "pool")
    assert found.stored == found.used == 100
    assert 60 < found.judged <= 100
    assert 0.05 < found.median_ev / CM1_EV < 3.0
    assert found.median_ev < found.model_ev / 5
    active = ethylene.active_model()
    assert active is not None
    fitted = misses(ethylene.folder, active.id, 1, "reference", "pool")
    assert fitted.model_ev < 0.1 * CM1_EV  # it was fitted to them: what is left is no smooth surface
    assert fitted.median_ev > 0.5 * fitted.model_ev


def test_too_few_are_refused_in_one_sentence(ethylene: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.campaign.queries.live_stored.FEWEST", 500)
    with pytest.raises(InputError, match="test set has 49 CCSD"):
        misses(ethylene.folder, distilled(ethylene), 1, "reference", "test")
    assert FEWEST < 8  # the embedded He–benzene has 8 test labels


def test_of_many_some_are_used_and_counted(ethylene: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.campaign.queries.live_stored.MOST", 30)
    found = misses(ethylene.folder, distilled(ethylene), 1, "teacher", "pool")
    assert (found.stored > 300, found.used) == (True, 30)
