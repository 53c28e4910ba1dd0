"""The linked selection, and what the pickable plots are given."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pages import run_page, text

from app.components.plot_encoding import LABEL_FLAG, LEVELS, TEST_FLAG, encode
from app.data.configurations import configuration_table
from app.data.errors import with_errors
from app.figures import points
from app.figures.scales import SignedScale
from app.theme import LIGHT
from nci_core.campaign import Campaign
from nci_core.errors import InputError
from nci_core.store import selections
from nci_core.store.selection_history import SessionHistory, StoredHistory, combined
from nci_core.systems import builtin_monomer
from nci_core.systems.map_places import map_xy
from nci_core.units import CM1_EV, UNITS


@pytest.fixture
def campaign(home: Path) -> Campaign:
    return Campaign.open(home / "he-ethylene")


@pytest.fixture
def table(campaign: Campaign) -> pd.DataFrame:
    model = campaign.active_model()
    assert model is not None
    return with_errors(configuration_table(campaign, model.id))


def numbers(packed: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed), dtype=kind)


@pytest.mark.parametrize("where", ["store", "session"])
def test_both_histories_behave_alike(campaign: Campaign, where: str) -> None:
    kept = StoredHistory(campaign.store, "ada") if where == "store" else SessionHistory()
    assert kept.can() == (False, False)
    for ids, mode in (([3, 4], "replace"), ([5, 4], "add"), ([3], "toggle"), ([9, 5], "toggle"), ([9], "remove")):
        before = kept.current()
        kept.record(before, combined(before, ids, mode))
    assert kept.current() == [4]
    kept.step_back()
    assert kept.current() == [4, 9]
    kept.step_back()
    kept.step_back()
    assert kept.current() == [3, 4, 5]
    kept.step_forward()
    assert kept.current() == [4, 5]
    kept.record(kept.current(), [1])
    assert kept.can() == (True, False)
    with pytest.raises(InputError, match="replace, add, remove, toggle"):
        combined([], [1], "drop")


def test_the_bar_tells_undoes_and_fills_the_basket(home: Path, campaign: Campaign, table: pd.DataFrame) -> None:
    free = table.index[(table["split"] == "pool") & (table["label_state"] == "none")][:3].tolist()
    test = int(table.index[table["split"] == "test"][0])
    selections.record(campaign.store, "ada", "selection", [], [*free, test])
    at = run_page("explore")
    assert "**4 selected**" in text(at)
    assert "To basket (3)" in at.button(key="explore_to_basket").label
    at.button(key="explore_to_basket").click().run()
    from nci_core.store import picks

    assert sorted(picks.basket(campaign.store)) == free
    at.button(key="explore_clear").click().run()
    assert selections.current(campaign.store, "ada") == []
    at.button(key="explore_undo").click().run()
    assert selections.current(campaign.store, "ada") == [*free, test]
    at = run_page("errors")  # another page, another session: the same selection
    assert "**4 selected**" in text(at)


def test_read_only_selections_stay_in_the_session(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("explore")
    assert not at.exception
    assert not at.error
    assert at.button(key="explore_to_basket").disabled


def test_a_map_carries_ids_flags_places_and_colours(campaign: Campaign, table: pd.DataFrame) -> None:
    values = table["student_ev"].to_numpy(dtype=float) / CM1_EV
    values[0] = np.nan
    content = points.map_content(
        campaign.systems[0].dimer.a, table, values, SignedScale(1000.0, 2.0), UNITS["cm1"],
        view="side", colours="energy", hover={"student_ev": "student"},
    )  # fmt: skip
    sent = encode(content, LIGHT)
    assert numbers(sent["ids"], "<i4").tolist() == table.index.tolist()
    flags = numbers(sent["flags"], "u1")
    assert ((flags & TEST_FLAG) > 0).tolist() == (table["split"] == "test").tolist()
    assert ((flags & LABEL_FLAG) > 0).tolist() == table["label_ev"].notna().tolist()
    rho = np.hypot(table["x"], table["y"]).to_numpy()
    assert np.allclose(numbers(sent["x"], "<f4"), rho, atol=1e-4)
    level = numbers(sent["level"], "u1")
    assert level[0] == LEVELS + 1
    assert (level[1:][values[1:] > 10] > LEVELS / 2).all()
    shown = numbers(sent["hover"][0]["values"], "<f4")
    assert np.allclose(shown[1:], values[1:], rtol=1e-5, atol=1e-4)


def test_too_many_points_become_squares_until_one_looks_closer(
    campaign: Campaign, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 60)
    values = np.arange(len(table), dtype=float)

    def content(window: Any) -> Any:
        return points.map_content(
            campaign.systems[0].dimer.a, table, values, SignedScale(1000.0, 2.0), UNITS["cm1"],
            view="side", colours="energy", hover={}, window=window,
        )  # fmt: skip

    far = content(None)
    assert len(far.ids) == 0
    assert far.bins.count.sum() == len(table)  # none is hidden
    assert np.average(far.bins.values, weights=far.bins.count) == pytest.approx(values.mean())
    x0, x1, y0, y1 = far.extent
    near = content({"x": [x0, (x0 + x1) / 4], "y": [y0, y1]})
    assert near.bins is None
    assert 0 < len(near.ids) <= 60
    assert near.x.max() <= (x0 + x1) / 4
    assert near.extent == far.extent


def test_parity_and_before_after_are_in_the_unit(table: pd.DataFrame) -> None:
    rows = table[table["label_ev"].notna()]
    content = points.parity_content(rows, "student_ev", SignedScale(10.0, 0.5), UNITS["meV"])
    error = (rows["student_ev"] - rows["label_ev"]) * 1000.0
    assert np.allclose(content.y, error)
    assert np.allclose(content.error, rows["std_ev"] * 1000.0)
    assert "meV" in content.x_label
    assert "meV" in content.y_label


@pytest.mark.parametrize(("name", "wedge"), [("benzene", 30.0), ("ethylene", 90.0)])
def test_the_unrolled_view_folds_equivalent_points_together(name: str, wedge: float) -> None:
    host = builtin_monomer(name)
    points_xyz = np.random.default_rng(1).normal(size=(40, 3)) * 4.0 + host.centre
    unrolled = map_xy(host, points_xyz, "unrolled")
    assert unrolled[:, 0].min() >= 0
    assert unrolled[:, 0].max() <= wedge + 1e-6  # the angle between two mirror planes
    assert np.allclose(unrolled[:, 1], np.abs((points_xyz - host.centre) @ host.axes[2]), atol=1e-9)
    for operation in host.operations:
        image = (points_xyz - host.centre) @ operation.T + host.centre
        assert np.allclose(map_xy(host, image, "unrolled"), unrolled, atol=1e-4)  # the geometry's own symmetry error


def test_filters_narrow_the_map_and_can_be_selected(home: Path, campaign: Campaign, table: pd.DataFrame) -> None:
    at = run_page("explore")
    at.number_input(key="f_error_cm1").set_value(0.5).run()
    wrong = table.index[table["student_error_ev"].abs() >= 0.5 * CM1_EV].tolist()
    assert 0 < len(wrong) < len(table)
    assert f"{len(wrong)} of {len(table)} configurations" in text(at)
    at.button(key="f_take").click().run()
    assert sorted(selections.current(campaign.store, "ada")) == sorted(wrong)
    at.number_input(key="f_error_cm1").set_value(0.0).run()
    at.toggle(key="f_selected").set_value(True).run()
    assert f"{len(wrong)} of {len(table)} configurations" in text(at)
