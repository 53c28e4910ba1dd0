"""Dimers with published interaction energies, each with a host of its own: read, described, filtered, drawn from.

A frame is what recipes are judged at, so nothing is superposed and no frame is moved. Frames that cannot serve, such
as those whose probe is a molecule, are counted by reason and left out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers

from nci_core.datasets.energies import TOO_LARGE, free_atom_dispersion
from nci_core.datasets.keys import REFERENCE, in_internal_units, keys_of
from nci_core.errors import InputError
from nci_core.systems import Configurations, Dimer, Monomer
from nci_core.systems.reading.checked import usable
from nci_core.systems.reading.monomers import divide
from nci_core.systems.reading.xyz import MOST_BYTES, MOST_FRAMES, read_text, xyz_frames

FloatArray = npt.NDArray[np.float64]

#: Why most frames of a mixed file are left out.
MOLECULE, NO_ENERGY = "the probe is a molecule", f"without {REFERENCE}"
#: A geometry at least so deep, as a share of the deepest of its system, is in the well.
WELL_SHARE = 0.5
#: Classes of hosts by the first element of a list that they hold; noble gases are single atoms.
CLASSES: tuple[tuple[str, str], ...] = (
    ("metal", "Li Be Na Mg Al K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga"),
    ("row 4 or 5", "Ge As Se Br In Sn Sb Te I"),
    ("B", "B"),
    ("Si, P, S", "Si P S"),
    ("halogen", "F Cl"),
)


@dataclass(frozen=True)
class ReferenceDimer:
    """A geometry with a published interaction energy.

    Attributes:
        frame: its number in the file, from 0.
        at: the configuration, its host where it lies in the frame.
        energy: published interaction energy in eV.
        system: what all distances of one curve share, such as 'NCIA_D442x10 1.02.04'.
        set: which part of the file's data it is of; empty where frames do not say.
        scaling: distance as a multiple of the equilibrium one, None where frames do not say.
        region: wall, well or tail, see `with_regions`.
    """

    frame: int
    at: Configurations
    energy: float
    system: str
    set: str = ""
    scaling: float | None = None
    region: str = ""

    @property
    def dimer(self) -> Dimer:
        """Host and probe."""
        return self.at.dimer

    @property
    def formula(self) -> str:
        """Of the host, in Hill's order: carbon and hydrogen first where there is carbon."""
        count = Counter(self.dimer.a.symbols)
        first = [symbol for symbol in ("C", "H") if "C" in count and symbol in count]
        order = [*first, *sorted(count.keys() - set(first))]
        return "".join(symbol + (str(count[symbol]) if count[symbol] > 1 else "") for symbol in order)

    @property
    def heavy_atoms(self) -> int:
        """Atoms of the host beyond helium."""
        return int((self.dimer.a.numbers > 2).sum())

    @property
    def host_class(self) -> str:
        """See `host_class`."""
        return host_class(self.dimer.a.symbols)


def host_class(symbols: Sequence[str]) -> str:
    """What kind of host it is: by its heaviest kind of element, then by whether it holds nitrogen or oxygen.

    >>> host_class(["C", "O", "O"]), host_class(["C", "H", "H", "F", "F"]), host_class(["Ar"])
    ('O', 'halogen', 'noble gas')
    """
    held = set(symbols)
    if len(symbols) == 1 and symbols[0] in ["He", "Ne", "Ar", "Kr", "Xe", "Rn"]:
        return "noble gas"
    for name, elements in CLASSES:
        if held & set(elements.split()):
            return name
    if held & {"N", "O"}:
        return " and ".join(sorted(held & {"N", "O"}))
    return "hydrocarbon" if "C" in held else "hydrogen" if held == {"H"} else "other"


