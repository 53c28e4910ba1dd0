"""Predicted against actual minutes of labels that the prediction did not see."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import orjson
from pydantic import ValidationError

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.pricing.cost_model import CostModel, Price, Timing
from nci_core.campaign.pricing.costs import timing_of, timings
from nci_core.config import read_settings
from nci_core.errors import InputError
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.store import DATABASE_NAME
from nci_core.visible import first_problem


@dataclass(frozen=True)
class HeldOut:
    """Predicted against actual CPU minutes of labels that the prediction did not see.

    Attributes:
        what: one phrase.
        n: labels.
        actual, predicted: their mean CPU minutes.
        error: median |predicted/actual − 1|.
        expected_factor: exp of the predicted standard deviation of the logarithm; actual_factor: exp of the RMS error.
        within: share of labels inside their 68% interval.
    """

    what: str
    n: int
    actual: float
    predicted: float
    error: float
    expected_factor: float
    actual_factor: float
    within: float


def _compared(what: str, pairs: Sequence[tuple[Timing, Price]]) -> HeldOut:
    actual = np.array([timing.minutes for timing, _ in pairs])
    predicted = np.exp([price.mean for _, price in pairs])
    sd = np.array([price.sd for _, price in pairs])
    misses = np.log(predicted / actual)
    return HeldOut(
        what,
        len(pairs),
        float(actual.mean()),
        float(predicted.mean()),
        float(np.median(np.abs(predicted / actual - 1.0))),
        float(np.exp(np.median(sd))),
        float(np.exp(np.sqrt((misses**2).mean()))),
        float((np.abs(misses) < sd).mean()),
    )


def timings_below(folder: Path) -> list[Timing]:
    """Timings of a campaign, or of a folder made by `nci export`; InputError where there are none."""
    if (folder / DATABASE_NAME).exists():
        with Campaign.open(folder, read_only=True) as campaign:
            found = timings(campaign)
    else:
        path = folder / "labels.jsonl"
        dimers = {system.dimer.name: system.dimer for system in read_settings(folder).systems}
        try:
            rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
            results = [LabelResult.model_validate(row["result"]) for row in rows if row["status"] == "complete"]
        except (OSError, ValueError) as error:
            reason = first_problem(error) if isinstance(error, ValidationError) else error
            raise InputError(
                f"{path} cannot be read ({reason}); give a campaign or a folder made by `nci export`."
            ) from None
        found = [
            timing_of(dimers[result.dimer], Recipe.model_validate(result.recipe), result)
            for result in results
            if result.cpu_seconds > 0
        ]
    if not found:
        raise InputError(f"{folder} has no finished label whose CPU time is known.")
    return found


def check(folders: Sequence[Path]) -> list[HeldOut]:
    """Leave-one-out within each campaign, then each campaign from each other one."""
    known = {folder.name: timings_below(folder) for folder in folders}
    alone = [
        _compared(name, [(t, CostModel([*found[:k], *found[k + 1 :]]).price(t)) for k, t in enumerate(found)])
        for name, found in known.items()
    ]
    models = {name: CostModel(found) for name, found in known.items()}
    return alone + [
        _compared(f"{one} → {two}", [(timing, models[one].price(timing)) for timing in known[two]])
        for one, two in permutations(known, 2)
    ]
