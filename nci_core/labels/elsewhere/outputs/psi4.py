"""Outputs of Psi4 (forms of 1.2 to 1.9): module ccenergy, and the variables that print_variables() lists."""

import re

from nci_core.labels.elsewhere.outputs.text import COUNT, NUMBER, FragmentOutput, Output, Printed
from nci_core.labels.elsewhere.task import FragmentTask


def read_psi4(output: Output, task: FragmentTask) -> FragmentOutput:
    """From the list of variables, twelve digits each; totals and the SCF's own report must agree with them."""
    output.require(
        r"^\*\*\* Psi4 exiting successfully",
        r"^[ \t]*Energy (?:and wave function )?converged",
        r"^[ \t]*Iterations converged",
    )

    def variable(name: str) -> Printed:
        return output.number(rf'"{re.escape(name)}"[ \t]*=>[ \t]*{NUMBER}', f"variable {name}")

    hf, ccsd, repulsion = (
        variable(name) for name in ("SCF TOTAL ENERGY", "CCSD CORRELATION ENERGY", "NUCLEAR REPULSION ENERGY")
    )
    triples = variable("(T) CORRECTION ENERGY") if task.has_triples else Printed(0.0, 0.0)
    output.require_sum(
        output.number(rf"@RHF Final Energy:[ \t]*{NUMBER}", "final Hartree-Fock energy"),
        [hf],
        "two different Hartree-Fock energies",
    )
    total = variable("CCSD(T) TOTAL ENERGY" if task.has_triples else "CCSD TOTAL ENERGY")
    output.require_sum(total, [hf, ccsd, triples], "a total energy that is not the sum of its parts")
    output.require_count(rf"^[ \t]*Electrons[ \t]*=[ \t]*{COUNT}", task.n_electrons, "has {} electrons")
    # One irreducible representation, for the input says "symmetry c1": orbitals, then frozen core orbitals.
    output.require_count(
        rf"# FZDC[^\n]*\n[^\n]*-----[^\n]*\n[ \t]*A[ \t]+[0-9]+[ \t]+{COUNT}[ \t]",
        task.n_frozen,
        "freezes {} orbitals",
    )
    return FragmentOutput(
        hf_hartree=hf.value,
        ccsd_hartree=ccsd.value,
        triples_hartree=triples.value,
        t1_diagnostic=variable("CC T1 DIAGNOSTIC").value,
        n_basis=output.count(rf"Number of basis functions?:[ \t]*{COUNT}", "number of basis functions"),
        nuclear_repulsion=repulsion,
        version=output.last(r"^[ \t]*Psi4 ([0-9][\w.+-]{0,40})", "version"),
        wall_seconds=output.clock(
            r"Psi4 wall time for execution:[ \t]*([0-9]{1,6}):([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]{1,6})?)",
            (3600.0, 60.0, 1.0),
        ),
    )
