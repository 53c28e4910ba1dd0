"""Interaction energies of host and probe from total energies: of the two together, and of each alone.

What belongs together is found by geometry and named by nobody: every calculation is laid on the host, and its real
atoms say whether it is the dimer, the host or the probe. With ghost atoms at the places of the other one it is that
of one dimer (counterpoise, DOI 10.1080/00268977000101561), without them that of all dimers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from nci_core.datasets.program_outputs.calculations import METHODS, Calculation
from nci_core.systems import Dimer
from nci_core.systems.superposition import RIGID_TOLERANCE, matching_order, superpose
from nci_core.units import HARTREE_EV
from nci_core.visible import quoted

FloatArray = npt.NDArray[np.float64]
What = Literal["dimer", "host", "probe"]

#: Å. Places of one dimer's probe in three outputs: the programs print six decimals, and laying hosts on each other
#: moves by the rounding of each. Two points of a scan are farther apart.
SAME_PLACE = 1e-3


class Level(NamedTuple):
    """What an interaction energy is: program, method, basis and whether with the counterpoise correction."""

    program: str
    method: str
    basis: str
    counterpoise: bool

    @property
    def label(self) -> str:
        """For people.

        >>> Level("ORCA", "CCSD(T)", "aug-cc-pVTZ", True).label
        'CCSD(T)/aug-cc-pVTZ, counterpoise, ORCA'
        """
        basis = f"/{self.basis}" if self.basis else ""
        return f"{self.method}{basis}, {'' if self.counterpoise else 'no '}counterpoise, {self.program}"


@dataclass(frozen=True)
class Interactions:
    """The interaction energies at one level.

    Attributes:
        positions: (m, 3) of the probe in Å, in the host's frame.
        energy_ev: (m,).
        numbers: (m,) of the dimers' calculations.
        n_basis: functions of a dimer.
        problems: (number, what is wrong) of dimers that have no interaction energy.
    """

    positions: FloatArray
    energy_ev: FloatArray
    numbers: npt.NDArray[np.int64]
    n_basis: int
    problems: tuple[tuple[int, str], ...]


class _Placed(NamedTuple):
    calculation: Calculation
    what: What
    place: FloatArray | None  # of the probe, ghost or not; None without


def interactions(
    calculations: Iterable[Calculation], dimer: Dimer
) -> tuple[dict[Level, Interactions], list[tuple[int, str]]]:
    """Interaction energies by level, the likeliest level first, and what is wrong with calculations of no use.

    That is the highest method; then what has most energies, the larger basis, and counterpoise. A level without any
    energy is among them where dimers were computed at it, so that its problems can be said.
    """
    placed, problems = [], []
    for calculation in calculations:
        found = _place(calculation, dimer)
        if isinstance(found, str):
            problems.append((calculation.number, found))
        else:
            placed.append(found)
    dimers = [each for each in placed if each.what == "dimer"]
    parts = {what: [each for each in placed if each.what == what] for what in ("host", "probe")}
    wanted = dict.fromkeys(
        Level(each.calculation.program, method, each.calculation.basis, counterpoise)
        for each in dimers
        for method in each.calculation.energies
        for counterpoise in (True, False)
    )
    levels = {level: _at(level, dimers, parts, dimer) for level in wanted}

    def rank(level: Level) -> tuple[int, bool, int, int, bool]:
        has = levels[level]
        return METHODS.index(level.method), bool(len(has.numbers)), len(has.numbers), has.n_basis, level.counterpoise

    return {level: levels[level] for level in sorted(levels, key=rank, reverse=True)}, problems


def _at(level: Level, dimers: list[_Placed], parts: dict[str, list[_Placed]], dimer: Dimer) -> Interactions:
    """The interaction energies at one level."""
    mine = [each for each in dimers if _energy(each.calculation, level) is not None]
    names = {"host": dimer.a.name, "probe": dimer.b.symbols[0]}
    there: dict[str, list[_Placed]] = {
        what: [
            each
            for each in found
            if _energy(each.calculation, level) is not None and (each.place is not None) == level.counterpoise
        ]
        for what, found in parts.items()
    }
    positions, energies, numbers, problems = [], [], [], []
    for each in mine:
        assert each.place is not None
        total = _energy(each.calculation, level)
        assert total is not None
        used = {what: _alone(each, found) for what, found in there.items()}
        lacking = [names[what] for what, found in used.items() if found is None]
        whole = [found for found in used.values() if found is not None]
        if lacking:
            ghosts = " with ghost atoms at this geometry" if level.counterpoise else ""
            reason = f"there is no {level.method} energy of {' and of '.join(lacking)} alone{ghosts}"
            problems.append((each.calculation.number, reason))
            continue
        sizes = {found.calculation.n_basis for found in whole} | {each.calculation.n_basis}
        if level.counterpoise and len(sizes - {0}) > 1:
            reason = f"its parts have {' and '.join(map(str, sorted(sizes - {0})))} basis functions, so other bases"
            problems.append((each.calculation.number, reason))
            continue
        alone = sum(_energy(found.calculation, level) or 0.0 for found in whole)
        positions.append(each.place)
        energies.append((total - alone) * HARTREE_EV)
        numbers.append(each.calculation.number)
    return Interactions(
        np.array(positions, dtype=float).reshape(-1, 3),
        np.array(energies, dtype=float),
        np.array(numbers, dtype=np.int64),
        max((each.calculation.n_basis for each in mine), default=0),
        tuple(problems),
    )


def _energy(calculation: Calculation, level: Level) -> float | None:
    """The total energy in hartree at a level, None where the calculation has none."""
    if (calculation.program, calculation.basis) != (level.program, level.basis):
        return None
    found = calculation.energies.get(level.method)
    if found is None and calculation.n_electrons <= 2 and level.method.endswith("CCSD(T)"):
        # Two electrons have no triple excitations: programs stop at CCSD.
        found = calculation.energies.get(level.method.removesuffix("(T)"))
    return found


def _alone(dimer: _Placed, parts: Sequence[_Placed]) -> _Placed | None:
    """Host or probe that belongs to a dimer: at its place if there are ghosts, else any."""
    assert dimer.place is not None
    if not parts or parts[0].place is None:
        return parts[0] if parts else None
    places = np.array([part.place for part in parts])
    distance = np.linalg.norm(places - dimer.place, axis=1)
    nearest = int(distance.argmin())
    return parts[nearest] if distance[nearest] <= SAME_PLACE else None


def _place(calculation: Calculation, dimer: Dimer) -> _Placed | str:
    """Where a calculation lies in the host's frame and what it is of; a reason where it is of no use."""
    symbols, ghost, host = calculation.symbols, calculation.ghost, dimer.a
    real = tuple(symbol for symbol, is_ghost in zip(symbols, ghost, strict=True) if not is_ghost)
    if symbols == (dimer.b.symbols[0],) and real:
        return _Placed(calculation, "probe", None)
    if sorted(symbols) == sorted(host.symbols) and len(real) == len(symbols):
        order = matching_order(host.symbols, host.positions, symbols, calculation.positions)
        return _Placed(calculation, "host", None) if order is not None else _deformed(calculation, dimer, None)
    if sorted(symbols) != sorted([*host.symbols, dimer.b.symbols[0]]):
        return f"it holds {quoted(''.join(symbols), 40)}, not {dimer.name} or a part of it"
    for probe in [k for k, symbol in enumerate(symbols) if symbol == dimer.b.symbols[0]]:
        rest = np.delete(np.arange(len(symbols)), probe)
        what: What | None = None
        if not ghost.any():
            what = "dimer"
        elif ghost[probe] and not ghost[rest].any():
            what = "host"
        elif ghost[rest].all() and not ghost[probe]:
            what = "probe"
        others = tuple(symbols[k] for k in rest)
        order = matching_order(host.symbols, host.positions, others, calculation.positions[rest])
        if what is None or order is None:
            continue
        pose = superpose(host.positions, calculation.positions[rest][order])
        return _Placed(calculation, what, pose.place(calculation.positions[probe]))
    if ghost.any() and not (ghost.all() or ghost.sum() in (1, len(host.symbols))):
        return "its ghost atoms are neither those of the host nor of the probe"
    return _deformed(calculation, dimer, symbols.index(dimer.b.symbols[0]))


def _deformed(calculation: Calculation, dimer: Dimer, probe: int | None) -> str:
    """The sentence about another geometry of the host."""
    host = dimer.a
    rest = [k for k in range(len(calculation.symbols)) if k != probe]
    if tuple(calculation.symbols[k] for k in rest) == host.symbols:
        pose = superpose(host.positions, calculation.positions[rest])
        return (
            f"its {host.name} is not the campaign's: after superposition atom {pose.atom + 1} "
            f"({host.symbols[pose.atom]}) lies {pose.displacement:.3f} Å away, more than {RIGID_TOLERANCE:g} Å"
        )
    return f"its {host.name} has another geometry than the campaign's, however its atoms are ordered"
