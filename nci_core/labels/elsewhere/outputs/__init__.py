"""Energies and convergence from the outputs of Psi4, ORCA and Molpro; a module for each program.

Each output repeats its input; it must be the one that was exported, but for memory and processors. The forms are
those of published outputs of the programs, the numbers are compared within the digits that the programs print.
The readers are experimental: no output of an exported input has been at hand.
"""

import re
from collections.abc import Callable

from nci_core.labels.elsewhere.inputs import Program, squeezed, write_input
from nci_core.labels.elsewhere.outputs.molpro import read_molpro
from nci_core.labels.elsewhere.outputs.orca import read_orca
from nci_core.labels.elsewhere.outputs.psi4 import read_psi4
from nci_core.labels.elsewhere.outputs.text import NAMES, FragmentOutput, Output, Printed
from nci_core.labels.elsewhere.task import FragmentName, FragmentTask, LabelTask

__all__ = ["NAMES", "READERS", "FragmentOutput", "Printed", "hashes_in", "read_output"]

READERS: dict[Program, Callable[[Output, FragmentTask], FragmentOutput]] = {
    "psi4": read_psi4,
    "orca": read_orca,
    "molpro": read_molpro,
}


def hashes_in(text: str) -> tuple[str, str] | None:
    """Geometry and recipe hash of the exported input that an output repeats, None if there is none.

    >>> hashes_in("|  1> # nci label a5b2c244bb850b58-98237c821d95 layout 1 fragment host")
    ('a5b2c244bb850b58', '98237c821d95')
    """
    found = re.search(r"nci label ([0-9a-f]{16})-([0-9a-f]{12})", text)
    return (found[1], found[2]) if found else None


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
    repeated = squeezed(text).count(squeezed(write_input(program, task, fragment)))
    if not repeated:
        output.refuse(
            f"does not repeat the {fragment}'s input as it was exported (only memory and processors may be changed)"
        )
    if repeated > 1:
        output.refuse("holds more than one calculation")
    return READERS[program](output, task.fragments[fragment])
