"""The loop's steps: what may be seen by whom, what is kept, what is never done twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.jobs import fit_memory, run_finetune
from nci_core.campaign.pricing.costs import label_cost
from nci_core.campaign.rounds.evaluation import renew_errors
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.picking import propose, put_in_basket
from nci_core.campaign.rounds.requests import submit_finetune, submit_labels
from nci_core.errors import CancelledError, InputError
from nci_core.jobs.context import JobContext
from nci_core.potentials import load_checkpoint
from nci_core.selection import STRATEGIES
from nci_core.store import (
    configurations,
    evaluations,
    job_events,
    label_queries,
    labels,
    models,
    picks,
    rounds,
)
from nci_core.store import jobs as queue
from nci_core.units import to_cm1


def parameters(campaign: Campaign, name: str) -> np.ndarray:
    row = next(row for row in models.fetch(campaign.store) if row.name == name)
    return np.array([member.theta.numpy() for member in load_checkpoint(campaign.model_path(row)).members])


@pytest.mark.parametrize("strategy", sorted(set(STRATEGIES) - {"i-optimal", "stratified"}))
def test_proposals_before_any_model(sampled: Campaign, strategy: str) -> None:
    taken = small.pool(sampled)[:4]
    submit_labels(sampled, taken, "a person", start=False)
    found = propose(sampled, strategy, 100)
    assert {p.configuration_id for p in found}.isdisjoint({*taken, *small.test_set(sampled)})
    assert len({p.configuration_id for p in found}) == len(found) > 10
    assert [p.rank for p in found] == list(range(1, len(found) + 1))
    assert [p.configuration_id for p in propose(sampled, strategy, 5)] == [p.configuration_id for p in found[:5]]


def test_strategies_that_cannot_work_say_so(sampled: Campaign) -> None:
    with pytest.raises(InputError, match="distil one first"):
        propose(sampled, "i-optimal", 3)
    with pytest.raises(InputError, match="evaluate the teacher or a model first"):
        propose(sampled, "stratified", 3)
    with pytest.raises(InputError, match="Unknown selection strategy 'best'"):
        propose(sampled, "best", 3)
    with pytest.raises(InputError, match="ask for at least 1"):
        propose(sampled, "random", 0)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_proposals_of_a_model_leave_out_labels_and_the_test_set(finished: Campaign, strategy: str) -> None:
    found = propose(finished, strategy, 200)
    done = {row.configuration_id for row in labels.fetch(finished.store, finished.recipe.hash, status="complete")}
    assert found
    assert {p.configuration_id for p in found}.isdisjoint(done | set(small.test_set(finished)))
    assert set(small.in_range(finished, [p.configuration_id for p in found])), "some are within the range of interest"
    assert all(p.reason for p in found)
    if strategy == "i-optimal":
        assert all(p.std_cm1 is not None and p.std_cm1 > 0 for p in found)


def test_the_loop_makes_the_student_better_on_the_frozen_test_set(finished: Campaign) -> None:
    kinds = {row.kind: row for row in models.fetch(finished.store)}
    report = renew_errors(finished)
    before, after = (report[kinds[kind].name]["test"]["all"] for kind in ("distilled", "finetuned"))
    # The truth has 15% more attraction than the teacher, and 14 labels pin that down.
    assert after["mae_cm1"] < before["mae_cm1"] / 3
    assert before["n"] == after["n"] == len(small.in_range(finished, small.test_set(finished)))
    assert kinds["finetuned"].parent_id == kinds["distilled"].id
    assert (kinds["distilled"].recipe_hash, kinds["finetuned"].recipe_hash) == (None, finished.recipe.hash)
    assert finished.active_model() == kinds["finetuned"]
    last = rounds.fetch(finished.store)[-1]
    assert (last.number, last.notes) == (1, "first round")
    assert last.finished_at is not None
    assert load_checkpoint(finished.model_path(kinds["finetuned"])).metadata["recipe_hash"] == finished.recipe.hash


def test_errors_are_those_of_the_stored_energies(finished: Campaign) -> None:
    report = renew_errors(finished)
    known = labels.complete(finished.store, finished.recipe.hash, split="test")
    inside = to_cm1(known.energy_ev) < finished.bounds.limit_cm1
    teacher = small.energy(finished.systems[0].dimer, known.positions, strength=1.0)
    expected = np.abs(to_cm1(teacher - known.energy_ev))[inside].mean()
    # Both come from the same formula: rounding only.
    assert report["teacher"]["test"]["all"]["mae_cm1"] == pytest.approx(expected, abs=1e-6)
    model = next(row for row in models.fetch(finished.store) if row.kind == "finetuned")
    student = load_checkpoint(finished.model_path(model)).energies(finished.systems[0].dimer.at(known.positions))
    expected = np.abs(to_cm1(student - known.energy_ev))[inside].mean()
    assert report[model.name]["test"]["all"]["mae_cm1"] == pytest.approx(expected, abs=1e-6)
    stored = evaluations.metrics(finished.store, finished.recipe.hash, split="test", model_id=model.id)
    found = {row.region: row.mae_cm1 for row in stored}
    assert found == {name: item["mae_cm1"] for name, item in report[model.name]["test"].items()}
    assert renew_errors(finished) == report, "renewing changes nothing"
    again = evaluations.metrics(finished.store, finished.recipe.hash, split="test", model_id=model.id)
    assert len(again) == len(stored)


def test_cuts_and_predictions_are_stored_everywhere(finished: Campaign) -> None:
    model = finished.active_model()
    assert model is not None
    known = evaluations.predictions(finished.store, model.id)
    assert len(known) == len(configurations.fetch(finished.store))
    assert all(np.isfinite(row.energy_ev) and row.std_ev > 0 for row in known)
    for cut in evaluations.cuts(finished.store, model_id=model.id):
        assert np.all(np.diff(cut.distance_angstrom) > 0)
        # The channels add up; both are sums in double precision.
        assert np.allclose(sum(cut.channels_ev.values()), cut.energy_ev, atol=1e-12)


def test_the_test_set_changes_no_parameter(tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nonsense for the test set, from CCSD(T) and from the teacher, must leave every fit as it is, bit for bit."""
    from sqlalchemy import update

    from nci_core.store.schema import Label, TeacherLabel

    campaign = small.taught(tmp_path / "work", host, monkeypatch)
    small.label(campaign, small.in_range(campaign, small.pool(campaign))[:10])
    small.label(campaign, small.test_set(campaign), "test-set")
    names = [distill_campaign(campaign)["model"], finetune_campaign(campaign)["model"]]
    test = small.test_set(campaign)
    nonsense = {"energy_ev": 1.0, "channels_ev": {"repulsion": 2.0, "dispersion": -1.0}}
    with campaign.store.write() as session:
        session.execute(update(Label).where(Label.configuration_id.in_(test)).values(energy_ev=0.05))
        session.execute(update(TeacherLabel).where(TeacherLabel.configuration_id.in_(test)).values(**nonsense))
    again = [distill_campaign(campaign)["model"], finetune_campaign(campaign)["model"]]
    assert len({*names, *again}) == 4
    for old, new in zip(names, again, strict=True):
        assert np.array_equal(parameters(campaign, old), parameters(campaign, new))


