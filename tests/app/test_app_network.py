"""Label & train, with MACE as the student."""

import hashlib
from pathlib import Path

import pytest
from pages import run_page, text
from streamlit.testing.v1 import AppTest

from nci_core.campaign import Campaign
from nci_core.store import job_queries


@pytest.fixture
def page(home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("nci_core.campaign.rounds.requests.start_engine", lambda campaign: None)
    return run_page("label_train", **{f"student-{home / 'he-ethylene'}": "mace"})


def test_a_training_is_asked_for(page: AppTest, home: Path) -> None:
    assert page.button(key="finetune_network").disabled, "there is nothing to fine-tune yet"
    page = page.text_input(key="foundation").set_value("medium-omat-0").run()
    page = page.button(key="finetune_network").click().run()
    assert not page.exception
    assert "The training is in the queue as job" in text(page)
    with Campaign.open(home / "he-ethylene") as campaign:
        job = job_queries.last(campaign.store, ("finetune",))
        assert job is not None
        assert job.payload["network"] == {"foundation": "medium-omat-0", "method": "naive", "seeds": 4}


def test_a_pickle_needs_its_digest(page: AppTest, tmp_path: Path) -> None:
    path = tmp_path / "own.model"
    path.write_bytes(b"a pickle")
    page = page.text_input(key="foundation").set_value(str(path)).run()
    refused = page.button(key="finetune_network").click().run()
    assert "is a pickle, which can run any code" in text(refused)
    page = refused.text_input(key="foundation_sha256").set_value(hashlib.sha256(b"a pickle").hexdigest()).run()
    assert "in the queue as job" in text(page.button(key="finetune_network").click().run())
