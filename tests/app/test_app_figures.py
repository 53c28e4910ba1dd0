"""Figures and coordinates: values, units and signs, on cases that can be checked by hand."""

import numpy as np
import pandas as pd
import pytest

from app.data.cuts import Cut
from app.data.errors import by_direction, by_region, error_table, matrix_table, with_errors
from app.figures.curves import fit_figure, history_figure
from app.figures.maps import Panel, frame_of, panel_content
from app.figures.points import cut_content, parity_content
from app.figures.scales import SignedScale, signed_text
from app.figures.structure import structure_figure
from app.theme import DARK, LIGHT
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.map_places import map_axes, map_xy
from nci_core.units import CM1_EV, UNITS, from_cm1


def _rows(n: int = 6) -> pd.DataFrame:
    label = from_cm1(np.array([-90.0, -40.0, -5.0, -1.0, 50.0, 400.0])[:n])
    table = pd.DataFrame(
        {
            "x": np.linspace(0.0, 3.0, n),
            "y": 0.0,
            "z": np.linspace(3.0, 6.0, n),
            "split": "test",
            "region": ["well", "well", "tail", "tail", "wall", "wall"][:n],
            "sector": ["face", "edge"] * (n // 2),
            "label_ev": label,
            "teacher_ev": label + from_cm1(np.full(n, 10.0)),
            "student_ev": label - from_cm1(np.full(n, 0.5)),
            "std_ev": from_cm1(np.full(n, 0.3)),
        },
        index=pd.Index(range(1, n + 1), name="id"),
    )
    return with_errors(table)


def test_map_folds_equivalent_positions_together() -> None:
    host = builtin_monomer("benzene")
    points = np.array([[0.5, 1.0, 3.0], [-0.5, 1.0, -3.0], [0.5, -1.0, 3.0]])
    side = map_xy(host, points, "side")
    assert np.allclose(side, [np.hypot(0.5, 1.0), 3.0])
    assert np.ptp(map_xy(host, points, "top"), axis=0).max() < 1e-12


def test_a_host_without_mirror_planes_is_not_folded() -> None:
    # A CHFClBr-like centre: no symmetry at all, so above and below differ.
    positions = np.array([[0.0, 0, 0], [1.1, 0.1, 0.2], [-0.4, 1.3, 0.1], [-0.6, -0.9, 1.5], [-0.5, -0.5, -1.8]])
    host = Monomer("chiral", ("C", "H", "F", "Cl", "Br"), positions)
    up, down = map_xy(host, host.centre + np.outer([3.0, -3.0], host.axes[2]), "side")
    assert up[1] == pytest.approx(3.0)
    assert down[1] == pytest.approx(-3.0)
    assert "|z|" not in map_axes(host, "side").y_label


def test_signed_scale_is_neutral_at_zero_and_symmetric() -> None:
    scale = SignedScale(100.0, 1.0)
    assert scale.fraction(np.array([0.0]))[0] == 0.5
    assert np.allclose(scale.fraction(np.array([-7.0])) + scale.fraction(np.array([7.0])), 1.0)
    assert np.isnan(scale.fraction(np.array([np.nan]))[0])
    assert [text for _, text in scale.ticks()] == ["−100", "−10", "−1", "0", "+1", "+10", "+100"]


@pytest.mark.parametrize("key", list(UNITS))
def test_scale_limits_follow_the_unit(key: str) -> None:
    unit = UNITS[key]
    scale = SignedScale.covering(
        from_cm1(np.array([-30.0, 30.0])), unit.per_ev, linear_ev=from_cm1(0.5), cap_ev=from_cm1(1000.0)
    )
    assert 30.0 * CM1_EV * unit.per_ev <= scale.limit * 1.001 <= 3 * 30.0 * CM1_EV * unit.per_ev
    assert scale.linear == pytest.approx(0.5 * CM1_EV * unit.per_ev)


def test_signed_text_uses_a_real_minus() -> None:
    assert signed_text(-250.0) == "−250"


def test_maps_show_the_error_in_the_unit_and_name_the_configuration() -> None:
    rows, host, scale = _rows(), builtin_monomer("benzene"), SignedScale(10.0, 0.5)
    rows.loc[2, "student_error_ev"] = np.nan
    frame = frame_of(host, rows, "side")
    teacher, student = (
        panel_content(host, Panel(name, rows, f"{name}_error_ev"), frame, scale, UNITS["cm1"], last=name == "student")
        for name in ("teacher", "student")
    )
    assert teacher.values is not None
    assert student.values is not None
    assert np.allclose(teacher.values, 10.0)
    assert np.allclose(student.values, -0.5)
    assert set(teacher.ids) == set(rows.index)
    assert set(student.ids) == set(rows.index) - {2}  # what is not known is left out
    assert (teacher.title, student.title) == ("", "cm⁻¹")  # above the one colour bar
    assert teacher.extent == student.extent


def test_errors_by_region_leave_out_what_is_beyond() -> None:
    rows = _rows()
    rows.loc[6, "region"] = "beyond"
    rows.loc[6, "teacher_ev"] += 1.0
    found = by_region(rows, {"teacher": "teacher_ev"}).set_index("region")
    assert found.loc["all", "n"] == 5
    assert found.loc["all", "mae_ev"] == pytest.approx(10 * CM1_EV)
    assert found.loc["beyond", "n"] == 1
    found = by_direction(rows, "student_ev")
    assert found["n"].sum() == 6
    assert found.loc[("well", "face"), "mae_ev"] == pytest.approx(0.5 * CM1_EV)
    cells = matrix_table(rows, "student_ev", UNITS["cm1"]).set_index("Region")
    assert cells.loc["well", "face"] == "0.50 (1, ± 0.30)"
    assert error_table(rows, {"teacher": "teacher_ev"}, UNITS["cm1"])[0].loc[0, "MAE"] == pytest.approx(10.0)


@pytest.mark.parametrize("key", list(UNITS))
def test_cut_converts_every_curve_and_says_the_unit(key: str) -> None:
    unit, scale = UNITS[key], SignedScale(10.0, 0.5)
    r = np.linspace(3.0, 8.0, 80)
    curve = pd.DataFrame({"distance": r, "energy_ev": from_cm1(-50 * np.exp(3 - r)), "std_ev": from_cm1(np.ones(80))})
    curve = curve.assign(exchange_ev=0.1, dispersion_ev=-0.1, electrostatics_ev=-0.05, x=0.0, y=0.0, z=r)
    labels = pd.DataFrame({"id": [4], "distance": [3.0], "label_ev": [from_cm1(-50.0)], "split": ["test"]})
    cut = Cut("axis", curve, curve[["distance", "energy_ev"]], labels)
    content = cut_content(cut, _rows(), scale, unit, LIGHT, channels=True, earlier=cut)
    lines = {line.name: line for line in content.lines}
    terms = ["electrostatics", "exchange", "dispersion"]
    assert set(lines) == {"student ± 1 sd", "teacher", *terms, "earlier student"}
    assert [lines[name].colour for name in terms] == [getattr(LIGHT, name) for name in terms]
    assert lines["student ± 1 sd"].y[0] == pytest.approx(-50 * CM1_EV * unit.per_ev)
    assert content.y[0] == pytest.approx(-50 * CM1_EV * unit.per_ev)
    assert content.test[0]
    assert unit.label in content.y_label


def test_an_empty_cut_is_still_a_plot() -> None:
    empty = pd.DataFrame(columns=["distance", "energy_ev", "std_ev", "repulsion_ev", "dispersion_ev"], dtype=float)
    labels = pd.DataFrame(columns=["id", "distance", "label_ev", "split"])
    cut = Cut("nothing", empty, empty[["distance", "energy_ev"]], labels)
    content = cut_content(cut, _rows(), SignedScale(10.0, 0.5), UNITS["cm1"], DARK)
    assert (len(content.ids), len(content.lines), content.extent) == (0, 0, None)


def test_parity_draws_the_error_against_ccsdt() -> None:
    content = parity_content(_rows(), "student_ev", SignedScale(10.0, 0.5), UNITS["K"])
    assert np.allclose(content.y, -0.5 * CM1_EV * UNITS["K"].per_ev)
    assert "K" in content.y_label


def test_history_converts_stored_cm1() -> None:
    curves = pd.DataFrame({"round": [0, 1], "region": "all", "mae_cm1": [4.0, 0.4], "rmse_cm1": [5.0, 0.4]})
    curves = curves.assign(n=10, n_labels=[0, 9])
    figure = history_figure(curves, UNITS["meV"], DARK)
    assert np.allclose(figure.data[0].y, np.array([4.0, 0.4]) * CM1_EV * 1000)
    assert history_figure(curves[:1], UNITS["meV"], DARK).layout.xaxis.range == (-0.5, 0.5), "no round −1"


def test_fit_curves_are_a_median_and_a_band_and_prefer_errors_over_losses() -> None:
    errors = [9.0, 8.0, 7.0, 5.0, 2.0, 4.0]
    events = pd.DataFrame({"member": [0, 0, 1, 2, 2, 3], "loss": 1.0, "train_mae_all_cm1": errors})
    figure = fit_figure(events, UNITS["cm1"], LIGHT)
    spread, median, newest = figure.data
    assert list(spread.y) == [9.0, 8.0, 2.0, 5.0], "the highest, then back along the lowest; one that ended stays"
    assert (list(median.y), median.name) == ([7.0, 7.0], "median of 3 fits")
    assert (list(newest.y), newest.name) == ([4.0], "fit 4")
    assert len(fit_figure(events[:2], UNITS["cm1"], LIGHT).data) == 1
    assert not fit_figure(events[:0], UNITS["cm1"], LIGHT).data
    assert "cm⁻¹" in figure.layout.yaxis.title.text
    assert "loss" in fit_figure(events.drop(columns="train_mae_all_cm1"), UNITS["cm1"], LIGHT).layout.yaxis.title.text


def test_structure_keeps_its_camera_between_reruns() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    figure = structure_figure(dimer, [0.0, 0.0, 3.0], LIGHT)
    assert figure.layout.uirevision == "structure"
    texts = [text for trace in figure.data for text in trace.text or ()]
    assert texts == ["C1", "C2", "H3", "H4", "H5", "H6", "He"]
