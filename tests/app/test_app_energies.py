"""Energies of one's own in the dashboard: upload, choices, import, errors against them, removal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import run_page, tables, text
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.own_energies import record_set_errors
from nci_core.store import configurations, energy_sets, evaluations, jobs, models
from nci_core.store.schema import EnergySet, SetEnergy
from nci_core.units import CM1_EV


@pytest.fixture
def campaign(home: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """The synthetic campaign; its models are no checkpoints, so nothing is asked and no engine is started."""
    monkeypatch.setattr("nci_core.campaign.rounds.requests.start_engine", lambda campaign: None)
    monkeypatch.setattr("app.predictor.ask", lambda function, *given: np.full(len(given[-1]), np.nan))
    return Campaign.open(home / "he-ethylene")


def csv_of(campaign: Campaign, n: int = 30, header: str = "x,y,z,E / cm-1") -> str:
    """Points of no configuration, with energies of a fall-off."""
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(n, 3))
    points = directions / np.linalg.norm(directions, axis=1)[:, None] * rng.uniform(4.0, 7.0, n)[:, None]
    energies = -2000.0 * (3.0 / np.linalg.norm(points, axis=1)) ** 6
    rows = (f"{x:.4f},{y:.4f},{z:.4f},{e:.3f}" for (x, y, z), e in zip(points, energies, strict=True))
    return "\n".join([header, *rows])


def uploaded(content: str, name: str = "mine.csv") -> AppTest:
    at = run_page("energies")
    at.file_uploader[0].upload(name, content.encode(), "text/csv").run()
    assert not at.exception
    return at


def test_a_table_is_imported_and_its_errors_are_those_by_hand(campaign: Campaign) -> None:
    at = uploaded(csv_of(campaign))
    button = next(each for each in at.button if each.label == "Import 30 energies")
    assert button.disabled, "no method yet"
    at.text_input[1].set_value("CCSD(T), **Smith** 2020").run()
    next(each for each in at.button if each.label == "Import 30 energies").click().run()
    assert not at.exception
    assert not at.error
    (row,) = energy_sets.fetch(campaign.store)
    assert (row.name, row.method, row.kind, row.person) == ("mine", "CCSD(T), **Smith** 2020", "test", "ada")
    assert "students are being evaluated" in text(at)
    points = energy_sets.points(campaign.store, row.id)
    model = models.active(campaign.store)
    assert model is not None
    guessed = points.energy_ev + np.linspace(-1, 1, 30) * CM1_EV
    evaluations.record_predictions(campaign.store, model.id, points.configuration_ids, guessed)
    energies = dict(zip(points.configuration_ids.tolist(), guessed.tolist(), strict=True))
    record_set_errors(campaign, energies, model_id=model.id)
    at = run_page("history")
    assert not at.exception
    assert "mine (30 points)" in [each.label for each in at.metric]
    at = run_page("errors", errors_part="regions", errors_set=f"set-{row.id}")
    assert not at.exception
    assert not at.error
    regions = tables(at)[0]
    whole = regions[(regions["Region"] == "whole range") & (regions["Potential"] == "student")].iloc[0]
    assert whole["Points"] == 30
    assert whole["MAE"] == pytest.approx(np.abs(np.linspace(-1, 1, 30)).mean(), abs=1e-9)
    assert r"\*\*Smith\*\*" in text(at), "a method's name is text"
    against = r"CCSD(T), \*\*Smith\*\* 2020 of ‘mine’"
    at = run_page("errors", errors_part="maps", errors_set=f"set-{row.id}")
    assert f"Prediction minus {against}" in text(at)
    at = run_page("errors", errors_part="cuts", cut_points=f"set-{row.id}")
    assert f"are {against}" in text(at)
    assert not at.exception
    assert not at.error


def test_points_of_ones_own_are_on_no_other_page_and_can_be_removed(campaign: Campaign) -> None:
    before = configurations.counts(campaign.store)
    at = uploaded(csv_of(campaign))
    at.text_input[1].set_value("MP2").run()
    next(each for each in at.button if each.label == "Import 30 energies").click().run()
    assert configurations.counts(campaign.store) == before
    explored = run_page("explore")
    assert f"{sum(before.values())} configurations" in text(explored)
    at = run_page("energies")
    next(each for each in at.button if each.label == "Remove it").click().run()
    assert not at.exception
    assert energy_sets.fetch(campaign.store) == []
    assert len(configurations.positions(campaign.store)[0]) == sum(before.values())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x,y,z,E (K)\n0,0,nan,1\n", "no row that can be used"),
        ("one\ntwo\n", "1 column"),
        ("x,y,z,E (K)\n0,0,5,-1\n0,0,5,-9\n", "are one geometry"),
    ],
)
def test_bad_files_are_said_in_one_sentence(campaign: Campaign, content: str, said: str) -> None:
    at = uploaded(content, "bad [x](y).csv")
    assert said in text(at)
    assert r"bad \[x\](y).csv" in text(at) or "[x]" not in text(at)
    assert not any(button.label.startswith("Import ") for button in at.button)
    assert energy_sets.fetch(campaign.store) == []


def test_a_unit_that_the_header_does_not_say_is_asked_for(campaign: Campaign) -> None:
    at = uploaded(csv_of(campaign, header="x,y,z,E"))
    assert "Choose the unit of energy" in text(at)
    unit = next(each for each in at.selectbox if each.label == "Unit of energy")
    unit.set_value("kcal/mol").run()
    assert "30 energies" in text(at)


def test_rows_with_problems_are_left_out_only_when_a_person_says_so(campaign: Campaign) -> None:
    at = uploaded(csv_of(campaign) + "\n0.0,0.0,abc,-3.0\n1.0,2.0\n")
    assert any("2 rows cannot be used; the first: row 32" in each.label for each in at.expander)
    at.text_input[1].set_value("MP2").run()
    assert next(each for each in at.button if each.label == "Import 30 energies").disabled
    at.checkbox[0].check().run()
    next(each for each in at.button if each.label == "Import 30 energies").click().run()
    (row,) = energy_sets.fetch(campaign.store)
    assert [line for line, _ in row.details["left_out"]] == [32, 33]


def test_a_demonstration_shows_and_takes_nothing(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("energies")
    assert not at.exception
    assert not at.file_uploader
    assert "nothing can be imported" in text(at)


def test_labels_hold_out_points_and_a_student_of_their_method_is_asked_for(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = uploaded(csv_of(campaign))
    at.text_input[1].set_value("MP2").run()
    at.radio[0].set_value("labels").run()
    assert [each.value for each in at.number_input] == [6, 0]
    at.number_input[0].set_value(10).run()
    next(each for each in at.button if each.label == "Import 30 energies").click().run()
    (row,) = energy_sets.fetch(campaign.store)
    assert row.details["held_out"] == {"n": 10, "seed": 0}
    next(each for each in at.button if each.label == "Fine-tune on these").click().run()
    assert not at.exception
    (job,) = jobs.fetch(campaign.store, kind="finetune", limit=5)[:1]
    assert job.payload["recipes"] == ["energies:mine"]
    assert "a student of this method is being fitted" in text(at)


def test_energies_that_were_made_here_show_their_error_bars(campaign: Campaign) -> None:
    assert "± (cm⁻¹)" not in _sets_after(campaign, "**MP2** alone", with_std=False)
    found = _sets_after(campaign, "MP2 + δ", with_std=True)
    mine = found[found["Name"] == "MP2 + δ"].iloc[0]
    assert mine["± (cm⁻¹)"] == pytest.approx(3.0, abs=1e-9)  # the median of 1, 3 and 8
    assert mine["File"] == "computed here"
    row = energy_sets.fetch(campaign.store)[-1]
    at = run_page("errors", errors_part="parity", errors_set=f"set-{row.id}")
    assert not at.exception
    assert not at.error


def _sets_after(campaign: Campaign, name: str, *, with_std: bool) -> pd.DataFrame:
    """The table of sets, with one more at the first three configurations."""
    ids = configurations.positions(campaign.store)[0][:3].tolist()
    row = EnergySet(
        name=name, method=name, kind="test", identity=f"{len(name):012x}", file_name="", sha256="0" * 64, person="ada"
    )
    std = np.array([1.0, 3.0, 8.0]) * CM1_EV
    number = energy_sets.add_at(campaign.store, row, ids, np.array([-1e-3, -2e-3, -3e-3]), std)
    if not with_std:
        with campaign.store.write() as session:
            session.execute(update(SetEnergy).where(SetEnergy.set_id == number).values(std_ev=None))
    at = run_page("energies")
    assert not at.exception
    return next(table for table in tables(at) if "Method" in table)