def read_dimers(path: Path) -> tuple[list[ReferenceDimer], dict[str, int]]:
    """The usable frames of an extxyz file, and how many others there are by reason.

    Raises InputError for a file that cannot be read, without any usable frame, or with energies that cannot be in eV.
    """
    found, others = [], Counter[str]()
    text = read_text(path, MOST_BYTES)
    try:
        for frame, structure in xyz_frames(text, MOST_FRAMES):
            try:
                info = keys_of(frame, structure.atoms)
                atoms, stated = usable(structure)
                info = in_internal_units(info, stated)
                if REFERENCE not in info:
                    others[NO_ENERGY] += 1
                    continue
                division = divide(atoms.numbers, atoms.positions, atoms.info)
                host = atoms[division.host]
                kind = str(info.get("config_type", "")) or host.get_chemical_formula()
                dimer = Dimer(
                    Monomer(
                        kind.lower(), tuple(host.get_chemical_symbols()), host.positions, source=f"file {path.name}"
                    ),
                    Monomer.atom(atoms[division.probe].symbol),
                )
                at = dimer.at(atoms.positions[division.probe]).checked()
            except InputError as error:
                reason = str(error)
                several = "both parts have several" in reason or "no other atom stands alone" in reason
                others[MOLECULE if several else reason.rstrip(".")] += 1
                continue
            part, system = str(info.get("set", "")), info.get("system")
            named = f"{part} {system}".strip() if system is not None else f"{part} {kind}".strip()
            scaling = info.get("scaling")
            found.append(
                ReferenceDimer(
                    frame,
                    at,
                    float(info[REFERENCE]),
                    named,
                    part,
                    float(scaling) if isinstance(scaling, int | float) else None,
                )
            )
    except InputError as error:
        raise InputError(f"{path}, {error}") from None
    if not found:
        why = "; ".join(f"{reason} ({n})" for reason, n in others.most_common(3))
        raise InputError(f"{path} has no frame with a published energy of a host and one atom: {why or 'it is empty'}.")
    _check_units(path, found)
    return with_regions(found), dict(others.most_common())


def _check_units(path: Path, found: Sequence[ReferenceDimer]) -> None:
    """Attraction is of the size of the dispersion between free atoms; kcal/mol taken as eV is 23 times that."""
    ratio = [one.energy / free_atom_dispersion(one.at)[0] for one in found if one.energy < 0.0]
    if ratio and float(np.median(ratio)) > TOO_LARGE:
        raise InputError(
            f"{path}: its interaction energies are {np.median(ratio):.2g} times larger than dispersion can be in eV; "
            "convert them to eV, or state their unit by a key such as energy_unit=kcal/mol."
        )


def with_regions(found: Iterable[ReferenceDimer]) -> list[ReferenceDimer]:
    """The same with their regions, which are those of each system's own curve: a helium well may be 10 cm⁻¹ deep.

    *Well*: at least half as deep as the deepest geometry of the system. *Tail*: less deep, and further out than that
    one. *Wall*: repulsive, or less deep and further in.
    """
    found = list(found)
    deepest: dict[str, ReferenceDimer] = {}
    for one in found:
        if one.system not in deepest or one.energy < deepest[one.system].energy:
            deepest[one.system] = one

    def nearest(one: ReferenceDimer) -> float:
        return float(one.at.separations[0])

    def region(one: ReferenceDimer) -> str:
        bottom = deepest[one.system]
        if one.energy >= 0.0:
            return "wall"
        if one.energy <= WELL_SHARE * bottom.energy:
            return "well"
        return "tail" if nearest(one) > nearest(bottom) else "wall"

    return [replace(one, region=region(one)) for one in found]


def chosen(
    found: Iterable[ReferenceDimer],
    *,
    probes: Sequence[str] = (),
    sets: Sequence[str] = (),
    most_heavy_atoms: int | None = None,
) -> list[ReferenceDimer]:
    """Those of these probes, of sets whose names hold one of these words, and of hosts that are no larger.

    Raises InputError when none is left, or for an unknown probe or set.
    """
    found = list(found)
    for probe in probes:
        if probe not in atomic_numbers:
            raise InputError(f"--probe {probe} is no chemical symbol; give some such as He,Ne.")
    kept = [
        one
        for one in found
        if (not probes or one.dimer.b.symbols[0] in probes)
        and (not sets or any(word.lower() in one.set.lower() for word in sets))
        and (most_heavy_atoms is None or one.heavy_atoms <= most_heavy_atoms)
    ]
    if not kept:
        there = ", ".join(sorted({one.dimer.b.symbols[0] for one in found}))
        raise InputError(
            f"No geometry is left by --probe, --set and --most-heavy-atoms; probes {there}; "
            f"sets {', '.join(sorted({one.set for one in found if one.set})) or 'without names'}."
        )
    return kept


def drawn(found: Sequence[ReferenceDimer], n: int | None, seed: int = 0) -> list[ReferenceDimer]:
    """n of them, from each probe, kind of host and region in turn; the first of a larger draw are the smaller one.

    All of them in that order without n, so that a run that is stopped has seen something of everything.
    """
    random = np.random.default_rng(seed)
    strata: dict[tuple[str, str, str], list[ReferenceDimer]] = {}
    for row in random.permutation(len(found)):
        one = found[int(row)]
        strata.setdefault((one.dimer.b.symbols[0], one.host_class, one.region), []).append(one)
    order = list(strata.values())
    turns = max(map(len, order), default=0)
    mixed = [members[turn] for turn in range(turns) for members in order if turn < len(members)]
    return mixed[:n]
