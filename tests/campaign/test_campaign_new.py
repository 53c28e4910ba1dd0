"""A new campaign's way to its first student: teachers tried, recipes priced, teaching with distillation after it."""

from dataclasses import replace
from pathlib import Path

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.creating import VARIABLE, is_trusted, teachers_offered
from nci_core.campaign.jobs import run_teach
from nci_core.campaign.pricing.cost_model import Price
from nci_core.campaign.pricing.costs import LabelCost
from nci_core.campaign.pricing.new_recipes import RecipeChoice, choices_of_all, recipe_choices, recommended, too_large
from nci_core.campaign.queries.teacher_trial import try_teacher
from nci_core.campaign.rounds.requests import TEST_SET, submit_labels, submit_teach, unlabelled_test_set
from nci_core.errors import InputError
from nci_core.jobs.context import JobContext
from nci_core.labels.builtin_recipes import DEFAULT, RECIPES
from nci_core.store import configurations, labels
from nci_core.store import jobs as queue
from nci_core.systems import Dimer, Monomer, builtin_monomer


@pytest.fixture
def sampled(tmp_path: Path) -> Campaign:
    return small.sampled(tmp_path / "work", small.write_host(tmp_path))


def test_distillation_follows_teaching_once_however_often_that_is_killed(
    sampled: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nci_core.teachers.registry.find_teacher", lambda *args, **options: small.FormulaTeacher())
    number = submit_teach(sampled, then_distill=True, start=False)
    for attempt in (1, 2):  # killed after the follower was queued and before its own end was: it runs again
        job = queue.begin(sampled.store, number, host="here", supervisor_pid=1)
        assert job is not None
        run_teach(JobContext(sampled.store, sampled.folder, job))
        queue.put_back(sampled.store, number, attempt, "killed")
    following = queue.fetch(sampled.store, kind="distill")
    assert [job.payload for job in following] == [{"seed": None, "device": "auto", "after": number}]


def test_teaching_alone_is_followed_by_nothing(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.teachers.registry.find_teacher", lambda *args, **options: small.FormulaTeacher())
    number = submit_teach(sampled, start=False)
    job = queue.begin(sampled.store, number, host="here", supervisor_pid=1)
    assert job is not None
    run_teach(JobContext(sampled.store, sampled.folder, job))
    assert not queue.fetch(sampled.store, kind="distill")


def test_some_of_the_test_set_is_labelled_and_never_taken_for_training(sampled: Campaign) -> None:
    left = unlabelled_test_set(sampled)
    assert left == configurations.positions(sampled.store, split="test")[0].tolist()
    assert len(submit_labels(sampled, left[:2], TEST_SET, start=False)) == 2
    assert unlabelled_test_set(sampled) == left[2:]
    assert {label.round_number for label in labels.fetch(sampled.store, sampled.recipe.hash)} == {None}
    with pytest.raises(InputError, match="does not belong to the test set"):
        submit_labels(sampled, small.pool(sampled)[:1], TEST_SET, start=False)
    with pytest.raises(InputError, match="nci label --test"):
        submit_labels(sampled, left[2:3], "ada", start=False)


def test_a_teacher_is_tried_on_the_dimer_itself() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    trial = try_teacher(dimer, "gfn2-xtb")
    assert not trial.problem
    assert not trial.doubts
    assert trial.seconds > 0
    assert trial.energies_cm1[0] > 0 > trial.deepest_cm1
    assert abs(trial.energies_cm1[-1]) < 0.5
    assert "Unknown teacher" in try_teacher(dimer, "magic").problem
    heavy = Dimer(builtin_monomer("ethylene"), Monomer.atom("Ra"))
    assert "D4 has no parameters" in try_teacher(heavy, "hf-d4").problem


def test_recipes_have_prices_and_one_is_recommended(tmp_path: Path) -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    choices = recipe_choices(dimer, tmp_path)
    by_name = {choice.name: choice for choice in choices}
    assert by_name["quick"].cost is not None
    assert by_name["dt"].cost is not None
    assert by_name["quick"].cost.mean_minutes < by_name["dt"].cost.mean_minutes / 20
    assert 0.2 < (by_name["quick"].memory_gb or 0) < 3
    assert recommended(choices) == DEFAULT == "focal-point"
    dear = replace(by_name[DEFAULT], cost=by_name["dt"].cost)
    assert recommended([dear, *(choice for choice in choices if choice.name != DEFAULT)]) == "composite"
    assert recommended([replace(choice, fits=False) for choice in choices]) == "quick"


def test_recipes_of_several_systems_are_those_that_all_can_have() -> None:
    cost = LabelCost(2.0, Price(0.7, 0.1, 0.1), 0, "made up")
    light = [RecipeChoice(recipe, cost, 1.0, True) for recipe in RECIPES.values()]
    heavy = [replace(choice, cost=replace(cost, mean_minutes=90.0), memory_gb=50.0, fits=False) for choice in light]
    heavy = [replace(c, problem="No.", cost=None) if c.name == "quick" else c for c in heavy]
    assert choices_of_all({"a": light}) == light
    both = {choice.name: choice for choice in choices_of_all({"a": light, "b": heavy})}
    assert both["quick"].problem == "b: No."
    found = both[DEFAULT]
    assert found.cost is not None
    assert (found.cost.mean_minutes, found.memory_gb, found.fits) == (90.0, 50.0, False)
    assert recommended(list(both.values())) == "quick"
    other = [replace(c, recipe=c.recipe.model_copy(update={"description": "of other functions"})) for c in light]
    assert "takes other functions for b than for a" in choices_of_all({"a": light, "b": other})[0].problem
    assert too_large(heavy[0]) == "needs 50 GB of memory for a label, which this machine does not have"
    assert too_large(replace(heavy[-1], fits=True)).endswith("of CPU time for a label")
    assert not too_large(light[0])


def test_only_who_runs_the_machine_names_foreign_teachers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " mace:/models/x.model, hf-d4 ")
    assert teachers_offered() == ("hf-d4", "hf-mp2", "gfn2-xtb", "mace:/models/x.model")
    assert is_trusted("mace:/models/x.model")
    assert not is_trusted("hf-d4")
    assert not is_trusted("ase:os.system")
