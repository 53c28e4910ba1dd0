"""Tables and maps of campaigns in which little is known yet: they are empty, and nothing fails."""

import numpy as np
import pandas as pd
import pytest

from app.data.comparison import learning
from app.figures.points import map_content
from app.figures.scales import SignedScale
from app.views.history import _curves
from nci_core.store.round_tables import errors_table
from nci_core.store.schema import Model
from nci_core.systems import builtin_monomer
from nci_core.units import CM1_EV, UNITS

COLUMNS = ["model_id", "teacher", "region", "n", "mae_cm1", "rmse_cm1", "max_cm1", "bias_cm1"]
ROUNDS = pd.DataFrame({"number": [], "cpu_minutes": []})


@pytest.mark.parametrize("rows", [[], [[None, "hf", "all", 3, 1.0, 1.0, 2.0, 0.1]]])
def test_errors_of_no_student(rows: list[list[object]], monkeypatch: pytest.MonkeyPatch) -> None:
    """No errors at all, or the teacher's alone, in campaigns without and with a student."""
    stored = [type("Row", (), dict(zip(COLUMNS, row, strict=True)))() for row in rows]
    monkeypatch.setattr("nci_core.store.round_tables.evaluations.metrics", lambda *_, **__: stored)
    metrics = errors_table(None, "a")  # type: ignore[arg-type]
    student = Model(name="a", path="a", sha256="0" * 64, kind="distilled", round_number=0)
    student.id = 1
    for models in ([], [student]):
        assert learning(ROUNDS, metrics, models).empty
        assert _curves(metrics, models).empty


@pytest.mark.parametrize("view", ["side", "top", "unrolled"])
def test_a_map_without_points(view: str) -> None:
    rows = pd.DataFrame(
        {name: pd.Series(dtype=float) for name in ("x", "y", "z", "label_ev", "split", "region", "sector")}
    )
    scale = SignedScale.covering(np.zeros(1), UNITS["cm1"].per_ev, linear_ev=CM1_EV, cap_ev=CM1_EV)
    drawn = map_content(
        builtin_monomer("ethylene"), rows, np.empty(0), scale, UNITS["cm1"], view=view, colours="signed", hover={}
    )
    assert len(drawn.ids) == 0
