"""The systems of a campaign: its settings name them, its database knows what belongs to which."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nci_core.config import FILE_NAME, CampaignSettings, SystemSettings
from nci_core.errors import InputError
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
    """

    id: int
    name: str
    role: Role
    dimer: Dimer

    @property
    def title(self) -> str:
        """Its name, and that it is a transfer system where it is one."""
        return f"{self.name} (transfer)" if self.role == "transfer" else self.name


def stored(system: SystemSettings) -> StoredSystem:
    """A new row of the database; its place is found when it is added."""
    host, probe = (monomer.model_dump() for monomer in (system.host, system.probe_monomer))
    return StoredSystem(name=system.name, role=system.role, place=0, host=host, probe=probe)


def agree(settings: CampaignSettings, store: Store, folder: Path) -> tuple[System, ...]:
    """The systems of the database, in its order, with what the settings say of them.

    Names are the settings'. A system that only the settings have is added to the database, so that it can be written
    into the file by hand. Raises InputError where the database has another system, geometry or role, for labels of
    different systems would be mixed; and where something would have to be added to a database that is open read-only.
    """
    rows = systems.fetch(store)
    left = list(settings.systems)
    found: dict[int, SystemSettings] = {}
    for row in rows:
        mine = next((system for system in left if _same(system, row)), None)
        if mine is not None:
            left.remove(mine)
            found[row.id] = mine
    for row in rows:
        _check(row, found.get(row.id), left, folder / FILE_NAME)
    names = {row.id: found[row.id].name for row in rows if found[row.id].name != row.name}
    if store.read_only and left:
        raise InputError(
            f"{folder / FILE_NAME} names the system {left[0].name}, which the database beside it does not have yet; "
            "open the campaign once for writing."
        )
    if names and not store.read_only:
        systems.rename(store, names)
    if left:
        systems.add(store, [stored(system) for system in left])
        return agree(settings, store, folder)
    return tuple(System(row.id, found[row.id].name, row.role, found[row.id].dimer) for row in rows)


def _same(system: SystemSettings, row: StoredSystem) -> bool:
    """Whether a row is of the dimer that the settings mean."""
    place, known = (np.array(where, dtype=float) for where in (system.host.positions_angstrom, _places(row)))
    if not _same_atoms(system, row) or place.shape != known.shape:
        return False
    return bool(np.allclose(place, known, rtol=0.0, atol=SAME_PLACE))


def _same_atoms(system: SystemSettings, row: StoredSystem) -> bool:
    mine = ((part.symbols, part.charge) for part in (system.host, system.probe_monomer))
    return list(mine) == [(part["symbols"], part["charge"]) for part in (row.host, row.probe)]


def _places(row: StoredSystem) -> list[list[float]]:
    places: list[list[float]] = row.host["positions_angstrom"]
    return places


def _check(row: StoredSystem, mine: SystemSettings | None, left: Sequence[SystemSettings], file: Path) -> None:
    """Raise InputError unless the settings have a row's system, in its role."""
    if mine is not None:
        if mine.role != row.role:
            raise InputError(
                f"{file} gives the system {mine.name} the role {mine.role!r}, but the database beside it was made with "
                f"{row.role!r}, which stays."
            )
        return
    moved = next((system for system in left if _same_atoms(system, row)), None)
    if moved is not None:
        raise InputError(
            f"{file} gives {moved.host.name} another geometry than the database beside it was made with; make a new "
            "campaign for another geometry."
        )
    was = f"{row.probe['name'].lower()}-{row.host['name']}"
    if left:
        raise InputError(
            f"{file} describes {left[0].dimer.name}, but the database beside it was made for {was}; make a new "
            "campaign for another system."
        )
    raise InputError(
        f"{file} does not name the system {row.name} ({was}) that the database beside it has; put it back."
    )


def named(found: Sequence[System], name: str | int, campaign: str) -> System:
    """The system of this name or number; raises InputError for an unknown one."""
    for system in found:
        if name in (system.name, system.id):
            return system
    has = ", ".join(system.name for system in found)
    raise InputError(f"Campaign {campaign} has no system {name!r}; it has {has}.")
