"""The Overview: what to do next in every situation, what each number says, and a page for each stage of a campaign."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import synthetic
from pages import run_page, text

from app.data.overview import STARTS, Situation, course, next_step, situation, stored_error
from app.figures.overview import overview_content
from app.theme import DARK, LIGHT
from nci_core.campaign import Campaign
from nci_core.campaign.queries.error_maps import ErrorMaps
from nci_core.errors import ModelError
from nci_core.store import models, picks
from nci_core.store.round_tables import errors_table, rounds_table
from nci_core.systems import builtin_monomer
from nci_core.systems.planes import telling_plane
from nci_core.units import CM1_EV, UNITS

NOTHING = Situation(0, False, 0, 0, 0, 0, 0, 0, 0)
DONE = Situation(400, True, 2, 0, 50, 50, 100, 100, 0)
CM1 = UNITS["cm1"]


@pytest.mark.parametrize(
    ("now", "act", "submits"),
    [
        (NOTHING, "sample", True),
        (replace(NOTHING, configurations=400), "teach", True),
        (replace(NOTHING, configurations=400, taught=True, test_set=50), "distil", True),
        (replace(DONE, test_labels=4), "test-labels", False),
        (replace(DONE, test_labels=0, test_set=0), "test-labels", False),
        (replace(DONE, test_labels=3, test_set=3), "pick", False),
        (replace(DONE, active_jobs=1, test_labels=0), "wait", False),
        (replace(DONE, fitted_labels=88), "fine-tune", True),
        (replace(DONE, in_basket=12), "label", False),
        (replace(DONE, in_basket=12, fitted_labels=99), "fine-tune", True),
        (DONE, "pick", False),
        (replace(DONE, training_labels=0, fitted_labels=0), "pick", False),
    ],
)
def test_the_next_step(now: Situation, act: str, submits: bool) -> None:
    step = next_step(now)
    assert (step.act, step.act in STARTS) == (act, submits)
    assert step.why.endswith(".")


def test_the_situation_is_what_the_campaign_holds(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    now = situation(campaign)
    newest = models.fetch(campaign.store)[-1]
    assert (now.taught, now.active_jobs, now.in_basket) == (True, now.active_jobs, 0)
    assert now.test_labels == now.test_set == 15
    assert now.students == len(models.fetch(campaign.store))
    assert now.fitted_labels == newest.n_labels
    ids = [row.id for row in synthetic.configurations.fetch(campaign.store, split="pool")][:2]
    picks.add(campaign.store, ids, picked_by="ada", round_number=9)
    assert situation(campaign).in_basket == 2


def test_the_course_takes_each_rounds_last_student_and_adds_up_what_was_spent(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    rows = models.fetch(campaign.store)
    rounds = rounds_table(campaign.store, campaign.recipe.hash)
    metrics = errors_table(campaign.store, campaign.recipe.hash)
    found = course(rows, rounds, metrics, rows[0].id)
    assert found["model_id"].is_monotonic_increasing
    assert set(found["model_id"]) == {row.id for row in {r.round_number: r for r in rows}.values()} | {rows[0].id}
    assert found["cpu_minutes"].iloc[-1] == pytest.approx(rounds["cpu_minutes"].sum())
    last = metrics[(metrics["model_id"] == rows[-1].id) & (metrics["region"] == "all")].iloc[-1]
    assert found["mae_ev"].iloc[-1] == pytest.approx(last["mae_cm1"] * CM1_EV)
    assert found["n"].iloc[-1] == last["n"]
    assert found["active"].tolist()[0]
    mae, n = stored_error(metrics[metrics["teacher"] == campaign.teacher])
    assert mae > found["mae_ev"].iloc[-1]
    assert n == 15
    assert np.isnan(stored_error(metrics[metrics["teacher"] == "another teacher"])[0])


def made_up_maps() -> ErrorMaps:
    """Two students over ethylene, the second without error; a test label above the middle and one far off the plane."""
    host = builtin_monomer("ethylene")
    plane = telling_plane(host, 0.8)
    grid = plane.points.shape[:2]
    energies = np.stack([np.full(grid, 20.0), np.full(grid, 0.0)]) * CM1_EV
    wall = np.ones(grid)
    wall[grid[0] // 2, grid[1] // 2] = -0.5
    return ErrorMaps(
        key="0" * 64,
        against="labels",
        **vars(plane),
        model_ids=(1, 2),
        digests=("a", "b"),
        carrier=1,
        energies_ev=energies,
        teacher_ev=np.full(grid, 30.0 * CM1_EV),
        reference_ev=np.zeros(grid),
        wall=wall,
        near=np.zeros(grid, dtype=bool),
        test_positions=np.array([[0.0, 0.0, 3.0], [0.0, 2.0, 3.0]]),
        test_ev=np.zeros(2),
        test_teacher_ev=np.array([30.0, 31.0]) * CM1_EV,
        test_models_ev=np.array([[20.0, 21.0], [0.5, 0.5]]) * CM1_EV,
        missed_ev=0.1 * CM1_EV,
        missed_alone_ev=0.1 * CM1_EV,
    )


def rounds_of(ids: tuple[int, ...]) -> pd.DataFrame:
    kinds = ["distilled", "finetuned"][: len(ids)]
    return pd.DataFrame(
        {
            "model_id": ids,
            "round": range(len(ids)),
            "kind": kinds,
            "n_labels": [0, 12][: len(ids)],
            "mae_ev": np.array([20.5, 0.5])[: len(ids)] * CM1_EV,
            "n": 2,
            "cpu_minutes": [0.0, 3.42][: len(ids)],
            "active": [False, True][: len(ids)],
        }
    )


def content(maps: ErrorMaps | None, rows: pd.DataFrame, unit: str = "cm1", colours: Any = LIGHT) -> dict[str, Any]:
    return overview_content(
        builtin_monomer("ethylene"),
        maps,
        rows,
        (30.5 * CM1_EV, 2),
        UNITS[unit],
        colours,
        limit_ev=1000 * CM1_EV,
        teacher_name="hf-d4",
        worth="",
        name="test",
    )


def numbers(packed: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed), dtype="<f4")


def test_each_map_holds_its_errors_in_the_unit_shown() -> None:
    found = content(made_up_maps(), rounds_of((1, 2)))
    teacher, distilled = found["fixed"]
    assert [teacher["number"], distilled["number"]] == ["30.5 cm⁻¹", "20.5 cm⁻¹"]
    np.testing.assert_allclose(numbers(teacher["packed"]), 30.0, rtol=1e-5)
    np.testing.assert_allclose(numbers(distilled["packed"]), 20.0, rtol=1e-5)
    assert [frame["number"] for frame in found["frames"]] == ["20.5 cm⁻¹", "0.50 cm⁻¹"]
    assert np.isnan(numbers(found["frames"][1]["packed"])).all()  # no test label is near: not known, and not zero
    assert found["frames"][1]["dots"] == pytest.approx([0.5] * len(found["maps"]["dots"]))
    assert {tuple(np.abs(place)) for place in found["maps"]["dots"]} == {(0.0, 3.0)}  # and not the one off the plane
    assert found["start"] == 1
    assert found["frames"][1]["cells"] == ["1", "12", "3.4", "0.50"]
    assert found["scale"]["limit"] >= 30.0
    in_mev = content(made_up_maps(), rounds_of((1, 2)), "meV")
    np.testing.assert_allclose(numbers(in_mev["fixed"][0]["packed"]), 30.0 * CM1_EV * 1000, rtol=1e-5)
    assert "cm⁻¹" not in str({key: value for key, value in in_mev.items() if key != "key"})
    assert in_mev["key"] != found["key"] != content(made_up_maps(), rounds_of((1, 2)), colours=DARK)["key"]


def test_a_distilled_student_alone_stands_beside_its_teacher() -> None:
    found = content(
        replace(made_up_maps(), test_models_ev=np.array([[20.0, 21.0], [0.5, 0.5]]) * CM1_EV), rounds_of((1,))
    )
    assert [map_["title"] for map_ in found["fixed"]] == ["Teacher (hf-d4)"]
    assert len(found["frames"]) == 1
    without = content(None, rounds_of((1, 2)))
    assert without["maps"] is None
    assert not without["fixed"]
    assert without["curve"]["y"] == pytest.approx([20.5, 0.5])
    unknown = content(None, rounds_of((1, 2)).assign(mae_ev=np.nan, n=0))
    assert unknown["curve"] is None
    assert unknown["frames"][0]["number"] == "error not known"


def test_pages_of_all_stages(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "stages"
    synthetic.build(empty / "a-empty", n=0).store.close()
    synthetic.build(empty / "b-taught", n=60, n_labels=0, with_models=False, with_jobs=False).store.close()
    monkeypatch.setenv("NCI_HOME", str(empty))
    at = run_page("overview", campaign="a-empty")
    assert not at.exception
    assert "no configurations yet" in text(at)
    assert at.button(key="next_step").label == "Sample, teach and distil"
    at = run_page("overview", campaign="b-taught")
    assert "no student yet" in text(at)
    assert at.button(key="next_step").label == "Distil the first student"
    # A student whose file is damaged: the curve and a sentence, and no map.
    monkeypatch.setenv("NCI_HOME", str(home))
    monkeypatch.setattr("app.known_errors.predictor.ask", damaged)
    at = run_page("overview")
    assert not at.exception
    assert not at.error
    assert "The file is damaged" in text(at)
    # Maps, and nothing may be written.
    ids = tuple(row.id for row in models.fetch(Campaign.open(home / "he-ethylene").store))[-2:]
    monkeypatch.setattr("app.known_errors.predictor.ask", lambda *_: replace(made_up_maps(), model_ids=ids))
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("overview")
    assert not at.exception
    assert "red too high" in text(at)
    monkeypatch.setattr(
        "app.known_errors.predictor.ask", lambda *_: replace(made_up_maps(), model_ids=ids, against="teacher")
    )
    monkeypatch.setattr("app.known_errors._now", lambda *_: "of another state")
    assert "Student minus teacher" in text(run_page("overview"))


def damaged(*_: object) -> None:
    raise ModelError("The file is damaged.")


def test_the_button_submits_a_fit_once_there_is_something_to_fit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app import actions

    campaign = Campaign.open(home / "he-ethylene")
    now = situation(campaign)
    done: list[str] = []
    monkeypatch.setattr("app.views.overview.situation", lambda _: replace(now, active_jobs=0, fitted_labels=1))
    monkeypatch.setattr("app.known_errors.predictor.ask", damaged)
    monkeypatch.setattr(actions, "finetune", lambda *_, **__: done.append("fit"))
    at = run_page("overview", pages={"label-train": "app/main.py"})
    assert at.button(key="next_step").label.startswith("Fine-tune on")
    at.button(key="next_step").click().run()
    assert done == ["fit"]
