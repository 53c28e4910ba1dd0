"""Labels of several recipes side by side: asked for, kept apart, exported, and climbed from cheap to costly."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, export_extxyz, import_campaign
from nci_core.campaign.pricing.costs import label_cost
from nci_core.campaign.pricing.limits import LEAST_GUESSED_MINUTES, LEAST_MEASURED_MINUTES, label_limits
from nci_core.campaign.rounds import quarantine
from nci_core.campaign.rounds.label_checks import MONOMERS
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.outliers import StudentJudge
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.requests import label_memory_gb, submit_finetune, submit_labels
from nci_core.cli.status_command import describe
from nci_core.config import CampaignSettings
from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.monomer_files import SHELLS
from nci_core.labels.needs import memory_needed_gb
from nci_core.labels.size import guess_parts
from nci_core.store import evaluations, jobs, label_history, label_queries, labels, models, rounds

CHEAP, TARGET = find_recipe("quick"), find_recipe("standard")


@pytest.fixture
def two(tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Campaign]:
    """Target standard, beside it quick, whose labels have a little less attraction."""

    def by_recipe(at: Any, recipe: Any, progress: Any = None, store: Any = None) -> Any:
        result = small.fake_label(at, recipe, progress, store)
        if recipe == TARGET:
            return result
        shift = 0.3 * result.ccsd_ev
        dimer_part = result.fragments["dimer"].model_copy(
            update={"ccsd_hartree": result.fragments["dimer"].ccsd_hartree - shift / 27.211386245988}
        )
        found = {**result.fragments, "dimer": dimer_part}
        return result.model_copy(update={"fragments": found, **type(result).interaction(found)})

    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", by_recipe)
    settings = {"recipe": "standard", "more_recipes": ["quick"]}
    campaign = small.taught(tmp_path / "work", host, monkeypatch, **settings)
    yield campaign
    campaign.store.close()


def label(campaign: Campaign, ids: list[int], recipe: str | None = None) -> list[int]:
    numbers = submit_labels(campaign, ids, "ada", recipe=recipe, start=False)
    small.run_jobs(campaign, numbers)
    return numbers


def test_a_label_is_judged_by_its_own_recipe(two: Campaign) -> None:
    """Not against the student of the target, from which it differs by what the recipes differ."""
    distill_campaign(two)
    chosen = small.in_range(two, small.pool(two))
    label(two, chosen[:20])
    finetune_campaign(two)
    judge = StudentJudge.of(two)
    assert judge is not None
    unseen = chosen[20:30]
    label(two, unseen[:8])
    label(two, unseen, "quick")
    assert quarantine.doubted(two) == []
    cheap = {row.configuration_id: row.energy_ev or 0.0 for row in labels.fetch(two.store, CHEAP.hash)}
    judge = StudentJudge.of(two)
    assert judge is not None
    assert any(judge.doubt(number, cheap[number]) for number in unseen), "the student would have doubted them"
    # The monomers alone are those of the recipe as well: in other functions their energies are millihartrees away.
    assert {path.name for path in (two.folder / MONOMERS).iterdir()} - {SHELLS} == {
        f"{CHEAP.hash}.json",
        f"{TARGET.hash}.json",
    }


def test_labels_of_each_recipe_are_set_aside_and_decided_about(two: Campaign) -> None:
    number = small.in_range(two, small.pool(two))[0]
    for name in ("standard", "quick"):
        label(two, [number], name)
    row = labels.fetch(two.store, CHEAP.hash)[0]
    label_history.set_aside(two.store, row.id, [{"code": "t1", "sentence": "The T1 diagnostic is 0.05."}])
    (item,) = quarantine.doubted(two)
    assert (item.configuration_id, item.recipe, item.state) == (number, "quick", "set aside")
    with pytest.raises(InputError, match="is not set aside"):
        quarantine.accept(two, number, "ada", "looked at")
    quarantine.accept(two, number, "ada", "looked at", recipe="quick")
    assert quarantine.doubted(two) == []


def test_limits_follow_the_cost_of_the_recipe(two: Campaign) -> None:
    chosen = small.in_range(two, small.pool(two))[:6]
    label(two, chosen, "quick")
    unknown, measured = (label_limits(two, recipe=recipe) for recipe in (TARGET, CHEAP))
    assert measured.time_limit_seconds == 60.0 * LEAST_MEASURED_MINUTES
    assert unknown.time_limit_seconds >= 60.0 * LEAST_GUESSED_MINUTES
    (job,) = submit_labels(two, chosen[:1], "ada", start=False)
    assert jobs.get(two.store, job).time_limit_seconds == unknown.time_limit_seconds


def test_a_label_asks_for_the_memory_of_its_own_recipe(two: Campaign) -> None:
    """Before the first by an estimate, then by what the largest took."""
    first, second = small.pool(two)[:2]
    estimates = {
        recipe.name: memory_needed_gb(two.systems[0].dimer, recipe, guess_parts(two.systems[0].dimer, recipe))
        for recipe in two.recipes
    }
    assert 0 < estimates["quick"] < estimates["standard"]
    (cheap,) = submit_labels(two, [first], "ada", recipe="quick", start=False)
    (costly,) = submit_labels(two, [first], "ada", start=False)
    needs = [jobs.get(two.store, number).needs_memory_gb for number in (cheap, costly)]
    assert needs == [estimates["quick"], estimates["standard"]]
    small.run_jobs(two, [cheap])
    later = [submit_labels(two, [second], "ada", recipe=name, start=False)[0] for name in ("quick", "standard")]
    needs = [jobs.get(two.store, number).needs_memory_gb for number in later]
    # The label of small_campaign took 0.2 GB.
    assert needs == [pytest.approx(min(1.2 * 0.2, estimates["quick"])), estimates["standard"]]


def test_the_memory_a_label_asks_for(two: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: dict[str, float] = {}
    monkeypatch.setattr(label_queries, "most_memory_gb", lambda store, recipe_hash: taken.get(recipe_hash))
    fitted = TARGET.model_copy(update={"integrals": "fitted"})
    dimer = two.systems[0].dimer
    exactly, all_in_memory = (memory_needed_gb(dimer, r, guess_parts(dimer, r)) for r in (TARGET, fitted))
    assert label_memory_gb(two, fitted) == all_in_memory
    taken |= {TARGET.hash: 50.0, fitted.hash: 50.0}
    assert label_memory_gb(two, TARGET) == exactly, "it took what there was, and can do with less"
    assert label_memory_gb(two, fitted) == pytest.approx(60.0), "all of it stays in memory"
    taken[TARGET.hash] = 0.1
    assert label_memory_gb(two, TARGET) == pytest.approx(0.12), "measured, and less than was estimated"

    other = TARGET.model_copy(update={"name": "other", "host_basis": {"*": "def2-svp"}})
    assert label_memory_gb(two, other) is None, "its functions are not counted by the table"
    taken[other.hash] = 5.0
    assert label_memory_gb(two, other) == pytest.approx(6.0)
    spelled = TARGET.model_copy(update={"name": "spelled", "host_basis": {"*": "ccPVDZ"}})
    assert label_memory_gb(two, spelled) is not None

    taken.clear()
    monkeypatch.setattr("nci_core.campaign.rounds.requests.machine_memory_gb", lambda: 0.01)
    assert label_memory_gb(two, TARGET) is None, "the label says where it starts whether it fits there"


def test_labels_of_two_recipes_stand_side_by_side(two: Campaign) -> None:
    chosen = small.in_range(two, small.pool(two))[:4]
    assert len(label(two, chosen)) == len(label(two, chosen, "quick")) == 4
    assert label(two, chosen, "quick") == [], "asked twice, computed once"
    energies = {
        recipe.name: {row.configuration_id: row.energy_ev for row in labels.fetch(two.store, recipe.hash)}
        for recipe in two.recipes
    }
    assert set(energies["standard"]) == set(energies["quick"]) == set(chosen)
    assert all(energies["standard"][n] != energies["quick"][n] for n in chosen)
    assert label_queries.recipes(two.store) == {CHEAP.hash: "quick", TARGET.hash: "standard"}
    said = describe(two)
    assert said["labels"] == {"pool": {"complete": 4}, "test": {}}
    assert said["labels_of_other_recipes"] == {"quick": {"pool": {"complete": 4}, "test": {}}}


def test_what_is_labelled_cheaply_is_still_proposed(two: Campaign) -> None:
    chosen = small.pool(two)[:5]
    submit_labels(two, chosen, "ada", recipe="quick", start=False)
    everything = {p.configuration_id for p in propose(two, "random", 500)}
    assert set(chosen) <= everything
    assert {p.configuration_id for p in propose(two, "random", 500, recipe="quick")} == everything - set(chosen)


def test_errors_are_against_the_target_alone(two: Campaign) -> None:
    label(two, small.in_range(two, small.pool(two))[:6], "quick")
    small.label(two, small.test_set(two), "test-set")
    found = evaluations.metrics(two.store, CHEAP.hash)
    assert found == []
    assert {row.teacher for row in evaluations.metrics(two.store, TARGET.hash, split="test")} == {"formula"}
    with pytest.raises(InputError, match="recipe standard only"):
        submit_labels(two, small.test_set(two), "test-set", recipe="quick", start=False)


def test_export_and_import_keep_both(two: Campaign, tmp_path: Path) -> None:
    chosen = small.in_range(two, small.pool(two))[:3]
    label(two, chosen)
    label(two, chosen[:2], "quick")
    export_campaign(two, tmp_path / "export")
    copy = import_campaign(tmp_path / "export", tmp_path / "copy")
    try:
        assert [recipe.name for recipe in copy.recipes] == ["standard", "quick"]
        for recipe, count in ((TARGET, 3), (CHEAP, 2)):
            before = [row.energy_ev for row in labels.fetch(two.store, recipe.hash)]
            assert [row.energy_ev for row in labels.fetch(copy.store, recipe.hash)] == before
            assert len(before) == count
    finally:
        copy.store.close()
    export_extxyz(two, tmp_path / "all.extxyz")
    group = read_dataset(tmp_path / "all.extxyz").only_group()
    known = [value for value in group.columns["quick_interaction_energy"] if value is not None]
    assert sorted(known) == pytest.approx(sorted(r.energy_ev or 0 for r in labels.fetch(two.store, CHEAP.hash)))


def test_the_student_climbs_from_cheap_to_costly(two: Campaign) -> None:
    distill_campaign(two)
    chosen = small.in_range(two, small.pool(two))
    label(two, chosen[:12], "quick")
    with pytest.raises(InputError, match="no finished standard labels"):
        submit_finetune(two, recipes=["quick", "standard"], start=False)
    label(two, chosen[:4])
    done = finetune_campaign(two, recipes=["quick", "standard"])
    assert [(rung["recipe"], rung["labels"]) for rung in done["ladder"]] == [("quick", 12), ("standard", 4)]
    row = models.get(two.store, done["model_id"])
    assert (row.recipe_hash, row.n_labels) == (TARGET.hash, 4)
    assert row.settings["ladder"] == done["ladder"]
    assert json.dumps(row.settings)
    plain = finetune_campaign(two)
    assert "ladder" not in plain
    assert "ladder" not in models.get(two.store, plain["model_id"]).settings
    number = submit_finetune(two, recipes=["quick", "standard"], start=False)
    from nci_core.store import jobs as queue

    assert queue.get(two.store, number).payload["recipes"] == ["quick", "standard"]


def test_what_a_campaign_does_not_have_is_one_sentence(two: Campaign, host: Path) -> None:
    with pytest.raises(InputError, match=r"no recipe 'fast' \(it has standard, quick\)"):
        submit_labels(two, small.pool(two)[:1], "ada", recipe="fast", start=False)
    with pytest.raises(InputError, match="name that one last"):
        submit_finetune(two, recipes=["standard", "quick"], start=False)
    with pytest.raises(InputError, match="named twice"):
        CampaignSettings.create(str(host), "He", recipe="quick", more_recipes=["quick"])
    with pytest.raises(InputError, match="Unknown recipe"):
        CampaignSettings.create(str(host), "He", recipe="quick", more_recipes=["none"])


def test_labels_that_are_there_open_no_round(two: Campaign) -> None:
    chosen = small.in_range(two, small.pool(two))[:2]
    label(two, chosen, "quick")
    number = rounds.last_number(two.store)
    rounds.finish(two.store, number)
    assert submit_labels(two, chosen, "ada", recipe="quick", start=False) == []
    assert rounds.last_number(two.store) == number
    assert len(submit_labels(two, chosen, "ada", start=False)) == 2
    assert rounds.last_number(two.store) == number + 1


def test_many_labels_of_another_recipe_do_not_hide_what_one_costs(
    two: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nci_core.campaign.pricing.costs.MOST", 3)
    chosen = small.in_range(two, small.pool(two))[:6]
    label(two, chosen[:2])
    label(two, chosen, "quick")
    assert (label_cost(two).n, label_cost(two, CHEAP).n) == (2, 3)


def test_a_label_of_another_recipe_is_named(two: Campaign) -> None:
    number = small.in_range(two, small.pool(two))[0]
    label(two, [number], "quick")
    with pytest.raises(InputError, match="no label of recipe standard, but one of quick: say which recipe"):
        quarantine.retry_tightened(two, [number])
