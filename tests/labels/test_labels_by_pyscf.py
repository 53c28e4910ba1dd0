"""Labels of every built-in recipe against PySCF alone, and of the general one over all rows of elements."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from plain_pyscf import Atom, fitted_interaction, interaction
from pyscf import gto

from nci_core.integrals.basis_names import AUTOAUX
from nci_core.integrals.functions import autoaux
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.checked_recipe import check_recipe
from nci_core.labels.focal_point import MEAN_FIELD, focal_point
from nci_core.labels.recipes import FunctionSet, Midbond, Recipe
from nci_core.labels.results import LabelResult, difference
from nci_core.systems import Dimer, Monomer
from nci_core.systems.midbond import midbond_site
from nci_core.units import HARTREE_EV

#: CCSD stops at 1e-8 hartree in each of three fragments, (T) is of single precision; 6e-8 hartree are 0.013 cm⁻¹.
HARTREE = 6e-8
H2 = Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]]))
#: With a core to freeze, and functions of its own for hydrogen.
HF = Monomer("hf", ("H", "F"), np.array([[0.0, 0.0, -0.92], [0.0, 0.0, 0.0]]))
LIH = Monomer("lih", ("Li", "H"), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.6]]))
PLACE = (0.9, 0.3, 3.1)


def atom(symbol: str) -> Monomer:
    return Monomer(symbol.lower(), (symbol,), np.zeros((1, 3)))


def small(recipe: Recipe) -> Recipe:
    """The same families of functions, as few of them as there are: a tenth of the time."""

    def less(part: FunctionSet, *, diffuse: bool) -> dict[str, Any]:
        def name(given: str) -> str:
            found = {"def2-tzvppd": "def2-svpd"}.get(given, given.replace("vtz", "vdz"))
            return found if diffuse else found.removeprefix("aug-")

        return {
            "host_basis": {element: name(given) for element, given in part.host_basis.items()},
            "probe_basis": name(part.probe_basis),
            "midbond": Midbond(exponents={"s": (0.5,), "p": (0.5,)}),
        }

    composite = recipe.composite
    assert composite is not None
    larger = composite.larger.model_copy(update=less(composite.larger, diffuse=True))
    update = {"name": "small", "composite": composite.model_copy(update={"larger": larger})}
    return recipe.model_copy(update=update | less(recipe.functions, diffuse=False))


@dataclass(frozen=True)
class Functions:
    """One part of a recipe at a geometry, as PySCF takes it: atoms of the host, of the probe, and midbond functions."""

    host: list[Atom]
    probe: list[Atom]
    middle: list[Atom]

    @classmethod
    def of(
        cls, part: FunctionSet, dimer: Dimer, place: tuple[float, float, float], cores: frozenset[str]
    ) -> "Functions":
        """`cores` are the elements with core potentials."""

        def one(symbol: str, where: Any, basis: str, fitting: str) -> Atom:
            shells = gto.basis.load(basis, symbol)
            made = autoaux(symbol, shells) if fitting == AUTOAUX else gto.basis.load(fitting, symbol)
            # PySCF knows the potential of these sets by the name of the augmented one only.
            potential = f"aug-{basis}" if basis.startswith("cc-") else basis
            return Atom(symbol, tuple(where), basis, symbol in cores, potential, made)

        symbols, places = dimer.a.symbols, dimer.a.positions.tolist()
        host = [
            one(s, where, part.host_basis_of(s), part.host_fitting_of(s))
            for s, where in zip(symbols, places, strict=True)
        ]
        middle = []
        if part.midbond:
            shells = [["spdfg".index(k), [x, 1.0]] for k, values in part.midbond.exponents.items() for x in values]
            site = midbond_site(dimer.a.positions, np.array(place))
            middle = [Atom("H", tuple(site), shells, fitting=autoaux("H", shells))]
        return cls(host, [one(dimer.b.symbols[0], place, part.probe_basis, AUTOAUX)], middle)


def composite_by_pyscf(
    recipe: Recipe, dimer: Dimer, place: tuple[float, float, float], frozen: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Hartree–Fock and MP2 in the larger functions, MP2 and CCSD(T) in the others; of the interaction, in hartree."""
    cores = frozenset(key.split()[1] for key, numbers in (recipe.numbers or {}).items() if numbers.core_electrons)
    assert recipe.composite is not None
    (large, own) = (
        fitted_interaction(part.host, part.probe, part.middle, frozen, beyond_mp2=beyond_mp2)
        for beyond_mp2, part in (
            (False, Functions.of(recipe.composite.larger, dimer, place, cores)),
            (True, Functions.of(recipe.functions, dimer, place, cores)),
        )
    )
    return float(large[0]), float(large[1]), float(own[1]), float(own[2])


