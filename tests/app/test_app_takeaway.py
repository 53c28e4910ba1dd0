"""Data, Compare and System: the same selection everywhere, numbers that agree with the store, and no secrets."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import synthetic
from pages import run_page, tables, text

from app.data import comparison
from app.data.configurations import configuration_table
from app.views.data import MOST_ROWS, for_people, found
from app.views.takeaway import _made
from nci_core.campaign import Campaign
from nci_core.campaign.exchange.takeaway import Packed
from nci_core.errors import StoreError
from nci_core.jobs import machine
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.store import selections
from nci_core.units import CM1_EV, UNITS


def table_of(home: Path) -> tuple[Campaign, pd.DataFrame]:
    campaign = Campaign.open(home / "he-ethylene")
    model = campaign.active_model()
    from app.data.errors import with_errors

    return campaign, with_errors(configuration_table(campaign, model and model.id))


def test_data_searches_sorts_and_filters(home: Path) -> None:
    _, table = table_of(home)
    at = run_page("data", data_sort="label_ev", data_down=True, f_split=["pool"])
    assert not at.exception
    shown = tables(at)[0]
    pool = table[table["split"] == "pool"].sort_values("label_ev", ascending=False, kind="stable", na_position="last")
    assert shown.index.tolist() == pool.index.tolist()
    assert shown["CCSD(T) (cm⁻¹)"].iloc[0] == pytest.approx(pool["label_ev"].iloc[0] / CM1_EV)
    assert f"{len(pool)} of {len(table)} configurations" in text(at)

    at.text_input(key="data_search").set_value(f"{pool.index[0]} training").run()
    assert tables(at)[0].index.tolist() == [pool.index[0]]
    assert len(found(table, "TEST set face")) == ((table["split"] == "test") & (table["sector"] == "face")).sum()
    assert found(table, "no such words").empty


def test_data_shows_the_selection_that_other_pages_made(home: Path) -> None:
    campaign, table = table_of(home)
    chosen = [int(i) for i in table.index[[3, 5]]]
    selections.record(campaign.store, "ada", "selection", [], chosen)
    at = run_page("data")
    grid = at.dataframe[0]
    assert json.loads(grid.proto.selection_default)["selection"]["rows"] == [3, 5]
    assert "**2 selected**" in text(at)


def test_the_saved_table_has_units_and_places(home: Path) -> None:
    _, table = table_of(home)
    unit = UNITS["meV"]
    campaign = SimpleNamespace(recipe=find_recipe("quick"))
    context = SimpleNamespace(
        campaign=campaign, several=False, unit=unit, convert=lambda values: np.asarray(values) * unit.per_ev
    )
    again = pd.read_csv(io.StringIO(for_people(context, table).to_csv()))  # type: ignore[arg-type]
    assert {"Configuration", "x (Å)", "y (Å)", "z (Å)", "Student − CCSD(T) (meV)"} <= set(again)
    assert np.allclose(again["Student (meV)"], table["student_ev"] * 1000)
    assert not any("cm⁻¹" in name for name in again)
    assert MOST_ROWS < 100_000


def test_a_download_that_fails_says_so_on_the_page() -> None:
    failed: dict[str, str] = {}

    def ask(function: object, arguments: object) -> Packed:
        raise StoreError("The file of model 'm' has changed.")

    with pytest.raises(StoreError):
        _made(failed, "m.pt", ask, "folder", ".pt", 1)()
    assert failed == {"m.pt": "The file of model 'm' has changed."}
    assert _made(failed, "m.pt", lambda *_: Packed("m.pt", b"x", ""), "folder", ".pt", 1)() == b"x"


def test_compare_says_what_differs_and_agrees_with_the_store(home: Path) -> None:
    synthetic.build(home / "other", host="benzene", n=60, n_labels=10, n_test=8, seed=5).store.close()
    at = run_page("compare", campaign="he-ethylene")
    assert not at.exception
    assert "cannot be compared directly" in text(at)
    assert "The systems differ" in text(at)
    side_by_side = [table for table in tables(at) if "whole range" in table.columns]
    assert len(side_by_side) == 2, "a table for each campaign, below its map"
    _, held = table_of(home)
    held = held[(held["split"] == "test") & held["label_ev"].notna() & (held["region"] != "beyond")]
    mine = side_by_side[0].set_index("MAE (cm⁻¹)")["whole range"]
    assert mine["student in use"] == pytest.approx((held["student_error_ev"] / CM1_EV).abs().mean())
    assert f"· {len(held)} points" in text(at)
    campaign = Campaign.open(home / "he-ethylene")
    assert comparison.obstacles(campaign, campaign) == []


def test_system_shows_logs_without_secrets_and_works_without_a_campaign(
    home: Path, empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCI_HOME", str(home))
    monkeypatch.setenv("NCI_DATABASE", "postgresql://ada:hunter2@host/db")
    logs = home / "he-ethylene" / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "job-3.log").write_text("# heading <b>\x1b[2J\npostgresql://ada:hunter2@host/db\nAPI_TOKEN=hunter2\n")
    (logs / "engine.log").symlink_to("/etc/passwd")
    assert machine.log_names(home / "he-ethylene") == ["job-3.log"]
    for name in ("engine.log", "../campaign.toml", "job-3.log/../../campaign.toml"):
        assert machine.log_tail(home / "he-ethylene", name) == ""
    at = run_page("system")
    assert not at.exception
    assert "# heading <b>␛[2J" in at.code[0].value
    assert "hunter2" not in text(at)
    assert "numpy" in tables(at)[-1]["Package"].tolist()

    monkeypatch.setenv("NCI_HOME", str(empty_home))
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    from streamlit.testing.v1 import AppTest

    def alone() -> None:
        from app.session import guarded
        from app.views import system

        guarded(system.show, always=True)()

    at = AppTest.from_function(alone, default_timeout=60).run()
    assert not at.exception
    assert "Read-only demonstration" in text(at)
