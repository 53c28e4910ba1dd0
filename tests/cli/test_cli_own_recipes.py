"""A recipe of one's own, from the built-in one it is made of to a campaign that uses it."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nci_core.campaign import Campaign
from nci_core.campaign.creating import Plan
from nci_core.cli.label_file_command import _recipe as file_recipe
from nci_core.cli.main import app
from nci_core.config import CampaignSettings
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import DEFAULT, RECIPES, find_recipe
from nci_core.labels.focal_point import focal_point
from nci_core.labels.recipe_files import read_recipe


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", RECIPES)
def test_a_built_in_recipe_becomes_a_file_and_comes_back(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(run("recipes", "--show", name), encoding="utf-8")
    found = read_recipe(file)
    assert found.name == f"my-{name}"
    assert found.model_copy(update={"name": name, "version": find_recipe(name).version}).hash == find_recipe(name).hash


def test_a_campaign_keeps_its_own_recipe(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = run("recipes", "--show", "composite").replace("6-31g", "cc-pvdz")
    file.write_text(text, encoding="utf-8")
    run("init", str(tmp_path / "own"), "--host", "ethylene", "--recipe", str(file), "--more-recipe", "quick")
    campaign = Campaign.open(tmp_path / "own")
    assert campaign.recipe.model_copy(update={"numbers": None}) == read_recipe(file)
    assert campaign.recipe.numbers is not None
    assert set(campaign.recipe.numbers) >= {"cc-pvdz C", "aug-cc-pvtz-jkfit C", "cc-pvtz-jkfit H", "aug-cc-pvdz He"}
    assert [recipe.name for recipe in campaign.recipes] == ["my-composite", "quick"]
    assert campaign.recipe.host_basis == {"*": "cc-pvdz"}
    campaign.store.close()
    assert tomllib.loads((tmp_path / "own" / "campaign.toml").read_text())["own_recipes"][0]["name"] == "my-composite"


def test_without_a_recipe_it_is_the_general_one_for_these_very_atoms(tmp_path: Path) -> None:
    host = tmp_path / "hbr.xyz"
    host.write_text("2\nhydrogen bromide\nH 0 0 0\nBr 0 0 1.414\n")
    assert "recipe focal-point." in run("init", str(tmp_path / "hbr"), "--host", str(host), "--probe", "Kr")
    campaign = Campaign.open(tmp_path / "hbr")
    assert campaign.recipe.name == DEFAULT == "focal-point"
    assert campaign.recipe.probe_basis == focal_point("Kr").probe_basis != find_recipe(DEFAULT).probe_basis
    assert CampaignSettings.model_fields["recipe"].default == Plan.model_fields["recipe"].default == DEFAULT
    assert file_recipe(None).name == DEFAULT
    campaign.store.close()


def test_a_name_is_used_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(run("recipes", "--show", "quick").replace("my-quick", "quick"), encoding="utf-8")
    result = CliRunner().invoke(app, ["init", str(tmp_path / "x"), "--host", "ethylene", "--recipe", str(file)])
    assert isinstance(result.exception, InputError)
    assert "two recipes called 'quick'" in str(result.exception)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"', "host_basis: Field required"),
        ('name = "x"\nhost_basis = {"*" = "cc-pvdz"}\nprobe_basis = "cc-pvdz"\nspeed = 3', "speed: Extra inputs"),
    ],
)
def test_a_bad_file_is_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        read_recipe(file)
    assert "\n" not in str(error.value)


def test_the_list_says_what_each_is_for() -> None:
    text = run("recipes")
    assert all(name in text for name in RECIPES)
