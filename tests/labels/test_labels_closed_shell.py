"""Molecules and atoms whose ground state is no closed shell are found before a label is computed."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read

from nci_core.errors import LabelError
from nci_core.labels import closed_shell
from nci_core.labels.closed_shell import ShellCheck, check_monomer, check_monomers
from nci_core.systems import Dimer, Monomer, builtin_monomer

INPUTS = Path(__file__).parents[1] / "inputs"


def check(symbols: list[str], positions: object) -> ShellCheck:
    return check_monomer("it", tuple(symbols), np.array(positions, dtype=float))


@pytest.mark.parametrize(("name", "below_ev"), [("o2", 1.4), ("ch2", 1.5)])
def test_triplet_molecules_are_refused(name: str, below_ev: float) -> None:
    atoms = read(INPUTS / f"{name}.xyz")
    found = check(atoms.get_chemical_symbols(), atoms.positions)
    # MP2 in def2-SVP; the values in the sentence have one decimal.
    assert found.triplet_ev == pytest.approx(-below_ev, abs=0.1)
    with pytest.raises(LabelError, match=rf"triplet lies {below_ev} eV below the closed shell"):
        found.require_closed_shell()


@pytest.mark.parametrize("symbol", ["O", "C", "S", "Si"])
def test_triplet_atoms_are_refused(symbol: str) -> None:
    with pytest.raises(LabelError, match="ground state of probe"):
        check_monomer(f"probe {symbol}", (symbol,), np.zeros((1, 3))).require_closed_shell()


@pytest.mark.parametrize("formula", ["H2O", "O3", "SiH2_s1A1d", "F2"])
def test_closed_shells_pass_also_those_that_hartree_fock_alone_would_refuse(formula: str) -> None:
    """Hartree–Fock puts the triplet of ozone 2.5 eV below its singlet; in truth it lies 1.2 eV above."""
    atoms = molecule(formula)
    found = check(atoms.get_chemical_symbols(), atoms.positions)
    found.require_closed_shell()
    assert found.triplet_ev > 0.5
    assert found.doubt() is None


def test_a_solution_that_is_not_the_lowest_sets_labels_aside() -> None:
    found = check(["C", "C"], [[0, 0, 0], [0, 0, 1.243]])
    found.require_closed_shell()  # the ground state of C2 is a singlet
    doubt = found.doubt()
    assert doubt is not None
    assert (doubt.code, "internal instability" in doubt.sentence) == ("open-shell", True)


def test_a_small_gap_sets_labels_aside() -> None:
    assert ShellCheck(monomer="it", gap_ev=1.2, triplet_ev=0.3, stable=True).doubt() is not None
    assert ShellCheck(monomer="it", gap_ev=6.0, triplet_ev=0.3, stable=True).doubt() is None


def test_heavy_atoms_have_their_core_potential() -> None:
    """Mercury, 60 of its electrons in the potential: (6s)² is closed."""
    found = check(["Hg"], np.zeros((1, 3)))
    found.require_closed_shell()
    assert found.gap_ev == pytest.approx(11.1, abs=0.1)


def test_only_what_is_not_known_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(closed_shell, "check_monomer", lambda name, *_: asked.append(name))
    check_monomers(Dimer(builtin_monomer("benzene"), Monomer.atom("Ar")))
    check_monomers(Dimer(Monomer("h2", ("H", "H"), np.array([[0, 0, 0], [0, 0, 0.74]])), Monomer.atom("Be")))
    assert asked == ["h2", "probe Be"]
