"""Outputs in the forms that Psi4, ORCA and Molpro print, made up around numbers. Not from real runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from nci_core.labels.elsewhere.inputs import Program, write_input
from nci_core.labels.elsewhere.task import FRAGMENTS, FragmentName, FragmentTask, LabelTask


@dataclass(frozen=True)
class Numbers:
    """What the output is to say, in hartree; ORCA's SCF energy differs from its E(0) by `gap`."""

    hf: float
    ccsd: float
    triples: float
    t1: float = 0.0042
    gap: float = 0.0


#: He–H2, roughly; the correlation of the interaction is -1e-5 hartree.
NUMBERS: dict[FragmentName, Numbers] = {
    "dimer": Numbers(-3.98410012345678, -0.05761212345, -0.00000112345),
    "host": Numbers(-1.12670012345678, -0.02480212345, 0.0),
    "probe": Numbers(-2.85540012345678, -0.03280012345, 0.0),
}


def with_true_hartree_fock(task: LabelTask) -> dict[FragmentName, Numbers]:
    """The numbers with Hartree–Fock energies that are right, by plain PySCF."""
    from pyscf import gto, scf

    found: dict[FragmentName, Numbers] = {}
    for name in FRAGMENTS:
        part = task.fragments[name]
        mol = gto.M(atom=part.atoms, basis=part.basis, unit="Angstrom", verbose=0)
        n = NUMBERS[name]
        found[name] = Numbers(scf.RHF(mol).run(conv_tol=1e-11, conv_tol_grad=1e-7).e_tot, n.ccsd, n.triples, n.t1)
    return found


def psi4(echo: str, n: Numbers, task: FragmentTask) -> str:
    extra, total = "", f'  "CCSD TOTAL ENERGY"          =>      {n.hf + n.ccsd:.12f}\n'
    if task.has_triples:
        extra = f'  "(T) CORRECTION ENERGY"      =>      {n.triples:.12f}\n'
        total += f'  "CCSD(T) TOTAL ENERGY"       =>      {n.hf + n.ccsd + n.triples:.12f}\n'
    return f"""
    -----------------------------------------------------------------------
          Psi4: An Open-Source Ab Initio Electronic Structure Package
                               Psi4 1.9.1 release

  ==> Input File <==

--------------------------------------------------------------------------
{echo}--------------------------------------------------------------------------
  Charge       = 0
  Electrons    = {task.n_electrons}
  Nalpha       = {task.n_electrons // 2}

  ==> Primary Basis <==

    Number of shells: 7
    Number of basis functions: {task.n_basis}
    Number of Cartesian functions: {task.n_basis + 3}
    Spherical Harmonics?: true

  Energy and wave function converged.

  @RHF Final Energy:   {n.hf:.14f}

\tIRREP\t# MOs\t# FZDC\t# DOCC\t# SOCC\t# VIRT\t# FZVR
\t-----\t-----\t------\t------\t------\t------\t------
\t A\t   {task.n_basis}\t    {task.n_frozen}\t    {task.n_electrons // 2}\t    0\t    20\t    0

    Iterations converged.

  Variable Map:
  ----------------------------------------------------------------------------
{extra}  "CC T1 DIAGNOSTIC"           =>       {n.t1:.12f}
  "CCSD CORRELATION ENERGY"    =>      {n.ccsd:.12f}
{total}  "NUCLEAR REPULSION ENERGY"   =>       {task.nuclear_repulsion_hartree:.12f}
  "SCF TOTAL ENERGY"           =>      {n.hf:.12f}

    Psi4 wall time for execution: 0:01:02.50

*** Psi4 exiting successfully. Buy a developer a beer!
"""


