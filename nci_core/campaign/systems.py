"""The systems of a campaign: its settings name them, its database knows what belongs to which."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from nci_core.config import FILE_NAME, CampaignSettings, SystemSettings
from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.sampling.depth import well_depth
from nci_core.store import Store, StoredSystem, systems
from nci_core.store.base import Role
from nci_core.systems.dimer import Dimer

#: Å: settings keep 1e-6 Å; the hashes of the configurations see 1e-4 Å.
SAME_PLACE = 2e-6


@dataclass(frozen=True)
class System:
    """A system of an open campaign.

    Attributes:
        id: its number in the database.
        name: as the settings call it.
        role: "train", or "transfer" where it is only tested on.
        dimer: host and probe.
        bounds: where its regions begin and end.
        depth_cm1: of its well by the guide, None where its bounds do not come from it.
    """

    id: int
    name: str
    role: Role
    dimer: Dimer
    bounds: RegionBounds = field(default_factory=RegionBounds)
    depth_cm1: float | None = None

    @property
    def title(self) -> str:
        """Its name, and that it is a transfer system where it is one."""
        return f"{self.name} (transfer)" if self.role == "transfer" else self.name


def stored(system: SystemSettings) -> StoredSystem:
    """A new row of the database; its place is found when it is added."""
    host, probe = (monomer.model_dump() for monomer in (system.host, system.probe_monomer))
    return StoredSystem(name=system.name, role=system.role, place=0, host=host, probe=probe)


@lru_cache(maxsize=1000)
def _depth(system: str) -> float | None:
    """Depth in cm⁻¹ of a system, given as JSON, by the default guide; None where that has no parameters or no well."""
    with suppress(InputError):
        return well_depth(SystemSettings.model_validate_json(system).dimer)
    return None


def bounded(settings: CampaignSettings, system: SystemSettings) -> SystemSettings:
    """A system with the bounds that neither it nor the campaign has, from its depth; the usual ones without a depth."""
    well, limit = settings.given_bounds(system)
    if well is not None and limit is not None:
        return system
    depth = system.depth_cm1 or _depth(system.model_dump_json(include={"host", "probe"}))
    usual = RegionBounds() if depth is None else RegionBounds.of_depth(depth)
    own = {
        "well_below_cm1": usual.well_below_cm1 if well is None else system.well_below_cm1,
        "limit_cm1": usual.limit_cm1 if limit is None else system.limit_cm1,
    }
    return system.model_copy(update={"depth_cm1": depth, **own})


def bounds_of(settings: CampaignSettings, system: SystemSettings) -> RegionBounds:
    """The bounds of a system."""
    well, limit = settings.given_bounds(bounded(settings, system))
    if well is None or limit is None:
        raise AssertionError("a system without bounds")
    return RegionBounds(well, limit)


def with_bounds(settings: CampaignSettings) -> CampaignSettings:
    """Settings in which every system has its bounds."""
    return settings.model_copy(update={"systems": [bounded(settings, system) for system in settings.systems]})


def agree(settings: CampaignSettings, store: Store, folder: Path) -> tuple[System, ...]:
    """The systems of the database, in its order, with what the settings say of them.

    Names are the settings'. A system that only the settings have is added to the database, so that it can be written
    into the file by hand. Raises InputError where the database has another system, geometry or role, for labels of
    different systems would be mixed; and where something would have to be added to a database that is open read-only.
    """
    file, rows = folder / FILE_NAME, systems.fetch(store)
    left, found = list(settings.systems), dict[int, SystemSettings | None]()
    for row in rows:  # one system is that of one row, also where two are nearly the same
        found[row.id] = mine = next((system for system in left if _same(system, row)), None)
        if mine is not None:
            left.remove(mine)
    agreed: list[System] = []
    for row in rows:
        mine = found[row.id]
        if mine is None:
            raise InputError(_missing(row, left, file))
        if mine.role != row.role:
            raise InputError(
                f"{file} gives the system {mine.name} the role {mine.role!r}, but the database beside it was made with "
                f"{row.role!r}, which stays."
            )
        mine = bounded(settings, mine)  # of a file of before, or one that somebody wrote
        agreed.append(System(row.id, mine.name, row.role, mine.dimer, bounds_of(settings, mine), mine.depth_cm1))
    if store.read_only and left:
        raise InputError(
            f"{file} names the system {left[0].name}, which the database beside it does not have yet; "
            "open the campaign once for writing."
        )
    names = {row.id: mine.name for row, mine in zip(rows, agreed, strict=True) if mine.name != row.name}
    if names and not store.read_only:
        systems.rename(store, names)
    if left:
        systems.add(store, [stored(system) for system in left])
        return agree(settings, store, folder)
    return tuple(agreed)


def _same(system: SystemSettings, row: StoredSystem, within: float = SAME_PLACE) -> bool:
    """Whether a row is of the dimer that the settings mean: the same atoms, at the same places `within` so many Å."""
    atoms = [(part.symbols, part.charge) for part in (system.host, system.probe_monomer)]
    if atoms != [(part["symbols"], part["charge"]) for part in (row.host, row.probe)]:
        return False
    place, known = np.array(system.host.positions_angstrom), np.array(row.host["positions_angstrom"])
    return place.shape == known.shape and bool((np.abs(place - known) <= within).all())


def _missing(row: StoredSystem, left: Sequence[SystemSettings], file: Path) -> str:
    """Why the settings do not go with a row, where `left` are their systems that the database does not have."""
    moved = next((system for system in left if _same(system, row, np.inf)), None)
    was = f"{row.probe['name'].lower()}-{row.host['name']}"
    if moved is not None:
        return (
            f"{file} gives {moved.host.name} another geometry than the database beside it was made with; make a new "
            "campaign for another geometry."
        )
    if left:
        return (
            f"{file} describes {left[0].dimer.name}, but the database beside it was made for {was}; make a new "
            "campaign for another system."
        )
    return f"{file} does not name the system {row.name} ({was}) that the database beside it has; put it back."
