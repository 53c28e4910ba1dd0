"""Reading outputs that are made up in the forms of published ones, of versions with more and with fewer digits."""

from dataclasses import replace

import numpy as np
import pytest
from made_outputs import NUMBERS, made, molpro, orca, orca5
from tiny_label import TINY

from nci_core.errors import InputError
from nci_core.labels.elsewhere.inputs import PROGRAMS, Program, write_input
from nci_core.labels.elsewhere.outputs import read_output
from nci_core.labels.elsewhere.results import label_from_outputs
from nci_core.labels.elsewhere.task import FRAGMENTS, FragmentName, LabelTask
from nci_core.labels.prediction_error import PredictionError
from nci_core.systems import Dimer, Monomer
from nci_core.units import CM1_EV, HARTREE_EV

KNOWN = TINY.model_copy(update={"prediction_error": PredictionError(floor_cm1=0.3, shares={"triples": 0.2})})


@pytest.fixture(scope="module")
def task() -> LabelTask:
    host = Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]]))
    return LabelTask.build(Dimer(host, Monomer.atom("He")).at([0.4, 0.3, 2.9]), KNOWN)


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_energies_are_read(task: LabelTask, program: Program, fragment: FragmentName) -> None:
    found, expected = read_output(program, made(program, task, fragment), task, fragment), NUMBERS[fragment]
    # Outputs print twelve digits, ORCA nine of HF and (T).
    digits = 1e-9 if program == "orca" else 2e-12
    assert found.hf_hartree == pytest.approx(expected.hf, abs=digits)
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
    assert label.recipe_std_cm1 == pytest.approx(np.hypot(0.3, 0.2 * label.triples_ev / CM1_EV))
    assert label.consistent() is label
    assert label.geometry_hash == task.geometry_hash
    assert label.environment.versions["program"].lower() == program
    assert "this reader is experimental" in label.warnings[0]
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
        "has 10 electrons instead of 4": ("Electrons    = 4", "Electrons    = 10"),
        "freezes 1 orbitals instead of 0": ("\t    0\t    2\t", "\t    1\t    2\t"),
        "not the sum of its parts": ('"CCSD(T) TOTAL ENERGY"       =>      -4', '"CCSD(T) TOTAL ENERGY" => -5'),
        "two different Hartree-Fock energies": ("@RHF Final Energy:   -3", "@RHF Final Energy:   -2"),
    },
    "orca": {
        "Hartree-Fock": ("SCF CONVERGED AFTER", "SCF NOT CONVERGED AFTER"),
        "CCSD converged": ("The Coupled-Cluster iterations have converged", "The iterations have NOT converged"),
        "finished ORCA": ("ORCA TERMINATED NORMALLY", "ORCA finished by error termination in MDCI"),
        "correlates 2 electrons instead of 4": (
            "correlated electrons             ...      4",
            "correlated electrons ... 2",
        ),
        "no (T) correction": ("Triples Correction (T) ", "Triples Correction "),
        "not the sum of E(0), E(CORR) and (T)": ("SINGLE POINT ENERGY        -4", "SINGLE POINT ENERGY -5"),
        "not that of its CCSD": ("Total Energy       :       -3.9841001", "Total Energy       :       -3.9841011"),
        "has 6 electrons instead of 4": (
            "Number of electrons                        ...      4",
            "Number of electrons ... 6",
        ),
        "no nuclear repulsion energy": ("Nuclear Repulsion ", "Repulsion "),
    },
    "molpro": {
        "did not converge or failed": (" Molpro calculation", " ? No convergence\n Molpro calculation"),
        "Hartree-Fock": ("!RHF STATE  1.1 Energy", "!RHF STATE  1.1 Dipole"),
        "CCSD converged": ("CCSD total energy", "MP2 total energy"),
        "finished Molpro": ("Molpro calculation terminated", "Killed"),
        "no CCSD(T) energy": ("!CCSD(T) total energy", "!CCSD[T] total energy"),
        "no T1 diagnostic": ("T1 diagnostic:", "D1 diagnostic:"),
        "has 3 electron pairs instead of 2": ("ELECTRONS:       2+    2-", "ELECTRONS:       3+    3-"),
        "correlates 1 orbitals instead of 2": ("closed-shell orbitals:   2", "closed-shell orbitals:   1"),
        "a CCSD energy that is not the sum": (
            "CCSD correlation energy             ",
            "CCSD correlation energy -1.0 was ",
        ),
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


def test_the_reader_of_orca_asks_for_no_digits_that_orca_does_not_print(task: LabelTask) -> None:
    """ORCA 5 prints the SCF energy with 8 decimals, and its E(0) differs from it where the SCF's threshold is loose."""
    echo, part = write_input("orca", task, "dimer"), task.fragments["dimer"]
    for gap in (0.0, 4.9e-9, -1.4e-7):
        n = replace(NUMBERS["dimer"], gap=gap)
        for text in (orca5(echo, n, part), orca(echo, n, part)):
            found = read_output("orca", text, task, "dimer")
            assert found.hf_hartree == pytest.approx(n.hf, abs=0.5e-9)
            sums = found.hf_hartree + found.ccsd_hartree + found.triples_hartree
            assert sums == pytest.approx(n.hf + n.ccsd + n.triples, abs=1e-12), "the total has twelve digits"
    # A sum that is off by more than three times half a unit of nine decimals is damage.
    for gap, fits in ((1.2e-9, True), (5e-9, False)):
        old = f"FINAL SINGLE POINT ENERGY    {n.hf + n.ccsd + n.triples:19.12f}"
        rounded = round(n.hf, 9) + round(n.ccsd, 9) + round(n.triples, 9)
        text = orca(echo, n, part).replace(old, f"FINAL SINGLE POINT ENERGY    {rounded + gap:19.12f}")
        if fits:
            read_output("orca", text, task, "dimer")
        else:
            with pytest.raises(InputError, match="not the sum of"):
                read_output("orca", text, task, "dimer")


@pytest.mark.parametrize("end", ["Variable memory released", "Molpro calculation terminated with 1 warning(s)"])
def test_molpro_ends_as_in_2012_or_with_warnings(task: LabelTask, end: str) -> None:
    text = molpro(write_input("molpro", task, "host"), NUMBERS["host"], task.fragments["host"], end=end)
    assert read_output("molpro", text, task, "host").hf_hartree == pytest.approx(NUMBERS["host"].hf, abs=1e-12)


@pytest.mark.parametrize("program", PROGRAMS)
def test_two_runs_in_one_output_are_refused(task: LabelTask, program: Program) -> None:
    """The last numbers of the text may be of a second run that broke off."""
    text = made(program, task, "dimer")
    ends = {"psi4": "Iterations converged", "orca": "COUPLED CLUSTER ENERGY", "molpro": "RESULTS"}
    for second in (text, text[: text.index(ends[program])]):
        with pytest.raises(InputError, match="holds more than one calculation"):
            read_output(program, text + second, task, "dimer")


def test_forged_energies_of_outputs_are_refused(task: LabelTask) -> None:
    for numbers, reason in (
        ({"dimer": replace(NUMBERS["dimer"], ccsd=0.02)}, "the CCSD correlation energy of the dimer is 0.02"),
        ({"host": replace(NUMBERS["host"], ccsd=-0.3)}, "the CCSD correlation energy of the host is -0.3"),
        ({"dimer": replace(NUMBERS["dimer"], ccsd=-0.08)}, "the interaction's CCSD correlation energy is -0.022"),
        ({"dimer": replace(NUMBERS["dimer"], triples=-0.02)}, r"the \(T\) energy of the dimer is -0.02"),
        ({"dimer": replace(NUMBERS["dimer"], hf=-4.2)}, "the interaction's Hartree-Fock energy is -0.21"),
        ({"probe": replace(NUMBERS["probe"], t1=1.5)}, "the T1 diagnostic of the probe is 1.5"),
    ):
        texts = {f: made("molpro", task, f, numbers=NUMBERS | numbers) for f in FRAGMENTS}
        with pytest.raises(InputError, match=reason):
            label_from_outputs("molpro", texts, task, "here")