def parts_of(label: LabelResult) -> tuple[float, float, float, float]:
    """The same of a label."""
    assert label.larger is not None
    own = difference(label.fragments, "ccsd_hartree") + difference(label.fragments, "triples_hartree")
    larger = [difference(label.larger, name) for name in ("hf_hartree", "mp2_hartree")]
    found = (*larger, difference(label.fragments, "mp2_hartree"), own)
    return tuple(value / HARTREE_EV for value in found)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("host", "probe", "place", "frozen", "replaced"),
    [
        pytest.param(atom("Ar"), "He", (0.9, 0.3, 3.4), (5, 0), {}, id="Ar host"),
        pytest.param(atom("Sr"), "He", (0.9, 0.3, 5.4), (0, 0), {"Sr": 28}, id="Sr host"),
        pytest.param(atom("Ca"), "He", (0.9, 0.3, 5.2), (5, 0), {}, id="Ca host", marks=pytest.mark.slow),
        pytest.param(atom("Xe"), "He", (0.9, 0.3, 3.9), (4, 0), {"Xe": 28}, id="Xe host", marks=pytest.mark.slow),
        pytest.param(LIH, "He", (4.0, 0.3, 1.0), (0, 0), {}, id="Li host", marks=pytest.mark.slow),
        pytest.param(atom("Ne"), "He", (0.9, 0.3, 2.9), (1, 0), {}, id="Ne host", marks=pytest.mark.slow),
        pytest.param(H2, "Ne", PLACE, (0, 1), {}, id="Ne probe"),
        pytest.param(atom("He"), "Ar", (0.9, 0.3, 3.4), (0, 5), {}, id="Ar probe", marks=pytest.mark.slow),
        pytest.param(atom("He"), "Kr", (0.9, 0.3, 3.6), (0, 4), {"Kr": 10}, id="Kr probe", marks=pytest.mark.slow),
    ],
)
def test_the_general_recipe_over_all_rows_is_that_of_pyscf_alone(
    host: Monomer, probe: str, place: tuple[float, float, float], frozen: tuple[int, int], replaced: dict[str, int]
) -> None:
    """The functions, cores, potentials and ghosts of `focal-point`, in its smaller cousin."""
    dimer = Dimer(host, Monomer.atom(probe))
    recipe = check_recipe(small(focal_point(probe, host.symbols)), dimer).recipe
    label = compute_label(dimer.at(place), recipe).consistent()
    expected = composite_by_pyscf(recipe, dimer, place, frozen)
    # With the same fitting functions on ghosts too; without them a monomer would be off by 1e-4.
    assert parts_of(label) == pytest.approx(expected, abs=HARTREE)
    whole = MEAN_FIELD.get(probe, 1.0) * expected[0] + expected[1] - expected[2] + expected[3]
    assert label.energy_ev / HARTREE_EV == pytest.approx(whole, abs=3e-7)
    for parts in (label.fragments, label.larger or {}):
        assert {name: part.n_frozen for name, part in parts.items()} == {
            "dimer": sum(frozen),
            "host": frozen[0],
            "probe": frozen[1],
        }
        assert all(np.isfinite(part.mp2_hartree) and part.mp2_hartree < 0 for part in parts.values())
    found = {key.split()[1]: each.core_electrons for key, each in (recipe.numbers or {}).items() if each.core_electrons}
    assert found == replaced


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "dt" else name for name in RECIPES]
)
def test_every_built_in_recipe_is_that_of_pyscf_alone(name: str) -> None:
    host, core = (HF, 1) if name == "quick" else (H2, 0)
    dimer = Dimer(host, Monomer.atom("He"))
    recipe = check_recipe(find_recipe(name), dimer).recipe
    label = compute_label(dimer.at(PLACE), recipe).consistent()
    assert label.ccsd_ev + label.triples_ev < 0 < label.hf_ev
    assert {each: part.n_frozen for each, part in label.fragments.items()} == {"dimer": core, "host": core, "probe": 0}
    assert not label.warnings
    if recipe.composite:
        assert parts_of(label) == pytest.approx(composite_by_pyscf(recipe, dimer, PLACE, (core, 0)), abs=HARTREE)
        return
    sets = [recipe.functions, *recipe.more_functions.values()]
    energies = [
        interaction(part.host, part.probe, (core, 0), part.middle)
        for part in (Functions.of(each, dimer, PLACE, frozenset()) for each in sets)
    ]
    hf, correlated = energies[0][0], [total - mean_field for mean_field, total in energies]
    limit = recipe.extrapolation.limit(*correlated) if recipe.extrapolation else correlated[0]
    assert label.hf_ev / HARTREE_EV == pytest.approx(hf, abs=1e-9)
    assert label.energy_ev / HARTREE_EV == pytest.approx(hf + limit, abs=HARTREE)
