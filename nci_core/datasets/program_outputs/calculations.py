"""What one output of Psi4, ORCA or Molpro says: geometries one after the other, each with its total energies."""

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers

from nci_core.errors import InputError
from nci_core.units import BOHR_ANGSTROM

FloatArray = npt.NDArray[np.float64]
Program = Literal["Psi4", "ORCA", "Molpro"]

#: From low to high; a method that is not listed is not read.
METHODS = (
    *("DFT", "HF", "MP2", "MP2-F12", "MP3", "CCSD", "CCSD-F12a", "CCSD-F12b"),
    *("DLPNO-CCSD", "DLPNO-CCSD(T)", "CCSD(T)", "CCSD(T)-F12a", "CCSD(T)-F12b"),
)
#: Geometries that one output may hold.
MOST_CALCULATIONS = 20_000

# Numbers have bounds, and digits are named one by one: \d also matches those of other scripts.
_NUMBER = r"([-+]?[0-9]{1,9}\.[0-9]{1,30})"
_XYZ = r"[ \t]+".join([r"([-+]?[0-9]{1,6}\.[0-9]{1,20})"] * 3)


@dataclass(frozen=True)
class Calculation:
    """One geometry of an output and the energies that were computed there.

    Attributes:
        number: running number, of all that were given.
        program: what wrote it.
        symbols: n elements, those of ghosts among them.
        ghost: (n,) whether a centre has functions but no nucleus.
        positions: (n, 3) in Å, in whatever frame.
        basis: as the program names it, "" where it does not.
        n_basis: basis functions, 0 where the output does not say.
        energies: method of METHODS → total energy in hartree.
    """

    number: int
    program: Program
    symbols: tuple[str, ...]
    ghost: npt.NDArray[np.bool_]
    positions: FloatArray
    basis: str
    n_basis: int
    energies: dict[str, float] = field(default_factory=dict)

    @property
    def n_electrons(self) -> int:
        """Of the neutral molecule, without the ghosts."""
        return sum(atomic_numbers[s] for s, ghost in zip(self.symbols, self.ghost, strict=True) if not ghost)


@dataclass(frozen=True)
class _Form:
    """How a program prints what is read.

    `atom` has groups symbol, charge or "", x, y, z; `energies` are patterns, whose group is the energy, by method.
    A basis is named before the geometry, or after it.
    """

    banner: str
    finished: str
    failed: str
    geometry: str
    atom: re.Pattern[str]
    bohr: bool
    basis: str
    basis_before: bool
    n_basis: str
    energies: tuple[tuple[str, str], ...]


def _psi4_total(method: str) -> str:
    # The modules write "* MP2 total energy = …", "DF-MP2 Total Energy (a.u.) : …" or a variable of that name.
    name = re.escape(method)
    return rf'^[ \t]*[*"]?[ \t]*(?:DF-|CD-)?{name} total energy"?(?: \(a\.u\.\))?[ \t]*(?:=>|[:=])?[ \t]*{_NUMBER}'


