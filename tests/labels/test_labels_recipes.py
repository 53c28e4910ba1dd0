"""Recipes, fragments and midbond functions: what decides a label's value."""

import numpy as np
import pytest
from ase.build import molecule
from ase.data import chemical_symbols

from nci_core.errors import InputError, TeacherError
from nci_core.integrals.cores import frozen_orbitals
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.geometry import fragments, midbond_basis, midbond_site
from nci_core.labels.prediction_error import PredictionError
from nci_core.labels.recipe_basis import atom_basis
from nci_core.labels.recipes import BasisNumbers, Midbond, Recipe
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers.hf_d4 import HartreeFockD4

# PySCF suggests another package for elements it does not know.
pytestmark = pytest.mark.filterwarnings("ignore:Basis may be available")

POINT = np.array([0.7, 0.3, 3.1])


def test_a_changed_recipe_is_noticed() -> None:
    # Labels are found by these. Whoever changes a setting raises `version` and writes the new hash here.
    assert {name: recipe.hash for name, recipe in RECIPES.items()} == {
        "quick": "116a7646d999",
        "standard": "a924f9e9453b",
        "composite": "b3ec837884e4",
        "focal-point": "585410f2602b",
        "dz": "b4b08e19e5be",
        "dt": "e48b56e13f2b",
    }


def test_the_hash_covers_every_setting_and_nothing_else() -> None:
    recipe = find_recipe("standard")
    changes = {
        "name": "other",
        "version": 2,
        "host_basis": {"*": "cc-pvdz"},
        "probe_basis": "aug-cc-pvdz",
        "midbond": None,
        "frozen_core": False,
        "scf_energy_hartree": 1e-10,
        "scf_gradient": 1e-6,
        "cc_energy_hartree": 1e-7,
        "cc_amplitudes": 1e-5,
        "host_fitting": {"*": "aug-cc-pvdz-jkfit"},
        "integrals": "fitted",
        "extrapolation": find_recipe("dt").extrapolation,
        "composite": find_recipe("composite").composite,
        "numbers": {"cc-pvdz C": BasisNumbers(digest="0" * 16)},
    }
    hashes = {recipe.model_copy(update={key: value}).hash for key, value in changes.items()} | {recipe.hash}
    assert len(hashes) == len(changes) + 1
    # Settings with one allowed value need no change here; a new setting does.
    assert {*changes, "method", "counterpoise", "description", "prediction_error"} == set(Recipe.model_fields)
    assert recipe.model_copy(update={"description": "other words"}).hash == recipe.hash
    assert recipe.model_copy(update={"prediction_error": PredictionError(floor_cm1=1.0)}).hash == recipe.hash


def test_a_recipe_survives_json_with_its_hash() -> None:
    for recipe in RECIPES.values():
        assert Recipe.model_validate_json(recipe.model_dump_json()).hash == recipe.hash


def test_names_say_the_basis() -> None:
    assert find_recipe("quick").basis_name == "6-31g/aug-cc-pvdz+3s2p1d"
    assert Midbond(exponents={"s": (1.0,), "f": (0.3, 0.1)}).name == "1s2f"
    with pytest.raises(InputError, match="Unknown recipe 'exact'; choose one of quick, standard"):
        find_recipe("exact")


def test_midbond_site_is_halfway_to_the_nearest_atoms() -> None:
    host = builtin_monomer("ethylene").positions
    above = np.array([0.0, 0.0, 3.0])
    site = midbond_site(host, above)
    # Symmetry: straight below the probe; the carbons dominate and lie in the plane.
    assert np.allclose(site, [0.0, 0.0, 1.5], atol=1e-12)
    far = np.array([0.0, 0.0, 40.0])
    # All atoms count the same at a distance: halfway to the centre.
    assert np.allclose(midbond_site(host, far), far / 2, atol=1e-6)


def test_midbond_site_has_no_seam_where_the_nearest_atom_changes() -> None:
    host = builtin_monomer("ethylene").positions
    x = np.linspace(-0.5, 0.5, 2001)  # the nearest carbon changes at x = 0
    sites = np.array([midbond_site(host, np.array([value, 0.1, 2.5])) for value in x])
    assert np.ptp(np.argmin(np.linalg.norm(host[None] - np.c_[x, 0 * x + 0.1, 0 * x + 2.5][:, None], axis=2), 1)) > 0
    step = x[1] - x[0]
    slope = np.diff(sites, axis=0) / step
    # A switch to the nearest atom alone would jump by half a CC bond (0.67 Å) within one step: a slope above 1,000.
    assert np.abs(slope).max() < 2.0
    # The slope itself is continuous: it changes by (second derivative, of order 1/Å) × step.
    assert np.abs(np.diff(slope, axis=0)).max() < 5.0 * step


