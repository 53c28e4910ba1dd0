"""The standard error that a recipe gives its labels: it is what their parts say, never what a file claims."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import small_campaign as small
import tiny_archive

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import data_folder, export_campaign, import_campaign
from nci_core.cli.label_command import show_labels
from nci_core.cli.recipes_command import recipes
from nci_core.cli.status_command import describe
from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.labels import label_errors
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.label_errors import error_of, recipe_std_cm1, worth, worth_by_region
from nci_core.labels.prediction_error import PredictionError
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult, parts_cm1
from nci_core.regions import RegionBounds
from nci_core.store import jobs as queue
from nci_core.store import label_history, labels, recipe_std
from nci_core.units import CM1_EV, from_cm1, unit

ERROR = PredictionError(floor_cm1=0.3, shares={"ccsd": 0.05, "triples": 0.5})


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> PredictionError:
    """The recipe of small campaigns has a prediction error."""
    monkeypatch.setitem(RECIPES, "quick", find_recipe("quick").model_copy(update={"prediction_error": ERROR}))
    return ERROR


def due(result: dict[str, Any]) -> float:
    """What the parts of a label of `quick` make of ERROR, in cm⁻¹."""
    ccsd, triples = result["ccsd_ev"] / CM1_EV, result["triples_ev"] / CM1_EV
    return float(np.sqrt(0.3**2 + (0.05 * ccsd) ** 2 + (0.5 * triples) ** 2))


def stored(campaign: Campaign) -> list[Any]:
    return labels.fetch(campaign.store, campaign.recipe.hash, status="complete")


def change(path: Path, edit: Any) -> None:
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    edit(rows)
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


@pytest.mark.usefixtures("known")
def test_a_label_is_stored_with_its_error_and_leaves_with_it(tmp_path: Path) -> None:
    campaign = tiny_archive.make(tmp_path)
    rows = stored(campaign)
    assert [row.recipe_std_cm1 for row in rows] == pytest.approx([due(row.result) for row in rows])
    assert all(row.result["recipe_std_cm1"] == row.recipe_std_cm1 for row in rows)
    export_campaign(campaign, tmp_path / "archive")
    group = read_dataset(tmp_path / "archive" / "configurations.extxyz").only_group()
    written = [value for value in group.columns["label_std"] if value is not None]
    assert written == pytest.approx([row.recipe_std_cm1 * CM1_EV for row in rows])
    again = import_campaign(tmp_path / "archive", tmp_path / "again")
    assert [row.recipe_std_cm1 for row in stored(again)] == [row.recipe_std_cm1 for row in rows]
    label_history.set_aside(campaign.store, rows[1].id, [{"code": "t1", "sentence": "It is doubted."}])
    assert label_history.begin_retry(campaign.store, rows[1].id, "a person").recipe_std_cm1 is None


def test_labels_from_before_have_an_error_where_their_recipe_has_one_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tiny_archive.export(tmp_path)
    before = import_campaign(archive, tmp_path / "before")
    assert [row.recipe_std_cm1 for row in stored(before)] == [None] * 3
    monkeypatch.setitem(RECIPES, "quick", find_recipe("quick").model_copy(update={"prediction_error": ERROR}))
    after = import_campaign(archive, tmp_path / "after")
    assert [row.recipe_std_cm1 for row in stored(after)] == pytest.approx([due(row.result) for row in stored(after)])
    assert all(row.result["recipe_std_cm1"] is None for row in stored(after))  # the calculation's own file is kept
    # The same by what a migration does to an older database.
    with before.store.engine.begin() as connection:
        recipe_std.fill(connection)
    assert [row.recipe_std_cm1 for row in stored(before)] == [row.recipe_std_cm1 for row in stored(after)]


@pytest.mark.usefixtures("known")
def test_a_number_that_an_archive_claims_is_refused_or_computed(tmp_path: Path) -> None:
    archive = tiny_archive.export(tmp_path)

    def claim_zero(rows: list[Any]) -> None:
        rows[0]["result"]["recipe_std_cm1"] = 0.0

    def claim_a_better_recipe(rows: list[Any]) -> None:
        # The hash does not cover the error, so this is consistent in itself, and of a built-in recipe.
        rows[0]["result"]["recipe"]["prediction_error"] = {"floor_cm1": 1e-6, "shares": {}}
        rows[0]["result"]["recipe_std_cm1"] = 1e-6

    for number, edit in enumerate((claim_zero, claim_a_better_recipe)):
        copy = Path(shutil.copytree(archive, tmp_path / f"forged{number}"))
        change(copy / "labels.jsonl", edit)
        if edit is claim_zero:
            with pytest.raises(InputError, match=r"recipe_std_cm1 is 0\.0 but the fragments give"):
                import_campaign(copy, tmp_path / "new")
        else:
            row = stored(import_campaign(copy, tmp_path / "new"))[0]
            assert row.recipe_std_cm1 == pytest.approx(due(row.result))
            assert error_of(Recipe.model_validate(row.result["recipe"])) == ERROR


@pytest.mark.parametrize("error", [{"floor_cm1": 0.0}, {"floor_cm1": -1.0}, {"floor_cm1": 1.0, "shares": {"mp2": 0.1}}])
def test_a_recipe_cannot_claim_to_be_exact_or_follow_parts_it_has_not(error: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="prediction_error"):
        Recipe.model_validate(find_recipe("quick").model_dump() | {"prediction_error": error})


def test_an_own_recipes_error_goes_with_its_labels(tmp_path: Path) -> None:
    host = small.write_host(tmp_path)
    own = find_recipe("quick").model_copy(update={"name": "mine", "prediction_error": ERROR})
    campaign = small.make(tmp_path / "own", host, recipe="mine", own_recipes=[own])
    assert Campaign.open(campaign.folder).recipe.prediction_error == ERROR  # through campaign.toml
    result = small.fake_label(campaign.systems[0].dimer.at([0.0, 0.0, 3.5]), own).model_dump(mode="json")
    assert recipe_std_cm1(own.hash, result) == pytest.approx(due(result))
    without = own.model_copy(update={"prediction_error": None})
    silent = small.fake_label(campaign.systems[0].dimer.at([0.0, 0.0, 3.5]), without).model_dump(mode="json")
    assert recipe_std_cm1(own.hash, silent) is None


def test_embedded_labels_of_a_composite_have_all_parts_its_error_may_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    error = PredictionError(floor_cm1=0.2, shares={"delta": 0.1, "step": 0.02, "mean_field": 0.001})
    monkeypatch.setitem(RECIPES, "composite", find_recipe("composite").model_copy(update={"prediction_error": error}))
    with (data_folder() / "he-benzene" / "labels.jsonl").open("rb") as file:
        row = orjson.loads(file.readline())
    assert row["recipe_hash"] == find_recipe("composite").hash
    assert "recipe_std_cm1" not in row["result"]
    result = LabelResult.model_validate_json(orjson.dumps(row["result"])).consistent()
    parts = parts_cm1(result.fragments, result.larger)
    assert recipe_std_cm1(row["recipe_hash"], row["result"]) == pytest.approx(error.std_cm1(parts))
    assert parts["delta"] == pytest.approx(parts["ccsd"] + parts["triples"] - parts["mp2"])


@pytest.mark.usefixtures("known")
def test_the_command_line_says_labels_with_their_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = small.sampled(tmp_path / "said", small.write_host(tmp_path))
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
    jobs = small.label(campaign, small.pool(campaign)[:2])
    done = queue.get(campaign.store, jobs[0]).result or {}
    row = stored(campaign)[0]
    assert done["recipe_std_cm1"] == row.recipe_std_cm1 == pytest.approx(due(row.result))
    show_labels(campaign, campaign.recipe.hash, jobs)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"Configuration {row.configuration_id}: ")
    assert said[0].endswith(" cm⁻¹")
    assert f"± {label_errors.spread_text(row.recipe_std_cm1)}" in said[0]
    assert said[-1].startswith("Labels are within ")
    # Without labels of the test set those of the pool are what is known.
    assert describe(campaign)["labels_are_worth"] == said[-1][0].lower() + said[-1][1:-1]
    monkeypatch.setattr("nci_core.cli.label_command.MOST_SHOWN", 1)
    show_labels(campaign, campaign.recipe.hash, jobs)
    assert "and 1 more" in capsys.readouterr().out


def test_a_recipe_is_shown_with_its_error(known: PredictionError, capsys: pytest.CaptureFixture[str]) -> None:
    recipes(show="quick")
    text = capsys.readouterr().out
    assert PredictionError.model_validate(tomllib.loads(text)["prediction_error"]) == known
    assert "As calibrated for quick" in text
    recipes()
    assert "0.3 cm⁻¹, 5% of ccsd and 50% of triples, added in squares" in capsys.readouterr().out


def test_results_that_are_no_labels_have_no_error(known: PredictionError) -> None:
    quick = find_recipe("quick").hash
    assert known == RECIPES["quick"].prediction_error
    for result in ({}, {"energy_ev": 1.0}, {"fragments": {"dimer": {}}}, {"fragments": "x"}, {"larger": [1]}):
        assert recipe_std_cm1(quick, result) is None
    assert recipe_std_cm1("0" * 12, {"recipe": "nonsense"}) is None


def test_what_many_labels_are_worth_is_said_with_the_digits_that_are_known() -> None:
    cm1 = unit("cm1")
    energy, std = from_cm1(np.array([-90.0, -80.0, 10.0, 5000.0])), from_cm1(np.array([0.5, 0.7, np.nan, 9.0]))
    found = worth_by_region(energy, std, RegionBounds())
    assert set(found) == {"all", "well", "wall", "beyond"}
    assert found["well"].phrase(cm1, "general") == "labels are within 0.6 cm⁻¹ of the basis-set limit"
    assert found["all"].phrase(cm1, "general") == "2 of 3 labels are within 0.6 cm⁻¹ of the basis-set limit"
    assert found["wall"].phrase(cm1, "quick") == "nobody knows how far quick is from the basis-set limit"
    assert worth([]).text(cm1) == "—"
    assert label_errors.label_std_ev(None) != label_errors.label_std_ev(None)