def test_a_quarantined_label_is_fitted_by_nobody(sampled: Campaign) -> None:
    chosen = small.in_range(sampled, small.pool(sampled))[:4]
    small.label(sampled, chosen)
    row = labels.fetch(sampled.store, sampled.recipe.hash)[0]
    labels.quarantine(sampled.store, row.id, "T1 diagnostic")
    assert finetune_campaign(sampled)["n_labels"] == 3, "and without a distilled prior the fit is direct"
    assert models.fetch(sampled.store)[-1].kind == "direct"


def test_a_cancelled_fit_resumes_from_the_steps_it_made(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    small.label(sampled, small.in_range(sampled, small.pool(sampled))[:6])
    number = submit_finetune(sampled, start=False)

    def start(stop_after: int | None) -> JobContext:
        job = queue.begin(sampled.store, number, host="here", supervisor_pid=1)
        assert job is not None
        context = JobContext(sampled.store, sampled.folder, job)
        if stop_after is not None:
            calls = iter([False] * stop_after)
            monkeypatch.setattr(context, "should_stop", lambda: next(calls, True))
        return context

    context = start(stop_after=9)
    with pytest.raises(CancelledError):
        run_finetune(context)
    context.flush()
    queue.finish(sampled.store, number, 1, "cancelled")
    made = [(e.data["member"], e.data["iteration"]) for e in job_events.events(sampled.store, number)]
    assert len(made) == 9 * 8, "eight starting points side by side"
    assert fit_memory(sampled.folder, number).is_file()
    assert models.fetch(sampled.store) == []

    queue.retry(sampled.store, number)
    context = start(stop_after=None)
    result = run_finetune(context)
    context.flush()
    queue.finish(sampled.store, number, 2, "complete", result=result)
    events = job_events.events(sampled.store, number)
    assert [(e.data["member"], e.data["iteration"]) for e in events][: len(made)] == made, "one curve, not two"
    # The step that was interrupted is reported again, no other.
    assert len({(e.data["member"], e.data["iteration"]) for e in events}) >= len(events) - 8
    assert [e.step for e in events] == list(range(len(events)))
    assert not fit_memory(sampled.folder, number).exists()
    stopped = parameters(sampled, result["model"])
    # A fit with the same seed and never stopped.
    assert stopped == pytest.approx(parameters(sampled, finetune_campaign(sampled)["model"]), rel=1e-6, abs=1e-8)


def test_failed_labels_stay_failed_and_can_be_asked_for_again(sampled: Campaign, monkeypatch: Any) -> None:
    from nci_core.errors import LabelError

    chosen = small.pool(sampled)[:2]

    def fails(*arguments: object) -> None:
        raise LabelError("CCSD of the dimer did not converge in 100 cycles; check the geometry.")

    with monkeypatch.context() as patch:
        patch.setattr("nci_core.labels.ccsdt.compute_label", fails)
        jobs = small.label(sampled, chosen)
    rows = labels.fetch(sampled.store, sampled.recipe.hash)
    assert {(row.status, row.error) for row in rows} == {
        ("error", "CCSD of the dimer did not converge in 100 cycles; check the geometry.")
    }
    assert {queue.get(sampled.store, number).state for number in jobs} == {"error"}
    assert len(small.label(sampled, chosen)) == 2
    assert label_queries.status_counts(sampled.store, sampled.recipe.hash)["complete"] == 2


def test_the_basket_takes_proposals_once(finished: Campaign) -> None:
    proposals = propose(finished, "random", 3)
    try:
        assert put_in_basket(finished, proposals, "random") == 3
        assert put_in_basket(finished, proposals, "random") == 0
        assert sorted(picks.basket(finished.store)) == sorted(p.configuration_id for p in proposals)
        assert put_in_basket(finished, [], "random") == 0
    finally:
        picks.drop(finished.store, [p.configuration_id for p in proposals])


def test_a_real_label_goes_through_the_same_path(sampled: Campaign, real_label: None) -> None:
    """He–H2 by `quick` with PySCF: a job, the journal, the row."""
    chosen = small.in_range(sampled, small.pool(sampled))[:1]
    small.label(sampled, chosen)
    row = labels.fetch(sampled.store, sampled.recipe.hash)[0]
    assert (row.status, row.error) == ("complete", None)
    assert row.result is not None
    assert "pyscf" in row.result["environment"]["versions"]
    assert row.energy_ev == pytest.approx(row.hf_ev + row.ccsd_ev + row.triples_ev, abs=1e-12)
    assert label_cost(sampled).n == 1


def test_every_evaluated_model_carries_its_physics_gates(finished: Campaign) -> None:
    from nci_core.campaign.rounds.gates import check_missing, gates_of, stored_gates

    for row in models.fetch(finished.store):
        gates = stored_gates(row)
        assert gates is not None, row.name
        assert {gate.key for gate in gates} >= {"zero", "slope", "c6-sign", "one-well", "hole", "symmetry", "gradient"}
        assert gates_of(str(finished.folder), row.id) == gates
        for key in ("zero", "symmetry", "rotation", "gradient", "channels"):
            assert next(gate for gate in gates if gate.key == key).passed, (row.name, key)
    assert check_missing(finished) == 0
