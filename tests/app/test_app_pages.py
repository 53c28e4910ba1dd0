"""Every page: values, units everywhere at once, empty states, and errors as sentences."""

import shutil
from pathlib import Path

import pytest
import synthetic
from made import Once
from pages import headers, run_page, tables, text
from streamlit.testing.v1 import AppTest

from nci_core.campaign import Campaign
from nci_core.store import models, picks, rounds
from nci_core.units import CM1_EV, UNITS

PAGES = ("overview", "explore", "errors", "select", "label_train", "history", "data", "compare", "teachers", "system")


def test_the_entry_opens_on_the_overview(home: Path) -> None:
    main = Path(__file__).resolve().parents[2] / "app" / "main.py"
    at = AppTest.from_file(str(main), default_timeout=120).run()
    assert not at.exception
    assert [title.value for title in at.title] == ["Overview"]
    assert at.sidebar.selectbox[0].label == "Campaign"


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_no_error_and_no_raw_names(home: Path, page: str) -> None:
    at = run_page(page)
    assert not at.exception
    assert not at.error or page == "label_train"
    for name in headers(at):
        assert "_" not in name, f"raw column name {name!r} on {page}"
    assert "nan" not in text(at).lower().split()


@pytest.mark.parametrize("page", PAGES)
def test_no_other_unit_is_left_after_a_switch(home: Path, page: str) -> None:
    at = run_page(page)
    for key, others in (("meV", ["cm1"]), ("kJ_mol", ["cm1", "meV"])):
        at.sidebar.selectbox(key="unit").set_value(key).run()
        assert not at.exception
        words = "\n".join([text(at), *headers(at)])
        assert not [other for other in others if UNITS[other].label in words]
        with_energies = {"explore", "errors", "history", "data"}
        assert UNITS[key].label in words or page not in with_energies


