"""Comparing pickers: what is drawn, what is fitted, what is kept."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.rounds.replay import MOST_FITS, plan, replay, run_replay
from nci_core.campaign.rounds.requests import submit_job
from nci_core.errors import CancelledError, InputError, JobError
from nci_core.jobs.context import JobContext
from nci_core.store import jobs as queue
from nci_core.store import labels, models
from nci_core.units import to_cm1


def test_a_plan_takes_each_pickers_first_labels_and_random_ones_of_equal_number() -> None:
    pickers = ["ada", "i-optimal"] * 6 + ["ada"] * 3 + ["guest"]
    trials = plan(pickers, sizes=(3, 8), seeds=4)
    own = {(t.picker, len(t.rows)): t.rows.tolist() for t in trials if t.picker}
    assert own == {
        ("ada", 3): [0, 2, 4],
        ("i-optimal", 3): [1, 3, 5],
        ("ada", 8): [0, 2, 4, 6, 8, 10, 12, 13],
    }, "in their order; nobody is asked for more than they picked"
    random = [t for t in trials if t.picker is None]
    assert sorted((len(t.rows), t.seed) for t in random) == [(n, s) for n in (3, 8) for s in range(4)]
    assert all(len(set(t.rows.tolist())) == len(t.rows) and t.rows.max() < len(pickers) for t in random)
    assert len({tuple(t.rows.tolist()) for t in random}) == 8


def test_all_labels_at_once_have_no_control() -> None:
    trials = plan(["ada"] * 5, sizes=(2, 5), seeds=3)
    assert [(t.picker, len(t.rows)) for t in trials if t.picker] == [("ada", 2), ("ada", 5)]
    assert {len(t.rows) for t in trials if t.picker is None} == {2}


def test_the_number_of_fits_is_capped() -> None:
    crowd = [f"p{k % 12}" for k in range(2000)]
    trials = plan(crowd, sizes=(5, 10, 20, 40, 80, 160), seeds=50)
    assert len(trials) <= MOST_FITS
    assert len({t.picker for t in trials if t.picker}) == 6


@pytest.mark.parametrize(("sizes", "seeds"), [((), 3), ((0,), 3), ((2,), 0)])
def test_impossible_plans_are_one_sentence(sizes: tuple[int, ...], seeds: int) -> None:
    with pytest.raises(InputError, match="at least one"):
        plan(["ada"] * 5, sizes, seeds)


def test_errors_are_those_of_fits_to_the_picked_labels(finished: Campaign) -> None:
    from nci_core.campaign.rounds.stored_models import distilled_parent
    from nci_core.fitting import FitSettings, Observation, finetune
    from nci_core.potentials import load_checkpoint

    before = len(models.fetch(finished.store))
    found = replay(finished, sizes=(4, 10), seeds=2)
    assert len(models.fetch(finished.store)) == before, "no model is stored"
    assert (found["n_labels"], found["seeds"], found["recipe"]) == (14, 2, "quick")
    assert [(t["picker"], t["seed"], t["n"]) for t in found["trials"]] == [
        ("a person", None, 4),
        ("a person", None, 10),
        (None, 0, 4),
        (None, 1, 4),
        (None, 0, 10),
        (None, 1, 10),
    ]
    # Six CPU seconds each, invented in small_campaign.
    assert [t["cpu_minutes"] for t in found["trials"]] == pytest.approx([t["n"] * 0.1 for t in found["trials"]])
    known = labels.complete(finished.store, finished.recipe.hash, split="pool")
    test = labels.complete(finished.store, finished.recipe.hash, split="test")
    parent = distilled_parent(finished)
    assert parent is not None
    model = finetune(
        [Observation(finished.systems[0].dimer.at(known.positions[:10]), known.energy_ev[:10])],
        load_checkpoint(finished.model_path(parent)),
        settings=FitSettings(members=1, seed=finished.settings.seed),
    )
    inside = to_cm1(test.energy_ev) < finished.bounds.limit_cm1
    error = np.abs(to_cm1(model.energies(finished.systems[0].dimer.at(test.positions)) - test.energy_ev))[inside].mean()
    # The same fit twice on one machine.
    assert found["trials"][1]["mae_cm1"]["all"] == pytest.approx(error, rel=1e-6)
    assert found["n_test"] == int(inside.sum())


def test_it_can_be_stopped(finished: Campaign) -> None:
    with pytest.raises(CancelledError):
        replay(finished, sizes=(4,), seeds=2, should_stop=lambda: True)


def test_without_test_labels_or_enough_labels_it_says_so(sampled: Campaign) -> None:
    with pytest.raises(InputError, match="Nobody has picked 5 finished labels"):
        replay(sampled)
    small.label(sampled, small.in_range(sampled, small.pool(sampled))[:5])
    with pytest.raises(InputError, match="frozen test set"):
        replay(sampled)
    small.label(sampled, small.test_set(sampled), "test-set")
    with pytest.raises(InputError, match="nci distill"):
        replay(sampled)


def test_the_job_keeps_its_result(finished: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(finished.folder, tmp_path / "copy")
    campaign = Campaign.open(tmp_path / "copy")
    with monkeypatch.context() as patch:
        patch.setenv("NCI_READ_ONLY", "1")
        with pytest.raises(JobError, match="read-only"):
            submit_job(campaign, "replay", start=False)
    number = submit_job(campaign, "replay", start=False)
    job = queue.begin(campaign.store, number, host="here", supervisor_pid=os.getpid())
    assert job is not None
    assert job.kind == "replay"
    result = run_replay(JobContext(campaign.store, campaign.folder, job))
    queue.finish(campaign.store, number, job.attempt, "complete", result=result)
    kept = queue.get(campaign.store, number).result
    assert kept == result
    assert {t["n"] for t in result["trials"]} == {5, 10}
    assert all(np.isfinite(t["mae_cm1"]["all"]) for t in result["trials"])
    campaign.store.close()


def test_the_command_prints_the_comparison(finished: Campaign) -> None:
    import json

    from typer.testing import CliRunner

    from nci_core.cli.main import app

    words = ["replay", "--campaign", str(finished.folder), "--seeds", "2"]
    shown = CliRunner().invoke(app, [*words, "--json"])
    assert shown.exit_code == 0
    found = json.loads(shown.stdout[shown.stdout.index("{") :])
    assert {t["n"] for t in found["trials"]} == {5, 10}
    table = CliRunner().invoke(app, words).stdout
    assert "2 subsets of the 14 finished training labels" in " ".join(table.split())
