"""What figures are saved as: one way for all of them, numbers with units."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from pages import run_page

from app.figures.as_table import figure_table
from app.figures.curves import history_figure
from app.figures.structure import structure_figure
from app.figures.trust import share_figure
from app.theme import LIGHT
from nci_core.calibration import summarise_z
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import UNITS

APP = Path(__file__).resolve().parents[2] / "app"


def test_every_plotly_figure_goes_through_one_function() -> None:
    calls = [path.name for path in APP.rglob("*.py") if re.search(r"plotly_chart\(", path.read_text(encoding="utf-8"))]
    assert calls == ["chart.py", "new_campaign_summary.py"]  # where there is no campaign yet that names a file


def test_curves_become_a_table_with_units() -> None:
    curves = pd.DataFrame({"round": [0, 1] * 2, "region": ["all"] * 2 + ["well"] * 2, "mae_cm1": [10.0, 1.0, 4.0, 0.5]})
    figure = history_figure(
        curves.assign(n=5, n_labels=[0, 12] * 2, rmse_cm1=[12.0, 1.2, 5.0, 0.6]), UNITS["meV"], LIGHT
    )
    table = figure_table(figure)
    assert list(table)[:3] == ["series", "round (0: distilled, before any label)", "MAE on the test set (meV)"]
    assert table["series"].tolist() == ["whole range"] * 2 + ["well"] * 2
    assert table.iloc[0, 2] == pytest.approx(1.2398, rel=1e-3)


def test_error_bars_and_words_of_axes_are_in_the_table() -> None:
    found = summarise_z(np.random.default_rng(0).normal(size=40))
    assert found is not None
    table = figure_table(share_figure([found], LIGHT))
    x = "share of test points (%)"
    assert {x, f"{x}, low", f"{x}, high"} <= set(table)
    within = table[table["series"].str.startswith("within 1 sd")].iloc[0]
    assert within[f"{x}, low"] < within[x] < within[f"{x}, high"]
    assert within["y"] == "whole range, n = 40"


def test_grids_and_scenes_become_tables_and_decoration_does_not() -> None:
    figure = go.Figure(go.Contour(x=[0.0, 1.0], y=[2.0, 3.0], z=[[1.0, 2.0], [3.0, 4.0]], name="field"))
    figure.add_trace(go.Scatter(x=[0.0], y=[0.0], hoverinfo="skip"))
    figure.update_xaxes(title_text="x (Å)")
    table = figure_table(figure)
    assert table.to_dict("list") == {
        "series": ["field"] * 4,
        "x (Å)": [0.0, 1.0, 0.0, 1.0],
        "y": [2.0, 2.0, 3.0, 3.0],
        "value": [1.0, 2.0, 3.0, 4.0],
    }
    drawing = structure_figure(Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), [0.0, 0.0, 3.0], LIGHT)
    atoms = figure_table(drawing)
    assert list(atoms) == ["series", "x (Å)", "y (Å)", "z (Å)", "text"]
    assert atoms["text"].tolist()[-1] == "He"
    assert figure_table(go.Figure()).empty


def test_a_row_of_figures_is_saved_together_by_name(home: Path) -> None:
    at = run_page("history")
    assert not at.exception
    (drawn,) = at.get("plotly_chart")
    assert "toImage" in drawn.proto.config  # Plotly's camera, which would save one figure of several, is taken away
    buttons = next(item.proto for item in at.get("bidi_component") if item.proto.component_name == "nci_picture")
    data = json.loads(buttons.json)
    assert data["figures"] == ["test-error-figure"]
    assert data["file"] == "he-ethylene-test-error"
    assert data["title"].startswith("He–ethylene (synthetic)")
