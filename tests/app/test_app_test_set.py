"""Label & train: the test set labelled by a button, and a fit that is stopped and taken up again."""

from pathlib import Path

import pytest
from pages import run_page, text

from nci_core.campaign import Campaign
from nci_core.store import configurations, labels


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nci_core.campaign.rounds.requests.ensure_engine", "nci_core.jobs.ensure_engine"):
        monkeypatch.setattr(name, lambda *args, **options: None)


def test_some_of_the_test_set_is_labelled_by_a_button(home: Path) -> None:
    import synthetic

    synthetic.build(home / "young", n=40, n_labels=0, n_test=6, with_jobs=False).store.close()
    at = run_page("label_train", campaign="young")
    assert "**0** of 6 test configurations are labelled" in text(at)
    count = next(field for field in at.number_input if field.label == "How many")
    assert count.value == 6
    at = count.set_value(2).run()
    at = at.button(key="label_test").click().run()
    assert not at.exception
    assert "2 calculations of the test set are in the queue" in text(at)
    campaign = Campaign.open(home / "young")
    with campaign.store as store:
        first = configurations.positions(store, split="test")[0].tolist()[:2]
        asked = [row for row in labels.fetch(store, campaign.recipe.hash) if row.status == "waiting"]
        assert sorted(row.configuration_id for row in asked) == sorted(first)
        assert {row.picked_by for row in asked} == {"test-set"}