_FORMS: dict[Program, _Form] = {
    "Psi4": _Form(
        banner=r"Psi4: An Open-Source Ab Initio Electronic Structure Package",
        finished=r"^\*\*\* P(?:si|SI)4 exiting successfully",
        failed=r"did not converge|Failed to converge|Psi4 encountered an error",
        geometry=r"^[ \t]*Geometry \(in Angstrom\)",
        atom=re.compile(rf"^[ \t]*(@?[A-Za-z]{{1,2}}[0-9]*(?:\(Gh\))?|Gh\([A-Za-z]{{1,2}}[0-9]*\))()[ \t]+{_XYZ}"),
        bohr=False,
        basis=r"==> Primary Basis <==\s{1,4}Basis Set:[ \t]*([^\n]{1,60})",
        basis_before=False,
        n_basis=r"^[ \t]*Number of basis functions?:[ \t]*([0-9]{1,6})",
        energies=(
            ("HF", rf"^[ \t]*@(?:DF-|CD-)?[RUO]{{1,2}}HF Final Energy:[ \t]*{_NUMBER}"),
            ("DFT", rf"^[ \t]*@(?:DF-|CD-)?[RU]KS Final Energy:[ \t]*{_NUMBER}"),
            (
                "MP2",
                rf"DF-MP2 Energies[ <=]{{1,60}}\n(?:[^\n]{{0,120}}\n){{1,8}}?[ \t]*Total Energy[ \t]*=[ \t]*{_NUMBER}",
            ),
            *((method, _psi4_total(method)) for method in ("MP2", "MP3", "CCSD", "CCSD(T)")),
        ),
    ),
    "ORCA": _Form(
        banner=r"\* O   R   C   A \*",
        finished=r"\*\*\*\*ORCA TERMINATED NORMALLY\*\*\*\*",
        failed=r"SCF NOT CONVERGED|iterations have NOT converged|ORCA finished by error termination",
        geometry=r"^CARTESIAN COORDINATES \(A\.U\.\)",
        # Number, element (with a colon for a ghost), charge (with a star for a core potential), fragment, mass.
        atom=re.compile(
            rf"^[ \t]*[0-9]{{1,5}}[ \t]+([A-Z][a-z]?[ \t]*:?)[ \t]+([0-9]{{1,3}}\.[0-9]{{1,8}})\*?[ \t]+"
            rf"[0-9]{{1,4}}[ \t]+[0-9]{{1,4}}\.[0-9]{{1,8}}[ \t]+{_XYZ}"
        ),
        bohr=True,
        basis=r"^Your calculation utilizes the basis:[ \t]*([^\n]{1,60})",
        basis_before=True,
        n_basis=r"^[ \t]*Basis Dimension[ \t]+Dim[ \t]+\.{3,4}[ \t]*([0-9]{1,6})",
        energies=(
            ("HF", rf"^Total Energy[ \t]*:[ \t]*{_NUMBER}[ \t]*Eh"),
            ("MP2", rf"^[ \t]*MP2 TOTAL ENERGY:[ \t]*{_NUMBER}"),
            ("CCSD", rf"^E\(CCSD\)[ \t]*\.{{3}}[ \t]*{_NUMBER}|^E\(TOT\)[ \t]*\.{{3}}[ \t]*{_NUMBER}"),
            ("CCSD(T)", rf"^E\(CCSD\(T\)\)[ \t]*\.{{3}}[ \t]*{_NUMBER}"),
        ),
    ),
    "Molpro": _Form(
        banner=r"\*\*\*  PROGRAM SYSTEM MOLPRO  \*\*\*",
        finished=r"Molpro calculation terminated|^[ \t]*Variable memory released",
        failed=r"(?i)\bno convergence\b|GLOBAL ERROR|^[ \t]*\?[ \t]*Error",
        geometry=r"^[ \t]*ATOMIC COORDINATES",
        atom=re.compile(rf"^[ \t]*[0-9]{{1,5}}[ \t]+([A-Z]{{1,2}}[0-9]*)[ \t]+([0-9]{{1,3}}\.[0-9]{{2}})[ \t]+{_XYZ}"),
        bohr=True,
        basis=r"^[ \t]*(?:SETTING BASIS[ \t]*=[ \t]*(\S{1,40})|Library entry[ \t]+\S+[ \t]+\S+[ \t]+(\S{1,40}))",
        basis_before=True,
        n_basis=r"^[ \t]*NUMBER OF CONTRACTIONS:[ \t]*([0-9]{1,6})",
        energies=(
            ("HF", rf"^[ \t]*!?(?:DF-)?(?:RHF|HF)(?:-SCF)? STATE[ \t]+1\.1 Energy:?[ \t]+{_NUMBER}"),
            ("DFT", rf"^[ \t]*!?(?:DF-)?[RU]?KS STATE[ \t]+1\.1 Energy:?[ \t]+{_NUMBER}"),
            *(
                (method, rf"^[ \t]*!?[ \t]*(?:DF-)?{re.escape(method)} total energy:?[ \t]+{_NUMBER}")
                for method in METHODS[2:]
            ),
        ),
    ),
}


def program_of(text: str) -> Program | None:
    """The program that wrote an output, None for another text. Its banner stands near the beginning."""
    head = text[:20_000]
    return next((program for program, form in _FORMS.items() if re.search(form.banner, head)), None)


