"""The list of labels that are not used, and its buttons."""

from pathlib import Path

import pytest
from pages import run_page, text

from nci_core.campaign import Campaign
from nci_core.campaign.rounds import quarantine
from nci_core.store import jobs, label_history, labels

DOUBT = {"code": "triples", "sentence": "(T) is out of line: −12.00 cm⁻¹, 40% of CCSD's correlation energy."}


@pytest.fixture
def aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Campaign, int]:
    """A campaign with a failed label and one that is set aside; no engine is started."""
    monkeypatch.setattr("nci_core.campaign.rounds.quarantine.start_engine", lambda campaign: None)
    campaign = Campaign.open(home / "he-ethylene")
    label = labels.fetch(campaign.store, campaign.recipe.hash, status="complete")[0]
    label_history.set_aside(campaign.store, label.id, [DOUBT])
    return campaign, label.configuration_id


def test_reason_value_and_state_are_shown(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    at = run_page("label_train")
    words = text(at)
    assert "Labels that are not used" in words
    assert DOUBT["sentence"] in words
    energy = label_history.find(campaign.store, campaign.recipe.hash, number).energy_ev
    value = f"{energy * 8065.543937:+.2f}".replace("-", "−")
    assert f"**Configuration {number}** · set aside: (T) out of line" in words
    assert f"{value} cm⁻¹" in words
    assert "did not converge" in words
    failed = next(item for item in quarantine.doubted(campaign) if item.state == "failed")
    keys = [button.key for button in at.button]
    assert f"retry_doubted_{failed.configuration_id}" in keys
    assert f"sure_use_{failed.configuration_id}" not in keys, "there is no number to use"


def test_a_person_uses_it_and_says_why(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    at = run_page("label_train")
    at.button(key=f"sure_use_{number}").click().run()
    assert "Say why: the reason is kept with the label." in text(at)
    at.text_input(key=f"because_use_{number}").set_value("the wall is known").run()
    at.button(key=f"sure_use_{number}").click().run()
    assert f"The label of configuration {number} is used from now on." in text(at)
    event = label_history.events(campaign.store, campaign.recipe.hash, number)[-1]
    assert (event.what, event.person, event.because) == ("accepted", "ada", "the wall is known")


def test_a_person_leaves_it_out_or_tries_again(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    at = run_page("label_train")
    at.text_input(key=f"because_leave_{number}").set_value("beyond CCSD(T)").run()
    at.button(key=f"sure_leave_{number}").click().run()
    assert quarantine.doubted(campaign)[-1].because == "beyond CCSD(T)"
    assert "Left out by ada: beyond CCSD(T)" in text(at)
    at.button(key=f"retry_doubted_{number}").click().run()
    assert "1 calculation is in the queue at tighter settings." in text(at)
    job = jobs.fetch(campaign.store, kind="label", limit=1)[0]
    assert job.payload["tightening"]["step"] == 1


def test_a_demonstration_changes_nothing(aside: tuple[Campaign, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("label_train")
    assert at.button(key=f"retry_doubted_{aside[1]}").disabled
