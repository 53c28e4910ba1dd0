"""Steps of a campaign before its first student: what they need, and that nothing is done twice."""

from pathlib import Path
from typing import Any

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.pricing.costs import label_cost
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.requests import submit_finetune, submit_labels
from nci_core.campaign.rounds.teaching import teach
from nci_core.errors import CancelledError, InputError, JobError
from nci_core.store import (
    configurations,
    label_queries,
    labels,
    picks,
    rounds,
    teacher_labels,
)
from nci_core.store import jobs as queue


def test_steps_before_their_time_say_what_to_do(tmp_path: Path, host: Path) -> None:
    campaign = small.make(tmp_path / "work", host)
    with pytest.raises(InputError, match="run `nci sample` first"):
        propose(campaign, "random", 3)
    with pytest.raises(InputError, match="run `nci teach`"):
        distill_campaign(campaign)
    with pytest.raises(InputError, match="no finished quick labels"):
        finetune_campaign(campaign)
    with pytest.raises(InputError, match="no finished quick labels"):
        submit_finetune(campaign, start=False)
    assert rounds.fetch(campaign.store) == []


def test_teaching_goes_on_where_it_stopped(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    total = len(configurations.fetch(sampled.store))
    first = small.use_formula(monkeypatch, small.FormulaTeacher(stop_after=10))
    with pytest.raises(KeyboardInterrupt):
        teach(sampled)
    kept = teacher_labels.fetch(sampled.store, "formula")
    assert (first.asked, len(kept)) == (10, 10)
    second = small.use_formula(monkeypatch)
    assert teach(sampled)["n_new"] == second.asked == total - 10
    assert teacher_labels.fetch(sampled.store, "formula")[:10] == kept
    assert teach(sampled)["n_new"] == 0
    assert second.asked == total - 10, "nothing is asked twice"


def test_teaching_can_be_cancelled(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    small.use_formula(monkeypatch)
    with pytest.raises(CancelledError, match="finished configurations are kept"):
        teach(sampled, should_stop=lambda: len(teacher_labels.fetch(sampled.store, "formula")) >= 3)
    assert len(teacher_labels.fetch(sampled.store, "formula")) == 3


def test_labels_are_asked_for_once(sampled: Campaign) -> None:
    chosen = small.pool(sampled)[:3]
    jobs = submit_labels(sampled, [*chosen, chosen[0]], "a person", start=False)
    assert len(jobs) == 3
    assert submit_labels(sampled, chosen, "another", start=False) == []
    small.run_jobs(sampled, jobs)
    assert submit_labels(sampled, chosen, "another", start=False) == []
    rows = labels.fetch(sampled.store, sampled.recipe.hash)
    assert {(row.status, row.picked_by, row.round_number) for row in rows} == {("complete", "a person", 1)}
    assert {queue.get(sampled.store, number).state for number in jobs} == {"complete"}
    expected = small.energy(
        sampled.systems[0].dimer, labels.complete(sampled.store, sampled.recipe.hash, split="pool").positions
    )
    # Sums of hartree totals near -4: rounding of 1e-15 relative.
    assert [row.energy_ev for row in rows] == pytest.approx(expected.tolist(), abs=1e-12)
    assert len(list((sampled.folder / "results").glob("*.json"))) == 3


def test_a_label_found_in_the_journal_is_not_computed_again(sampled: Campaign, monkeypatch: Any) -> None:
    chosen = small.pool(sampled)[:1]
    small.label(sampled, chosen)
    with sampled.store.write() as session:  # the database lost it
        from nci_core.store.schema import Label

        session.query(Label).delete()
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", None)
    small.label(sampled, chosen)
    assert label_queries.status_counts(sampled.store, sampled.recipe.hash)["complete"] == 1


def test_only_the_test_set_picker_labels_test_configurations(sampled: Campaign) -> None:
    test = small.test_set(sampled)
    with pytest.raises(InputError, match="belongs to the frozen test set"):
        submit_labels(sampled, [small.pool(sampled)[0], test[0]], "a person", start=False)
    with pytest.raises(InputError, match="has no configuration 9999"):
        submit_labels(sampled, [9999], "a person", start=False)
    with pytest.raises(InputError, match="Say who picks"):
        submit_labels(sampled, small.pool(sampled)[:1], "  ", start=False)
    assert labels.fetch(sampled.store, sampled.recipe.hash) == []
    assert rounds.fetch(sampled.store) == []
    small.label(sampled, test[:2], "test-set")
    assert rounds.fetch(sampled.store) == [], "test labels belong to no round"
    assert len(labels.complete(sampled.store, sampled.recipe.hash, split="pool")) == 0


def test_who_put_it_into_the_basket_is_the_picker(sampled: Campaign) -> None:
    chosen = small.pool(sampled)[:2]
    picks.add(sampled.store, chosen[:1], picked_by="i-optimal", round_number=sampled.open_round("i-optimal"))
    submit_labels(sampled, chosen, "a person", start=False)
    found = {row.configuration_id: row.picked_by for row in labels.fetch(sampled.store, sampled.recipe.hash)}
    assert found == {chosen[0]: "i-optimal", chosen[1]: "a person"}
    assert picks.basket(sampled.store) == []


def test_a_demonstration_changes_nothing(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    with pytest.raises(JobError, match="read-only demonstration"):
        submit_labels(sampled, small.pool(sampled)[:1], "a person", start=False)
    assert labels.fetch(sampled.store, sampled.recipe.hash) == []


def test_costs_are_guessed_until_they_are_measured(sampled: Campaign) -> None:
    guess = label_cost(sampled)
    assert (guess.n, guess.source) == (0, "an estimate from the size alone; no quick label is finished here yet")
    assert 0.0 < guess.mean_minutes < 0.4, "two hydrogen atoms are cheaper than ethylene"
    low, high = guess.interval()
    assert high > 3 * low, "nothing was measured"
    small.label(sampled, small.pool(sampled)[:3])
    measured = label_cost(sampled)
    # Three equal labels of 0.1 minutes leave some of the prior: a few per cent.
    assert (measured.n, measured.mean_minutes) == (3, pytest.approx(0.1, rel=0.05))
    assert measured.sd_minutes < 0.02
    total, spread = measured.total(4)
    assert total == pytest.approx(4 * measured.mean_minutes)
    assert spread < 4 * measured.sd_minutes, "what differs between labels averages out"
    # The labels took 7.5 s elapsed for 6 s of CPU time; three labels on two workers are two turns.
    assert measured.elapsed(3, 2) == pytest.approx(2 * 1.25 * measured.mean_minutes)
