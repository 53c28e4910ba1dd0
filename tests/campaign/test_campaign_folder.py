"""Making and opening a campaign: all of it or nothing, and never another system's database."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign, home, list_campaigns
from nci_core.config import CampaignSettings, SystemSettings, append_systems, read_settings, write_settings
from nci_core.errors import InputError, StoreError
from nci_core.store import DATABASE_NAME
from nci_core.toml_text import toml_value


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "campaign.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_campaign_opens_as_it_was_made(tmp_path: Path, host: Path) -> None:
    made = small.make(tmp_path / "work", host, title='Helium over "H₂"\n\\ tab\t\x7f', seed=7)
    opened = Campaign.open(made.folder)
    assert opened.settings == made.settings
    assert opened.title == made.settings.title
    assert opened.systems[0].dimer.name == "he-hydrogen"
    assert opened.recipe.name == "quick"
    assert opened.active_model() is None
    with pytest.raises(StoreError, match="exists already"):
        small.make(tmp_path / "work", host)
    assert Campaign.open(made.folder).settings == made.settings


@pytest.mark.parametrize("name", ["he.v2", ".hidden", "with space", "ünïcode"])
def test_any_name_will_do_for_a_folder(tmp_path: Path, host: Path, name: str) -> None:
    small.make(tmp_path / name, host)
    assert Campaign.open(tmp_path / name).store.path == tmp_path / name / DATABASE_NAME


def test_settings_survive_their_file(tmp_path: Path) -> None:
    settings = CampaignSettings.create("benzene", teacher='mace:/a "b"\\c.model', limit_cm1=500.0)
    write_settings(settings, tmp_path)
    assert read_settings(tmp_path) == settings
    # Six decimals are kept: far below the grid of 1e-4 Å.
    assert np.allclose(settings.dimer.a.positions[0], [0.0, 1.394166, 0.0], atol=1e-6)


@pytest.mark.parametrize("text", ['"', "\\", "\n", "\x00", "\x7f", "é⁻¹", "\U0001f600", "a'b"])
def test_any_text_is_valid_toml(text: str) -> None:
    import tomllib

    assert tomllib.loads(f"x = {toml_value(text)}") == {"x": text}


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('probe = "He"', 'probe = "Ne"', "describes ne-hydrogen, but the database beside it was made for he-hydrogen"),
        ('["H", "H"]', '["He", "H"]', "odd number"),
        ('["H", "H"]', '["He", "He"]', "was made for he-hydrogen"),
        ("0.3707", "0.3807", "another geometry"),
        ('recipe = "quick"', 'recipe = "standard"', "asks for recipe standard"),
        ('recipe = "quick"', 'recipe = "exact"', "Unknown recipe 'exact'"),
        ("limit_cm1 = 1000.0", "limit_cm1 = -1.0", "Region bounds"),
        ("members = 2", "members = 0", "Setting 'members'"),
        ("seed = 1", "seed = -1", "Setting 'seed'"),
        ('ruler = "adaptive"', 'ruler = "rubber"', "Setting 'ruler'"),
        ("members = 2", "member = 2", "Setting 'member'"),
        ("[[systems]]", "[[systems]", "not valid TOML"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path: Path, host: Path, old: str, new: str, part: str) -> None:
    made = small.make(tmp_path / "work", host)
    edit(made.folder, old, new)
    with pytest.raises(InputError, match=part) as error:
        Campaign.open(made.folder)
    assert "\n" not in str(error.value)


def test_a_recipe_of_an_earlier_version_is_refused(tmp_path: Path, host: Path, monkeypatch: Any) -> None:
    from nci_core.labels.builtin_recipes import RECIPES

    made = small.make(tmp_path / "work", host)
    monkeypatch.setitem(RECIPES, "quick", RECIPES["quick"].model_copy(update={"version": 2}))
    with pytest.raises(InputError, match="recipe quick of an earlier version"):
        Campaign.open(made.folder)


HOST = """symbols = ["H", "H"]
positions_angstrom = [[0.0, 0.0, 0.0], [0.0, 0.0, {}]]
"""
H2, LONGER = (f'name = "hydrogen"\n{HOST.format(bond)}' for bond in (0.7414, 0.8))
TWO = f"""[[systems]]
[systems.host]
{H2}
[[systems]]
name = "longer"
role = "transfer"
probe = {{name = "Ne", symbols = ["Ne"], positions_angstrom = [[0.0, 0.0, 0.0]]}}
[systems.host]
{LONGER}"""


def test_a_file_of_before_is_one_training_system_and_may_have_others_behind_it(tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").write_text(f'probe = "He"  # mine\n[host]\n{H2}')
    before = read_settings(tmp_path)
    assert [(one.name, one.role, one.dimer.b.name) for one in before.systems] == [("he-hydrogen", "train", "He")]
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "campaign.toml").write_text(TWO)
    two = read_settings(tmp_path / "two")
    assert [(one.name, one.role, one.dimer.b.name) for one in two.systems] == [
        ("he-hydrogen", "train", "He"),
        ("longer", "transfer", "Ne"),
    ]
    assert append_systems([two.systems[1]], tmp_path) == read_settings(tmp_path)
    assert read_settings(tmp_path).systems == two.systems
    assert "# mine" in (tmp_path / "campaign.toml").read_text(), "what its owner wrote stays"
    (tmp_path / "again").mkdir()
    write_settings(two, tmp_path / "again")
    assert read_settings(tmp_path / "again") == two
    with pytest.raises(InputError, match="one system for now"):
        _ = two.dimer


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('role = "transfer"', 'role = "tested"', "systems.1.role"),
        ('name = "longer"', 'name = "he-hydrogen"', "Two systems are called he-hydrogen"),
        ('name = "longer"', 'name = "a\\tb"', "not plain text"),
        ("[systems.host]", 'role = "transfer"\n[systems.host]', 'No system has the role "train"'),
        ('["Ne"]', '["Qq"]', "Unknown element 'Qq' in the probe"),
        ('["Ne"]', '["He", "He"]', "is no neutral atom"),
        ("0.8]", "0.74141]", "same dimer"),
        ('symbols = ["H", "H"]', 'charge = 1\nsymbols = ["H", "H"]', r"charge \+1"),
    ],
)
def test_systems_that_do_not_fit_together_are_refused(tmp_path: Path, old: str, new: str, part: str) -> None:
    text = TWO.replace('"Ne"', '"He"') if part == "same dimer" else TWO
    assert old in text
    (tmp_path / "campaign.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=part) as error:
        read_settings(tmp_path)
    assert "\n" not in str(error.value)


def test_a_system_written_into_the_file_by_hand_is_added_and_cannot_change_its_role(tmp_path: Path, host: Path) -> None:
    made = small.make(tmp_path / "work", host)
    append_systems([SystemSettings.of("ethylene", "He", "transfer", "far")], made.folder)
    with pytest.raises(InputError, match="does not have yet; open the campaign once for writing"):
        Campaign.open(made.folder, read_only=True)
    opened = Campaign.open(made.folder)
    assert [(one.id, one.name, one.role) for one in opened.systems] == [
        (1, "he-hydrogen", "train"),
        (2, "far", "transfer"),
    ]
    assert opened.transfer_systems == (opened.system("far"),)
    with pytest.raises(InputError, match="Say which system"):
        opened.chosen_system(None)
    with pytest.raises(InputError, match="no system 'near'; it has he-hydrogen, far"):
        opened.system("near")
    edit(made.folder, 'name = "far"', 'name = "further"')
    assert Campaign.open(made.folder).system("further").id == 2
    edit(made.folder, 'role = "transfer"', 'role = "train"')
    with pytest.raises(InputError, match="the role 'train', but the database beside it was made with 'transfer'"):
        Campaign.open(made.folder)
    path = made.folder / "campaign.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("[[systems]]")], encoding="utf-8")
    with pytest.raises(InputError, match="does not name the system further"):
        Campaign.open(made.folder)


def test_folders_that_are_no_campaign(tmp_path: Path, host: Path) -> None:
    with pytest.raises(InputError, match="is not a campaign: it has no"):
        Campaign.open(tmp_path / "nothing")
    made = small.make(tmp_path / "work", host)
    (made.folder / DATABASE_NAME).unlink()
    with pytest.raises(StoreError, match="There is no campaign at"):
        Campaign.open(made.folder)
    (tmp_path / "odd" / "campaign.toml").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be read"):
        Campaign.open(tmp_path / "odd")


@pytest.mark.parametrize("there_before", [False, True])
def test_a_full_disk_while_making_leaves_nothing(
    tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch, there_before: bool
) -> None:
    folder = tmp_path / "work"
    if there_before:
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")

    def full(self: Path, *arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(StoreError, match="No space left"):
            small.make(folder, host)
    assert folder.exists() == there_before
    if there_before:
        assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert small.make(folder, host).systems[0].dimer.name == "he-hydrogen", "it can be made when there is space"


def test_campaigns_are_found_below_home(tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_HOME", str(tmp_path / "home"))
    assert home() == tmp_path / "home"
    assert list_campaigns() == []
    for name in ("second", "first"):
        small.make(tmp_path / "home" / name, host)
    (tmp_path / "home" / "other").mkdir()
    assert [path.name for path in list_campaigns()] == ["first", "second"]
