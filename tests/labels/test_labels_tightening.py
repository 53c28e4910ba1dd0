"""Retries at tighter settings with PySCF: the same quantity, from calculations that need them."""

from typing import Any

import pytest

from nci_core.errors import NotConvergedError
from nci_core.labels import ccsdt
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.geometry import fragments
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.labels.resuming import identity
from nci_core.labels.tightening import STEPS
from nci_core.systems import Dimer, Monomer

TINY = Recipe(name="tiny", host_basis={"*": "6-31g**"}, probe_basis="6-31g**")
FITTED = TINY.model_copy(update={"name": "fitted", "integrals": "fitted"})
POINT = [0.0, 0.0, 3.0]


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    return Dimer(Monomer("hydrogen", ("H", "H"), [[0, 0, -0.3707], [0, 0, 0.3707]]), Monomer.atom("He"))  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=[TINY, FITTED], ids=lambda recipe: recipe.name)
def plain(dimer: Dimer, request: pytest.FixtureRequest) -> LabelResult:
    return compute_label(dimer.at(POINT), request.param)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"step {step.step}")
def test_a_tightened_label_is_the_same_quantity(dimer: Dimer, step: Any, plain: LabelResult) -> None:
    tightened = compute_label(dimer.at(POINT), Recipe.model_validate(plain.recipe), tightening=step)
    assert (tightened.geometry_hash, tightened.recipe_hash) == (plain.geometry_hash, plain.recipe_hash)
    assert (plain.tightened, tightened.tightened) == (None, step)
    # CCSD stops at 1e-8 hartree in each of three fragments; eV.
    assert tightened.energy_ev == pytest.approx(plain.energy_ev, abs=3 * 1e-8 * 27.3)
    cycles = [sum(f.cc_cycles for f in found.fragments.values()) for found in (plain, tightened)]
    assert cycles[1] > cycles[0], "tighter thresholds take more iterations"


def test_what_does_not_converge_is_said_and_more_cycles_help(dimer: Dimer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccsdt, "CC_CYCLES", 3)
    with pytest.raises(NotConvergedError, match="CCSD of the probe did not converge in 3 cycles"):
        compute_label(dimer.at(POINT), TINY)
    assert compute_label(dimer.at(POINT), TINY, tightening=STEPS[0]).tightened == STEPS[0]


def test_it_descends_from_a_saddle_point() -> None:
    """H2 with both electrons in the antibonding orbital: stationary by symmetry, and the wrong solution."""
    from pyscf import gto, scf

    mf = scf.RHF(gto.M(atom="H 0 0 0; H 0 0 0.7414", basis="sto-3g", verbose=0)).run()
    ground = mf.e_tot
    mf.mo_coeff, mf.mo_energy = mf.mo_coeff[:, ::-1].copy(), mf.mo_energy[::-1].copy()
    mf.e_tot = mf.energy_tot(mf.make_rdm1())
    assert mf.e_tot > ground + 0.5
    STEPS[0].finish_hf(mf)
    assert mf.converged
    assert mf.e_tot == pytest.approx(ground, abs=1e-8)  # second-order steps end at 1e-9 by default


def test_second_order_steps_finish_what_diis_could_not() -> None:
    from pyscf import gto, scf

    mol = gto.M(atom="H 0 0 0; F 0 0 0.95", basis="6-31g", verbose=0)
    known = scf.RHF(mol).run(conv_tol=1e-11).e_tot
    mf = scf.RHF(mol)
    mf.max_cycle = 1
    mf.kernel()
    assert not mf.converged
    mf.max_cycle = 50
    STEPS[0].finish_hf(mf)
    assert mf.converged
    assert mf.e_tot == pytest.approx(known, abs=1e-8)


def test_pieces_of_another_tightness_are_not_taken_up(dimer: Dimer) -> None:
    spec = fragments(dimer.at(POINT), TINY)["host"]
    found = [identity(spec, "host", "g", TINY.hash, settings) for settings in (None, *STEPS)]
    assert len({item["calculation"] for item in found}) == 3
    assert found[0] == identity(spec, "host", "g", TINY.hash), "what earlier versions kept is still good"