def test_explore_shows_the_chosen_configurations_energies(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    at = run_page("explore")
    energies = next(table for table in tables(at) if "Source" in table.columns).set_index("Source")
    number = int(next(line for line in text(at).splitlines() if line.startswith("**Configuration")).split()[1][:-2])
    from app.data.configurations import configuration_table

    model = campaign.active_model()
    assert model is not None
    row = configuration_table(campaign, model.id).loc[number]
    shown = energies["Energy (cm⁻¹)"].str.replace("−", "-").replace("—", "nan").astype(float)
    # Two decimals are shown.
    assert shown["Teacher"] == pytest.approx(row["teacher_ev"] / CM1_EV, abs=0.0051)
    assert shown["Student"] == pytest.approx(row["student_ev"] / CM1_EV, abs=0.0051)
    assert shown["Teacher, repulsion"] > 0


def test_explore_shows_how_a_label_was_computed(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    from nci_core.store import labels

    label = labels.fetch(campaign.store, campaign.recipe.hash, status="complete")[0]
    at = run_page("explore", **{f"selected-{campaign.folder}": label.configuration_id})
    fragments = next(table for table in tables(at) if "dimer" in table.columns)
    assert list(fragments.columns[1:]) == ["dimer", "host", "probe"]
    for fact in ("Counterpoise", "frozen core", "Basis", "Converged to", "linear algebra", "Picked by", "Geometry"):
        assert fact in text(at), fact
    assert "quick" in text(at)


@pytest.mark.parametrize("part", ["maps", "cuts", "parity", "regions"])
@pytest.mark.parametrize("split", ["test", "pool"])
def test_errors_parts(home: Path, part: str, split: str) -> None:
    at = run_page("errors", errors_part=part, errors_set=split)
    assert not at.exception
    assert not at.error


def test_errors_by_region_agree_with_what_was_stored(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    at = run_page("errors", errors_part="regions", errors_set="test")
    table = next(table for table in tables(at) if "Potential" in table.columns)
    shown = table[(table["Region"] == "whole range") & (table["Potential"] == "student")].iloc[0]
    from nci_core.store import evaluations

    model = campaign.active_model()
    assert model is not None
    stored = evaluations.metrics(campaign.store, campaign.recipe.hash, split="test", model_id=model.id)
    whole = next(row for row in stored if row.region == "all")
    assert shown["MAE"] == pytest.approx(whole.mae_cm1)
    assert shown["Points"] == whole.n
    assert "quick" in text(at)


def test_take_top_fills_the_basket_and_prices_it(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    at = run_page("select")
    at.number_input(key="take_n").set_value(3).run()
    at.button(key="take_top").click().run()
    assert len(picks.basket(campaign.store)) == 3
    cost = next(metric.value for metric in at.metric if metric.label.startswith("Cost"))
    assert "±" in cost
    assert 1.0 < float(cost.split()[0]) < 4.0  # three labels of about 40 s
    at.button(key="basket_undo").click().run()
    assert picks.basket(campaign.store) == []
    assert not at.exception


def test_the_basket_survives_a_new_session(home: Path) -> None:
    at = run_page("select")
    at.button(key="take_top").click().run()
    again = run_page("select")
    assert next(metric.value for metric in again.metric if metric.label == "In the basket") == "10"
    again.button(key="basket_clear").click().run()
    assert next(metric.value for metric in again.metric if metric.label == "In the basket") == "0"


def test_queue_shows_states_and_the_error_sentence(home: Path) -> None:
    at = run_page("label_train")
    queue = next(table for table in tables(at) if "State" in table.columns)
    assert any("failed" in state for state in queue["State"])
    assert any("did not converge" in message for message in queue["Message"])
    assert not at.button(key="finetune").disabled
    assert at.button(key="submit_basket").disabled


def test_history_rolls_back_and_keeps_notes(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    at = run_page("history")
    table = next(table for table in tables(at) if "Picked by" in table.columns)
    errors = table["MAE (cm⁻¹)"].tolist()
    assert errors == sorted(errors, reverse=True)
    at.text_area(key="note_text_2").set_value("checked by eye").run()
    at.button(key="keep_note").click().run()
    assert rounds.get(campaign.store, 2).notes == "checked by eye"
    from app import actions

    first = models.fetch(campaign.store)[0]
    actions.activate(campaign, first.id)
    assert "distilled" in text(run_page("history"))
    active = campaign.active_model()
    assert active is not None
    assert active.id == first.id


@pytest.mark.parametrize("page", PAGES)
def test_without_any_campaign_the_next_step_is_shown(empty_home: Path, page: str) -> None:
    at = run_page(page)
    assert not at.exception
    assert "New campaign" in [button.label for button in at.button]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("stage", ["nothing sampled", "nothing labelled", "no test label"])
def test_young_campaigns_say_what_to_do_next(empty_home: Path, once: Once, page: str, stage: str) -> None:
    options = {
        "nothing sampled": {"n": 0},
        "nothing labelled": {"n": 40, "n_labels": 0, "with_models": False, "with_jobs": False},
        "no test label": {"n": 60, "n_labels": 0, "with_jobs": False},
    }[stage]
    build = lambda home: synthetic.build(home / "young", **options).store.close()  # type: ignore[arg-type]  # noqa: E731
    shutil.copytree(once(stage.replace(" ", "-"), build) / "young", empty_home / "young")
    at = run_page(page)
    assert not at.exception
    assert not at.error
    if stage == "nothing sampled" and page not in ("history", "compare", "system", "data"):
        assert "Sample, teach and distil" in [button.label for button in at.button]


def test_a_damaged_database_gives_one_sentence(home: Path) -> None:
    path = home / "he-ethylene" / "campaign.db"
    for extra in path.parent.glob("campaign.db-*"):
        extra.unlink()
    path.write_bytes(b"this is no database" * 200)
    at = run_page("explore")
    assert not at.exception
    assert any("not a campaign database" in error.value for error in at.error)
    assert "Traceback" not in text(at)


def test_bad_settings_give_one_sentence(home: Path) -> None:
    (home / "he-ethylene" / "campaign.toml").write_text("title = [unclosed")
    at = run_page("errors")
    assert any("not valid TOML" in error.value for error in at.error)


def test_an_unexpected_problem_shows_no_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import app.views.history as history

    def broken(*_: object) -> None:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(history, "_rounds", broken)
    at = run_page("history")
    assert not at.exception
    assert any("ZeroDivisionError" in error.value and "Nothing was lost" in error.value for error in at.error)
