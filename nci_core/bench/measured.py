"""What a label claims, by its recipe and by each part of a composite alone. No torch, no PySCF."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from nci_core.errors import InputError
from nci_core.labels.recipes import Composite, Recipe
from nci_core.labels.results import LabelResult, difference
from nci_core.systems import Dimer, Monomer

FloatArray = npt.NDArray[np.float64]
#: What is added to the name of a recipe without its factors.
NOT_CALIBRATED = ": not calibrated"
#: Factors of a composite that is MP2 with a correction to CCSD(T), and has nothing fitted.
PLAIN = {"mean_field": 1.0, "mp2_larger": 1.0, "mp2": -1.0, "ccsd": 1.0, "triples": 1.0}


class Measured(NamedTuple):
    """An energy in eV that claims to be the reference's, with the CPU seconds and GB it cost."""

    recipe: str
    position: FloatArray
    energy: float
    cpu_seconds: float
    memory_gb: float


def read_labels(path: Path) -> Iterator[LabelResult]:
    """Finished labels of an exported campaign's labels.jsonl, or of one label a line; raises InputError."""
    try:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    except (OSError, orjson.JSONDecodeError):
        raise InputError(f"{path} cannot be read as labels; give a labels.jsonl of an exported campaign.") from None
    for line in lines:
        content = line["result"] if "status" in line else line
        if content:
            yield LabelResult.model_validate(content)


def labelled_dimer(label: LabelResult) -> Dimer:
    """The host, where it lay, and the probe of a label: its position means something beside these atoms only."""
    return Dimer(
        Monomer("host", tuple(label.host_symbols), np.array(label.host_positions_angstrom)), Monomer.atom(label.probe)
    )


def measured(label: LabelResult) -> Iterator[Measured]:
    """What a label says by its recipe and, of a composite, what its parts say alone."""
    recipe = Recipe.model_validate(label.recipe)
    place = np.array(label.position_angstrom)

    def one(name: str, energy: float, seconds: float) -> Measured:
        return Measured(name, place, energy, seconds, label.memory_gb)

    yield one(recipe.name, label.energy_ev, label.cpu_seconds)
    if recipe.composite and label.larger:
        own = [difference(label.fragments, name) for name in ("hf_hartree", "ccsd_hartree", "triples_hartree")]
        mp2 = difference(label.larger, "hf_hartree") + difference(label.larger, "mp2_hartree")
        correction = own[1] + own[2] - difference(label.fragments, "mp2_hartree")
        seconds = sum(part.cpu_seconds for part in label.larger.values())
        yield one(f"{recipe.name}: MP2 alone", mp2, seconds)
        if not is_plain(recipe.composite):
            yield one(recipe.name + NOT_CALIBRATED, mp2 + correction, label.cpu_seconds)
        yield one(f"{recipe.name}: small CCSD(T) alone", sum(own), label.cpu_seconds - seconds)


def is_plain(composite: Composite) -> bool:
    """Whether no factor of a composite was fitted to anything."""
    return all(getattr(composite, name) == value for name, value in PLAIN.items())
