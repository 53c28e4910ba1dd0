"""`python -m nci_core.bench.label_child`: compute the label that standard input asks for, and keep the outcome."""

import os
import sys
from pathlib import Path

import numpy as np
import orjson

from nci_core.bench.label_folder import Outcome, keep
from nci_core.errors import NCIError
from nci_core.jobs.processes import end_with_parent
from nci_core.reference.ccsdt import compute_label
from nci_core.reference.checked_recipe import check_recipe
from nci_core.reference.recipes import Recipe
from nci_core.store.fragments import FragmentFiles
from nci_core.systems import Dimer, Host

#: Added to the niceness of the process: whoever works on the machine comes first.
NICE = 10


def main(order: bytes) -> None:
    """Compute it; a reason that can be said in a sentence is an outcome too."""
    asked = orjson.loads(order)
    end_with_parent(int(asked["parent"]))
    os.nice(NICE)
    out = Path(asked["out"])
    try:
        host = Host(asked["host"], tuple(asked["symbols"]), np.array(asked["positions"]))
        dimer = Dimer(host, asked["probe"])
        recipe = check_recipe(Recipe.model_validate(asked["recipe"]), dimer).recipe
        pieces = FragmentFiles(out.parent, dimer.geometry_hash(asked["position"]), recipe.hash)
        label = compute_label(dimer, asked["position"], recipe, store=pieces)
        keep(out, Outcome(label=label))
        pieces.clear()
    except NCIError as error:
        keep(out, Outcome(failure=str(error)))
    except MemoryError:
        keep(out, Outcome(failure="This machine has too little memory for the label."))


if __name__ == "__main__":
    main(sys.stdin.buffer.read())
