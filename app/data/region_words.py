"""Where the regions of the systems begin and end, in words: one system's, or each one's where they differ."""

from collections.abc import Callable, Sequence

from nci_core.campaign.systems import System
from nci_core.regions import RegionBounds
from nci_core.units import from_cm1


def well_and_limit(
    systems: Sequence[System], text: Callable[[float], str], named: Callable[[str], str] = str
) -> tuple[str, str]:
    """Below what the well lies, and where the energies of interest end.

    `text` writes an energy in eV, `named` the name of a system.
    """

    def ends(end: Callable[[RegionBounds], float]) -> str:
        by_end: dict[float, list[str]] = {}
        for system in systems:
            by_end.setdefault(end(system.bounds), []).append(named(system.name))
        if len(by_end) == 1:
            return text(from_cm1(next(iter(by_end))))
        return ", ".join(f"{text(from_cm1(value))} ({', '.join(names)})" for value, names in by_end.items())

    return ends(lambda bounds: bounds.well_below_cm1), ends(lambda bounds: bounds.limit_cm1)
