"""Several recipes in the dashboard: chosen for the basket, shown beside each other, climbed in fine-tuning."""

import shutil
from pathlib import Path

import pytest
from pages import run_page, tables, text
from streamlit.testing.v1 import AppTest

from app import actions
from app.data.configurations import configuration_table
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.requests import label_memory_gb, submit_labels
from nci_core.store import jobs as queue
from nci_core.store import label_queries, labels, picks
from nci_core.store.job_tables import jobs_table
from nci_core.store.selection_history import StoredHistory


@pytest.fixture
def real(imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """The embedded He–ethylene: standard labels, and quick ones beside."""
    shutil.copytree(imported, tmp_path / "home")
    monkeypatch.setenv("NCI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NCI_READ_ONLY", raising=False)
    monkeypatch.setattr("nci_core.campaign.rounds.requests.start_engine", lambda campaign: None)
    return Campaign.open(tmp_path / "home" / "he-ethylene")


def test_the_basket_is_labelled_by_the_recipe_that_was_chosen(real: Campaign) -> None:
    table = configuration_table(real, None)
    free = table.index[(table["label_state"] == "none") & (table["split"] == "pool")][:2].tolist()
    actions.pick(real, table, free, "add", "ada")
    at = run_page("label_train")
    choice = f"label-recipe-{real.folder}"
    before = text(at)
    assert "recipe *standard*" in before
    assert "worker" in before
    at.session_state[choice] = "quick"
    at.run()
    assert "recipe *quick*" in text(at)
    at.button(key="submit_basket").click().run()
    assert not at.exception
    asked = {row.configuration_id: row for row in labels.fetch(real.store, real.find_recipe("quick").hash)}
    assert {asked[number].status for number in free} == {"waiting"}
    mine = {row.configuration_id for row in labels.fetch(real.store, real.recipe.hash)}
    assert mine.isdisjoint(free), "no label of the target was asked for"
    assert set(jobs_table(real.store, 0, 200)["recipe"]) >= {"quick"}


def test_what_has_a_label_of_one_recipe_can_be_picked_for_another(real: Campaign) -> None:
    table = configuration_table(real, None)
    both, costly = (
        int(table.index[(table["label_state"] == state) & (table["split"] == "pool")][0])
        for state in ("complete", "none")
    )
    submit_labels(real, [costly], "grace")
    assert labels.asked_for(real.store, real.find_recipe("quick").hash, [both, costly]) == {both}
    StoredHistory(real.store, "ada").record([], [both, costly])

    at = run_page("select", person="ada")
    add = next(button for button in at.button if "selected on other pages" in button.label)
    add.click().run()
    assert "Left out: 2 already labelled or on the way." in text(at)
    assert "recipe standard" in cost_help(at)
    at.session_state[f"label-recipe-{real.folder}"] = "quick"
    at.run()
    assert "recipe quick" in cost_help(at)
    next(button for button in at.button if "selected on other pages" in button.label).click().run()
    assert not at.exception
    assert "Left out: 1 already labelled or on the way." in text(at)
    assert picks.basket(real.store) == [costly]

    at.session_state[f"label-recipe-{real.folder}"] = "standard"
    at.run()
    assert next(metric.value for metric in at.metric if "Cost" in metric.label) == "0", "it has a standard label"
    assert "1 in the basket have such a label already" in cost_help(at)

    at = run_page("label_train", **{f"label-recipe-{real.folder}": "quick"})
    at.button(key="submit_basket").click().run()
    assert not at.exception
    assert labels.asked_for(real.store, real.find_recipe("quick").hash, [costly]) == {costly}


def cost_help(at: AppTest) -> str:
    return next(str(metric.help) for metric in at.metric if "Cost" in metric.label)


def test_labels_that_are_there_are_neither_priced_nor_asked_for(real: Campaign) -> None:
    table = configuration_table(real, None)
    free = table.index[(table["label_state"] == "none") & (table["split"] == "pool")][:3].tolist()
    submit_labels(real, free[:2], "ada", recipe="quick")
    actions.pick(real, table, free[:2], "add", "ada")
    at = run_page("label_train")
    assert "Compute 2 labels" in {button.label for button in at.button}, "of the target"
    at.session_state[f"label-recipe-{real.folder}"] = "quick"
    at.run()
    assert "**2** in the basket: they have labels of recipe *quick* already." in text(at)
    assert at.button(key="submit_basket").disabled
    actions.pick(real, table, free[2:], "add", "ada")
    at.run()
    assert "**1** in the basket of 3, the others have labels already: about" in text(at)
    assert "Compute 1 label" in {button.label for button in at.button}


def test_the_queue_of_one_recipe_is_shown_and_cancelled_alone(real: Campaign) -> None:
    table = configuration_table(real, None)
    free = table.index[(table["label_state"] == "none") & (table["split"] == "pool")][:2].tolist()
    quick = submit_labels(real, free, "ada", recipe="quick")
    standard = submit_labels(real, free, "ada")
    at = run_page("label_train")
    at.session_state["queue-recipe"] = "quick"
    at.run()
    shown = next(table for table in tables(at) if "State" in table.columns)
    assert len(shown) == len(quick) == 2
    at.button(key="cancel_jobs").click().run()  # nothing is ticked: all of this recipe
    assert not at.exception
    assert [queue.get(real.store, number).state for number in quick + standard] == ["cancelled"] * 2 + ["waiting"] * 2
    # Each asks for the memory that the largest finished label of its own recipe took.
    needs = [queue.get(real.store, number).needs_memory_gb for number in (quick[0], standard[0])]
    assert needs == [label_memory_gb(real, recipe) for recipe in (real.find_recipe("quick"), real.recipe)]


def test_fine_tuning_may_climb(real: Campaign) -> None:
    at = run_page("label_train")
    assert "Fine-tune on 100 labels" in at.button(key="finetune").label
    at.session_state[f"ladder-{real.folder}"] = "100 quick → standard"
    at.run()
    at.button(key="finetune").click().run()
    assert not at.exception
    job = queue.fetch(real.store, kind="finetune")[-1]
    assert job.payload["recipes"] == ["quick", "standard"]
    assert actions.finetune(real, device="cpu", notes="") != job.id


def test_a_configuration_shows_the_labels_it_has(real: Campaign) -> None:
    number = labels.fetch(real.store, real.find_recipe("quick").hash)[0].configuration_id
    beside = [row for row in label_queries.of_configuration(real.store, number) if row.recipe_hash != real.recipe.hash]
    assert [row.recipe for row in beside] == ["quick"]
    table = configuration_table(real, None)
    target = next(row for row in labels.fetch(real.store, real.recipe.hash) if row.configuration_id == number)
    assert table.loc[number, "label_ev"] == target.energy_ev != beside[0].energy_ev
