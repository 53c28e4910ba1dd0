"""Inputs for other programs hold the effective core potentials, of real atoms only, as numbers."""

import re
from typing import Any

import numpy as np
import pytest
from pyscf import gto

from nci_core.labels.checked_recipe import check_recipe
from nci_core.labels.elsewhere.inputs import CannotExpressError, Program, core_potential, decimal, write_input
from nci_core.labels.elsewhere.task import LabelTask
from nci_core.labels.recipes import Recipe
from nci_core.systems import Dimer, Monomer

POSITION = np.array([1.2, 0.3, 3.5])
LETTERS = "spdfg"


@pytest.fixture(scope="module")
def task() -> LabelTask:
    dimer = Dimer(Monomer("hi", ("I", "H"), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.609]])), Monomer.atom("Xe"))
    recipe = Recipe(name="mine", host_basis={"*": "def2-svp"}, probe_basis="lanl2dz")
    return LabelTask.build(dimer.at(POSITION), check_recipe(recipe, dimer).recipe)


def read_psi4(text: str) -> dict[str, list[Any]]:
    """Potentials by element, as Psi4's parser of Gaussian's format reads them."""
    found: dict[str, list[Any]] = {}
    for element, highest, core, body in re.findall(
        r"^(\w+)-ECP (\d+) (\d+)\n(.*?)\*{4}$", text, re.MULTILINE | re.DOTALL
    ):
        lines = body.splitlines()
        parts: list[Any] = []
        for _ in range(int(highest) + 1):
            head, count = lines.pop(0), int(lines.pop(0))
            rows = [lines.pop(0).split() for _ in range(count)]
            assert all("." in number for row in rows for number in row[1:])
            parts.append([head[0], [[int(n), float(e), float(c)] for n, e, c in rows]])
        assert not lines
        found[element] = [int(core), parts]
    return found


def read_molpro(text: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    lines = text.split("basis={\n")[1].split("\n}")[0].splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("ecp,"):
            continue
        _, label, core, highest, spin_orbit = line.split(",")
        assert spin_orbit == "0"
        parts = []
        for letter, row in zip(
            [LETTERS[int(highest)], *LETTERS], lines[number + 1 : number + 2 + int(highest)], strict=False
        ):
            count, *terms = row.split(";")
            assert len(terms) == int(count)
            parts.append([letter, [[int(n), float(e), float(c)] for n, e, c in (t.split(",") for t in terms)]])
        found[label.rstrip("0123456789")] = [int(core), parts]
    return found


def integrals(symbol: str, core: int, parts: list[Any]) -> np.ndarray:
    """Integrals of a potential as read back, in functions of that atom."""
    local, *others = parts
    blocks: list[Any] = []
    for momentum, (_, terms) in [(-1, local), *enumerate(others)]:
        powers: list[list[list[float]]] = [[] for _ in range(7)]
        for n, exponent, coefficient in terms:
            powers[n].append([exponent, coefficient])
        blocks.append([momentum, powers])
    mol = gto.M(atom=symbol, basis="def2-svp", ecp={symbol: [core, blocks]}, spin=None, verbose=0)
    return np.asarray(mol.intor("ECPscalar"))


@pytest.mark.parametrize(("program", "read"), [("psi4", read_psi4), ("molpro", read_molpro)])
def test_a_potential_comes_back_as_it_was(task: LabelTask, program: Program, read: Any) -> None:
    of = {name: read(write_input(program, task, name)) for name in ("dimer", "host", "probe")}
    assert {name: set(found) for name, found in of.items()} == {"dimer": {"I", "Xe"}, "host": {"I"}, "probe": {"Xe"}}
    for symbol, basis, core in (("I", "def2-svp", 28), ("Xe", "lanl2dz", 46)):
        electrons, parts = of["dimer"][symbol]
        assert electrons == core
        assert [letter for letter, _ in parts] == [parts[0][0], *LETTERS[: len(parts) - 1]]
        assert parts[0][0] == LETTERS[len(parts) - 1]
        named = gto.M(atom=symbol, basis="def2-svp", ecp={symbol: basis}, spin=None, verbose=0).intor("ECPscalar")
        assert np.abs(named).max() > 1
        assert np.allclose(integrals(symbol, electrons, parts), named, atol=1e-10)


def test_electrons_and_frozen_orbitals_are_without_the_replaced_ones(task: LabelTask) -> None:
    assert "wf,34,1,0" in write_input("molpro", task, "dimer")
    assert "core,4}" in write_input("molpro", task, "dimer")
    assert "num_frozen_docc 4" in write_input("psi4", task, "host")
    assert "num_frozen_docc 0" in write_input("psi4", task, "probe")


def test_what_is_not_written_for_a_program_is_said(task: LabelTask) -> None:
    with pytest.raises(CannotExpressError, match="I has an effective core potential, which is not written"):
        write_input("orca", task, "dimer")
    coupled = task.model_copy(deep=True)
    coupled.fragments["dimer"].ecp["I1"][1][1][1][2][0].append(0.5)
    with pytest.raises(CannotExpressError, match="I has a core potential with spin-orbit terms"):
        write_input("psi4", coupled, "dimer")


def test_a_momentum_without_terms_is_counted() -> None:
    empty: list[list[list[float]]] = [[], [], []]
    parts = core_potential([10, [[-1, empty], [1, [[], [], [[2.0, 5.0]]]]]])
    assert parts == [("d", [[2, 1.0, 0.0]]), ("s", [[2, 1.0, 0.0]]), ("p", [[2, 2.0, 5.0]])]


def test_psi4_gets_numbers_with_a_decimal_point() -> None:
    """It reads 9e-06 as 9: cc-pV5Z has such coefficients."""
    dimer = Dimer(Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]])), Monomer.atom("Ne"))
    task = LabelTask.build(dimer.at(POSITION), Recipe(name="mine", host_basis={"*": "6-31g"}, probe_basis="cc-pv5z"))
    small = [
        float(c)
        for shell in task.fragments["probe"].basis["Ne2"]
        for row in shell[1:]
        for c in row[1:]
        if 0 < abs(c) < 1e-4
    ]  # type: ignore[union-attr]
    assert small, "there are coefficients that Python writes with a power"
    text = write_input("psi4", task, "probe")
    rows = re.findall(r"^(\S+) (\S+)$", text.split("[nci_ne2]")[1].split("}")[0], re.MULTILINE)
    assert any("e-" in coefficient for _, coefficient in rows)
    assert all("." in number for row in rows for number in row if re.match(r"[-\d]", number) and row[0] != "Ne")
    assert (decimal(-9e-06), decimal(1.5e-07)) == ("-9.0e-06", "1.5e-07")
