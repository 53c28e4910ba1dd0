"""Energies and convergence from the outputs of Psi4, ORCA and Molpro.

Each output repeats its input; it must be the one that was exported, but for memory and processors.
These readers follow the programs' documented formats and are untested on real outputs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from nci_core.errors import InputError
from nci_core.reference.elsewhere.inputs import Program, squeezed, write_input
from nci_core.reference.elsewhere.task import FragmentName, FragmentTask, LabelTask

NUMBER = r"([-+]?\d+\.\d+(?:[EeDd][-+]?\d+)?)"
NAMES: dict[Program, str] = {"psi4": "Psi4", "orca": "ORCA", "molpro": "Molpro"}


def hashes_in(text: str) -> tuple[str, str] | None:
    """Geometry and recipe hash of the exported input that an output repeats, None if there is none.

    >>> hashes_in("|  1> # nci label a5b2c244bb850b58-98237c821d95 layout 1 fragment host")
    ('a5b2c244bb850b58', '98237c821d95')
    """
    found = re.search(r"nci label ([0-9a-f]{16})-([0-9a-f]{12})", text)
    return (found[1], found[2]) if found else None


@dataclass(frozen=True)
class FragmentOutput:
    """What one output says; energies in hartree, `wall_seconds` 0 where it does not say."""

    hf_hartree: float
    ccsd_hartree: float
    triples_hartree: float
    t1_diagnostic: float
    n_basis: int
    nuclear_repulsion_hartree: float
    version: str
    wall_seconds: float


class Output:
    """The text of one output, searched by patterns; whatever is missing is said with the file's name."""

    def __init__(self, program: Program, text: str, where: str) -> None:
        self.program, self.text, self.where = program, text, where

    def refuse(self, reason: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{self.where} {reason}; nothing was stored of this label.")

    def has(self, pattern: str) -> bool:
        """Whether the pattern occurs."""
        return re.search(pattern, self.text, re.MULTILINE) is not None

    def last(self, pattern: str, what: str) -> str:
        """Last occurrence of the pattern's group."""
        found = re.findall(pattern, self.text, re.MULTILINE)
        if not found:
            self.refuse(f"gives no {what}")
        return str(found[-1])

    def value(self, pattern: str, what: str) -> float:
        """Last number at the pattern's group."""
        return float(self.last(pattern, what).replace("D", "E").replace("d", "e"))

    def require(self, finished: str, scf: str, cc: str) -> None:
        """Refuse an output that broke off or did not converge."""
        if not self.has(scf):
            self.refuse("does not say that Hartree-Fock converged")
        if not self.has(cc):
            self.refuse("does not say that CCSD converged")
        if not self.has(finished):
            self.refuse(f"does not end as a finished {NAMES[self.program]} output")

    def clock(self, pattern: str, scales: tuple[float, ...]) -> float:
        """Seconds from the groups of a pattern, 0 if it does not occur."""
        found = re.findall(pattern, self.text)
        if not found:
            return 0.0
        parts = (found[-1],) if isinstance(found[-1], str) else found[-1]
        return sum(float(part) * scale for part, scale in zip(parts, scales, strict=True))


def read_psi4(output: Output, task: FragmentTask) -> FragmentOutput:
    """From the variables that print_variables() lists."""
    output.require(r"\*\*\* Psi4 exiting successfully", r"Energy and wave function converged", r"Iterations converged")

    def variable(name: str) -> float:
        return output.value(rf'"{re.escape(name)}"\s*=>\s*{NUMBER}', f"variable {name}")

    return FragmentOutput(
        hf_hartree=variable("SCF TOTAL ENERGY"),
        ccsd_hartree=variable("CCSD CORRELATION ENERGY"),
        triples_hartree=variable("(T) CORRECTION ENERGY") if task.has_triples else 0.0,
        t1_diagnostic=variable("CC T1 DIAGNOSTIC"),
        n_basis=int(output.last(r"Number of basis functions?:\s*(\d+)", "number of basis functions")),
        nuclear_repulsion_hartree=variable("NUCLEAR REPULSION ENERGY"),
        version=output.last(r"^\s*Psi4 (\d\S*)", "version"),
        wall_seconds=output.clock(r"Psi4 wall time for execution:\s*(\d+):(\d+):([\d.]+)", (3600.0, 60.0, 1.0)),
    )


def read_orca(output: Output, task: FragmentTask) -> FragmentOutput:
    """Total energies have more digits than the parts (nine): CCSD is the total less HF and (T)."""
    output.require(
        r"ORCA TERMINATED NORMALLY", r"SCF CONVERGED AFTER", r"The Coupled-Cluster iterations have converged"
    )
    correlated = task.n_electrons - 2 * task.n_frozen
    said = re.findall(r"Number of correlated electrons\s*\.\.\.\s*(\d+)", output.text)
    if said and int(said[-1]) != correlated:  # its own idea of the core
        output.refuse(f"correlates {said[-1]} electrons instead of {correlated}")
    hf = output.value(rf"^Total Energy\s*:\s*{NUMBER}\s*Eh", "Hartree-Fock energy")
    correlation = output.value(rf"^E\(CORR\)\s*\.\.\.\s*{NUMBER}", "CCSD correlation energy")
    t = output.value(rf"^Triples Correction \(T\)\s*\.\.\.\s*{NUMBER}", "(T) correction") if task.has_triples else 0.0
    total = output.value(rf"^FINAL SINGLE POINT ENERGY\s*{NUMBER}", "final energy")
    # Two parts of nine digits are summed; more than that is another method or another calculation.
    if abs(total - hf - correlation - t) > 3e-9:
        output.refuse("gives a final energy that is not the sum of HF, CCSD and (T)")
    return FragmentOutput(
        hf_hartree=hf,
        ccsd_hartree=total - hf - t,
        triples_hartree=t,
        t1_diagnostic=output.value(rf"^T1 diagnostic\s*\.\.\.\s*{NUMBER}", "T1 diagnostic"),
        n_basis=int(
            output.last(
                r"(?:Number of basis functions\s*\.\.\.|Basis Dimension\s+Dim\s+\.+)\s*(\d+)",
                "number of basis functions",
            )
        ),
        nuclear_repulsion_hartree=output.value(rf"^Nuclear Repulsion\s*:\s*{NUMBER}\s*Eh", "nuclear repulsion energy"),
        version=output.last(r"Program Version (\d\S*)", "version"),
        wall_seconds=output.clock(
            r"TOTAL RUN TIME:\s*(\d+) days (\d+) hours (\d+) minutes (\d+) seconds (\d+) msec",
            (86400.0, 3600.0, 60.0, 1.0, 0.001),
        ),
    )


def read_molpro(output: Output, task: FragmentTask) -> FragmentOutput:
    """Molpro says when something did not converge, not when it did."""
    if output.has(r"(?i)\bno convergence\b|not converged|GLOBAL ERROR"):
        output.refuse("reports that something did not converge or failed")
    scf = rf"!RHF STATE\s+1\.1\s+Energy:?\s+{NUMBER}"
    ccsd = rf"^[ !]*CCSD total energy:?\s+{NUMBER}"
    output.require(r"Molpro calculation terminated", scf, ccsd)
    hf, total = output.value(scf, "Hartree-Fock energy"), output.value(ccsd, "CCSD energy")
    best = output.value(rf"!CCSD\(T\) total energy:?\s+{NUMBER}", "CCSD(T) energy") if task.has_triples else total
    return FragmentOutput(
        hf_hartree=hf,
        ccsd_hartree=total - hf,
        triples_hartree=best - total,
        t1_diagnostic=output.value(rf"T1 diagnostic:?\s+{NUMBER}", "T1 diagnostic"),
        n_basis=int(output.last(r"NUMBER OF CONTRACTIONS:\s*(\d+)", "number of basis functions")),
        nuclear_repulsion_hartree=output.value(rf"NUCLEAR REPULSION ENERGY\s+{NUMBER}", "nuclear repulsion energy"),
        version=output.last(r"Version (\d\S*) linked", "version"),
        wall_seconds=output.clock(r"REAL TIME\s*\*\s*([\d.]+) SEC", (1.0,)),
    )


READERS: dict[Program, Callable[[Output, FragmentTask], FragmentOutput]] = {
    "psi4": read_psi4,
    "orca": read_orca,
    "molpro": read_molpro,
}


def read_output(
    program: Program, text: str, task: LabelTask, fragment: FragmentName, where: str = "The output"
) -> FragmentOutput:
    """Read one output; raises InputError with the reason when it cannot be trusted as this fragment's.

    Args:
        program: what wrote it.
        text: the whole output.
        task: the label it should belong to.
        fragment: the fragment it should be.
        where: the file, for messages.
    """
    output = Output(program, text, where)
    if squeezed(write_input(program, task, fragment)) not in squeezed(text):
        output.refuse(
            f"does not repeat the {fragment}'s input as it was exported (only memory and processors may be changed)"
        )
    return READERS[program](output, task.fragments[fragment])
