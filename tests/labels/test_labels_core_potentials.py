"""Effective core potentials: with the basis that is made for them, on real atoms only, and the right core frozen."""

from pathlib import Path

import numpy as np
import pytest
from plain_pyscf import Atom, energies, interaction, molecule
from pyscf import scf

from nci_core.errors import InputError
from nci_core.integrals.cores import frozen_orbitals
from nci_core.integrals.dimer import FittedDimer
from nci_core.integrals.functions import Functions
from nci_core.integrals.mp2 import correlation_energy
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.checked_recipe import check_recipe
from nci_core.labels.elsewhere.run_pyscf import compute_fragment
from nci_core.labels.elsewhere.task import LabelTask
from nci_core.labels.geometry import fragments
from nci_core.labels.monomers import monomer_hf_hartree
from nci_core.labels.needs import correlated_pairs
from nci_core.labels.recipe_files import read_recipe
from nci_core.labels.recipes import Recipe
from nci_core.systems import Dimer, Monomer
from nci_core.systems.reading.structure_file import find_host
from nci_core.units import HARTREE_EV, to_cm1

INPUTS = Path(__file__).parents[1] / "inputs"
HI = Monomer("hi", ("I", "H"), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.609]]))
H2 = Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]]))
PLACE = (1.2, 0.3, 3.5)


def kept(recipe: Recipe, dimer: Dimer) -> Recipe:
    """As a campaign keeps it."""
    return check_recipe(recipe, dimer).recipe


def small(name: str, host: str, probe: str) -> Recipe:
    return Recipe(name=name, host_basis={"*": host}, probe_basis=probe)


def host_atoms(host: Monomer, basis: str) -> list[Atom]:
    return [
        Atom(symbol, tuple(place), basis, symbol == "I")
        for symbol, place in zip(host.symbols, host.positions.tolist(), strict=True)
    ]


def test_hydrogen_iodide_has_its_published_potential() -> None:
    """def2-SVP on the host, aug-cc-pVDZ on helium; without the potential this is −5.58 cm⁻¹."""
    dimer = Dimer(find_host(str(INPUTS / "hi.xyz")), Monomer.atom("He"))
    recipe = kept(read_recipe(INPUTS / "def2.toml"), dimer)
    # The host as given has I at the origin; campaigns move it, so positions are taken from there.
    offset = dimer.a.positions[list(dimer.a.symbols).index("I")]
    label = compute_label(dimer.at(np.array([0.287, 2.898, -4.289]) + offset), recipe)
    assert to_cm1(label.energy_ev) == pytest.approx(-3.78, abs=0.01)
    assert label.fragments["host"].hf_hartree == pytest.approx(-297.232, abs=0.0007)
    assert {name: part.n_frozen for name, part in label.fragments.items()} == {"dimer": 4, "host": 4, "probe": 0}


@pytest.mark.parametrize(
    ("host", "probe", "bases", "frozen", "has_potential"),
    [
        (HI, "He", ("def2-svp", "cc-pvdz"), (4, 0), False),
        (H2, "Kr", ("6-31g", "def2-svp"), (0, 9), False),
        (H2, "Kr", ("6-31g", "lanl2dz"), (0, 0), True),
    ],
    ids=["I, 28 electrons", "Kr, all electrons", "Kr, 28 of 36 electrons"],
)
def test_a_label_is_that_of_pyscf_alone(
    host: Monomer, probe: str, bases: tuple[str, str], frozen: tuple[int, int], has_potential: bool
) -> None:
    dimer = Dimer(host, Monomer.atom(probe))
    recipe = kept(small("mine", *bases), dimer)
    label = compute_label(dimer.at(PLACE), recipe)
    alone = interaction(host_atoms(host, bases[0]), [Atom(probe, PLACE, bases[1], has_potential)], frozen)[1]
    # The recipe's thresholds are 1e-11 and 1e-8 hartree, times a few amplitudes.
    assert label.energy_ev / HARTREE_EV == pytest.approx(alone, abs=3e-8)
    assert (label.fragments["host"].n_frozen, label.fragments["probe"].n_frozen) == frozen
    electrons = fragments(dimer.at(np.array(PLACE)), recipe)["dimer"].molecule().nelectron
    assert correlated_pairs(dimer, recipe) == electrons // 2 - sum(frozen)


