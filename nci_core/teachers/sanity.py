"""Whether a teacher can teach a dimer at all: its depth, its tail and its wall against what physics allows.

GFN2-xTB holds He at iodomethane's iodine by 2,100 cm⁻¹, where Hartree–Fock and D4 have 40. A student would learn that
faithfully. So a teacher is asked at a few points before it teaches a system: along one ray for each of the host's
elements, from close in to far away. Over benzene, water, CO₂, HF, CH₄ and their like GFN2-xTB has up to twice the
attraction that is possible there, with He to Xe; over many heavier main-group elements and metals 5 to 50 times as
much. HF + D4 has up to 1.5 times, also over LiH, NaF, KF, AlH₃, GaH₃ and ZnH₂; 3 times with He over AgH.

Not asked are teachers from Hartree–Fock: exchange and dispersion are in them by construction, and every point of theirs
costs as much as those that they teach. A teacher of another package may say `sane = True` for the same reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.properties.atoms_in_molecules import HEAVIEST
from nci_core.sampling.guide import UFF, vdw_radius
from nci_core.systems import Configurations, Dimer, Monomer
from nci_core.systems.free_atoms import FREE_ATOMS, GENERIC_ATOM, pair_c6
from nci_core.teachers.base import Teacher
from nci_core.units import BOHR_ANGSTROM, HARTREE_EV, from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]

#: How somebody goes on with a teacher that was found absurd, as the sentence about it ends.
OVERRIDE = "--trust-teacher"
#: Teachers, by their names without a basis, that are not asked.
FIRST_PRINCIPLES = ("hf-d4", "hf-mp2")
#: Shares of a contact, r/(R_i + R_p) of the nearest atom, at which a teacher is asked: the wall, and round the well.
WALL, WELL = 0.65, (0.75, 0.85, 1.0, 1.2)
#: Distance (Å) of the nearest atom in the tail.
TAIL = 6.5
#: How many times the attraction of `most_attraction` is absurd, see above.
TIMES = 4.0
#: What calculators may be off at long range, cm⁻¹: their convergence, and their cut-offs.
NOISE_CM1 = 1.0
#: Directions that are tried about an atom.
DIRECTIONS = 200


@dataclass(frozen=True)
class Doubt:
    """What a teacher cannot mean.

    Attributes:
        element: of the host, near which it was found.
        energy: the teacher's, in eV.
        possible: what dispersion and induction can give there, in eV.
        distance: of the probe from the nearest atom, in Å.
        what: "deep" (too much attraction), "no wall" or "repulsive" (in the tail).
    """

    element: str
    energy: float
    possible: float
    distance: float
    what: str


def doubt(teacher: Teacher, dimer: Dimer) -> str:
    """One sentence on what is absurd in a teacher's energies for a dimer, without its end; empty if nothing is.

    Raises TeacherError as the teacher does. Beyond D4's last element there is nothing to compare with.
    """
    known = max(*dimer.a.numbers, *dimer.b.numbers) <= HEAVIEST
    if teacher.name.partition(":")[0] in FIRST_PRINCIPLES or getattr(teacher, "sane", False) or not known:
        return ""
    rays = {element: ray(dimer, element) for element in dict.fromkeys(dimer.a.symbols)}
    at = dimer.at(np.concatenate(list(rays.values())))
    found = doubts(at, teacher.evaluate(at).energy, list(rays))
    return sentence(teacher.name, dimer, max(found, key=lambda each: abs(each.energy))) if found else ""


def doubts(at: Configurations, energies: FloatArray, elements: Sequence[str]) -> list[Doubt]:
    """What cannot be in energies (m,) in eV along the rays of these elements, one after the other."""
    possible, nearest, noise = most_attraction(at), at.separations, from_cm1(NOISE_CM1)
    found, size = [], len(WELL) + 2
    for row, element in enumerate(elements):
        here = slice(row * size, (row + 1) * size)
        E, most, r = energies[here], possible[here], nearest[here]
        deepest = int(np.argmin(E[:-1] - TIMES * most[:-1]))
        wrong = {
            deepest: "deep" if E[deepest] < TIMES * most[deepest] else "",
            0: "no wall" if E[0] <= max(0.0, E[-2]) else "",
            size - 1: "repulsive" if E[-1] > noise - most[-1] else "deep" if E[-1] < TIMES * most[-1] - noise else "",
        }
        found += [Doubt(element, float(E[k]), float(most[k]), float(r[k]), what) for k, what in wrong.items() if what]
    return found


def stored_doubt(at: Configurations, energies: FloatArray) -> Doubt | None:
    """The worst of what cannot be in energies (m,) in eV at any places; None where nothing is, or nothing is known.

    The same bounds as `doubts` has along its rays, wherever energies happen to be known; no teacher is asked.
    """
    if not len(at) or max(*at.dimer.a.numbers, *at.dimer.b.numbers) > HEAVIEST:
        return None
    apart = np.linalg.norm(at.R[:, None] - at.dimer.a.positions, axis=-1)
    share, nearest, possible = (apart / _contacts(at.dimer)).min(axis=1), at.separations, most_attraction(at)
    noise, far = from_cm1(NOISE_CM1), at.separations >= TAIL
    wrong = {
        "deep": energies < TIMES * possible - noise,
        "no wall": (share <= WALL) & (energies <= 0.0),
        "repulsive": far & (energies > noise - possible),
    }
    found = [(row, what) for what, rows in wrong.items() for row in np.flatnonzero(rows).tolist()]
    if not found:
        return None
    row, what = max(found, key=lambda each: abs(energies[each[0]]))
    element = at.dimer.a.symbols[int(apart[row].argmin())]
    return Doubt(element, float(energies[row]), float(possible[row]), float(nearest[row]), what)


def sentence(name: str, dimer: Dimer, doubt: Doubt) -> str:
    """What was found, for people, without full stop."""
    ends = {
        "deep": f"where dispersion and induction can give {_cm1(doubt.possible)} at most",
        "repulsive": f"where only attraction of about {_cm1(doubt.possible)} is left",
        "no wall": "where the atoms overlap and must repel each other",
    }
    where = f"for {dimer.b.symbols[0]} {doubt.distance:.1f} Å from {doubt.element} of {dimer.a.name}"
    return f"Teacher {name} gives {_cm1(doubt.energy)} {where}, {ends[doubt.what]}"


def _cm1(energy: float) -> str:
    return f"{to_cm1(energy):,.0f} cm⁻¹".replace("-", "−")


def ray(dimer: Dimer, element: str) -> FloatArray:
    """(k, 3) positions in Å from the wall to the tail, away from the atom of an element that is the freest.

    The probe's nearest contact, whatever atom it is with, has the shares WALL and WELL; last comes TAIL.
    """
    host, contacts = dimer.a, _contacts(dimer)
    directions = _sphere(DIRECTIONS)
    best, origin, towards = -np.inf, host.positions[0], directions[0]
    for i in np.flatnonzero(np.array(host.symbols) == element):
        there = host.positions[i] + contacts[i] * directions
        shares = np.linalg.norm(there[:, None] - host.positions, axis=-1) / contacts
        free = np.delete(shares, i, axis=1).min(axis=1, initial=np.inf)
        if free.max() > best + 1e-9:
            best, origin, towards = float(free.max()), host.positions[i], directions[int(free.argmax())]
    size = float(np.linalg.norm(host.positions - origin, axis=-1).max())
    steps = np.arange(0.0, 2.0 * TAIL + 2.0 * size, 0.02)
    line = origin + steps[:, None] * towards
    apart = np.linalg.norm(line[:, None] - host.positions, axis=-1)
    share, nearest = (apart / contacts).min(axis=1), apart.min(axis=1)
    # Of all places along the ray the outermost one that is so near: the ray may pass between atoms.
    rows = [int(np.flatnonzero(share <= each)[-1]) for each in (WALL, *WELL)]
    rows.append(int(np.flatnonzero(nearest <= TAIL)[-1]))
    found: FloatArray = line[rows]
    return found


def most_attraction(at: Configurations) -> FloatArray:
    """(m,) −Σ C₆/r⁶ − ½ α E² in eV, undamped, with each distance r no shorter than contact.

    C₆ and the probe's α are those of free atoms; E is the field of the host's charges by electronegativity
    equilibration, as D4 takes them (DOI 10.1063/1.5090222).
    """
    dimer = at.dimer
    contacts = _contacts(dimer)
    away = at.R[:, None] - dimer.a.positions
    r = np.maximum(np.linalg.norm(away, axis=-1), contacts)
    atoms = [FREE_ATOMS.get(symbol, GENERIC_ATOM) for symbol in dimer.a.symbols]
    probe = FREE_ATOMS.get(dimer.b.symbols[0], GENERIC_ATOM)
    c6 = np.array([pair_c6(probe, atom) for atom in atoms])
    dispersion = (c6 / (r / BOHR_ANGSTROM) ** 6).sum(axis=1)
    field = (_charges(dimer.a)[:, None] * (away / BOHR_ANGSTROM) / (r / BOHR_ANGSTROM)[..., None] ** 3).sum(axis=1)
    induction = 0.5 * probe.polarizability * (field**2).sum(axis=1)
    found: FloatArray = -(dispersion + induction) * HARTREE_EV
    return found


def _contacts(dimer: Dimer) -> FloatArray:
    """(n,) R_i + R_p in Å, R_i no larger than half of UFF's distance: of alkali and alkaline-earth atoms, ions."""
    radii = [min(vdw_radius(s), UFF[s][0] / 2.0) if s in UFF else vdw_radius(s) for s in dimer.a.symbols]
    return np.array(radii) + vdw_radius(dimer.b.symbols[0])


def _charges(host: Monomer) -> FloatArray:
    """(n,) partial charges in e."""
    from dftd4.interface import DispersionModel

    model = DispersionModel(host.numbers, host.positions / BOHR_ANGSTROM)
    return np.asarray(model.get_properties()["partial charges"], dtype=float)


def _sphere(count: int) -> FloatArray:
    """(count, 3) unit vectors, evenly on a spiral; DOI 10.1007/s11004-009-9257-x."""
    k = np.arange(count) + 0.5
    cosine, turn = 1.0 - 2.0 * k / count, np.pi * (1.0 + np.sqrt(5.0)) * k
    sine = np.sqrt(1.0 - cosine**2)
    return np.column_stack([np.cos(turn) * sine, np.sin(turn) * sine, cosine])
