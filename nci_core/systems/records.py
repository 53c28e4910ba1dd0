"""Monomers and dimers as JSON: what a model remembers of those that it was fitted to, and what an order is of."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import Monomer


class MonomerRecord(BaseModel):
    """A rigid monomer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    symbols: tuple[str, ...] = Field(min_length=1)
    positions_angstrom: list[tuple[float, float, float]]

    @classmethod
    def of(cls, monomer: Monomer) -> Self:
        """What is kept of a monomer."""
        positions = [(x, y, z) for x, y, z in monomer.positions.tolist()]
        return cls(name=monomer.name, symbols=monomer.symbols, positions_angstrom=positions)

    def monomer(self, source: str) -> Monomer:
        """The monomer, which messages say to come from `source`; raises InputError where it is not usable."""
        return Monomer(self.name, self.symbols, np.array(self.positions_angstrom), source=source)


class SystemRecord(BaseModel):
    """A dimer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    a: MonomerRecord
    b: MonomerRecord

    @classmethod
    def of(cls, dimer: Dimer) -> Self:
        """What is kept of a dimer."""
        return cls(a=MonomerRecord.of(dimer.a), b=MonomerRecord.of(dimer.b))

    def dimer(self, source: str) -> Dimer:
        """The dimer, which messages say to come from `source`; raises InputError where it is not usable."""
        b = Monomer.atom(self.b.symbols[0]) if len(self.b.symbols) == 1 else self.b.monomer(source)
        return Dimer(self.a.monomer(source), b)