def test_midbond_site_moves_with_the_molecule() -> None:
    host = molecule("H2O").positions
    turn, shift = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.array([1.0, 2.0, 3.0])
    moved = midbond_site(host @ turn.T + shift, POINT @ turn.T + shift)
    assert np.allclose(moved, midbond_site(host, POINT) @ turn.T + shift, atol=1e-12)


def test_midbond_basis_is_uncontracted() -> None:
    shells = midbond_basis(Midbond(exponents={"s": (0.9, 0.3), "d": (0.35,)}))
    assert shells == [[0, [0.9, 1.0]], [0, [0.3, 1.0]], [2, [0.35, 1.0]]]


@pytest.mark.parametrize(("symbols", "count"), [(["H", "He"], 0), (["C"] * 6 + ["H"] * 6, 6), (["Ar"], 5), ([], 0)])
def test_frozen_core_counts(symbols: list[str], count: int) -> None:
    assert sum(map(frozen_orbitals, symbols)) == count


def test_core_orbitals_are_those_that_pyscf_freezes() -> None:
    from pyscf.data.elements import chemcore_atm

    for number in range(1, 87):
        assert frozen_orbitals(chemical_symbols[number]) == chemcore_atm[number], chemical_symbols[number]


@pytest.mark.parametrize("name", RECIPES)
def test_fragments_share_one_basis_and_ghosts_carry_no_charge(name: str) -> None:
    dimer, recipe = Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne")), RECIPES[name]
    specs = fragments(dimer.at(POINT), recipe)
    molecules = {key: spec.molecule() for key, spec in specs.items()}
    assert {key: m.nelectron for key, m in molecules.items()} == {"dimer": 26, "host": 16, "probe": 10}
    assert len({m.nao for m in molecules.values()}) == 1, "counterpoise: the dimer's basis everywhere"
    assert {key: spec.n_frozen for key, spec in specs.items()} == {"dimer": 3, "host": 2, "probe": 1}
    coordinates = [m.atom_coords() for m in molecules.values()]
    assert np.array_equal(coordinates[0], coordinates[1])
    assert np.array_equal(coordinates[0], coordinates[2])
    assert len(coordinates[0]) == 7 + bool(recipe.midbond), "six host atoms, the probe, the midbond site"


def test_host_and_probe_of_one_element_keep_their_own_basis() -> None:
    dimer = Dimer(Monomer("helium", ("He",), np.zeros((1, 3))), Monomer.atom("He"))
    molecules = [spec.molecule() for spec in fragments(dimer.at(np.array([0.0, 0.0, 3.0])), RECIPES["quick"]).values()]
    # 6-31G on the host has 2 functions, aug-cc-pVDZ on the probe 9, 3s2p1d between them 14.
    assert [m.nao for m in molecules] == [25, 25, 25]
    assert [m.nelectron for m in molecules] == [4, 2, 2]


def test_all_electrons_are_correlated_when_asked() -> None:
    recipe = RECIPES["quick"].model_copy(update={"frozen_core": False})
    specs = fragments(Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne")).at(POINT), recipe)
    assert {spec.n_frozen for spec in specs.values()} == {0}


@pytest.mark.parametrize(("basis", "symbol"), [("6-31g", "U"), ("aug-cc-pvtz", "Rn"), ("no-such-basis", "C")])
def test_a_basis_without_the_element_is_named(basis: str, symbol: str) -> None:
    with pytest.raises(InputError, match=f"The basis '{basis}' has no functions for {symbol}") as error:
        atom_basis(basis, symbol)
    assert "\n" not in str(error.value)


def test_what_ends_at_xenon_is_said_in_one_sentence() -> None:
    with pytest.raises(InputError, match=r"no functions for Rn, and built-in recipes end at Xe; write one with a set"):
        atom_basis("cc-pvdz", "Rn")
    with pytest.raises(InputError) as lighter:
        atom_basis("6-31g", "I")
    assert "Xe" not in str(lighter.value), "built-in recipes have stand-ins for iodine"
    radon = Dimer(Monomer("radon", ("Rn",), np.zeros((1, 3))), Monomer.atom("He"))
    with pytest.raises(TeacherError, match="no functions for Rn; choose another basis, as in hf-d4:def2-svpd, or"):
        HartreeFockD4().check(radon)
    HartreeFockD4("def2-svpd").check(radon)


def test_a_dimer_that_the_recipe_cannot_treat_fails_before_any_calculation() -> None:
    with pytest.raises(InputError, match="no functions for Rn"):
        fragments(Dimer(builtin_monomer("ethylene"), Monomer.atom("Rn")).at([0.0, 0.0, 4.0]), RECIPES["standard"])
    with pytest.raises(InputError, match="overlap"):
        fragments(Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at([0.7, 0.0, 0.1]), RECIPES["standard"])
