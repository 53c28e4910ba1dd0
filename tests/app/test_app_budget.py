"""The budget panel: it fills the basket within the budget, says what is expected, and respects read-only."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import headers, run_page, tables, text

from app import actions
from app.figures.budget import expectation_contents, fall_content, spending_figure
from app.theme import LIGHT
from app.views.budget import as_proposals
from nci_core.campaign import Campaign
from nci_core.campaign.pricing.budget import fill_budget
from nci_core.campaign.pricing.costs import label_cost
from nci_core.errors import InputError
from nci_core.store import picks
from nci_core.systems import builtin_monomer
from nci_core.units import CM1_EV, UNITS


@pytest.fixture
def real(imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    shutil.copytree(imported, tmp_path / "home")
    monkeypatch.setenv("NCI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NCI_READ_ONLY", raising=False)
    monkeypatch.setenv("NCI_USER", "ada")
    return Campaign.open(tmp_path / "home" / "he-ethylene")


def test_closed_it_asks_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("the student was asked")

    monkeypatch.setattr("app.predictor.ask", never)
    at = run_page("select")
    assert not at.exception
    assert not at.error


def test_spending_fills_the_basket_within_the_budget(real: Campaign) -> None:
    at = run_page("select", budget_open=True)
    assert not at.exception
    assert not at.error
    assert "The student's own expectations" in text(at)
    each = label_cost(real).mean_minutes
    at.number_input(key=f"budget-minutes-{real.folder}").set_value(4.5 * each).run()
    assert at.button(key="spend_budget").label.endswith("4 labels")
    at.button(key="spend_budget").click().run()
    assert not at.error
    model = real.active_model()
    assert model is not None
    kept = picks.fetch(real.store, state="basket")
    expected = fill_budget(real.folder, model.id, 4.5 * each)
    assert [pick.configuration_id for pick in sorted(kept, key=lambda p: p.id)] == expected.index.tolist()
    assert len(kept) * each <= 4.5 * each
    assert {pick.picked_by for pick in kept} == {"i-optimal"}
    assert [pick.score for pick in sorted(kept, key=lambda p: p.id)] == pytest.approx(expected["fall_ev2"].tolist())
    assert all("expected variance −" in pick.reason for pick in kept)
    line = next(part for part in text(at).splitlines() if part.startswith("**whole range**"))
    assert f"→ ±{expected['rms_ev'].iloc[-1] / CM1_EV:.2f}" in line
    at.button(key="basket_undo").click().run()
    assert picks.basket(real.store) == []


def test_units_and_price(real: Campaign) -> None:
    at = run_page("select", budget_open=True, unit="meV", budget_price=6.0, budget_currency="CHF")
    assert not at.error
    words = "\n".join([text(at), *headers(at)])
    assert "cm⁻¹" not in words
    assert "meV expected" in words
    offers = next(table for table in tables(at) if "Gain" in table.columns)
    # 6 an hour is 0.1 a minute.
    assert offers["CHF"].tolist() == pytest.approx((offers["CPU min"] / 10).tolist())
    assert f"· {offers['CHF'].iloc[-1]:.2f} CHF" in words


def test_a_budget_below_one_label_says_what_one_costs(real: Campaign) -> None:
    at = run_page("select", budget_open=True, **{f"budget-minutes-{real.folder}": 0.1})
    assert not at.error
    assert at.button(key="spend_budget").disabled
    assert f"One label takes about {label_cost(real).mean_minutes:.2f} CPU min." in text(at)


def test_a_demonstration_spends_nothing(real: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("select", budget_open=True)
    assert not at.error
    assert at.button(key="spend_budget").disabled
    offer = pd.DataFrame({"region": "well", "fall_ev2": 1e-9, "share": 0.1, "own_minutes": 0.3}, index=[1])
    with pytest.raises(InputError, match="read-only demonstration"):
        actions.take_proposals(real, as_proposals(offer), 1, "ada")


def test_figures_convert_and_mark_the_basket() -> None:
    falls = {"greedy_ev": [3.0, 2.0, 1.0], "random_ev": [3.0, 2.5, 2.0], "random_sd_ev": [0.0, 0.1, 0.2]}
    found = pd.DataFrame({"minutes": [0.0, 1.0, 2.0]} | falls)
    figure = spending_figure(found, (1.5, 2.2), 2.0, UNITS["meV"], LIGHT)
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["I-optimal"].y) == [3000.0, 2000.0, 1000.0]
    assert (by_name["basket"].x[0], by_name["basket"].y[0]) == (1.5, pytest.approx(2200.0))
    assert "meV" in figure.layout.yaxis.title.text
    host = builtin_monomer("benzene")
    rows = pd.DataFrame({"x": [0.0, 5.0], "y": 0.0, "z": [3.0, 1.0]}, index=[7, 9])
    rows = rows.assign(before_ev=[4e-4, 2e-4], after_ev=[1e-4, 2e-4], label_ev=np.nan, split="pool")
    rows = rows.assign(region="well", sector="face")
    now, then = expectation_contents(host, rows, "after", UNITS["cm1"]).values()
    assert now.values is not None
    assert then.values is not None
    assert dict(zip(now.ids, now.values, strict=True)) == pytest.approx({7: 4e-4 / CM1_EV, 9: 2e-4 / CM1_EV})
    assert dict(zip(then.ids, then.values, strict=True)) == pytest.approx({7: 1e-4 / CM1_EV, 9: 2e-4 / CM1_EV})
    assert (now.scale, now.extent) == (then.scale, then.extent)
    falls = fall_content(host, rows, UNITS["cm1"])
    assert falls.values is not None
    assert falls.values.tolist() == pytest.approx([0.0, 75.0])  # the largest is drawn last
    assert falls.title == "%"
