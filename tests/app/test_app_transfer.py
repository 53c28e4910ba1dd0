"""The page Transfer: unseen systems by one kind of energies, stored rows, and what is said where there is neither."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pages import run_page, tables, text

from app import cached
from app.data import configurations
from app.data import transfer as data
from app.data.configurations import configuration_table
from app.session import Context
from nci_core.bench.targets import STORED
from nci_core.bench.transfer_rows import ATLAS_FILE, FILE, AtlasRow, TransferResults, TransferRow
from nci_core.campaign import Campaign
from nci_core.units import CM1_EV, UNITS

ERRORS = {
    "seed": 0,
    "n": 30,
    "n_attractive": 20,
    "mae_attractive_cm1": 2.5,
    "mae_cm1": 4.0,
    "bias_cm1": -1.0,
    "within_2": 0.8,
    "mean_std_cm1": 1.0,
    "seconds": 1.0,
}


def _row(teacher: str, training: tuple[str, ...], error: float, **more: object) -> TransferRow:
    about = {"reference": "energies of hf-mp2", "labels": False, "teacher": teacher, "training": training}
    about |= {"labels_per_host": 40, "host": "coronene", "heavy_atoms": 24, "tested": "test set", "n_labels": 0}
    return TransferRow.model_validate(ERRORS | about | {"mae_attractive_cm1": error} | more)


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    (folder / STORED).mkdir(parents=True)
    monkeypatch.setattr("app.views.transfer.data_folder", lambda: folder)
    return folder / STORED


def test_one_system_and_nothing_stored_are_said(home: Path, stored: Path) -> None:
    at = run_page("transfer")
    assert not at.exception
    assert not at.error
    said = text(at)
    assert "has one system" in said
    assert "No measurements of transfer are stored" in said
    assert not tables(at)


@pytest.mark.parametrize("several_built", [5], indirect=True)
def test_unseen_systems_are_judged_by_their_labels(several: Campaign, stored: Path) -> None:
    at = run_page("transfer", unit="meV")
    assert not at.exception
    assert not at.error
    (unseen,) = several.transfer_systems
    assert f"labels by {several.recipe.name}" in text(at).replace("\\", "")
    shown = tables(at)[0].set_index("System")
    assert list(shown[""].unique()) == ["trained on", "unseen"]
    assert shown.loc[unseen.name, ""] == "unseen"
    model = several.active_model()
    assert model is not None
    rows = configuration_table(several, model.id)
    mine = rows[(rows["system_id"] == unseen.id) & (rows["split"] == "test") & (rows["label_ev"] < 0.0)]
    error = (mine["student_ev"] - mine["label_ev"]).abs().mean() * UNITS["meV"].per_ev
    assert shown.loc[unseen.name, "MAE, attractive"] == pytest.approx(error)


@pytest.mark.parametrize("several_built", [5], indirect=True)
def test_a_button_draws_the_unseen_system(several: Campaign, stored: Path) -> None:
    (unseen,) = several.transfer_systems
    at = run_page("transfer", drawn_system=several.systems[0].name)
    at.button(key=f"transfer_map_{unseen.id}").click().run()
    assert not at.exception
    assert at.session_state["drawn_system"] == unseen.name


@pytest.mark.parametrize("several_built", [5], indirect=True)
def test_roles_say_what_is_trained_on(several: Campaign, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, (unseen,) = several.training_systems[0], several.transfer_systems
    read = cached.whole

    def without_energies(context: Context) -> pd.DataFrame:
        rows = read(context)
        rows.loc[rows["system_id"] == first.id, ["label_ev", "teacher_ev"]] = np.nan
        return rows

    monkeypatch.setattr("app.views.transfer.cached.whole", without_energies)
    at = run_page("transfer")
    assert not at.exception
    keys = [button.key for button in at.button if str(button.key).startswith("transfer_map_")]
    assert keys == [f"transfer_map_{unseen.id}"], "a system to train on is none to transfer to, taught or not"


@pytest.mark.parametrize("several_built", [5], indirect=True)
def test_the_table_of_all_systems_is_read_once(
    several: Campaign, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, scopes = configurations.configuration_table, []

    def counted(*given: Any, **named: Any) -> pd.DataFrame:
        scopes.append(named["system_id"])
        return read(*given, **named)

    monkeypatch.setattr("app.cached.configurations.configuration_table", counted)
    for system in several.systems:
        assert not run_page("transfer", drawn_system=system.name).exception
    assert scopes.count(None) == 1, "the system that is drawn changes nothing in it"


@pytest.mark.parametrize("several_built", [2], indirect=True)
def test_a_campaign_that_trains_on_everything_says_so(several: Campaign, stored: Path) -> None:
    at = run_page("transfer")
    assert not at.exception
    assert "Every system of this campaign is trained on" in text(at)


@pytest.mark.parametrize("several_built", [5], indirect=True)
def test_labels_and_teachers_are_not_mixed_within_a_system(several: Campaign) -> None:
    (unseen,) = several.transfer_systems
    model = several.active_model()
    assert model is not None
    rows = configuration_table(several, model.id)
    mine = (rows["system_id"] == unseen.id) & (rows["split"] == "test")
    first = rows.index[mine & rows["label_ev"].notna()][0]
    rows.loc[mine & (rows.index != first), "label_ev"] = np.nan
    points = data.judged(rows, [unseen], np.inf)
    assert list(points.index) == [first], "one label: the teacher's energies of the other places are not taken"
    rows["label_ev"] = np.nan
    points = data.judged(rows, [unseen], np.inf)
    assert set(points["reference"]) == {"teacher_ev"}


@pytest.mark.parametrize("unit", ["cm1", "meV"])
def test_stored_rows_are_shown_with_their_reference(home: Path, stored: Path, unit: str) -> None:
    results = TransferResults(stored / FILE, TransferRow)
    for teacher, error in (("hf-mp2", 2.5), ("gfn2-xtb", 5.0)):
        results.add(_row(teacher, ("benzene",), 2 * error))
        results.add(_row(teacher, ("benzene", "pyrene"), error))
    about = {"reference": "made up", "teacher": "none", "host_class": "hydrocarbon", "hosts": 8}
    TransferResults(stored / ATLAS_FILE, AtlasRow).add(
        AtlasRow.model_validate(ERRORS | about | {"training_hosts": 20.0, "n_labels": 5})
    )
    at = run_page("transfer", unit=unit)
    assert not at.exception
    assert not at.error
    assert "nothing of CCSD(T)" in text(at).replace("\\", "")
    assert "factor of 2.0" in text(at)
    hosts, atlas = (table for table in tables(at) if "Teacher" in table.columns)
    best = hosts[(hosts["Teacher"] == "hf-mp2") & (hosts["Trained on"] == "benzene + pyrene")].iloc[0]
    assert best["MAE, attractive"] == pytest.approx(2.5 * CM1_EV * UNITS[unit].per_ev)
    assert best["Within 2 sd (%)"] == pytest.approx(80.0)
    assert atlas.iloc[0]["Own labels"] == 5
