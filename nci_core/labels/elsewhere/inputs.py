"""The same label as inputs for Psi4, ORCA and Molpro.

Basis functions are written out as numbers, so that no program's library decides what "cc-pvdz" is.
Formats follow the programs' manuals; thresholds are those of the recipe or tighter.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal, get_args

from ase.data import atomic_numbers

from nci_core.labels.elsewhere.task import Ecp, FragmentName, FragmentTask, LabelTask, Shell

Program = Literal["psi4", "orca", "molpro"]
PROGRAMS: tuple[Program, ...] = get_args(Program)
SUFFIX: dict[Program, str] = {"psi4": ".dat", "orca": ".inp", "molpro": ".inp"}
#: Highest angular momentum for energies: Psi4 as it is commonly built, ORCA and Molpro by their manuals.
HIGHEST: dict[Program, int] = {"psi4": 5, "orca": 6, "molpro": 6}
LETTERS = "spdfghi"
#: Beyond krypton ORCA attaches effective core potentials by default.
LAST_ALL_ELECTRON = 36
GHOST = "GHOST-"
#: Lines that people adapt to their machine; everything else decides the value.
ADJUSTABLE = re.compile(r"^\s*(memory\b|%maxcore\b|%pal\b)", re.IGNORECASE)


class CannotExpressError(Exception):
    """The program cannot do what the recipe asks; the message is the reason."""


def file_name(program: Program, fragment: FragmentName, output: bool = False) -> str:
    """Name of an input, or of its output, in the label's folder.

    >>> file_name("psi4", "host"), file_name("orca", "host", output=True)
    ('psi4-host.dat', 'orca-host.out')
    """
    return f"{program}-{fragment}{'.out' if output else SUFFIX[program]}"


def element_of(label: str) -> str:
    """Element of a label such as 'GHOST-He2'.

    >>> element_of("GHOST-He2")
    'He'
    """
    return label.removeprefix(GHOST).rstrip("0123456789")


def check_expressible(program: Program, task: LabelTask) -> None:
    """Raise CannotExpressError when the program cannot compute this label by its recipe."""
    dimer = task.fragments["dimer"]
    for label, shells in dimer.basis.items():
        highest = max(int(shell[0]) for shell in shells)  # type: ignore[arg-type]
        if highest > HIGHEST[program]:
            raise CannotExpressError(
                f"{element_of(label)} has functions of angular momentum {highest}, more than {HIGHEST[program]}"
            )
    for label, ecp in dimer.ecp.items():
        if program == "orca":
            raise CannotExpressError(
                f"{element_of(label)} has an effective core potential, which is not written for this program"
            )
        if any(len(term) != 3 for _, terms in core_potential(ecp) for term in terms):
            raise CannotExpressError(f"{element_of(label)} has a core potential with spin-orbit terms")
    heavy = [label for label, _ in dimer.atoms if atomic_numbers[element_of(label)] > LAST_ALL_ELECTRON]
    if program == "orca" and heavy:
        raise CannotExpressError(
            f"{element_of(heavy[0])} would get an effective core potential, but the recipe has all its electrons"
        )


def write_input(program: Program, task: LabelTask, fragment: FragmentName) -> str:
    """The input of one fragment; raises CannotExpressError."""
    check_expressible(program, task)
    tag = f"nci label {task.folder} layout {task.layout} fragment {fragment}"
    return "\n".join(WRITERS[program](tag, task, task.fragments[fragment])) + "\n"


def squeezed(text: str) -> str:
    """Text without what people may adapt, without whitespace and case: what decides the value."""
    # ORCA repeats its input as "|  7> line".
    lines = (re.sub(r"^\s*\|\s*\d+>", "", line) for line in text.splitlines())
    return "".join("".join(line.split()).lower() for line in lines if not ADJUSTABLE.match(line))


def number(value: float) -> str:
    """All digits of a number."""
    return repr(float(value))


def decimal(value: float) -> str:
    """The same, always with a decimal point: Psi4 takes a number without one for a whole one and ignores the rest.

    >>> decimal(9e-06), decimal(0.5)
    ('9.0e-06', '0.5')
    """
    mantissa, e, power = number(value).partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + e + power


def fortran(threshold: object) -> str:
    """A threshold as Molpro's manual writes them.

    >>> fortran(1e-11)
    '1.0d-11'
    """
    return f"{threshold:.1e}".replace("e", "d")


def contractions(shell: Shell) -> Iterator[tuple[str, list[float], list[float]]]:
    """(letter, exponents, coefficients) of each contracted function of a shell."""
    rows = [row for row in shell[1:] if isinstance(row, list)]
    for column in range(1, len(rows[0])):
        kept = [(row[0], row[column]) for row in rows if row[column] != 0.0]
        yield LETTERS[int(shell[0])], [e for e, _ in kept], [c for _, c in kept]  # type: ignore[arg-type]


def core_potential(ecp: Ecp) -> list[tuple[str, list[list[float]]]]:
    """Parts of an effective core potential: the local one, then what s, p, … have beyond it, none left out.

    Each has a letter and terms [power n, exponent, coefficient] of Σ coefficient r^(n−2) exp(−exponent r²); one without
    terms has a zero one, for the programs to count. Terms with more numbers than that stay as they are.
    """
    by_momentum = {
        int(momentum): [[power, *term] for power, terms in enumerate(powers) for term in terms]
        for momentum, powers in ecp[1]
    }
    highest = max(by_momentum) + 1
    order = [(LETTERS[highest], -1), *((LETTERS[momentum], momentum) for momentum in range(highest))]
    return [(letter, by_momentum.get(momentum) or [[2, 1.0, 0.0]]) for letter, momentum in order]


def labelled_bases(fragment: FragmentTask) -> dict[str, list[Shell]]:
    """Shells by label without the ghost's mark: a ghost has the functions of its atom."""
    return {label.removeprefix(GHOST): shells for label, shells in sorted(fragment.basis.items())}


