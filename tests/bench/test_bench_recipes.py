"""Recipes against a reference: rows, their front, and what a composite's parts say alone."""

from pathlib import Path

import numpy as np
import pytest

from nci_core.bench.recipe_figure import draw_pareto
from nci_core.bench.recipe_rows import RecipeRow, pareto, read_recipe_rows, write_rows
from nci_core.bench.recipes import published_rows, row
from nci_core.errors import InputError
from nci_core.units import to_cm1

EV = 1.0 / to_cm1(1.0)


def made(recipe: str, minutes: float | None, error: float | None) -> RecipeRow:
    return RecipeRow(
        recipe=recipe,
        n=3,
        n_attractive=2,
        mae_attractive_cm1=error,
        mae_cm1=error,
        well_cm1=None,
        tail_cm1=None,
        wall_cm1=None,
        cpu_minutes=minutes,
        rss_gb=1.0,
    )


def test_errors_are_counted_by_region_and_only_where_the_reference_reaches() -> None:
    truth = np.array([-50.0, -10.0, 100.0, np.nan, 2000.0]) * EV
    found = row("one", truth + np.array([1.0, -3.0, 8.0, 5.0, 5.0]) * EV, truth, [(60.0, 1.0), (180.0, 2.0)])
    assert (found.n, found.n_attractive) == (3, 2)
    # Exact arithmetic up to rounding.
    assert found.mae_attractive_cm1 == pytest.approx(2.0, abs=1e-9)
    assert (found.well_cm1, found.tail_cm1, found.wall_cm1) == pytest.approx((1.0, 3.0, 8.0), abs=1e-9)
    assert found.mae_cm1 == pytest.approx(4.0, abs=1e-9)
    assert (found.cpu_minutes, found.rss_gb) == (2.0, 2.0)


def test_the_front_holds_what_nothing_beats() -> None:
    rows = [made("slow", 20.0, 5.0), made("good", 2.0, 1.0), made("quick", 0.5, 8.0), made("bad", 1.0, 9.0)]
    assert pareto([*rows, made("unknown cost", None, 0.1)]) == ["quick", "good"]


def test_rows_are_kept_and_drawn(tmp_path: Path) -> None:
    rows = [made("good", 2.0, 1.0), made("quick", 0.5, 8.0), made("published", None, 3.0)]
    write_rows(tmp_path / "recipes.jsonl", rows)
    assert read_recipe_rows(tmp_path / "recipes.jsonl") == rows
    files = draw_pareto(rows, tmp_path / "figures")
    assert [file.suffix for file in files] == [".svg", ".png"]
    assert all(file.stat().st_size > 5000 for file in files)
    with pytest.raises(InputError, match="holds no rows"):
        read_recipe_rows(tmp_path / "none.jsonl")


def test_smaller_bases_of_a_published_table_are_rows(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("hf_adz_cm1,ccsd_adz_cm1,t_adz_cm1,cbs_cm1\n10,-20,-1,-12\n20,-10,-2,6\n")
    (found,) = published_rows(tmp_path / "x.extxyz")
    assert (found.recipe, found.n, found.cpu_minutes) == ("aug-cc-pVDZ, published", 2, None)
    assert found.mae_attractive_cm1 == pytest.approx(1.0, abs=1e-9)
    assert published_rows(tmp_path / "none.extxyz") == []