def read_calculations(text: str, where: str, first: int = 1) -> list[Calculation]:
    """Each geometry of an output that has energies, in order.

    Args:
        text: the whole output.
        where: the file, for errors.
        first: number of its first calculation.

    Raises InputError, one sentence, for a text of another program, and for an output that broke off or did not
    converge, since its last energies are none.
    """
    program = program_of(text)
    if program is None:
        raise InputError(f"{where} is no output of Psi4, ORCA or Molpro.")
    form = _FORMS[program]
    if re.search(form.failed, text, re.MULTILINE):
        raise InputError(f"{where}: {program} reports that something did not converge or failed.")
    if not re.search(form.finished, text, re.MULTILINE):
        raise InputError(f"{where} does not end as a finished output of {program}; it broke off.")
    starts = [found.start() for found in re.finditer(form.geometry, text, re.MULTILINE)]
    if len(starts) > MOST_CALCULATIONS:
        raise InputError(f"{where} holds {len(starts):,} geometries; at most {MOST_CALCULATIONS:,} are read.")
    bases = [(found.start(), _group(found)) for found in re.finditer(form.basis, text, re.MULTILINE)]
    found: list[Calculation] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        part = text[start:end]
        energies = _energies(program, form, part)
        if not energies:
            continue  # the geometry was printed once more
        symbols, ghost, positions = _centres(form, part)
        if not symbols:
            raise InputError(f"{where} has a geometry that cannot be read.")
        n_basis = re.search(form.n_basis, part, re.MULTILINE)
        found.append(
            Calculation(
                first + len(found),
                program,
                symbols,
                ghost,
                positions,
                _basis(form, bases, start, end),
                int(n_basis[1]) if n_basis else 0,
                energies,
            )
        )
    if not found:
        raise InputError(f"{where} has no geometry with an energy after it.")
    return found


def _group(found: "re.Match[str]") -> str:
    return next((group for group in found.groups() if group), "").strip()


def _basis(form: _Form, bases: list[tuple[int, str]], start: int, end: int) -> str:
    if form.basis_before:
        return next((name for place, name in reversed(bases) if place < start), "")
    return next((name for place, name in bases if start < place < end), "")


def _energies(program: Program, form: _Form, part: str) -> dict[str, float]:
    energies: dict[str, float] = {}
    for method, pattern in form.energies:
        if matches := re.findall(pattern, part, re.MULTILINE | (re.IGNORECASE if program == "Psi4" else 0)):
            last = matches[-1]
            energies[method] = float(last if isinstance(last, str) else next(group for group in last if group))
    if program != "ORCA" or not energies:
        return energies
    if re.search(r"^[ \t]*Density Functional[ \t]+Method", part, re.MULTILINE):
        energies = {"DFT" if method == "HF" else method: energy for method, energy in energies.items()}
    if "CCSD" in energies and re.search(r"^[ \t]*ORCA DLPNO|DLPNO based", part, re.MULTILINE):
        energies = {f"DLPNO-{method}" if method.startswith("CC") else method: e for method, e in energies.items()}
    # Twelve digits, where the list of parts has nine; with corrections such as D4, which the parts lack.
    if final := re.findall(rf"^FINAL SINGLE POINT ENERGY[ \t]*{_NUMBER}", part, re.MULTILINE):
        energies[highest(energies)] = float(final[-1])
    return energies


def highest(energies: dict[str, float]) -> str:
    """The highest method among those of a calculation.

    >>> highest({"HF": -1.0, "CCSD(T)": -1.2, "MP2": -1.1})
    'CCSD(T)'
    """
    return max(energies, key=METHODS.index)


def _centres(form: _Form, part: str) -> tuple[tuple[str, ...], npt.NDArray[np.bool_], FloatArray]:
    """Symbols, ghosts (n,) and positions (n, 3) in Å of the first table of atoms."""
    symbols: list[str] = []
    ghost: list[bool] = []
    positions: list[list[float]] = []
    for line in part.splitlines()[1:]:
        atom = form.atom.match(line)
        if atom is None:
            if symbols:
                break
            continue
        name, charge = atom[1], atom[2]
        letters = re.sub(r"Gh|[^A-Za-z]", "", name).capitalize()
        if letters == "X":
            continue  # a point of a Z-matrix
        if letters not in atomic_numbers:
            return (), np.zeros(0, dtype=bool), np.zeros((0, 3))
        symbols.append(letters)
        ghost.append("Gh" in name or name.startswith("@") or ":" in name or (charge != "" and float(charge) == 0.0))
        positions.append([float(atom[k]) for k in (3, 4, 5)])
    scale = BOHR_ANGSTROM if form.bohr else 1.0
    return tuple(symbols), np.array(ghost, dtype=bool), np.array(positions, dtype=float).reshape(-1, 3) * scale
