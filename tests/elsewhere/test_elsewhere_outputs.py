"""Reading outputs that are made up after the programs' documentation; real ones were not at hand."""

import numpy as np
import pytest
from made_outputs import NUMBERS, made
from tiny_label import TINY

from nci_core.errors import InputError
from nci_core.reference.elsewhere.inputs import PROGRAMS, Program, write_input
from nci_core.reference.elsewhere.outputs import read_output
from nci_core.reference.elsewhere.results import label_from_outputs
from nci_core.reference.elsewhere.task import FRAGMENTS, FragmentName, LabelTask
from nci_core.systems import Dimer, Host
from nci_core.units import HARTREE_EV


@pytest.fixture(scope="module")
def task() -> LabelTask:
    host = Host("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]]))
    return LabelTask.build(Dimer(host, "He"), [0.4, 0.3, 2.9], TINY)


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_energies_are_read(task: LabelTask, program: Program, fragment: FragmentName) -> None:
    found, expected = read_output(program, made(program, task, fragment), task, fragment), NUMBERS[fragment]
    # Outputs print twelve digits, ORCA nine of (T).
    digits = 2e-9 if program == "orca" else 2e-12
    assert found.hf_hartree == pytest.approx(expected.hf, abs=1e-12)
    assert found.ccsd_hartree == pytest.approx(expected.ccsd, abs=digits)
    assert found.triples_hartree == pytest.approx(expected.triples, abs=digits)
    assert found.t1_diagnostic == pytest.approx(expected.t1, abs=1e-8)
    assert found.wall_seconds == 62.5
    assert found.version == {"psi4": "1.9.1", "orca": "6.0.1", "molpro": "2023.2"}[program]


@pytest.mark.parametrize("program", PROGRAMS)
def test_three_outputs_are_a_label_that_says_where_it_comes_from(task: LabelTask, program: Program) -> None:
    label = label_from_outputs(program, {f: made(program, task, f) for f in FRAGMENTS}, task, "here")
    sums = {f: NUMBERS[f].hf + NUMBERS[f].ccsd + NUMBERS[f].triples for f in FRAGMENTS}
    # The total has twelve digits in all three programs.
    assert label.energy_ev == pytest.approx((sums["dimer"] - sums["host"] - sums["probe"]) * HARTREE_EV, abs=2e-10)
    assert label.consistent() is label
    assert label.geometry_hash == task.geometry_hash
    assert label.environment.versions["program"].lower() == program
    assert "has not been tested on real ones" in label.warnings[0]
    assert label.wall_seconds == 187.5


BROKEN = {
    "psi4": {
        "Hartree-Fock": ("Energy and wave function converged", "Failed to converge"),
        "CCSD converged": ("Iterations converged", "Iterations did not converge"),
        "finished Psi4": ("*** Psi4 exiting successfully", "*** Psi4 encountered an error"),
        "no variable SCF TOTAL ENERGY": ('"SCF TOTAL ENERGY"', '"SCF ITERATION ENERGY"'),
        "no variable (T) CORRECTION ENERGY": ('"(T) CORRECTION ENERGY"', '"MP2 TOTAL ENERGY"'),
        "no variable CC T1 DIAGNOSTIC": ('"CC T1 DIAGNOSTIC"', '"CC D1 DIAGNOSTIC"'),
        "no number of basis functions": ("Number of basis functions:", "Number of functions:"),
    },
    "orca": {
        "Hartree-Fock": ("SCF CONVERGED AFTER", "SCF NOT CONVERGED AFTER"),
        "CCSD converged": ("The Coupled-Cluster iterations have converged", "The iterations have NOT converged"),
        "finished ORCA": ("ORCA TERMINATED NORMALLY", "ORCA finished by error termination in MDCI"),
        "correlates 2 electrons instead of 4": ("correlated electrons             ... 4", "correlated electrons ... 2"),
        "no (T) correction": ("Triples Correction (T) ", "Triples Correction "),
        "not the sum of HF, CCSD and (T)": ("FINAL SINGLE POINT ENERGY     -4", "FINAL SINGLE POINT ENERGY     -5"),
        "no nuclear repulsion energy": ("Nuclear Repulsion ", "Repulsion "),
    },
    "molpro": {
        "did not converge or failed": (" Molpro calculation", " ? No convergence\n Molpro calculation"),
        "Hartree-Fock": ("!RHF STATE 1.1 Energy", "!RHF STATE 1.1 Dipole"),
        "CCSD converged": ("CCSD total energy", "MP2 total energy"),
        "finished Molpro": ("Molpro calculation terminated", "Killed"),
        "no CCSD(T) energy": ("!CCSD(T) total energy", "!CCSD[T] total energy"),
        "no T1 diagnostic": ("T1 diagnostic:", "D1 diagnostic:"),
    },
}


@pytest.mark.parametrize(
    ("program", "reason"), [(program, reason) for program, cases in BROKEN.items() for reason in cases]
)
def test_an_output_that_lacks_something_is_refused(task: LabelTask, program: Program, reason: str) -> None:
    old, new = BROKEN[program][reason]
    text = made(program, task, "dimer")
    assert old in text
    with pytest.raises(InputError) as refused:
        read_output(program, text.replace(old, new), task, "dimer", "dimer.out")
    assert reason in str(refused.value)
    assert str(refused.value).startswith("dimer.out ")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("case", ["another fragment", "another geometry", "another option", "no input"])
def test_an_output_of_another_input_is_refused(task: LabelTask, program: Program, case: str) -> None:
    text = write_input(program, task, "dimer")
    echo = {
        "another fragment": write_input(program, task, "host"),
        "another geometry": text.replace("0.370000000000", "0.380000000000"),
        "another option": text.replace("1e-06", "1e-03").replace("1.0d-06", "1.0d-03"),
        "no input": "",
    }[case]
    assert echo != text
    with pytest.raises(InputError, match="does not repeat the dimer's input"):
        read_output(program, made(program, task, "dimer", echo=echo), task, "dimer")


@pytest.mark.parametrize("program", PROGRAMS)
def test_sizes_and_parts_are_checked(task: LabelTask, program: Program) -> None:
    texts = {f: made(program, task, f) for f in FRAGMENTS}
    size = str(task.fragments["host"].n_basis)
    another = texts | {"host": texts["host"].replace(f" {size}\n", " 99\n").replace(f" {size} ", " 99 ")}
    with pytest.raises(InputError, match="the host has 99 basis functions"):
        label_from_outputs(program, another, task, "here")
    repulsion = f"{task.fragments['host'].nuclear_repulsion_hartree:.8f}"[:6]
    another = texts | {"host": texts["host"].replace(f" {repulsion}", " 0.7100")}
    with pytest.raises(InputError, match=r"nuclear repulsion of the host is 0\.71"):
        label_from_outputs(program, another, task, "here")
    with pytest.raises(InputError, match=f"{program}-probe.out is missing"):
        label_from_outputs(program, {f: texts[f] for f in ("dimer", "host")}, task, "here")
