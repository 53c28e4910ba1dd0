"""CCSD that starts on a GPU: whatever the GPU gives, the label is the processor's. No GPU is needed here."""

from typing import Any

import numpy as np
import pytest

from nci_core.reference import accelerator
from nci_core.reference.ccsdt import compute_label
from nci_core.reference.labels import LabelResult
from nci_core.reference.recipes import Recipe
from nci_core.systems import Dimer, Host

RECIPE = Recipe(name="equal", host_basis={"*": "aug-cc-pvdz"}, probe_basis="aug-cc-pvdz")


def label() -> LabelResult:
    return compute_label(Dimer(Host("helium", ("He",), np.zeros((1, 3))), "He"), [0.0, 0.0, 3.0], RECIPE)


@pytest.fixture(scope="module")
def plain() -> LabelResult:
    return label()


def solver(spoil: float = 0.0, fail: bool = False) -> Any:
    """PySCF's own class in the place of gpu4pyscf's, whose interface is the same."""
    from pyscf import cc

    def make(mf: Any, frozen: Any = None) -> Any:
        made = cc.CCSD(mf, frozen=frozen)
        kernel = made.kernel

        def run() -> Any:
            if fail:
                raise MemoryError("out of memory on the device")
            kernel()
            made.t2 = made.t2 + spoil
            return made.e_corr

        made.kernel = run
        return made

    return make


def test_right_amplitudes_leave_little_to_do(plain: LabelResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "gpu_solver", lambda: solver())
    monkeypatch.setattr("nci_core.reference.environment.gpu_name", lambda: "a GPU")
    found = label()
    assert found.environment.gpu == "a GPU"
    # Both stop at 1e-8 hartree a fragment.
    assert found.energy_ev == pytest.approx(plain.energy_ev, abs=3e-8 * 27.2)
    assert found.fragments["dimer"].cc_cycles < plain.fragments["dimer"].cc_cycles / 2


@pytest.mark.parametrize("bad", [solver(spoil=0.01), solver(fail=True), solver(spoil=float("nan"))])
def test_a_gpu_that_computes_wrong_or_fails_changes_nothing(
    bad: Any, plain: LabelResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accelerator, "gpu_solver", lambda: bad)
    monkeypatch.setattr("nci_core.reference.environment.gpu_name", lambda: "a GPU")
    assert label().energy_ev == pytest.approx(plain.energy_ev, abs=3e-8 * 27.2)


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_GPU", "0")
    assert accelerator.gpu_solver() is None
    assert accelerator.gpu_name() == ""
