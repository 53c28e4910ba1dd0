"""Outputs of ORCA (forms of 4.2 to 6.0): canonical CCSD(T) of the module MDCI."""

from nci_core.labels.elsewhere.outputs.text import COUNT, NUMBER, FragmentOutput, Output, Printed
from nci_core.labels.elsewhere.task import FragmentTask

#: hartree. MDCI makes the Fock matrix anew: its E(0) is the energy of the SCF's orbitals, "Total Energy" that of the
#: SCF's last step. They differ by the square of the orbital gradient: 1e-7 in published outputs at ORCA's default
#: thresholds, far less at those of the inputs. E(0) is what CCSD is added to, and what is stored.
SCF_OF_MDCI = 5e-7


def read_orca(output: Output, task: FragmentTask) -> FragmentOutput:
    """From E(0), E(CORR) and (T), nine digits each, and their sum, the final energy, twelve digits.

    CCSD is the total less HF and (T), so that the total keeps its digits. "Total Energy" of the SCF has eight digits
    in ORCA 5 and earlier and fourteen in ORCA 6.
    """
    output.require(
        r"ORCA TERMINATED NORMALLY", r"SCF CONVERGED AFTER", r"The Coupled-Cluster iterations have converged"
    )
    dots = r"[ \t]*\.{3,}[ \t]*"
    output.require_count(rf"^Number of electrons{dots}{COUNT}", task.n_electrons, "has {} electrons")
    # Its own idea of the core would be another energy.
    correlated = task.n_electrons - 2 * task.n_frozen
    output.require_count(rf"^Number of correlated electrons{dots}{COUNT}", correlated, "correlates {} electrons")
    scf = output.number(rf"^Total Energy[ \t]*:[ \t]*{NUMBER}[ \t]*Eh", "Hartree-Fock energy")
    hf = output.number(rf"^E\(0\){dots}{NUMBER}", "reference energy E(0)")
    correlation = output.number(rf"^E\(CORR\){dots}{NUMBER}", "CCSD correlation energy")
    triples = Printed(0.0, 0.0)
    if task.has_triples:
        triples = output.number(rf"^Triples Correction \(T\){dots}{NUMBER}", "(T) correction")
    total = output.number(rf"^FINAL SINGLE POINT ENERGY[ \t]*{NUMBER}", "final energy")
    output.require_sum(scf, [hf], "a Hartree-Fock energy that is not that of its CCSD", more=SCF_OF_MDCI)
    output.require_sum(total, [hf, correlation, triples], "a final energy that is not the sum of E(0), E(CORR) and (T)")
    return FragmentOutput(
        hf_hartree=hf.value,
        ccsd_hartree=total.value - hf.value - triples.value,
        triples_hartree=triples.value,
        t1_diagnostic=output.number(rf"^T1 diagnostic{dots}{NUMBER}", "T1 diagnostic").value,
        n_basis=output.count(
            rf"(?:^Number of basis functions|Basis Dimension[ \t]+Dim|# of contracted basis functions){dots}{COUNT}",
            "number of basis functions",
        ),
        nuclear_repulsion=output.number(
            rf"^Nuclear Repulsion[ \t]*:[ \t]*{NUMBER}[ \t]*Eh", "nuclear repulsion energy"
        ),
        version=output.last(r"Program Version ([0-9][\w.+-]{0,40})", "version"),
        wall_seconds=output.clock(
            r"TOTAL RUN TIME:[ \t]*([0-9]{1,5}) days ([0-9]{1,2}) hours ([0-9]{1,2}) minutes ([0-9]{1,2}) seconds "
            r"([0-9]{1,3}) msec",
            (86400.0, 3600.0, 60.0, 1.0, 0.001),
        ),
    )
