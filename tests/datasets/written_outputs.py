"""Outputs as Psi4, ORCA and Molpro write them, about made-up numbers: the lines that are read, and some others."""

from collections.abc import Callable, Sequence

from nci_core.units import BOHR_ANGSTROM

#: Element, position in Å, whether it is a ghost.
Centre = tuple[str, tuple[float, float, float], bool]
Job = tuple[Sequence[Centre], dict[str, float]]


def psi4(jobs: Sequence[Job], basis: str = "CC-PVDZ", functions: int = 15) -> str:
    text = "\n  Psi4: An Open-Source Ab Initio Electronic Structure Package\n                  Psi4 1.9.1 release\n"
    for centres, energies in jobs:
        text += "\n    Geometry (in Angstrom), charge = 0, multiplicity = 1:\n\n"
        text += "       Center              X                  Y                   Z               Mass\n"
        text += "    ------------   -----------------  -----------------  -----------------  -----------------\n"
        for element, (x, y, z), ghost in centres:
            name = f"{element.upper()}(Gh)" if ghost else element.upper()
            text += f"         {name:<8} {x:18.12f} {y:18.12f} {z:18.12f}    4.002603254150\n"
        text += f"\n  ==> Primary Basis <==\n\n  Basis Set: {basis}\n    Number of basis functions: {functions}\n"
        text += f"\n  @DF-RHF Final Energy: {energies['HF']:22.14f}\n"
        for method in energies.keys() - {"HF"}:
            text += f"      * {method} total energy            = {energies[method]:20.12f}\n"
    return text + "\n*** Psi4 exiting successfully. Buy a developer a beer!\n"


def orca(jobs: Sequence[Job], basis: str = "cc-pVDZ", functions: int = 15) -> str:
    text = "\n                                 *****************\n                                 * O   R   C   A *\n"
    for centres, energies in jobs:
        text += f"\nYour calculation utilizes the basis: {basis}\n\n----\nCARTESIAN COORDINATES (A.U.)\n----\n"
        text += "  NO LB      ZA    FRAG     MASS         X           Y           Z\n"
        for k, (element, place, ghost) in enumerate(centres):
            x, y, z = (value / BOHR_ANGSTROM for value in place)
            charge = 0.0 if ghost else 2.0
            text += (
                f"  {k:2d} {element + ':' * ghost:<2} {charge:9.4f}    0 {4.003:9.3f} {x:11.6f} {y:11.6f} {z:11.6f}\n"
            )
        text += f"\n Basis Dimension        Dim             .... {functions:4d}\n"
        text += f"\nTotal Energy       :  {energies['HF']:20.14f} Eh\n"
        if "CCSD" in energies:
            text += f"\nE(CCSD)                                    ...  {energies['CCSD']:14.9f}\n"
        if "CCSD(T)" in energies:
            text += f"E(CCSD(T))                                 ...  {energies['CCSD(T)']:14.9f}\n"
        last = energies.get("CCSD(T)", energies.get("CCSD", energies["HF"]))
        text += f"\nFINAL SINGLE POINT ENERGY  {last:20.12f}\n"
    return text + "\n                             ****ORCA TERMINATED NORMALLY****\n"


def molpro(jobs: Sequence[Job], basis: str = "AVDZ", functions: int = 15) -> str:
    text = "\n              ***  PROGRAM SYSTEM MOLPRO  ***\n                Version 2023.2 linked Fri Sep 22 2023\n"
    text += f"\n SETTING BASIS          =    {basis}\n"
    for centres, energies in jobs:
        text += "\n ATOMIC COORDINATES\n\n NR  ATOM    CHARGE       X              Y              Z\n\n"
        for k, (element, place, ghost) in enumerate(centres, start=1):
            x, y, z = (value / BOHR_ANGSTROM for value in place)
            name = f"{element.upper()}{k}"
            text += f"  {k:2d}  {name:<5} {0.0 if ghost else 2.0:6.2f} {x:15.9f} {y:15.9f} {z:15.9f}\n"
        text += f"\n NUMBER OF CONTRACTIONS:  {functions:4d}   ( {functions}A )\n"
        text += f"\n !RHF STATE  1.1 Energy   {energies['HF']:22.12f}\n"
        for method in energies.keys() - {"HF"}:
            text += f" {'!' * (method == 'CCSD(T)')}{method} total energy    {energies[method]:22.12f}\n"
    return text + "\n Molpro calculation terminated\n"


WRITERS: dict[str, Callable[..., str]] = {"Psi4": psi4, "ORCA": orca, "Molpro": molpro}