def place(position: list[float], separator: str = " ") -> str:
    """Coordinates in Å."""
    return separator.join(f"{x:.12f}" for x in position)


def write_psi4(tag: str, task: LabelTask, fragment: FragmentTask) -> Iterator[str]:
    """Psi4: conventional integrals (no density fitting), module ccenergy; all variables are printed at the end."""
    yield f"# {tag}"
    yield "memory 4 GB"
    yield "molecule {"
    yield "0 1"
    for label, position in fragment.atoms:
        name = label.removeprefix(GHOST)
        yield f"{f'Gh({name})' if label.startswith(GHOST) else name} {place(position)}"
    yield from ("units angstrom", "symmetry c1", "no_reorient", "no_com", "}", "basis {")
    bases = labelled_bases(fragment)
    yield from (f"assign {label} nci_{label.lower()}" for label in bases)
    for label, shells in bases.items():
        yield from (f"[nci_{label.lower()}]", "spherical", "****", f"{element_of(label)} 0")
        for letter, exponents, coefficients in (found for shell in shells for found in contractions(shell)):
            yield f"{letter.upper()} {len(exponents)} 1.0"
            yield from (f"{decimal(e)} {decimal(c)}" for e, c in zip(exponents, coefficients, strict=True))
        yield "****"
        if label in fragment.ecp:
            yield from psi4_potential(element_of(label), fragment.ecp[label])
    recipe = task.recipe
    yield from ("}", "set {", "reference rhf", "scf_type pk", "qc_module ccenergy", "maxiter 100")
    yield f"e_convergence {recipe['scf_energy_hartree']}"
    yield f"d_convergence {recipe['scf_gradient']}"
    yield f"r_convergence {recipe['cc_amplitudes']}"
    yield f"num_frozen_docc {fragment.n_frozen}"
    yield from ("}", f"energy('{'ccsd(t)' if fragment.has_triples else 'ccsd'}')", "print_variables()")


def psi4_potential(element: str, ecp: Ecp) -> Iterator[str]:
    """A second block of the element, as in Psi4's own def2 files."""
    (local, _), *others = parts = core_potential(ecp)
    yield f"{element} 0"
    yield f"{element}-ECP {len(others)} {ecp[0]}"
    for letter, terms in parts:
        yield f"{letter}-ul potential" if letter == local else f"{letter}-{local} potential"
        yield f"{len(terms)}"
        yield from (f"{power} {decimal(exponent)} {decimal(c)}" for power, exponent, c in terms)
    yield "****"


