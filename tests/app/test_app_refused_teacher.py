"""A teacher that was refused: the Overview says why, and lets it teach all the same."""

import os
from pathlib import Path

import pytest
from pages import run_page, text

from app import actions
from nci_core.campaign import Campaign
from nci_core.campaign.creating import Plan
from nci_core.campaign.rounds.requests import submit_teach
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.config import SystemSettings
from nci_core.store import jobs as queue
from nci_core.systems import builtin_monomer

REFUSED = (
    "Teacher gfn2-xtb gives −1,000 cm⁻¹ for He 2.0 Å from C of ethylene; choose another, or go on with --trust-teacher."
)


def campaign_with(error: str, home: Path) -> Campaign:
    """A campaign that is sampled and whose teaching ended with an error."""
    system = SystemSettings.of(builtin_monomer("ethylene"), "He")
    campaign = Campaign.create(home / "new", Plan(systems=(system,), teachers=("gfn2-xtb",), recipe="quick").settings)
    sample_campaign(campaign, 20, seed=1)
    job = queue.begin(campaign.store, submit_teach(campaign, start=False), host="here", supervisor_pid=os.getpid())
    assert job is not None
    queue.finish(campaign.store, job.id, job.attempt, "error", error=error)
    return campaign


@pytest.mark.parametrize(("error", "offered"), [(REFUSED, True), ("Teacher gfn2-xtb failed for the dimer.", False)])
def test_the_overview_offers_to_teach_all_the_same(
    error: str, offered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCI_HOME", str(tmp_path))
    campaign_with(error, tmp_path).store.close()
    asked: list[str] = []
    monkeypatch.setattr(actions, "teach_all_the_same", lambda campaign: asked.append(campaign.name))
    at = run_page("overview", open_campaign="new")
    assert not at.exception
    buttons = [button for button in at.button if button.label == "Teach all the same"]
    assert (len(buttons) == 1) == offered
    assert ("−1,000 cm⁻¹" in text(at)) == offered
    if offered:
        buttons[0].click().run()
        assert len(asked) == 1
