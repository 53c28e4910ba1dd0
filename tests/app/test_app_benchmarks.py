"""The Benchmarks page shows what is stored, in the chosen unit, and says so when nothing is."""

from pathlib import Path

import pytest
from pages import run_page, tables, text

from nci_core.bench.minimum_rows import FILE as MINIMA_FILE
from nci_core.bench.minimum_rows import MinimumRow
from nci_core.bench.recipe_errors import GROUPS_FILE, LabelRow, group_errors, write_lines
from nci_core.bench.recipe_rows import FILE, read_recipe_rows
from nci_core.bench.targets import OURS, STORED, groups, stored_rows
from nci_core.campaign.exchange.archive import data_folder
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
    at = run_page("benchmarks", unit=key, benchmark_part="recipes", benchmark_reference="Helium over benzene")
    assert not at.exception
    unit = UNITS[key]
    shown = next(table for table in tables(at) if "Recipe" in table.columns).set_index("Recipe")
    stored = {row.recipe: row for row in read_recipe_rows(data_folder() / STORED / FILE)}
    assert list(shown.index) == list(stored)
    error = stored["composite"].mae_attractive_cm1
    assert error is not None
    composite = shown.loc["composite"]
    assert composite["MAE, attractive"] == pytest.approx(error * CM1_EV * unit.per_ev)
    assert composite["Best"] == "✓"
    assert composite["CPU min"] == stored["composite"].cpu_minutes


def stored_labels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up labels at published dimers and at minima beside the stored recipes."""
    (folder / STORED).mkdir()
    (folder / STORED / FILE).write_bytes((data_folder() / STORED / FILE).read_bytes())
    common = {"reference": "MADE", "system": "1", "geometry_hash": "0", "probe": "He", "host": "H2", "elements": ["H"]}
    rows = [
        LabelRow(
            **common,
            recipe="composite",
            frame=k,
            heavy_atoms=0,
            host_class="hydrogen",
            region="well",
            reference_cm1=-10.0,
            error_cm1=error,
            std_cm1=1.0,
            cpu_minutes=0.1,
            memory_gb=0.3,
            failure="" if error else "It did not converge.",
        )
        for k, error in enumerate((1.0, -2.0, None))
    ]
    write_lines(folder / STORED / GROUPS_FILE, group_errors(rows))
    minimum = MinimumRow(
        dimer="He₂",
        geometry="5.6 bohr",
        published_cm1=-7.645,
        method="SAPT",
        source="somewhere",
        checked=False,
        recipe="composite",
        energy_cm1=-7.0,
        std_cm1=0.5,
    )
    broken = minimum.model_copy(update={"energy_cm1": None, "failure": "It_did_not_converge."})
    write_lines(folder / STORED / MINIMA_FILE, [minimum, broken])
    for view in ("benchmark_recipes", "benchmark_minima"):
        monkeypatch.setattr(f"app.views.{view}.data_folder", lambda: folder)


@pytest.mark.parametrize("key", ["cm1", "meV"])
def test_labels_at_published_dimers_are_told_by_group(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    stored_labels(tmp_path, monkeypatch)
    unit = UNITS[key]
    at = run_page("benchmarks", unit=key, benchmark_part="recipes")
    assert not at.exception
    assert "2 geometries of published dimers of He with" in text(at)
    assert "(MADE)" in text(at)
    assert "accuracy targets met" not in " ".join(expander.label for expander in at.expander), "these are of students"
    shown = next(table for table in tables(at) if "Group" in table.columns).set_index("Group")
    assert list(shown.index) == ["all", "He, well"]
    well = shown.loc["He, well"]
    assert (well["Labels"], well["Failed"], well["Within 1 σ (%)"], well["Within 2 σ (%)"]) == (2, 1, 50.0, 100.0)
    assert f"Energies in {unit.label}." in text(at)
    assert well["MAE"] == pytest.approx(1.5 * CM1_EV * unit.per_ev)


def test_labels_at_known_minima_stand_beside_the_published_ones(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_labels(tmp_path, monkeypatch)
    at = run_page("benchmarks", unit="meV", benchmark_part="minima")
    assert not at.exception
    shown = next(table for table in tables(at) if "Dimer" in table.columns).iloc[0]
    assert shown["Dimer"] == "He₂ †"
    assert shown["Difference"] == pytest.approx(0.645 * CM1_EV * UNITS["meV"].per_ev)
    assert "Quoted for this source" in text(at)
    assert r"It\_did\_not\_converge" in text(at)


def test_without_stored_rows_it_says_how_to_make_them(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.views.benchmarks.data_folder", lambda: tmp_path)
    at = run_page("benchmarks")
    assert not at.exception
    assert any("nci bench all" in info.value for info in at.info)