def orca(echo: str, n: Numbers, task: FragmentTask, digits: int = 14, version: str = "6.0.1") -> str:
    lines = "\n".join(f"|{i:3}> {line}" for i, line in enumerate(echo.splitlines(), start=1))
    correlated = task.n_electrons - 2 * task.n_frozen
    extra = (
        f"""
Triples Correction (T)                     ...     {n.triples:.9f}
f = CCSD (with F12)/ CCSD (without F12)    ...      1.000000000
Scaled triples correction (T)              ...     {n.triples:.9f}
"""
        if task.has_triples
        else ""
    )
    return f"""
                                 *****************
                                 * O   R   C   A *
                                 *****************
                         Program Version {version} -  RELEASE  -

                                       INPUT FILE
================================================================================
NAME = host.inp
{lines}
|999>                          ****END OF INPUT****
================================================================================
Number of basis functions                   ...    {task.n_basis:3}
 Basis Dimension        Dim             ....  {task.n_basis:3}
 Nuclear Repulsion      ENuc            ....    {task.nuclear_repulsion_hartree:14.10f} Eh

               *****************************************************
               *                     SUCCESS                       *
               *           SCF CONVERGED AFTER   9 CYCLES          *
               *****************************************************

Total Energy       :    {n.hf + n.gap:20.{digits}f} Eh             -108.41206 eV
Nuclear Repulsion  :    {task.nuclear_repulsion_hartree:20.{digits}f} Eh               19.0 eV

Number of AO's                             ...    {task.n_basis:3}
Number of electrons                        ...     {task.n_electrons:2}
Number of correlated electrons             ...     {correlated:2}

               --- The Coupled-Cluster iterations have converged ---

----------------------
COUPLED CLUSTER ENERGY
----------------------

E(0)                                       ...    {n.hf:14.9f}
E(CORR)                                    ...    {n.ccsd:14.9f}
E(TOT)                                     ...    {n.hf + n.ccsd:14.9f}
Singles Norm <S|S>**1/2                    ...      0.006000000{"  "}
T1 diagnostic                              ...      {n.t1:.9f}{"  "}
{extra}
-------------------------   --------------------
FINAL SINGLE POINT ENERGY    {n.hf + n.ccsd + n.triples:19.12f}
-------------------------   --------------------

                             ****ORCA TERMINATED NORMALLY****
TOTAL RUN TIME: 0 days 0 hours 1 minutes 2 seconds 500 msec
"""


def orca5(echo: str, n: Numbers, task: FragmentTask) -> str:
    return orca(echo, n, task, digits=8, version="5.0.4")


def molpro(echo: str, n: Numbers, task: FragmentTask, end: str = "Molpro calculation terminated") -> str:
    lines = "\n".join(f" {line}" for line in echo.splitlines())
    ccsd = n.hf + n.ccsd
    mark = " " if task.has_triples else "!"
    extra = (
        f"""
  Triples (T) contribution            {n.triples:18.12f}
  Total correlation energy            {n.ccsd + n.triples:18.12f}

  CCSD total energy                   {ccsd:18.12f}
  CCSD[T] energy                      {ccsd + n.triples - 1e-7:18.12f}
 !CCSD(T) total energy                {ccsd + n.triples:18.12f}
"""
        if task.has_triples
        else f"\n {mark}CCSD total energy                   {ccsd:18.12f}\n"
    )
    core = f" Number of core orbitals:           {task.n_frozen} (   {task.n_frozen} )\n" if task.n_frozen else ""
    pairs = task.n_electrons // 2
    return f"""
 Variables initialized (1013), CPU time= 0.01 sec
{lines}
 Commands initialized (815), CPU time= 0.01 sec, 669 directives.

                                         ***  PROGRAM SYSTEM MOLPRO  ***
                                    Version 2023.2 linked Fri Sep 22 03:27:09 2023

 NUCLEAR CHARGE:                    {task.n_electrons}
 NUMBER OF PRIMITIVE AOS:          30
 NUMBER OF SYMMETRY AOS:           25
 NUMBER OF CONTRACTIONS:          {task.n_basis:3}   (  {task.n_basis}A   )

 NUCLEAR REPULSION ENERGY   {task.nuclear_repulsion_hartree:.8f}

 NUMBER OF ELECTRONS:       {pairs}+    {pairs}-    SPACE SYMMETRY=1    SPIN SYMMETRY: Singlet

 Final occupancy:   {pairs}

 !RHF STATE  1.1 Energy               {n.hf:18.12f}
  RHF Nuclear energy                  {task.nuclear_repulsion_hartree:18.12f}
 !RHF STATE  1.1 Dipole moment          0.00000000     0.00000000     0.00011579

{core} Number of closed-shell orbitals:   {pairs - task.n_frozen} (   {pairs - task.n_frozen} )

 Norm of t1 vector:      0.00600000      S-energy:    -0.00000010      T1 diagnostic:  {n.t1:.8f}
                                                                       D1 diagnostic:  0.00601468

 RESULTS
 =======

  Reference energy                    {n.hf:18.12f}
  CCSD correlation energy             {n.ccsd:18.12f}
{extra}
 CPU TIMES  *         0.90      0.40 SEC
 REAL TIME  *         62.50 SEC
 **********************************************************************************************************************************
 {end}
"""


MAKERS = {"psi4": psi4, "orca": orca, "molpro": molpro}


def made(
    program: Program,
    task: LabelTask,
    fragment: FragmentName,
    *,
    echo: str | None = None,
    numbers: Mapping[FragmentName, Numbers] = NUMBERS,
) -> str:
    """The output of one fragment of a task."""
    text = write_input(program, task, fragment) if echo is None else echo
    return MAKERS[program](text, numbers[fragment], task.fragments[fragment])