def write_orca(tag: str, task: LabelTask, fragment: FragmentTask) -> Iterator[str]:
    """ORCA: canonical CCSD(T) without approximations to the integrals; a ghost is a symbol with a colon."""
    recipe = task.recipe
    yield f"# {tag}"
    yield "%maxcore 4000"
    yield "%pal nprocs 1 end"
    yield f"! RHF {'CCSD(T)' if fragment.has_triples else 'CCSD'} VeryTightSCF NoAutoStart"
    yield f"%scf MaxIter 100 TolE {recipe['scf_energy_hartree']} TolG {recipe['scf_gradient']} end"
    yield f"%mdci MaxIter 100 STol {recipe['cc_amplitudes']} end"
    # A negative number is how many electrons are frozen in all.
    yield f"%method FrozenCore {-2 * fragment.n_frozen if fragment.n_frozen else 'FC_NONE'} end"
    yield "* xyz 0 1"
    for label, position in fragment.atoms:
        yield f"{element_of(label)}{':' if label.startswith(GHOST) else ''} {place(position)}"
        yield "NewGTO"
        for letter, exponents, coefficients in (c for shell in fragment.basis[label] for c in contractions(shell)):
            yield f"{letter.upper()} {len(exponents)}"
            pairs = zip(exponents, coefficients, strict=True)
            yield from (f"{i} {number(e)} {number(c)}" for i, (e, c) in enumerate(pairs, start=1))
        yield "end"
    yield "*"


def write_molpro(tag: str, task: LabelTask, fragment: FragmentTask) -> Iterator[str]:
    """Molpro: all centres are atoms of the geometry, `dummy` takes the charge from the ghosts."""
    recipe = task.recipe
    yield f"***,{tag}"
    yield "memory,500,m"
    yield (
        f"gthresh,energy={fortran(recipe['scf_energy_hartree'])},orbital={fortran(recipe['scf_gradient'])},"
        f"coeff={fortran(recipe['cc_amplitudes'])},twoint=1.0d-14"
    )
    yield from ("spherical", "symmetry,nosym", "orient,noorient", "angstrom", "geometry={")
    yield from (f"{label.removeprefix(GHOST)},{place(position, ',')}" for label, position in fragment.atoms)
    yield from ("}", "basis={")
    for label, shells in labelled_bases(fragment).items():
        for letter in LETTERS:
            found = [c for shell in shells for c in contractions(shell) if c[0] == letter]
            if not found:
                continue
            # One card of primitives for each angular momentum, then contractions over ranges of it.
            yield f"{letter},{label},{','.join(number(e) for _, exponents, _ in found for e in exponents)}"
            first = 1
            for _, exponents, coefficients in found:
                last = first + len(exponents) - 1
                yield f"c,{first}.{last},{','.join(map(number, coefficients))}"
                first = last + 1
    for label, ecp in fragment.ecp.items():
        # Core electrons, highest momentum, that of the spin-orbit part (none); then each part, the local one first.
        parts = core_potential(ecp)
        yield f"ecp,{label},{ecp[0]},{len(parts) - 1},0"
        for _, terms in parts:
            yield ";".join([f"{len(terms)}", *(f"{n},{number(e)},{number(c)}" for n, e, c in terms)])
    yield "}"
    ghosts = dict.fromkeys(label.removeprefix(GHOST) for label, _ in fragment.atoms if label.startswith(GHOST))
    if ghosts:
        yield f"dummy,{','.join(ghosts)}"
    yield f"{{rhf;maxit,100;wf,{fragment.n_electrons},1,0}}"
    yield f"{{{'ccsd(t)' if fragment.has_triples else 'ccsd'};maxit,100;core,{fragment.n_frozen}}}"


WRITERS: dict[Program, Callable[[str, LabelTask, FragmentTask], Iterator[str]]] = {
    "psi4": write_psi4,
    "orca": write_orca,
    "molpro": write_molpro,
}
