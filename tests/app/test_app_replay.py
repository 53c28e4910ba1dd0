"""The comparison of pickers on the History page: numbers, units, staleness, read-only."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pages import headers, run_page, tables, text

from app import actions
from app.figures.replay import replay_figure
from app.theme import LIGHT
from nci_core.campaign import Campaign
from nci_core.errors import InputError
from nci_core.store import jobs
from nci_core.store.base import State
from nci_core.store.replay_tables import control, latest
from nci_core.store.schema import Job
from nci_core.units import UNITS


def trial(picker: str | None, seed: int | None, n: int, mae: float) -> dict[str, Any]:
    return {"picker": picker, "seed": seed, "n": n, "cpu_minutes": 0.5 * n, "mae_cm1": {"all": mae, "well": mae / 2}}


RESULT: dict[str, Any] = {
    "recipe": "quick",
    "n_labels": 30,
    "n_test": 15,
    "seeds": 3,
    "trials": [
        trial("ada", None, 5, 1.5),
        trial("i-optimal", None, 5, 1.0),
        trial("i-optimal", None, 10, 0.25),
        *[trial(None, seed, 5, mae) for seed, mae in enumerate((1.0, 2.0, 3.0))],
    ],
}


def add(campaign: Campaign, state: State, **values: Any) -> None:
    now = datetime.now(UTC)
    with campaign.store.write() as session:
        session.add(Job(kind="replay", state=state, started_at=now, finished_at=now, **values))


def test_before_the_first_comparison_it_says_so(home: Path) -> None:
    at = run_page("history")
    assert not at.error
    assert "Pickers have not been compared yet" in text(at)
    assert not at.button(key="compare_pickers").disabled


@pytest.mark.parametrize("key", ["cm1", "meV"])
def test_it_shows_each_picker_beside_random_labels(home: Path, key: str) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    add(campaign, "complete", result=RESULT)
    at = run_page("history", unit=key)
    assert not at.exception
    assert not at.error
    table = next(t for t in tables(at) if any("Random" in str(c) for c in t.columns))
    label, factor = UNITS[key].label, UNITS[key].per_ev / UNITS["cm1"].per_ev
    assert table["Picked by"].tolist() == ["ada", "i-optimal", "i-optimal"]
    assert table[f"MAE ({label})"].tolist() == pytest.approx([1.5 * factor, 1.0 * factor, 0.25 * factor])
    digits = UNITS[key].digits
    # Mean 2 and sample standard deviation 1 of 1, 2, 3; ten labels have no control.
    assert table[f"Random ({label})"].tolist() == [f"{2 * factor:.{digits}f} ± {factor:.{digits}f}"] * 2 + ["—"]
    assert table["CPU min"].tolist() == ["2.5 (2.5)", "2.5 (2.5)", "5.0"]
    words = "\n".join([text(at), *headers(at)])
    assert "not of the whole pool" in words
    assert "15 frozen test labels" in words
    assert key == "cm1" or "cm⁻¹" not in words
    assert "New labels have come since" in words, "the campaign has another number of labels than 30"


def test_a_region_without_test_points_is_no_error(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    add(campaign, "complete", result=RESULT)
    at = run_page("history", replay_region="well")
    table = next(t for t in tables(at) if any("Random" in str(c) for c in t.columns))
    assert table["MAE (cm⁻¹)"].tolist() == pytest.approx([0.75, 0.5, 0.125])
    at = run_page("history", replay_region="tail")
    assert not at.exception
    assert not at.error
    assert "No test label lies in the tail" in text(at)


def test_while_it_runs_and_when_it_fails(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    add(campaign, "error", error="There are no finished labels of a frozen test set.")
    at = run_page("history")
    assert any("The last comparison failed: There are no" in item.value for item in at.warning)
    add(campaign, "waiting")
    at = run_page("history")
    assert at.button(key="compare_pickers").disabled


def test_a_demonstration_compares_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("history")
    assert at.button(key="compare_pickers").disabled
    campaign = Campaign.open(home / "he-ethylene")
    with pytest.raises(InputError, match="read-only demonstration"):
        actions.replay(campaign)
    assert jobs.fetch(campaign.store, kind="replay") == []


def test_the_figure_has_a_line_a_picker_and_the_control(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    add(campaign, "complete", result=RESULT)
    found = latest(campaign.store)
    assert found is not None
    figure = replay_figure(found.trials, control(found.trials), UNITS["cm1"], LIGHT)
    lines = {trace.name: list(trace.y) for trace in figure.data if trace.name}
    assert lines["picked by i-optimal"] == pytest.approx([1.0, 0.25])
    assert lines["picked by ada"] == pytest.approx([1.5])
    assert lines["random among these labels, ± 1 sd"] == pytest.approx([2.0])
