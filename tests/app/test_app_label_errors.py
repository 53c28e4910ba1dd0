"""A label is shown with its recipe's error, and every headline error with what the labels are worth."""

from pathlib import Path

import numpy as np
import pytest
from pages import run_page, tables, text

from app.data.configurations import configuration_table
from app.data.worth import overview_sentence, worth_of_tests
from app.figures.blind import blind_sentence
from app.figures.points import hover_lines
from app.report.build import build_report
from nci_core.campaign import Campaign
from nci_core.campaign.queries.blind import blind_predictions
from nci_core.gates import Gate
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.label_errors import spread_text
from nci_core.labels.prediction_error import PredictionError
from nci_core.store.recipe_std import fill
from nci_core.units import CM1_EV, UNITS

CM1 = UNITS["cm1"]
NOBODY = "obody knows how far quick is from the basis-set limit"


@pytest.fixture
def known(home: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """The synthetic campaign, whose recipe has a prediction error of 0.4 cm⁻¹ and a tenth of (T)."""
    error = PredictionError(floor_cm1=0.4, shares={"triples": 0.1})
    monkeypatch.setitem(RECIPES, "quick", find_recipe("quick").model_copy(update={"prediction_error": error}))
    campaign = Campaign.open(home / "he-ethylene")
    with campaign.store.engine.begin() as connection:
        assert fill(connection) > 20
    return campaign


def due(label_ev: float) -> float:
    """The error in eV: (T) of a synthetic label is a tenth of its energy's size."""
    return float(np.hypot(0.4 * CM1_EV, 0.01 * label_ev))


def test_pages_show_labels_with_their_errors(known: Campaign) -> None:
    table = configuration_table(known, None)
    done = table[table["label_ev"].notna()]
    assert done["label_std_ev"].to_numpy() == pytest.approx([due(value) for value in done["label_ev"]], rel=1e-6)
    data = run_page("data")
    shown = tables(data)[0].set_index("Configuration") if "Configuration" in tables(data)[0] else tables(data)[0]
    number = int(done.index[0])
    assert shown.loc[number, "± recipe (cm⁻¹)"] == pytest.approx(due(done["label_ev"].iloc[0]) / CM1_EV)
    explore = run_page("explore", **{f"details-{known.folder}": number})
    energies = next(found for found in tables(explore) if "Source" in found.columns).set_index("Source")
    assert list(energies.columns) == ["Energy (cm⁻¹)", "Error (cm⁻¹)", "±"]
    if energies.loc["CCSD(T)", "Energy (cm⁻¹)"] != "—":
        assert energies.loc["CCSD(T)", "±"] != "—"
    spread = next(line for line in hover_lines(done, {"label_ev": "CCSD(T)"}, CM1) if line.spread)
    assert spread.values == pytest.approx(done["label_std_ev"] / CM1_EV)


def test_headline_errors_have_the_labels_worth_beside_them(known: Campaign) -> None:
    table = configuration_table(known, None)
    tests = table[(table["split"] == "test") & table["label_ev"].notna() & (table["region"] != "beyond")]
    rms = float(np.sqrt(np.mean(tests["label_std_ev"] ** 2))) / CM1_EV
    found = worth_of_tests(table, known.bounds)
    assert found["all"].n == len(tests)
    assert found["all"].rms_cm1 == pytest.approx(rms)
    said = f"labels are within {found['all'].text(CM1)} of the basis-set limit"
    assert said in text(run_page("history"))
    sentence = overview_sentence(known.recipe, found, known.systems[0].dimer, CM1)
    assert said in sentence
    assert f"root mean square of {len(tests)} test labels" in overview_sentence(
        known.recipe, found, known.systems[0].dimer, CM1
    )
    model = known.active_model()
    assert model is not None
    gates: list[Gate] = []
    report = build_report(known, model.round_number, CM1, lambda _: gates)
    assert said in report
    assert "± (cm⁻¹)" in report


def test_a_finished_label_is_said_with_both_errors(known: Campaign) -> None:
    row = blind_predictions(known.store, known.recipe.hash).iloc[0]
    assert row.computed_std_ev == pytest.approx(due(row.computed_ev))
    predicted, computed = blind_sentence(row, CM1).split(", computed ")
    assert " ± " in predicted
    assert computed.split(" ± ")[1] == f"{spread_text(due(row.computed_ev) / CM1_EV)} cm⁻¹."
    assert row.z == pytest.approx((row.predicted_ev - row.computed_ev) / row.std_ev)  # the student's alone


def test_without_a_model_nothing_has_a_plus_minus_and_that_is_said(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    assert "± recipe (cm⁻¹)" not in tables(run_page("data"))[0].columns
    assert NOBODY in text(run_page("history"))
    table = configuration_table(campaign, None)
    assert NOBODY in overview_sentence(
        campaign.recipe, worth_of_tests(table, campaign.bounds), campaign.systems[0].dimer, CM1
    )
    assert not [line for line in hover_lines(table, {"label_ev": "CCSD(T)"}, CM1) if line.spread]


def test_errors_by_region_and_of_a_round_have_it_too(known: Campaign) -> None:
    table = configuration_table(known, None)
    said = f"labels are within {worth_of_tests(table, known.bounds)['all'].text(CM1)}"
    assert said in text(run_page("errors", errors_part="regions"))
    assert said in text(run_page("label_train"))
