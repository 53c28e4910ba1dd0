"""Outputs as Psi4, ORCA and Molpro document them, made up around numbers. Not from real runs."""

from dataclasses import dataclass

from nci_core.reference.elsewhere.inputs import Program, write_input
from nci_core.reference.elsewhere.task import FragmentName, LabelTask


@dataclass(frozen=True)
class Numbers:
    """What the output is to say, in hartree."""

    hf: float
    ccsd: float
    triples: float
    t1: float = 0.0042


#: He–H2, roughly; the interaction is -1e-5 hartree.
NUMBERS: dict[FragmentName, Numbers] = {
    "dimer": Numbers(-3.98410012345678, -0.05761212345, -0.00000112345),
    "host": Numbers(-1.12670012345678, -0.02480212345, 0.0),
    "probe": Numbers(-2.85540012345678, -0.03280012345, 0.0),
}


def psi4(echo: str, n: Numbers, size: int, repulsion: float, triples: bool) -> str:
    extra = f'  "(T) CORRECTION ENERGY"      =>      {n.triples:.12f}\n' if triples else ""
    return f"""
    -----------------------------------------------------------------------
          Psi4: An Open-Source Ab Initio Electronic Structure Package
                               Psi4 1.9.1 release

  ==> Input File <==

--------------------------------------------------------------------------
{echo}--------------------------------------------------------------------------
  ==> Primary Basis <==

    Number of shells: 7
    Number of basis functions: {size}
    Spherical Harmonics?: true

  Energy and wave function converged.

  @RHF Final Energy: {n.hf:.14f}

    Iterations converged.

  Variable Map:
  ----------------------------------------------------------------------------
{extra}  "CC T1 DIAGNOSTIC"           =>       {n.t1:.12f}
  "CCSD CORRELATION ENERGY"    =>      {n.ccsd:.12f}
  "NUCLEAR REPULSION ENERGY"   =>       {repulsion:.12f}
  "SCF TOTAL ENERGY"           =>      {n.hf:.12f}

    Psi4 wall time for execution: 0:01:02.50

*** Psi4 exiting successfully. Buy a developer a beer!
"""


def orca(echo: str, n: Numbers, size: int, repulsion: float, triples: bool) -> str:
    lines = "\n".join(f"|{i:3}> {line}" for i, line in enumerate(echo.splitlines(), start=1))
    total = n.hf + n.ccsd + n.triples
    electrons = 4 if triples else 2
    extra = f"\n\nTriples Correction (T)                     ...     {n.triples:.9f}" if triples else ""
    return f"""
                                 *****************
                                 * O   R   C   A *
                                 *****************
                         Program Version 6.0.1  -  RELEASE  -

                                       INPUT FILE
================================================================================
NAME = host.inp
{lines}
|999>                          ****END OF INPUT****
================================================================================
 Basis Dimension        Dim             ....   {size}

               *****************************************************
               *                     SUCCESS                       *
               *           SCF CONVERGED AFTER   9 CYCLES          *
               *****************************************************

Total Energy       :         {n.hf:.14f} Eh             -108.41206 eV
Nuclear Repulsion  :         {repulsion:.14f} Eh               19.0 eV

               --- The Coupled-Cluster iterations have converged ---

Number of correlated electrons             ... {electrons}

----------------------
COUPLED CLUSTER ENERGY
----------------------

E(0)                                       ...     {n.hf:.9f}
E(CORR)                                    ...     {n.ccsd:.9f}
E(TOT)                                     ...     {n.hf + n.ccsd:.9f}
Singles Norm <S|S>**1/2                    ...      0.006000000
T1 diagnostic                              ...      {n.t1:.9f}{extra}

-------------------------   --------------------
FINAL SINGLE POINT ENERGY     {total:.12f}
-------------------------   --------------------

                             ****ORCA TERMINATED NORMALLY****
TOTAL RUN TIME: 0 days 0 hours 1 minutes 2 seconds 500 msec
"""


def molpro(echo: str, n: Numbers, size: int, repulsion: float, triples: bool) -> str:
    lines = "\n".join(f" {line}" for line in echo.splitlines())
    ccsd = n.hf + n.ccsd
    mark = " " if triples else "!"
    extra = (
        f"  Triples (T) contribution            {n.triples:.12f}\n\n !CCSD(T) total energy   {ccsd + n.triples:.12f}\n"
        if triples
        else ""
    )
    return f"""
 Variables initialized (1013), CPU time= 0.01 sec
{lines}
 Commands initialized (815), CPU time= 0.01 sec, 669 directives.

                                         ***  PROGRAM SYSTEM MOLPRO  ***
                                    Version 2023.2 linked Fri Sep 22 03:27:09 2023

 NUCLEAR CHARGE:                    4
 NUMBER OF PRIMITIVE AOS:          30
 NUMBER OF SYMMETRY AOS:           25
 NUMBER OF CONTRACTIONS:          {size:3}   (  {size}A   )

 NUCLEAR REPULSION ENERGY   {repulsion:.8f}

 !RHF STATE 1.1 Energy                 {n.hf:.12f}

 Norm of t1 vector:      0.00600000      S-energy:     0.00000000      T1 diagnostic:  {n.t1:.8f}

  CCSD correlation energy             {n.ccsd:.12f}
 {mark}CCSD total energy                   {ccsd:.12f}
{extra}
 CPU TIMES  *         0.90      0.40 SEC
 REAL TIME  *         62.50 SEC
 Molpro calculation terminated
"""


MAKERS = {"psi4": psi4, "orca": orca, "molpro": molpro}


def made(program: Program, task: LabelTask, fragment: FragmentName, *, echo: str | None = None) -> str:
    """The output of one fragment of a task."""
    spec = task.fragments[fragment]
    text = write_input(program, task, fragment) if echo is None else echo
    return MAKERS[program](text, NUMBERS[fragment], spec.n_basis, spec.nuclear_repulsion_hartree, spec.has_triples)
