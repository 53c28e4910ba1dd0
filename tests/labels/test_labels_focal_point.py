"""The general recipe chooses its functions by the probe and the host's elements."""

import pytest

from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.checked_recipe import check_recipe
from nci_core.labels.focal_point import MEAN_FIELD, focal_point
from nci_core.systems import Dimer, Monomer, builtin_monomer

GENERAL = find_recipe("focal-point")


def two(symbol: str) -> Monomer:
    return Monomer("two", (symbol, symbol), [[0.0, 0.0, 0.0], [0.0, 0.0, 2.2]])  # type: ignore[arg-type]


def test_light_elements_have_the_recipe_as_it_is() -> None:
    for host in (builtin_monomer("benzene"), builtin_monomer("ethylene")):
        checked = check_recipe(GENERAL, Dimer(host, Monomer.atom("He")))
        assert checked.recipe == GENERAL
        assert checked.notes == ()


def test_only_hartree_fock_has_a_factor_and_only_for_helium() -> None:
    for probe, factor in (("He", MEAN_FIELD["He"]), ("Ne", 1.0), ("Xe", 1.0)):
        recipe = focal_point(probe)
        assert recipe.composite is not None
        energy = recipe.composite.energy(1.0, 10.0, 100.0, 1000.0, 10000.0)
        assert energy == factor + 10.0 - 100.0 + 1000.0 + 10000.0
        assert recipe.prediction_error is not None


def test_heavier_probes_have_more_functions() -> None:
    for probe in ("Ar", "Kr", "Xe"):
        recipe = focal_point(probe)
        assert recipe.midbond is not None
        assert recipe.midbond.name == "3s3p2d"
        assert recipe.host_basis["*"] == "aug-cc-pvdz"
        assert recipe.hash not in {GENERAL.hash, focal_point("Ne", ["I"]).hash}


@pytest.mark.parametrize(("symbol", "replaced"), [("Br", 10), ("I", 28), ("Ag", 28)])
def test_heavy_hosts_have_core_potentials(symbol: str, replaced: int) -> None:
    checked = check_recipe(GENERAL, Dimer(two(symbol), Monomer.atom("He")))
    name = checked.recipe.host_basis_of(symbol)
    assert checked.recipe.core_electrons(name, symbol) == replaced
    assert any(f"replaces {replaced} electrons of {symbol}" in note for note in checked.notes)


def test_a_recipe_made_for_a_dimer_is_made_for_it_again() -> None:
    dimer = Dimer(two("I"), Monomer.atom("Xe"))
    once = check_recipe(GENERAL, dimer).recipe
    assert check_recipe(once, dimer).recipe.hash == once.hash
