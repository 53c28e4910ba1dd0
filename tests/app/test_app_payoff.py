"""What a round brought, as a person sees it when it has ended."""

from pathlib import Path

from pages import run_page, text

from nci_core.campaign import Campaign
from nci_core.store import models


def test_errors_follow_the_model_in_use_unless_another_was_chosen(home: Path) -> None:
    store = Campaign.open(home / "he-ethylene").store
    first, second, third = models.fetch(store)
    models.activate(store, second.id)
    at = run_page("errors")
    assert at.selectbox(key="errors_after").value == 0
    assert "after: student of round 1" in text(at)
    models.activate(store, third.id)  # what a fit does
    at.run()
    assert "after: student of round 2" in text(at)
    assert "before: distilled student" in text(at)
    at.selectbox(key="errors_after").set_value(second.id).run()
    models.activate(store, first.id)
    at.run()
    assert "after: student of round 1" in text(at)
    assert not at.exception
