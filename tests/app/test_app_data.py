"""Tables behind the pages, and what a pick does to the database."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic
from synthetic_places import CUTS

from app import actions
from app.data import basket, jobs
from app.data.configurations import configuration_table
from app.data.cuts import cut_names, load_cut
from app.data.errors import labelled, with_errors
from nci_core.campaign import Campaign
from nci_core.errors import InputError
from nci_core.jobs.remaining import Remaining, remaining
from nci_core.store import labels, models, picks, versions
from nci_core.store.job_tables import events_table, jobs_table
from nci_core.store.round_tables import rounds_table


@pytest.fixture
def campaign(home: Path) -> Campaign:
    return Campaign.open(home / "he-ethylene")


@pytest.fixture
def table(campaign: Campaign) -> pd.DataFrame:
    model = campaign.active_model()
    assert model is not None
    return with_errors(configuration_table(campaign, model.id))


def test_errors_are_prediction_minus_label(table: pd.DataFrame) -> None:
    done = table[table["label_ev"].notna()]
    assert len(done) > 20
    assert np.allclose(done["student_error_ev"], done["student_ev"] - done["label_ev"])
    assert done["student_error_ev"].abs().mean() < done["teacher_error_ev"].abs().mean()


def test_test_and_training_labels_never_mix(table: pd.DataFrame) -> None:
    test, pool = labelled(table, "test"), labelled(table, "pool")
    assert len(test)
    assert len(pool)
    assert not set(test.index) & set(pool.index)


def test_a_label_that_is_set_aside_is_not_used(campaign: Campaign) -> None:
    label = labels.fetch(campaign.store, campaign.recipe.hash, status="complete")[0]
    labels.quarantine(campaign.store, label.id, "T1 too large")
    table = configuration_table(campaign, None)
    assert np.isnan(table.loc[label.configuration_id, "label_ev"])
    assert table.loc[label.configuration_id, "label_state"] == "quarantined"


def test_cut_has_all_three_and_distances_along_the_ray(campaign: Campaign, table: pd.DataFrame) -> None:
    assert set(cut_names(campaign.store, campaign.systems[0])) == set(CUTS)
    model = campaign.active_model()
    assert model is not None
    cut = load_cut(
        campaign.store, table, campaign.systems[0], "above the centre", model_id=model.id, teacher=campaign.teacher
    )
    assert len(cut.student) > 50
    assert len(cut.teacher) > 10
    assert len(cut.labels)
    heights = table.loc[cut.labels["id"], "z"].to_numpy()
    assert np.allclose(cut.labels["distance"], heights, atol=1e-3)


def _free(table: pd.DataFrame) -> list[int]:
    return [int(i) for i in table.index[(table["split"] == "pool") & (table["label_state"] == "none")]]


def test_add_remove_replace_and_undo(campaign: Campaign, table: pd.DataFrame) -> None:
    store, free = campaign.store, _free(table)
    actions.pick(campaign, table, free[:3], "add", "ada")
    assert picks.basket(store) == free[:3]
    actions.pick(campaign, table, free[1:2], "remove", "ada")
    assert picks.basket(store) == [free[0], free[2]]
    actions.undo_basket(campaign, "ada")
    assert sorted(picks.basket(store)) == free[:3]
    actions.redo_basket(campaign, "ada")
    assert picks.basket(store) == [free[0], free[2]]
    actions.undo_basket(campaign, "ada")
    actions.pick(campaign, table, free[5:7], "replace", "grace")
    assert sorted(picks.basket(store)) == free[5:7]
    actions.undo_basket(campaign, "grace")
    assert sorted(picks.basket(store)) == free[:3]
    assert {pick.picked_by for pick in picks.in_basket(store)} == {"ada"}
    actions.pick(campaign, table, free[:1], "toggle", "ada")
    actions.pick(campaign, table, free[8:9], "toggle", "ada")
    assert sorted(picks.basket(store)) == [*free[1:3], free[8]]
    with pytest.raises(InputError, match="add, remove, replace"):
        actions.pick(campaign, table, free[:1], "drop", "ada")


def test_undo_leaves_what_others_did_meanwhile(campaign: Campaign, table: pd.DataFrame) -> None:
    store, free = campaign.store, _free(table)
    actions.pick(campaign, table, free[:2], "add", "ada")
    actions.pick(campaign, table, free[4:5], "add", "grace")
    actions.undo_basket(campaign, "ada")
    assert picks.basket(store) == [free[4]]
    actions.undo_basket(campaign, "ada")  # nothing left to undo
    actions.redo_basket(campaign, "ada")
    assert sorted(picks.basket(store)) == sorted([*free[:2], free[4]])


def test_test_set_and_labelled_points_are_left_out_with_a_reason(campaign: Campaign, table: pd.DataFrame) -> None:
    test = int(table.index[table["split"] == "test"][0])
    done = int(table.index[(table["split"] == "pool") & (table["label_state"] == "complete")][0])
    free = _free(table)[0]
    actions.pick(campaign, table, [test, done, free], "add", "ada")
    assert picks.basket(campaign.store) == [free]
    reasons = basket.why_not(table, [test, done, free])
    assert any("test set" in reason and found == [test] for reason, found in reasons.items())
    assert any("labelled" in reason and found == [done] for reason, found in reasons.items())


def test_proposals_are_ranked_and_enter_under_the_strategys_name(campaign: Campaign, table: pd.DataFrame) -> None:
    ranked = basket.proposals(campaign.store, table)
    assert ranked["rank"].is_monotonic_increasing
    assert not (ranked["split"] == "test").any()
    actions.take_proposals(campaign, ranked, 4, "ada")
    assert picks.basket(campaign.store) == [int(i) for i in ranked.index[:4]]
    assert {pick.picked_by for pick in picks.in_basket(campaign.store)} == {"i-optimal"}
    actions.take_proposals(campaign, ranked, 2, "ada")
    assert len(picks.basket(campaign.store)) == 6


def test_versions_change_with_their_content_only(campaign: Campaign, table: pd.DataFrame) -> None:
    store = campaign.store
    data, model, pick = versions.data_version(store), versions.model_version(store), versions.pick_version(store)
    actions.pick(campaign, table, _free(table)[:1], "add", "ada")
    assert versions.pick_version(store) != pick
    assert versions.data_version(store) == data
    models.activate(store, models.fetch(store)[0].id)
    assert versions.model_version(store) != model
    synthetic.add_label_row(campaign, _free(table)[1])
    assert versions.data_version(store) != data


def test_jobs_show_their_configuration_and_error(campaign: Campaign) -> None:
    table = jobs_table(campaign.store, 0, jobs.PAGE)
    failed = table[table["state"] == "error"].iloc[0]
    assert "did not converge" in failed["error"]
    assert failed["configuration"] > 0
    done = int(table[table["kind"] == "finetune"]["id"].iloc[0])
    assert events_table(campaign.store, done)["train_mae_all_cm1"].iloc[-1] < 1.0


def test_rounds_tell_who_picked_and_what_it_cost(campaign: Campaign) -> None:
    rounds = rounds_table(campaign.store, campaign.recipe.hash).set_index("number")
    assert "ada" in rounds.loc[1, "picked_by"]
    assert "i-optimal" in rounds.loc[1, "picked_by"]
    assert rounds.loc[1, "cpu_minutes"] == pytest.approx(rounds.loc[1, "n_labels"] * 40 / 60, rel=0.3)
    assert rounds.loc[2, "n_failed"] == 1


def test_the_end_of_the_queue_never_stands_still() -> None:
    def of(*running: float, waiting: int = 0, workers: int = 2) -> Remaining | None:
        return remaining([("quick", minutes) for minutes in running], {"quick": waiting}, {"quick": 6.0}, workers)

    assert of(4.0, waiting=3) == Remaining((2.0 + 18.0) / 2)
    assert of(4.0, workers=8) == Remaining(2.0), "a label cannot be shared"
    assert of(4.0, 30.0, waiting=3) == Remaining(10.0, overdue=(30.0, 6.0)), "it is named, and its minutes go on"
    assert of(7.0) == Remaining(0.0, overdue=(7.0, 6.0))
    assert of() is None
    assert remaining([], {"quick": 2}, {}, 1) is None, "nothing is known before the first label"
    # A recipe without a finished label takes the mean of the others.
    each = {"quick": 1, "standard": 1, "new": 1}
    assert remaining([], each, {"quick": 1.0, "standard": 5.0}, 1) == Remaining(1.0 + 5.0 + 3.0)
