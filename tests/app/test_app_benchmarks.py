"""The Benchmarks page shows what is stored, in the chosen unit, and says so when nothing is."""

from pathlib import Path

import pytest
from pages import run_page, tables, text

from nci_core.bench.recipe_rows import FILE, read_recipe_rows
from nci_core.bench.targets import OURS, STORED, groups, stored_rows
from nci_core.campaign.archive import data_folder
from nci_core.units import CM1_EV, UNITS


@pytest.mark.parametrize("key", ["cm1", "meV"])
def test_errors_are_the_stored_ones_in_the_chosen_unit(home: Path, key: str) -> None:
    at = run_page("benchmarks", unit=key)
    assert not at.exception
    assert not at.error
    unit = UNITS[key]
    shown = next(table for table in tables(at) if {"MAE", "Model"} <= set(table.columns))
    ours = shown[(shown["Model"] == OURS) & (shown["Held out"] == "random 2%")].iloc[0]
    stored = groups([row for row in stored_rows(data_folder() / STORED) if row.benchmark == "curve"])
    mean = next(e["mean"] for e in stored if (e["model"], e["split"]) == (OURS, "random 2%"))
    assert ours["MAE"] == pytest.approx(mean * CM1_EV * unit.per_ev)
    assert f"Energies in {unit.label}. Labels chosen: random." in text(at)
    assert "accuracy targets met" in " ".join(expander.label for expander in at.expander)
    assert "does not hold" in text(at), "claims that fail are said"


@pytest.mark.parametrize("part", ["active", "hard"])
def test_each_part_has_its_table(home: Path, part: str) -> None:
    at = run_page("benchmarks", benchmark_part=part)
    assert not at.exception
    assert any("Model" in table.columns and len(table) > 3 for table in tables(at))


@pytest.mark.parametrize("key", ["cm1", "meV"])
def test_recipes_are_those_stored_in_the_chosen_unit(home: Path, key: str) -> None:
    at = run_page("benchmarks", unit=key, benchmark_part="recipes")
    assert not at.exception
    unit = UNITS[key]
    shown = next(table for table in tables(at) if "Recipe" in table.columns).set_index("Recipe")
    stored = {row.recipe: row for row in read_recipe_rows(data_folder() / STORED / FILE)}
    assert list(shown.index) == list(stored)
    error = stored["composite"].mae_attractive_cm1
    assert error is not None
    composite = shown.loc["composite"]
    assert composite[f"MAE, attractive ({unit.label})"] == pytest.approx(error * CM1_EV * unit.per_ev)
    assert composite["Best"] == "✓"
    assert composite["CPU min"] == stored["composite"].cpu_minutes


def test_without_stored_rows_it_says_how_to_make_them(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.views.benchmarks.data_folder", lambda: tmp_path)
    at = run_page("benchmarks")
    assert not at.exception
    assert any("nci bench all" in info.value for info in at.info)
