"""Budgets in a campaign: what counts as known, what is offered, and that numbers agree with the selection."""

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.pricing.budget import fill_budget, outlook, preview
from nci_core.campaign.pricing.costs import label_cost
from nci_core.errors import InputError, StoreError
from nci_core.regions import REGIONS
from nci_core.store import labels


def model_id(campaign: Campaign) -> int:
    row = campaign.active_model()
    assert row is not None
    return row.id


def test_an_empty_basket_changes_nothing(finished: Campaign) -> None:
    found = preview(finished.folder, model_id(finished), [])
    expected, regions = found.expected, found.regions
    assert expected["before_ev"].tolist() == expected["after_ev"].tolist()
    assert found.minutes == 0.0
    assert regions.index.tolist() == ["all", *(name for name in REGIONS if (expected["region"] == name).any())]
    assert "beyond" not in regions.index
    assert set(expected.index).isdisjoint(small.test_set(finished))
    for name, before in regions["before_ev"].items():
        mine = expected if name == "all" else expected[expected["region"] == name]
        assert before == pytest.approx(np.sqrt((mine["before_ev"] ** 2).mean()))


def test_offers_keep_the_budget_and_do_what_the_preview_says(finished: Campaign) -> None:
    model = model_id(finished)
    each = label_cost(finished).mean_minutes
    offers = fill_budget(finished.folder, model, 4.5 * each)
    assert len(offers) == 4
    assert offers["minutes"].iloc[-1] == pytest.approx(4 * each)
    chosen = offers.index.tolist()
    done = {row.configuration_id for row in labels.fetch(finished.store, finished.recipe.hash, status="complete")}
    assert set(chosen).isdisjoint(done | set(small.test_set(finished)))
    found = preview(finished.folder, model, chosen)
    assert found.minutes == pytest.approx(4 * each)
    before, after = found.regions.loc["all"]
    # Two orders of the same sums of squares, which end at a hundred-thousandth of what they begin with.
    assert after == pytest.approx(offers["rms_ev"].iloc[-1], rel=1e-9, abs=1e-7 * before)
    assert (found.expected["after_ev"] <= found.expected["before_ev"] + 1e-12).all()
    assert offers["share"].sum() == pytest.approx(1 - (after / before) ** 2)


def test_a_basket_counts_as_known(finished: Campaign) -> None:
    model, each = model_id(finished), label_cost(finished).mean_minutes
    four = fill_budget(finished.folder, model, 4.5 * each).index.tolist()
    rest = fill_budget(finished.folder, model, 2.5 * each, four[:2]).index.tolist()
    assert rest == four[2:], "the greedy order goes on where the basket ends"
    assert fill_budget(finished.folder, model, 0.5 * each).empty


def test_labels_that_are_there_bring_nothing_new(finished: Campaign) -> None:
    done = labels.complete(finished.store, finished.recipe.hash, split="pool").configuration_ids.tolist()
    found = preview(finished.folder, model_id(finished), done)
    assert found.minutes == 0.0
    assert found.expected["before_ev"].tolist() == found.expected["after_ev"].tolist()


def test_the_outlook_starts_together_and_falls(finished: Campaign) -> None:
    model, each = model_id(finished), label_cost(finished).mean_minutes
    found = outlook(finished.folder, model, 6.5 * each)
    start = preview(finished.folder, model, []).regions.at["all", "before_ev"]
    assert found["greedy_ev"][0] == pytest.approx(start)
    assert found["random_ev"][0] == pytest.approx(start)
    assert len(found) == 7
    assert (found["greedy_ev"].diff()[1:] <= 0).all()
    assert (found["greedy_ev"][1:] <= found["random_ev"][1:]).all()


def test_what_cannot_be_asked_is_one_sentence(finished: Campaign) -> None:
    model = model_id(finished)
    with pytest.raises(InputError, match="not in this campaign's training pool"):
        preview(finished.folder, model, small.test_set(finished)[:1])
    with pytest.raises(InputError, match="cannot be spent"):
        fill_budget(finished.folder, model, -1.0)
    with pytest.raises(StoreError, match="no model 99"):
        preview(finished.folder, 99, [])
