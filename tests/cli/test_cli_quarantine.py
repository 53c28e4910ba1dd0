"""nci quarantine and the limits of nci label."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.store import jobs as queue
from nci_core.store import label_history, labels

DOUBT = {"code": "t1", "sentence": "The T1 diagnostic of the dimer is 0.050, above 0.02."}


@pytest.fixture
def aside(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> tuple[Campaign, int]:
    """A campaign with one label that is set aside; no engine is started."""
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
    monkeypatch.setattr("nci_core.campaign.rounds.quarantine.start_engine", lambda campaign: None)
    number = small.pool(sampled)[0]
    small.label(sampled, [number])
    label_history.set_aside(sampled.store, labels.fetch(sampled.store, sampled.recipe.hash)[0].id, [DOUBT])
    return sampled, number


def test_it_lists_accepts_and_leaves_out(aside: tuple[Campaign, int], nci: Callable[..., Any]) -> None:
    campaign, number = aside
    at = ("--campaign", campaign.folder)
    assert DOUBT["sentence"] in nci("quarantine", *at).out
    (item,) = json.loads(nci("quarantine", *at, "--json").out)
    assert (item["configuration_id"], item["state"], item["reasons"]) == (number, "set aside", [DOUBT])
    assert json.loads(nci("status", *at, "--json").out)["labels"]["pool"] == {"set aside": 1}
    done = nci("quarantine", *at, "--leave-out", number, "--because", "beyond CCSD(T)", "--by", "ada")
    assert (done.code, done.out.strip()) == (0, f"The label of configuration {number} is left out.")
    assert "Left out by ada: beyond CCSD(T)" in nci("quarantine", *at).out
    assert nci("quarantine", *at, "--accept", number).sentence() == "Say why: the reason is kept with the label."
    assert nci("quarantine", *at, "--accept", number, "--because", "it is fine").code == 0
    assert nci("quarantine", *at).out.strip() == "No label failed or is set aside."
    assert "is not set aside" in nci("quarantine", *at, "--accept", number, "--because", "again").sentence()
    assert "has no label" in nci("quarantine", *at, "--retry", 10**6).sentence()
    assert "one of --accept" in nci("quarantine", *at, "--accept", 1, "--retry", 2).sentence()


def test_it_queues_a_retry_at_tighter_settings(aside: tuple[Campaign, int], nci: Callable[..., Any]) -> None:
    campaign, number = aside
    (job_id,) = json.loads(nci("quarantine", "--campaign", campaign.folder, "--retry", number, "--json").out)["jobs"]
    job = queue.get(campaign.store, job_id)
    assert job.payload["tightening"]["step"] == 1
    assert (job.state, job.silence_limit_seconds) == ("waiting", 900.0)


def test_limits_are_those_given(sampled: Campaign, nci: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.jobs.ensure_engine", lambda *arguments, **options: None)
    number = small.pool(sampled)[0]
    words = ("label", "--campaign", sampled.folder, number, "--no-wait", "--time-limit-minutes", 5)
    assert "must be a positive number" in nci(*words, "--memory-limit-gb", -1).sentence()
    assert nci(*words, "--memory-limit-gb", 2.5).code == 0
    job = queue.fetch(sampled.store, kind="label")[0]
    assert (job.time_limit_seconds, job.memory_limit_gb) == (300.0, 2.5)
