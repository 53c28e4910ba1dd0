"""Explore and Select in campaigns of two and of five systems: maps are of the drawn one, lists of what they say."""

import base64
from typing import Any

import numpy as np
import pytest
from pages import _script, run_page, tables, text
from streamlit.testing.v1 import AppTest

from app import actions
from app.components import plot, viewer
from app.data.configurations import configuration_table
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.requests import request_labels
from nci_core.errors import InputError
from nci_core.store import picks


@pytest.fixture
def campaign(several: Campaign) -> Campaign:
    return several


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the map and the 3-D view are given: the points' ids, the host's atoms, and the dimer."""
    found: dict[str, Any] = {}

    def map_shown(encoded: dict[str, Any], *_: Any, **options: Any) -> None:
        found["ids"] = set(np.frombuffer(base64.b64decode(encoded["ids"]), "<i4").tolist())
        found["atoms"], found["key"] = encoded["host"]["symbols"], options["key"]

    def viewer_shown(dimer: Any, *_: Any, **__: Any) -> bool:
        found["dimer"] = dimer.name
        return True

    monkeypatch.setattr(plot, "show", map_shown)
    monkeypatch.setattr(viewer, "show", viewer_shown)
    return found


def shown(page: str, **state: Any) -> AppTest:
    at = run_page(page, **state)
    assert not at.exception
    assert not at.error, text(at)
    return at


@pytest.mark.parametrize("every", [False, True])
def test_explore_draws_the_chosen_system_and_no_other(campaign: Campaign, seen: dict[str, Any], every: bool) -> None:
    table = configuration_table(campaign, None)
    for system in campaign.systems:
        at = shown("explore", drawn_system=system.name, every_system=every)
        mine = table[table["system"] == system.name]
        assert seen["ids"] == set(mine.index)
        assert seen["atoms"] == list(system.dimer.a.symbols)
        assert seen["dimer"] == system.dimer.name
        assert f"{len(mine)} configurations" in text(at)
        assert system.name in text(at)
        offered = len(table if every else mine)
        assert f"Select these {offered}" in {button.label for button in at.button}
        assert bool([pills for pills in at.button_group if pills.key == "f_system"]) == every


def test_a_configuration_of_another_system_is_shown_round_its_own_host(
    campaign: Campaign, seen: dict[str, Any]
) -> None:
    first, last = campaign.systems[0], campaign.systems[-1]
    table = configuration_table(campaign, None)
    number = int(table.index[table["system"] == last.name][0])
    for page in ("explore", "select"):
        at = shown(page, drawn_system=first.name, **{f"selected-{campaign.folder}": number})
        assert seen["atoms"] == list(first.dimer.a.symbols)
        assert seen["dimer"] == last.dimer.name
        assert f"onfiguration {number}" in text(at)
    linked = AppTest.from_function(_script, default_timeout=120)
    linked.session_state["page_under_test"] = "explore"
    linked.query_params["configuration"], linked.query_params["system"] = str(number), first.name
    assert not linked.run().exception
    assert seen["dimer"] == last.dimer.name, "a link names it"


@pytest.mark.parametrize("every", [False, True])
def test_basket_and_proposals_are_of_all_training_systems(
    campaign: Campaign, seen: dict[str, Any], every: bool
) -> None:
    table = configuration_table(campaign, None)
    free = table[(table["split"] == "pool") & (table["label_state"] == "none")]
    one_each = [int(rows.index[0]) for _, rows in free.groupby("system_id")]
    actions.pick(campaign, table, one_each, "add", "ada")
    training = {system.name for system in campaign.training_systems}
    for system in campaign.systems:
        at = shown("select", drawn_system=system.name, every_system=every)
        assert seen["ids"] == set(table.index[(table["system"] == system.name) & (table["region"] != "beyond")])
        basket, ranked = (found for found in tables(at) if "Why" in found)
        assert set(basket["System"]) == set(ranked["System"]) == training
        assert basket["Config."].tolist() == one_each
        assert ("all its points are test points" in text(at)) == (system.role == "transfer")
    at.button(key="basket_clear").click().run()
    assert not at.exception
    assert picks.basket(campaign.store) == []


def test_no_place_of_a_transfer_system_is_picked_for_training(campaign: Campaign) -> None:
    table = configuration_table(campaign, None)
    for system in campaign.transfer_systems:
        number = int(table.index[table["system"] == system.name][0])
        actions.pick(campaign, table, [number], "add", "ada")
        assert picks.basket(campaign.store) == []
        with pytest.raises(InputError, match="frozen test set and cannot be picked for training"):
            request_labels(campaign, [number], "ada")
