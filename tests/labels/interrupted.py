"""A tiny label that is interrupted where something of it is kept."""

import numpy as np

from nci_core.labels.ccsdt import compute_label
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems import Dimer, Monomer

TINY = Recipe(name="tiny", host_basis={"*": "6-31g**"}, probe_basis="6-31g**")


HYDROGEN = Monomer("hydrogen", ("H", "H"), np.array([[0.0, 0.0, -0.3707], [0.0, 0.0, 0.3707]]))


DIMER = Dimer(HYDROGEN, Monomer.atom("He"))


POINT = [1.1, 0.4, 2.6]


class KilledError(Exception):
    """The process would have been killed here."""


class MemoryStore:
    """Keeps pieces in memory; after `calls` of them the process "dies", before or after the piece is safe."""

    def __init__(self) -> None:
        self.pieces: dict[str, bytes] = {}
        self.before: dict[str, bytes] = {}  # the last of them was kept
        self.kept: list[str] = []
        self.calls = -1

    def read(self, name: str) -> bytes | None:
        return self.pieces.get(name)

    def keep(self, name: str, content: bytes) -> bool:
        self.before = dict(self.pieces)
        self.pieces[name] = content
        self.kept.append(name)
        self.calls -= 1
        if self.calls == 0:
            raise KilledError
        return True

    def drop(self, name: str) -> None:
        self.pieces.pop(name, None)


def start(store: MemoryStore, dimer: Dimer = DIMER, recipe: Recipe = TINY) -> LabelResult:
    return compute_label(dimer.at(POINT), recipe, None, store)
