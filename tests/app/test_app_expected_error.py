"""What is known of a recipe's labels before any is computed, wherever a recipe is chosen."""

from pathlib import Path

import numpy as np
import pytest

from app.data.worth import before_labelling, said_beside
from nci_core.bench import expected_error as module
from nci_core.bench.expected_error import expected_error
from nci_core.bench.recipe_errors import GROUPS_FILE, GroupErrors, write_lines
from nci_core.bench.recipe_rows import FILE
from nci_core.bench.targets import STORED
from nci_core.campaign.exchange.archive import data_folder
from nci_core.labels.builtin_recipes import DEFAULT, RECIPES, find_recipe
from nci_core.labels.label_errors import worth
from nci_core.labels.prediction_error import PredictionError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import CM1_EV, UNITS

CM1 = UNITS["cm1"]
BENZENE, ETHYLENE = (Dimer(builtin_monomer(name), Monomer.atom("He")) for name in ("benzene", "ethylene"))
NEON = Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne"))


def wells(recipe: str, probe: str, **figures: float) -> GroupErrors:
    group = GroupErrors(recipe=recipe, reference="MADE", by="probe and region", group=f"{probe}, well", n=24, failed=0)
    return group.model_copy(update=figures)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stored rows with made-up published dimers beside the real ones over benzene."""
    folder = tmp_path / "data"
    (folder / STORED).mkdir(parents=True)
    (folder / STORED / FILE).write_bytes((data_folder() / STORED / FILE).read_bytes())
    groups = [
        wells(DEFAULT, "He", mae_cm1=0.3, n_std=24, mean_std_cm1=0.5, mean_reference_cm1=-40.0),
        wells(DEFAULT, "Ne", mae_cm1=0.8, n_std=24, mean_std_cm1=1.2),
        wells("standard", "He", mae_cm1=7.0),
    ]
    write_lines(folder / STORED / GROUPS_FILE, groups)
    monkeypatch.setattr(module, "data_folder", lambda: folder)
    return folder


@pytest.fixture
def calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    error = PredictionError(floor_cm1=0.3, shares={"delta": 0.1})
    monkeypatch.setitem(RECIPES, DEFAULT, find_recipe(DEFAULT).model_copy(update={"prediction_error": error}))


@pytest.mark.usefixtures("published", "calibrated")
def test_a_calibrated_recipe_says_how_far_off_it_is_in_a_well_of_this_depth() -> None:
    recipe = find_recipe(DEFAULT)
    found = expected_error(recipe, ETHYLENE, CM1, -80.0)
    assert found.short == "± 0.9 cm⁻¹"  # √(0.3² + (0.5² − 0.3²)·2²) = 0.854
    assert "in a well of about 80 cm⁻¹: one standard error, scaled from 24 published wells of He." in found.sentence
    assert expected_error(recipe, ETHYLENE, CM1).short == "± 0.5 cm⁻¹"
    assert expected_error(recipe, NEON, CM1, -80.0).short == "± 1.2 cm⁻¹", "no mean depth is known of these"
    assert expected_error(recipe, ETHYLENE, UNITS["meV"], -80.0).short == "± 0.11 meV"


@pytest.mark.usefixtures("calibrated")
def test_without_published_dimers_its_least_error_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    assert expected_error(find_recipe(DEFAULT), ETHYLENE, CM1, -80.0).short == "± 0.3 cm⁻¹ or more"
    assert expected_error(find_recipe("standard"), ETHYLENE, CM1).short == "error unknown"


@pytest.mark.usefixtures("published")
def test_of_others_what_was_measured_is_said_and_where() -> None:
    composite, standard = find_recipe("composite"), find_recipe("standard")
    assert expected_error(standard, ETHYLENE, CM1).short == "7 cm⁻¹ off over other molecules"
    assert "Nobody knows" in expected_error(standard, ETHYLENE, CM1).sentence
    assert expected_error(composite, BENZENE, CM1).short == "0.6 cm⁻¹ off"
    assert expected_error(composite, ETHYLENE, CM1).short == "0.6 cm⁻¹ off over benzene"
    turned = Monomer("benzene", BENZENE.a.symbols, BENZENE.a.positions + 0.5)
    assert expected_error(composite, Dimer(turned, Monomer.atom("He")), CM1).short == "0.6 cm⁻¹ off over benzene"
    assert expected_error(find_recipe("dt"), ETHYLENE, CM1).sentence.startswith("Nobody knows how far dt is")
    mine = standard.model_copy(update={"midbond": composite.midbond})
    assert expected_error(mine, ETHYLENE, CM1).short == "error unknown", "a name alone may mean another recipe"


def test_finished_labels_tell_more_than_what_was_expected() -> None:
    quick, none = find_recipe("quick"), {"all": worth([np.nan])}
    said = "Nobody knows how far quick is from the basis-set limit here. Over benzene its labels are 21 cm⁻¹ off"
    assert said in said_beside(none, quick, ETHYLENE, CM1)
    assert said in before_labelling(none, quick, ETHYLENE, CM1, -20.0)
    known = {"all": worth(2 * [0.4 * CM1_EV])}
    assert before_labelling(known, quick, ETHYLENE, CM1, -20.0) == (
        "The labels are within 0.4 cm⁻¹ of the basis-set limit, as the 2 finished ones say."
    )