def test_fitting_functions_for_an_atom_without_its_outer_d_shell() -> None:
    dimer = Dimer(H2, Monomer.atom("Kr"))
    recipe = kept(small("mine", "cc-pvdz", "lanl2dz").model_copy(update={"integrals": "fitted"}), dimer)
    label = compute_label(dimer.at(PLACE), recipe)
    assert {name: part.n_frozen for name, part in label.fragments.items()} == {"dimer": 0, "host": 0, "probe": 0}
    # The eight electrons that LANL2DZ leaves to krypton, and its Hartree–Fock energy by PySCF with exact integrals.
    alone = scf.RHF(molecule([Atom("Kr", PLACE, "lanl2dz", True)], host_atoms(H2, "cc-pvdz"))).run(conv_tol=1e-11)
    assert label.fragments["probe"].hf_hartree == pytest.approx(alone.e_tot, abs=1e-4)


@pytest.mark.parametrize(("host", "probe"), [(HI, "He"), (H2, "Xe"), (HI, "Xe")], ids=["host", "probe", "both"])
def test_fitted_integrals_have_the_potentials_of_real_atoms(host: Monomer, probe: str) -> None:
    functions = Functions.named(dict.fromkeys({*host.symbols, probe}, "def2-svp"), sorted(set(host.symbols)), probe)
    fitted = FittedDimer(Dimer(host, Monomer.atom(probe)), functions, conv_tol=1e-11)
    states = fitted.fragments(np.array(PLACE))
    mine = host_atoms(host, "def2-svp")
    theirs = [Atom(probe, PLACE, "def2-svp", probe == "Xe")]
    for state, (real, ghosts) in zip(states, (([*mine, *theirs], []), (mine, theirs), (theirs, mine)), strict=True):
        mol = molecule(real, ghosts)
        by_label = {label: functions.auxiliary[_ours(label, probe, host)] for label, _ in mol._atom}
        mf = scf.RHF(mol).density_fit(auxbasis=by_label)
        assert state.energy == pytest.approx(mf.run(conv_tol=1e-11).e_tot, abs=1e-8)


def _ours(label: str, probe: str, host: Monomer) -> str:
    """Our label for one of plain_pyscf's: the probe is the atom whose symbol is the probe's."""
    symbol = label.upper().removeprefix("GHOST-").rstrip("0123456789").capitalize()
    return f"{symbol}2" if symbol == probe else f"{symbol}1"


def test_the_teacher_with_correlation_freezes_what_is_left_of_the_core() -> None:
    from pyscf import mp

    from nci_core.teachers import find_teacher

    dimer = Dimer(HI, Monomer.atom("He"))
    found = find_teacher("hf-mp2:def2-svp").evaluate(dimer.at(np.array([PLACE])))
    mine, theirs = host_atoms(HI, "def2-svp"), [Atom("He", PLACE, "def2-svp")]
    mean_field, correlated = [], []
    for (real, ghosts), frozen in zip((([*mine, *theirs], []), (mine, theirs), (theirs, mine)), (4, 4, 0), strict=True):
        mf = scf.RHF(molecule(real, ghosts)).run(conv_tol=1e-11)
        mean_field.append(mf.e_tot)
        correlated.append(mp.MP2(mf, frozen=frozen or None).run().e_corr)
    mine_ev = found.energy - found.channels["dispersion"], found.channels["dispersion"]
    for (energy,), parts in zip(mine_ev, (mean_field, correlated), strict=True):
        exact = to_cm1((parts[0] - parts[1] - parts[2]) * HARTREE_EV)
        # Fitted with def2-universal-jkfit: 2% of the wall; five times that without the potential.
        assert to_cm1(energy) == pytest.approx(exact, rel=0.03, abs=0.3)


def test_default_teachers_go_beyond_krypton() -> None:
    from nci_core.teachers import find_teacher

    for name in ("hf-d4", "hf-mp2"):
        find_teacher(name).check(Dimer(HI, Monomer.atom("Xe")))
        find_teacher(name).check(Dimer(H2, Monomer.atom("Kr")))
    functions = Functions.named({"H": "aug-cc-pvdz", "Xe": "def2-svpd"}, ["H"], "Xe")
    assert set(functions.ecp) == {"Xe2"}
    fitted = FittedDimer(Dimer(H2, Monomer.atom("Xe")), functions)
    assert fitted.electrons == (2, 26)
    assert fitted.frozen == (0, 4)
    states = fitted.fragments(np.array([0.0, 0.0, 4.2]))
    assert correlation_energy(fitted.B, states[2], 4) < 0


