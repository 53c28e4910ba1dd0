"""A recipe is checked whole before anything is computed with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.data import chemical_symbols
from pydantic import ValidationError
from typer.testing import CliRunner

from nci_core.campaign import Campaign
from nci_core.cli.main import app
from nci_core.config import read_settings
from nci_core.errors import InputError, NCIError
from nci_core.labels import checked_recipe, focal_point
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.checked_recipe import check_recipe, count_functions
from nci_core.labels.geometry import fragments, label_identity, midbond_basis
from nci_core.labels.recipe_files import read_recipe
from nci_core.labels.recipes import BasisNumbers, FunctionSet, Midbond, Recipe
from nci_core.labels.size import guess_parts
from nci_core.labels.stand_ins import EXTENDED, for_dimer
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

INPUTS = Path(__file__).parents[1] / "inputs"
H2 = Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]]))
HBR = Monomer("hbr", ("Br", "H"), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.414]]))
POINT = np.array([0.7, 0.3, 3.4])


def two(symbol: str) -> Monomer:
    """Two atoms of one element and one hydrogen molecule: an even number of electrons whatever the element."""
    places = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 3.0], [0.0, 3.0, 0.0], [0.0, 3.0, 0.74]])
    return Monomer("two", (symbol, symbol, "H", "H"), places)


def nci(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("name", [*EXTENDED, focal_point.NAME])
def test_built_in_recipes_reach_from_hydrogen_to_xenon(name: str) -> None:
    for number in range(1, 55):
        dimer = Dimer(two(chemical_symbols[number]), Monomer.atom("He"))
        recipe = check_recipe(find_recipe(name), dimer).recipe
        assert recipe.name == name
        for part in ("", *recipe.more_functions):
            assert count_functions(recipe, dimer)[part] > 4 * 2
    for probe in ("He", "Ne", "Ar", "Kr", "Xe", "Be", "Mg", "Ca", "Zn"):
        dimer = Dimer(H2, Monomer.atom(probe))
        recipe = check_recipe(find_recipe(name), dimer).recipe
        for functions in (recipe.functions, *recipe.more_functions.values()):
            specs = fragments(dimer.at(np.array([0.0, 0.0, 6.0])), recipe, functions)
            assert specs["probe"].molecule().nelectron > 2 * specs["probe"].n_frozen


def test_hashes_change_only_where_something_stands_in() -> None:
    for probe, host in (("He", builtin_monomer("benzene")), ("Kr", builtin_monomer("ethylene")), ("Ar", two("S"))):
        for recipe in map(RECIPES.get, (*EXTENDED, "dz", "dt")):
            assert recipe is not None
            checked = check_recipe(recipe, Dimer(host, Monomer.atom(probe))).recipe
            assert checked.hash == recipe.hash
            assert checked == recipe
    for symbol, changed in (
        ("Br", {"quick", "composite"}),
        ("I", set(EXTENDED)),
        ("Na", {"composite"}),
        ("K", {"standard", "composite"}),
    ):
        dimer = Dimer(two(symbol), Monomer.atom("He"))
        found = {name for name in EXTENDED if check_recipe(RECIPES[name], dimer).recipe.hash != RECIPES[name].hash}
        assert found == changed, symbol


def test_what_stands_in_is_written_down() -> None:
    dimer = Dimer(two("I"), Monomer.atom("Xe"))
    checked = check_recipe(find_recipe("composite"), dimer)
    larger = checked.recipe.composite.larger  # type: ignore[union-attr]
    assert checked.recipe.host_basis == {"*": "6-31g", "I": "def2-svp"}
    assert checked.recipe.probe_basis == "def2-svpd"
    assert larger.host_basis == {"*": "aug-cc-pvtz", "H": "cc-pvdz", "I": "def2-tzvppd"}
    assert larger.host_fitting == {"*": "aug-cc-pvtz-jkfit", "H": "cc-pvtz-jkfit", "I": "autoaux"}
    assert checked.recipe.core_electrons("def2-svp", "I") == checked.recipe.core_electrons("def2-svpd", "Xe") == 28
    said = " ".join(checked.notes)
    assert "def2-svp stands in for 6-31g, which has no functions for I" in said
    assert "autoaux stands in for aug-cc-pvtz-jkfit, which has no functions for I" in said
    assert "def2-svp replaces 28 electrons of I by an effective core potential" in said
    # Those that published energies are compared with are not changed.
    with pytest.raises(InputError, match="'aug-cc-pvdz' has no functions for I"):
        check_recipe(find_recipe("dz"), dimer)
    # Nor is one's own of the same form.
    mine = find_recipe("quick").model_copy(update={"name": "mine"})
    assert for_dimer(mine, dimer) is mine
    with pytest.raises(InputError, match="'6-31g' has no functions for I"):
        check_recipe(mine, dimer)
    assert Recipe.model_validate(checked.recipe.model_dump(mode="json")).hash == checked.recipe.hash


def test_an_own_fitting_basis_that_lacks_an_element_gets_generated_functions() -> None:
    dimer = Dimer(H2, Monomer.atom("He"))
    mine = Recipe(
        name="mine",
        host_basis={"*": "cc-pvdz"},
        probe_basis="cc-pvdz",
        host_fitting={"*": "cc-pvdz-jkfit"},
        integrals="fitted",
    )
    assert check_recipe(mine, dimer).recipe.host_fitting == {"*": "cc-pvdz-jkfit"}
    found = check_recipe(mine, Dimer(two("Na"), Monomer.atom("He"))).recipe
    assert found.host_fitting == {"*": "cc-pvdz-jkfit", "Na": "autoaux"}
    with pytest.raises(InputError, match="'cc-pvdz-jkfitt' has no functions for H: there is no basis of that name"):
        check_recipe(mine.model_copy(update={"host_fitting": {"*": "cc-pvdz-jkfitt"}}), dimer)


def test_a_label_of_a_bromide_by_quick_has_a_stand_in() -> None:
    """Its functions, its core, and what it says of them; that such labels are right, others test against PySCF."""
    dimer = Dimer(HBR, Monomer.atom("He"))
    recipe = check_recipe(find_recipe("quick"), dimer).recipe
    specs = fragments(dimer.at(POINT), recipe)
    # All electrons of Br, 1s to 3p frozen.
    assert {name: spec.n_frozen for name, spec in specs.items()} == {"dimer": 9, "host": 9, "probe": 0}
    assert specs["dimer"].molecule().nelectron == 38
    said = label_identity(dimer.at(POINT), recipe)
    assert set(said["basis"]) == {"def2-svp Br", "6-31g H", "aug-cc-pvdz He"}
    assert said["recipe_hash"] == recipe.hash != find_recipe("quick").hash


def test_other_numbers_under_the_same_name_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    dimer = Dimer(H2, Monomer.atom("He"))
    recipe = check_recipe(Recipe(name="mine", host_basis={"*": "6-31g"}, probe_basis="6-31g"), dimer).recipe
    assert recipe.numbers is not None
    other = {**recipe.numbers, "6-31g H": BasisNumbers(digest="0" * 16)}
    changed = recipe.model_copy(update={"numbers": other})
    assert changed.hash != recipe.hash
    for use in (lambda: compute_label(dimer.at(POINT), changed), lambda: check_recipe(changed, dimer)):
        with pytest.raises(InputError, match="'6-31g' has other numbers for H here than recipe mine was made with"):
            use()
    with pytest.raises(InputError, match="Recipe mine does not say what '6-31g' is for Ne"):
        fragments(Dimer(H2, Monomer.atom("Ne")).at(POINT), recipe)
    # Recipes from before say nothing, and their labels do.
    assert set(compute_label(dimer.at(POINT), recipe.model_copy(update={"numbers": None})).basis) == {
        "6-31g H",
        "6-31g He",
    }


def test_high_angular_momenta_are_computed() -> None:
    dimer = Dimer(H2, Monomer.atom("He"))
    between = Midbond(exponents={"s": (0.9, 0.3), "h": (0.4,), "i": (0.4,)})
    assert midbond_basis(between)[-2:] == [[5, [0.4, 1.0]], [6, [0.4, 1.0]]]
    recipe = Recipe(name="high", host_basis={"*": "6-31g"}, probe_basis="6-31g", midbond=between)
    energies = [
        to_cm1(compute_label(dimer.at(POINT), check_recipe(found, dimer).recipe).hf_ev)
        for found in (recipe, recipe.model_copy(update={"integrals": "fitted"}))
    ]
    assert energies[0] == pytest.approx(energies[1], rel=0.3)
    assert guess_parts(dimer, recipe) == count_functions(recipe, dimer) == {"": 4 + 2 + 2 + 11 + 13}


BASE: dict[str, Any] = {"name": "mine", "host_basis": {"*": "6-31g"}, "probe_basis": "6-31g"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"midbond": {"exponents": {"S": [0.9]}}},
            "'S' is no angular momentum; use the small letters s, p, d, f, g, h, i",
        ),
        ({"midbond": {"exponents": {"k": [0.9]}}}, "'k' is no angular momentum"),
        ({"midbond": {"exponents": {"s": [0.9, -0.3]}}}, "s has the exponent -0.3"),
        ({"midbond": {"exponents": {"s": [float("nan")]}}}, "s has the exponent nan"),
        ({"midbond": {"exponents": {"s": [float("inf")]}}}, "s has the exponent inf"),
        ({"midbond": {"exponents": {"s": [0.0]}}}, "s has the exponent 0"),
        ({"midbond": {"exponents": {"s": [1e9]}}}, r"s has the exponent 1e\+09"),
        ({"midbond": {"exponents": {"s": [0.3, 0.3]}}}, "s has an exponent twice"),
        ({"midbond": {"exponents": {"s": [0.1 * n for n in range(1, 40)]}}}, "s has 39 exponents; give 1 to 16"),
        ({"midbond": {"exponents": {"s": []}}}, "s has 0 exponents"),
        ({"midbond": {"exponents": {}}}, "there are none"),
        ({"host_basis": {}}, "it is empty"),
        ({"host_basis": {"Qq": "6-31g"}}, "'Qq' is no element"),
        ({"host_basis": {"c": "6-31g"}}, "'c' is no element"),
        ({"host_basis": {"*": "/tmp/basis.dat"}}, "is not the name of a basis set"),
        ({"host_basis": {"*": "basis.dat"}}, "is not the name of a basis set"),
        ({"probe_basis": "He S\n1.0 1.0"}, "is not the name of a basis set"),
        ({"probe_basis": "unc-cc-pvdz"}, "is not the name of a basis set"),
        ({"probe_basis": "cc-pvdz@2s1p"}, "is not the name of a basis set"),
        ({"host_fitting": {"*": "../x"}}, "is not the name of a basis set"),
        ({"name": "a/b"}, "String should match pattern"),
        ({"name": "x" * 41}, "String should match pattern"),
        ({"name": ""}, "String should match pattern"),
        ({"version": 0}, "greater than or equal to 1"),
        ({"scf_energy_hartree": float("nan")}, "finite number"),
        ({"scf_energy_hartree": 0.0}, "greater than or equal to 0.00000000000001"),
        ({"cc_amplitudes": 1.0}, "less than or equal to 0.001"),
        ({"extrapolation": {"smaller": BASE | {}, "cardinals": [2, 3]}}, "cardinals: the first must be the larger one"),
        ({"numbers": {"6-31g H": {"digest": "../.."}}}, "String should match pattern"),
        ({"description": "x" * 2000}, "at most 1000 characters"),
    ],
)
def test_what_cannot_be_computed_is_no_recipe(change: dict[str, Any], message: str) -> None:
    if "extrapolation" in change:
        smaller = {key: value for key, value in BASE.items() if key != "name"}
        change = {"extrapolation": change["extrapolation"] | {"smaller": smaller}}
    Recipe.model_validate(BASE)
    with pytest.raises(ValidationError, match=message):
        Recipe.model_validate(BASE | change)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("mid_S.toml", "midbond.exponents: 'S' is no angular momentum"),
        ("typo.toml", "The basis 'cc-pVDZZ' has no functions for H: there is no basis of that name"),
    ],
)
def test_a_wrong_recipe_is_said_at_init(file: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    result = nci("init", str(folder), "--host", str(INPUTS / "hi.xyz"), "--recipe", str(INPUTS / file))
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not folder.exists(), "nothing was made"


def test_h_functions_between_the_monomers_are_a_recipe(tmp_path: Path) -> None:
    recipe = read_recipe(INPUTS / "mid_h.toml")
    assert check_recipe(recipe, Dimer(H2, Monomer.atom("He"))).recipe.midbond == recipe.midbond


def test_a_basis_without_its_potential_is_said_at_init(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nhost_basis = {"*" = "def2-mtzvp"}\nprobe_basis = "aug-cc-pvdz"\n')
    result = nci("init", str(tmp_path / "campaign"), "--host", str(INPUTS / "hi.xyz"), "--recipe", str(file))
    assert isinstance(result.exception, InputError)
    assert "'def2-mtzvp' has functions for I that are made for an effective core potential" in str(result.exception)


def test_a_teacher_whose_basis_lacks_an_element_is_said_at_init(tmp_path: Path) -> None:
    result = nci("init", str(tmp_path / "c"), "--host", str(INPUTS / "hi.xyz"), "--teacher", "hf-mp2:cc-pvdz")
    assert isinstance(result.exception, NCIError)
    assert "'cc-pvdz' has no functions for I" in str(result.exception)


def test_a_campaign_keeps_what_stands_in(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    result = nci(
        "init", str(folder), "--host", str(INPUTS / "hi.xyz"), "--recipe", "quick", "--more-recipe", "standard"
    )
    assert result.exit_code == 0, result.output
    assert "def2-svp stands in for 6-31g" in " ".join(result.output.split())
    campaign = Campaign.open(folder)
    assert campaign.recipe.host_basis == {"*": "6-31g", "I": "def2-svp"}
    assert campaign.recipe.numbers is not None
    assert campaign.find_recipe("standard").host_basis["I"] == "def2-svp"
    campaign.store.close()
    assert [recipe.name for recipe in read_settings(folder).own_recipes] == ["quick", "standard"]


def test_too_little_memory_is_said_at_init(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_recipe, "machine_memory_gb", lambda: 0.5)
    notes = check_recipe(find_recipe("dt"), Dimer(builtin_monomer("benzene"), Monomer.atom("He"))).notes
    assert len(notes) == 1
    assert "GB of memory for he-benzene" in notes[0]
    assert "this machine has 0 GB" in notes[0] or "this machine has 1 GB" in notes[0]


def test_a_recipe_of_ones_own_is_shown_and_checked(tmp_path: Path) -> None:
    shown = nci("recipes", "--show", str(INPUTS / "def2.toml"), "--host", str(INPUTS / "hi.xyz"))
    assert shown.exit_code == 0
    file = tmp_path / "mine.toml"
    file.write_text("".join(line + "\n" for line in shown.output.splitlines() if " = " in line and line[0] != "R"))
    found = read_recipe(file)
    assert found.core_electrons("def2-svp", "I") == 28
    wrong = nci("recipes", "--show", str(INPUTS / "mid_S.toml"))
    assert "'S' is no angular momentum" in str(wrong.exception)
    typo = nci("recipes", "--show", str(INPUTS / "typo.toml"), "--host", "benzene")
    assert "there is no basis of that name" in str(typo.exception)
    assert FunctionSet(host_basis={"*": "6-31g"}, probe_basis="6-31g").host_fitting_of("H") == "autoaux"
