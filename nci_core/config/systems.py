"""The systems of a campaign as its settings name them: dimers of two monomers, each with a role."""

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from nci_core.errors import InputError
from nci_core.store.base import Role
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import Monomer
from nci_core.systems.reading.structure_file import find_host
from nci_core.visible import quoted

#: Above this many the tables and pages of a campaign are no longer readable.
MOST_SYSTEMS = 100
LONGEST_NAME = 100
#: Å: positions that differ by less are the same place, as in the hashes of configurations.
GRID = 1e-4


class MonomerSettings(BaseModel):
    """A rigid monomer, stored in full, so that a campaign never depends on a file elsewhere."""

    model_config = ConfigDict(extra="forbid")

    name: str
    symbols: list[str] = Field(max_length=1000)
    positions_angstrom: list[Annotated[list[FiniteFloat], Field(min_length=3, max_length=3)]]
    charge: int = 0
    source: str = ""

    @classmethod
    def of(cls, monomer: Monomer) -> Self:
        """A monomer as it is stored, its positions to 1e-6 Å; raises InputError for one with too many atoms."""
        values = {"name": monomer.name, "symbols": list(monomer.symbols), "charge": monomer.charge}
        try:
            return cls(positions_angstrom=np.round(monomer.positions, 6).tolist(), source=monomer.source, **values)
        except ValidationError as error:
            raise InputError(f"Monomer {monomer.name!r} cannot be stored: {error.errors()[0]['msg']}.") from None

    @classmethod
    def atom(cls, symbol: str) -> Self:
        """One atom, at the origin."""
        return cls(name=symbol, symbols=[symbol], positions_angstrom=[[0.0, 0.0, 0.0]])

    @property
    def monomer(self) -> Monomer:
        """The monomer; raises InputError where it is not usable."""
        if self.charge:
            raise InputError(f"Monomer {self.name!r} has the charge {self.charge:+d}; only neutral ones are supported.")
        return Monomer(self.name, tuple(self.symbols), np.array(self.positions_angstrom), source=self.source)


class SystemSettings(BaseModel):
    """A dimer and its role; without a name it is called as its dimer is.

    Its depth by the guide potential and the region bounds that follow from it (cm⁻¹) are kept from when it is made, so
    that regions do not move under errors that are stored; both are empty where the campaign has bounds for all systems.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    role: Role = "train"
    host: MonomerSettings
    probe: str | MonomerSettings = "He"
    depth_cm1: FiniteFloat | None = None
    well_below_cm1: FiniteFloat | None = None
    limit_cm1: FiniteFloat | None = None

    @classmethod
    def of(cls, host: str | Monomer, probe: str = "He", role: Role = "train", name: str = "") -> Self:
        """A system of a host, given or found by the name of a built-in one or of a file; InputError for a bad one."""
        monomer = MonomerSettings.of(find_host(host) if isinstance(host, str) else host)
        return cls(name=name, role=role, host=monomer, probe=probe)

    @model_validator(mode="after")
    def _named(self) -> Self:
        self.name = self.name or f"{self.probe_monomer.name.lower()}-{self.host.name}"
        return self

    @property
    def probe_monomer(self) -> MonomerSettings:
        """The probe in full."""
        return MonomerSettings.atom(self.probe) if isinstance(self.probe, str) else self.probe

    @property
    def dimer(self) -> Dimer:
        """Host and probe; raises InputError when they are not usable."""
        probe = self.probe_monomer
        if len(probe.symbols) != 1 or probe.charge:
            raise InputError(f"Probe {probe.name!r} is no neutral atom; probes are atoms such as He, Ne or Ar for now.")
        return Dimer(self.host.monomer, Monomer.atom(probe.symbols[0]))

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for systems of the same dimer, in whatever order their atoms are."""
        return tuple(
            tuple(sorted((symbol, *np.rint(np.array(place) / GRID).astype(int).tolist()) for symbol, place in atoms))
            for atoms in (zip(part.symbols, part.positions_angstrom, strict=True) for part in self._monomers())
        )

    def _monomers(self) -> tuple[MonomerSettings, MonomerSettings]:
        probe = self.probe_monomer
        if len(probe.symbols) == 1:  # an atom is where its configurations have it
            probe = probe.model_copy(update={"positions_angstrom": [[0.0, 0.0, 0.0]]})
        return self.host, probe


def check_systems(systems: Sequence[SystemSettings]) -> None:
    """Raise InputError for systems that cannot make a campaign together, or one that is not usable itself."""
    if len(systems) > MOST_SYSTEMS:
        raise InputError(f"A campaign has at most {MOST_SYSTEMS} systems, and here are {len(systems):,}.")
    if not any(system.role == "train" for system in systems):
        raise InputError('No system has the role "train": a campaign needs at least one that is trained on.')
    names: set[str] = set()
    dimers: dict[tuple[object, ...], str] = {}
    for system in systems:
        if len(system.name) > LONGEST_NAME or not system.name.isprintable() or system.name != system.name.strip():
            raise InputError(
                f"The system's name {quoted(system.name, 40)} is longer than {LONGEST_NAME} characters, or not plain "
                "text."
            )
        if system.name in names:
            raise InputError(f"Two systems are called {quoted(system.name)}; give each a name of its own.")
        names.add(system.name)
        _ = system.dimer
        other = dimers.setdefault(system.identity, system.name)
        if other != system.name:
            raise InputError(
                f"Systems {quoted(other)} and {quoted(system.name)} are the same dimer; leave one of them out."
            )