def test_ghosts_have_no_potential() -> None:
    dimer = Dimer(HI, Monomer.atom("Xe"))
    specs = fragments(dimer.at(np.array(PLACE)), kept(small("mine", "def2-svp", "def2-svp"), dimer))
    assert {name: set(spec.ecp) for name, spec in specs.items()} == {
        "dimer": {"I1", "Xe2"},
        "host": {"I1"},
        "probe": {"Xe2"},
    }
    assert {name: spec.molecule().nelectron for name, spec in specs.items()} == {"dimer": 52, "host": 26, "probe": 26}
    assert {name: spec.n_frozen for name, spec in specs.items()} == {"dimer": 8, "host": 4, "probe": 4}


def test_one_element_with_two_potentials() -> None:
    """The host's iodine has 28 core electrons, were the probe xenon of LANL2DZ it would have 46: each its own."""
    dimer = Dimer(HI, Monomer.atom("Xe"))
    specs = fragments(dimer.at(np.array(PLACE)), kept(small("mine", "def2-svp", "lanl2dz"), dimer))
    assert specs["dimer"].molecule().nelectron == 26 + 8
    assert {name: spec.n_frozen for name, spec in specs.items()} == {"dimer": 4, "host": 4, "probe": 0}


def test_frozen_cores_are_those_of_pyscf() -> None:
    from pyscf import gto
    from pyscf.data.elements import chemcore

    for basis, symbol in (
        ("def2-svp", "I"),
        ("lanl2dz", "I"),
        ("def2-svp", "Rb"),
        ("def2-svp", "Kr"),
        ("lanl2dz", "Zn"),
    ):
        mol = gto.M(atom=symbol, basis=basis, ecp=basis, spin=None, verbose=0)
        core = gto.basis.load_ecp(basis, symbol)
        assert frozen_orbitals(symbol, core[0] if core else 0) == chemcore(mol), (basis, symbol)


def test_monomers_alone_have_their_potentials() -> None:
    dimer = Dimer(HI, Monomer.atom("He"))
    recipe = kept(small("mine", "def2-svp", "6-31g"), dimer)
    found = monomer_hf_hartree(dimer, recipe)
    assert found["host"] == pytest.approx(energies(molecule(host_atoms(HI, "def2-svp"), []), 4)[0], abs=1e-9)


def test_a_recipe_from_before_refuses_what_it_computed_wrong() -> None:
    """Its hash is that of labels without the potential, so it must not have others."""
    dimer = Dimer(HI, Monomer.atom("He"))
    before = small("mine", "def2-svp", "6-31g")
    with pytest.raises(InputError, match="made without the effective core potential that 'def2-svp' has for I"):
        compute_label(dimer.at(PLACE), before)
    with pytest.raises(InputError, match="made without the effective core potential"):
        LabelTask.build(dimer.at(PLACE), before)
    now = kept(before, dimer)
    assert now.hash != before.hash
    assert now.core_electrons("def2-svp", "I") == 28
    # Where there is no potential, such a recipe goes on as it was.
    assert fragments(Dimer(H2, Monomer.atom("He")).at(PLACE), before)["dimer"].ecp == {}


def test_what_goes_to_another_machine_has_the_potential() -> None:
    dimer = Dimer(HI, Monomer.atom("He"))
    recipe = kept(small("mine", "def2-svp", "6-31g"), dimer)
    task = LabelTask.build(dimer.at(PLACE), recipe)
    assert task.layout == 2
    assert LabelTask.build(Dimer(H2, Monomer.atom("He")).at(PLACE), small("mine", "6-31g", "6-31g")).layout == 1
    sent = task.model_dump(mode="json")
    assert (task.fragments["host"].n_electrons, task.fragments["host"].n_frozen) == (26, 4)
    assert sent["fragments"]["probe"]["ecp"] == {}
    back = compute_fragment(sent["fragments"]["host"], sent["recipe"], 1000)
    here = energies(molecule(host_atoms(HI, "def2-svp"), [Atom("He", PLACE, "6-31g")]), 4)
    assert back["hf_hartree"] == pytest.approx(here[0], abs=1e-9)
    assert back["hf_hartree"] + back["ccsd_hartree"] + back["triples_hartree"] == pytest.approx(here[1], abs=3e-8)
    assert (back["n_electrons"], back["n_basis"]) == (26, task.fragments["host"].n_basis)
