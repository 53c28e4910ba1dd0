"""Inputs hold the calculation: read back by PySCF they are the same molecule, basis and energy."""

import re
from typing import Any

import numpy as np
import pytest
from tiny_label import TINY

from nci_core.labels.elsewhere.inputs import PROGRAMS, CannotExpressError, Program, squeezed, write_input
from nci_core.labels.elsewhere.task import FRAGMENTS, FragmentName, LabelTask
from nci_core.labels.geometry import fragments
from nci_core.labels.recipes import Recipe
from nci_core.systems import Dimer, Monomer

POSITION = np.array([0.4, 0.3, 2.9])
LETTERS = "spdfg"


def dimer(probe: str = "Ne") -> Dimer:
    return Dimer(Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]])), Monomer.atom(probe))


@pytest.fixture(scope="module")
def task() -> LabelTask:
    # Neon: a core to freeze, and cc-pvdz of it has general contractions and d functions.
    return LabelTask.build(dimer().at(POSITION), TINY)


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def read_psi4(text: str) -> tuple[list[Any], dict[str, Any]]:
    atoms = [
        (f"GHOST-{ghost}" if ghost else name, numbers(rest))
        for ghost, name, rest in re.findall(r"^(?:Gh\((\w+)\)|([A-Z]\w*)) (-?\d\S* \S+ \S+)$", text, re.MULTILINE)
        if len(numbers(rest)) == 3 and not re.fullmatch(r"[SPDFG]", name)
    ]
    basis: dict[str, Any] = {}
    assigned = dict(re.findall(r"^assign (\w+) (\w+)$", text, re.MULTILINE))
    for label, name in assigned.items():
        block = text.split(f"[{name}]\nspherical\n****\n")[1].split("****")[0].splitlines()[1:]
        shells: list[Any] = []
        for line in block:
            if line[0].isalpha():
                shells.append([LETTERS.index(line[0].lower())])
            else:
                shells[-1].append(numbers(line))
        basis[label] = shells
    return atoms, basis


def read_orca(text: str) -> tuple[list[Any], dict[str, Any]]:
    atoms: list[Any] = []
    basis: dict[str, Any] = {}
    body = text.split("* xyz 0 1\n")[1].rsplit("*", 1)[0]
    for number, block in enumerate(filter(None, body.split("end\n"))):
        head, _, *rows = block.splitlines()
        symbol, ghost, place = re.fullmatch(r"([A-Z][a-z]?)(:)? (.*)", head).groups()  # type: ignore[union-attr]
        label = f"{symbol}{number + 100}"
        atoms.append((f"GHOST-{label}" if ghost else label, numbers(place)))
        shells: list[Any] = []
        for line in rows:
            if line[0].isalpha():
                shells.append([LETTERS.index(line[0].lower())])
            else:
                shells[-1].append(numbers(line)[1:])
        basis[label] = shells
    return atoms, basis


def read_molpro(text: str) -> tuple[list[Any], dict[str, Any]]:
    ghosts = next(iter(re.findall(r"^dummy,(.*)$", text, re.MULTILINE)), "").split(",")
    rows = [line.split(",") for line in text.split("geometry={\n")[1].split("\n}")[0].splitlines()]
    atoms = [(f"GHOST-{r[0]}" if r[0] in ghosts else r[0], [float(x) for x in r[1:]]) for r in rows]
    basis: dict[str, Any] = {}
    for line in text.split("basis={\n")[1].split("\n}")[0].splitlines():
        kind, label, *rest = line.split(",")
        if kind != "c":
            letter, here, exponents = LETTERS.index(kind), label, [float(x) for x in rest]
        else:
            first, last = (int(x) for x in label.split("."))
            pairs = zip(exponents[first - 1 : last], map(float, rest), strict=True)
            basis.setdefault(here, []).append([letter, *[list(pair) for pair in pairs]])
    return atoms, basis


READERS = {"psi4": read_psi4, "orca": read_orca, "molpro": read_molpro}


def hartree_fock(atoms: list[Any], basis: dict[str, Any]) -> tuple[int, float, float]:
    from pyscf import gto, scf

    labels = {label for label, _ in atoms}
    both = {k: v for name, v in basis.items() for k in (name, f"GHOST-{name}") if k in labels}
    mol = gto.M(atom=[(label, tuple(place)) for label, place in atoms], basis=both, unit="Angstrom", verbose=0)
    mf = scf.RHF(mol).run(conv_tol=1e-12)
    return int(mol.nao), float(mol.energy_nuc()), float(mf.e_tot)


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_input_is_the_calculation_of_the_recipe(task: LabelTask, program: Program, fragment: FragmentName) -> None:
    from pyscf import scf

    size, repulsion, energy = hartree_fock(*READERS[program](write_input(program, task, fragment)))
    spec = task.fragments[fragment]
    mol = fragments(dimer().at(POSITION), TINY)[fragment].molecule()
    assert size == spec.n_basis == mol.nao
    # Coordinates are written to 1e-12 Å, Hartree-Fock converges to 1e-12 hartree.
    assert repulsion == pytest.approx(mol.energy_nuc(), abs=1e-10)
    assert energy == pytest.approx(scf.RHF(mol).run(conv_tol=1e-12).e_tot, abs=1e-9)


def test_frozen_cores_electrons_and_thresholds_are_said(task: LabelTask) -> None:
    psi4, orca, molpro = (write_input(program, task, "probe") for program in PROGRAMS)
    assert "num_frozen_docc 1" in psi4
    assert "FrozenCore -2 end" in orca
    assert "core,1}" in molpro
    assert "wf,10,1,0" in molpro
    assert "e_convergence 1e-11" in psi4
    assert "r_convergence 1e-06" in psi4
    assert "STol 1e-06" in orca
    assert "energy=1.0d-11" in molpro
    # H2 has no core and no triple excitations.
    psi4, orca, molpro = (write_input(program, task, "host") for program in PROGRAMS)
    assert "num_frozen_docc 0" in psi4
    assert "energy('ccsd')" in psi4
    assert "FrozenCore FC_NONE" in orca
    assert "! RHF CCSD VeryTightSCF" in orca
    assert "{ccsd;maxit,100;core,0}" in molpro


def test_only_memory_and_processors_may_change() -> None:
    task = LabelTask.build(dimer("He").at(POSITION), TINY)
    for program in PROGRAMS:
        text = write_input(program, task, "dimer")
        adapted = text.replace("memory 4 GB", "memory 90 GB").replace("%maxcore 4000", "%maxcore 9000")
        adapted = adapted.replace("nprocs 1", "nprocs 16").replace("memory,500,m", "memory,4,g")
        assert adapted != text
        assert squeezed(adapted) == squeezed(text)
        assert squeezed(text.replace("-0.37", "-0.38")) != squeezed(text)


def test_what_a_program_cannot_do_is_said() -> None:
    small = Recipe(name="small", host_basis={"*": "3-21g"}, probe_basis="3-21g")
    xenon = LabelTask.build(dimer("Xe").at([0.0, 0.0, 4.5]), small)
    with pytest.raises(CannotExpressError, match="Xe would get an effective core potential"):
        write_input("orca", xenon, "host")
    assert "Gh(Xe2)" in write_input("psi4", xenon, "host")
    high = LabelTask.build(dimer("He").at(POSITION), TINY)
    high.fragments["dimer"].basis["He2"].append([6, [1.0, 1.0]])
    with pytest.raises(CannotExpressError, match="angular momentum 6, more than 5"):
        write_input("psi4", high, "probe")
    assert "i,He2,1.0" in write_input("molpro", high, "dimer")
