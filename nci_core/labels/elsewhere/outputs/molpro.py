"""Outputs of Molpro (forms of 2012 to 2024): closed-shell CCSD(T)."""

from nci_core.labels.elsewhere.outputs.text import COUNT, NUMBER, FragmentOutput, Output, Printed
from nci_core.labels.elsewhere.task import FragmentTask

#: Until 2012, and since.
END = r"^[ \t]*(?:Variable memory released[\s*]{0,300})?Molpro calculation terminated|^[ \t]*Variable memory released"


def read_molpro(output: Output, task: FragmentTask) -> FragmentOutput:
    """From total energies of twelve digits. Molpro says when something did not converge, not when it did.

    The line of the last method has an exclamation mark in front, which the line of CCSD has only without (T).
    """
    if output.has(r"(?i)\bno convergence\b|not converged|GLOBAL ERROR|^[ \t]*\?[ \t]*Error"):
        output.refuse("reports that something did not converge or failed")
    hf_line = rf"^[ \t]*!RHF STATE[ \t]+1\.1[ \t]+Energy:?[ \t]+{NUMBER}"
    ccsd_line = rf"^[ \t]*!?[ \t]*CCSD total energy:?[ \t]+{NUMBER}"
    output.require(END, hf_line, ccsd_line)
    hf, ccsd_total = output.number(hf_line, "Hartree-Fock energy"), output.number(ccsd_line, "CCSD energy")
    ccsd = output.number(rf"^[ \t]*CCSD correlation energy:?[ \t]+{NUMBER}", "CCSD correlation energy")
    output.require_sum(ccsd_total, [hf, ccsd], "a CCSD energy that is not the sum of its parts")
    triples, total = Printed(0.0, 0.0), ccsd_total
    if task.has_triples:
        total = output.number(rf"^[ \t]*!CCSD\(T\) total energy:?[ \t]+{NUMBER}", "CCSD(T) energy")
        triples = output.number(rf"^[ \t]*Triples \(T\) contribution:?[ \t]+{NUMBER}", "(T) contribution")
        output.require_sum(total, [ccsd_total, triples], "a CCSD(T) energy that is not the sum of its parts")
    # The inputs turn symmetry off: as many spin-up and spin-down electrons, and all of them in one representation.
    output.require_count(
        rf"NUMBER OF ELECTRONS:[ \t]+{COUNT}\+[ \t]+[0-9]+-", task.n_electrons // 2, "has {} electron pairs"
    )
    correlated = task.n_electrons // 2 - task.n_frozen
    output.require_count(rf"Number of closed-shell orbitals:[ \t]+{COUNT}", correlated, "correlates {} orbitals")
    return FragmentOutput(
        hf_hartree=hf.value,
        ccsd_hartree=ccsd_total.value - hf.value,
        triples_hartree=total.value - ccsd_total.value,
        t1_diagnostic=output.number(rf"T1 diagnostic:?[ \t]+{NUMBER}", "T1 diagnostic").value,
        n_basis=output.count(rf"NUMBER OF CONTRACTIONS:[ \t]*{COUNT}", "number of basis functions"),
        nuclear_repulsion=output.number(rf"NUCLEAR REPULSION ENERGY[ \t]+{NUMBER}", "nuclear repulsion energy"),
        version=output.last(r"Version ([0-9][\w.+-]{0,40}) linked", "version"),
        wall_seconds=output.clock(r"REAL TIME[ \t]*\*[ \t]*([0-9]{1,9}(?:\.[0-9]{1,6})?) SEC", (1.0,)),
    )
