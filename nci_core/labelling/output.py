"""The labelled file: every frame with all it had, its label beside it or the reason why there is none."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nci_core.datasets.keys import REFERENCE, python_value
from nci_core.files import write_atomically
from nci_core.labelling.folder import Failure
from nci_core.labelling.frames import Frame
from nci_core.labelling.tasks import Task
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult, parts_cm1
from nci_core.systems import Dimer
from nci_core.units import CM1_EV

#: A label that is doubted is kept under this key, which no fit takes for a reference energy.
SET_ASIDE = "set_aside_interaction_energy"
STD = "label_std"
#: Keys that this command writes; what the input has of these names is kept as `input_…`.
WRITTEN = (
    REFERENCE,
    SET_ASIDE,
    STD,
    "hf_interaction_energy",
    "ccsd_correlation_interaction_energy",
    "triples_interaction_energy",
    *("method", "basis", "bsse", "recipe", "recipe_hash", "geometry_hash"),
    *("label_status", "label_note", "cpu_seconds", "energy_unit", "length_unit"),
    *("config_type", "monomer_a", "monomer_b", "input_frame"),
)
#: Those of them that mean the same in the input.
_KEPT = ("config_type",)
Status = Literal["complete", "set aside", "failed", "waiting"]


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: which.
        result: its label, if there is one.
        failure: why not, if it failed.
    """

    task: Task
    result: LabelResult | None = None
    failure: Failure | None = None

    @property
    def status(self) -> Status:
        """In a word."""
        if self.result is not None:
            return "set aside" if self.result.doubts else "complete"
        return "failed" if self.failure is not None else "waiting"

    @property
    def note(self) -> str:
        """Sentences on the recipe for this dimer, on what is doubted or on why there is no label."""
        doubts = [doubt.sentence for doubt in self.result.doubts] if self.result else []
        failed = [self.failure.reason] if self.failure and not self.result else []
        return " ".join([*self.task.notes, *doubts, *failed])


def keys_of_label(outcome: Outcome, recipe: Recipe) -> dict[str, Any]:
    """The keys that a label adds to its frames: energies in eV, and all that says what they are."""
    result, task = outcome.result, outcome.task
    found: dict[str, Any] = {"label_status": outcome.status, "geometry_hash": task.geometry_hash}
    if result is not None:
        # From the parts, so that labels that are older than the recipe's error have one too.
        error = task.recipe.prediction_error
        std = error.std_cm1(parts_cm1(result.fragments, result.larger)) if error else None
        found |= {
            REFERENCE if outcome.status == "complete" else SET_ASIDE: result.energy_ev,
            STD: None if std is None else std * CM1_EV,
            "hf_interaction_energy": result.hf_ev,
            "ccsd_correlation_interaction_energy": result.ccsd_ev,
            "triples_interaction_energy": result.triples_ev,
            # Of the recipe as it was given: a stand-in for one element does not make another kind of label.
            **{"method": recipe.method, "basis": recipe.basis_name, "bsse": "counterpoise"},
            **{"recipe": recipe.name, "recipe_hash": result.recipe_hash, "cpu_seconds": round(result.cpu_seconds, 2)},
        }
    return found | ({"label_note": outcome.note} if outcome.note else {})


def write_labelled(path: Path, frames: Sequence[Frame], outcomes: Mapping[int, Outcome], recipe: Recipe) -> None:
    """Write the frames, in their order; the file appears only when it is whole.

    Args:
        path: of the extended xyz file.
        frames: of the input.
        outcomes: number of a frame → what became of its label; frames without one are left out.
        recipe: as it was given.
    """
    text = io.StringIO()
    left_out = len(outcomes) < len(frames)
    for frame in frames:
        if frame.at is not None and frame.number in outcomes:
            number = {"input_frame": frame.number} if left_out else {}
            _write(text, frame, _keys(frame, frame.at.dimer, outcomes[frame.number], recipe) | number)
    write_atomically(path, text.getvalue().encode())


def _keys(frame: Frame, dimer: Dimer, outcome: Outcome, recipe: Recipe) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for key, value in frame.info.items():
        name = key
        while (name in WRITTEN and name not in _KEPT) or name in keys or (name != key and name in frame.info):
            name = "input_" + (name.removeprefix("REF_"))
        keys[name] = value
    n = len(dimer.a.symbols)
    own = {"monomer_a": f"0:{n}", "monomer_b": f"{n}:{n + len(dimer.b.symbols)}"} | keys_of_label(outcome, recipe)
    own |= {"energy_unit": "eV", "length_unit": "angstrom"}
    return {"config_type": dimer.name} | keys | own


def _write(text: io.StringIO, frame: Frame, keys: Mapping[str, Any]) -> None:
    from ase.io.extxyz import write_xyz  # here: it takes 0.3 s

    atoms = frame.atoms.copy()
    atoms.info = {}
    for key, value in keys.items():
        plain = python_value(value)
        if plain is None or (isinstance(plain, float) and not math.isfinite(plain)):
            continue
        atoms.info[key] = np.array(plain) if isinstance(plain, list) else plain
    further = [name for name in atoms.arrays if name not in ("numbers", "positions")]
    write_xyz(text, [atoms], columns=["symbols", "positions", *further], write_results=False)
