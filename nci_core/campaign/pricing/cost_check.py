"""Predicted against actual minutes of labels that the prediction did not see."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.pricing.cost_model import CostModel, Price, Timing
from nci_core.campaign.pricing.costs import make_timing, timings
from nci_core.config import read_settings
from nci_core.errors import InputError
from nci_core.labels.recipes import Recipe
from nci_core.store import DATABASE_NAME


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


def leave_one_out(name: str, known: Sequence[Timing]) -> HeldOut:
    """Each label predicted from all others of its campaign."""
    pairs = [(t, CostModel([*known[:k], *known[k + 1 :]]).price(t)) for k, t in enumerate(known)]
    return _compared(name, pairs)


def across(source: str, known: Sequence[Timing], target: str, asked: Sequence[Timing]) -> HeldOut:
    """All labels of one campaign predicted from another's."""
    model = CostModel(known)
    return _compared(f"{source} → {target}", [(timing, model.price(timing)) for timing in asked])


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
        except (OSError, orjson.JSONDecodeError) as error:
            raise InputError(
                f"{path} cannot be read ({error}); give a campaign or a folder made by `nci export`."
            ) from None
        results = [row["result"] for row in rows if row["status"] == "complete"]
        found = [
            make_timing(
                dimers[result["dimer"]],
                result["recipe_hash"],
                Recipe.model_validate(result["recipe"]),
                (result["fragments"]["dimer"]["n_basis"], result["fragments"]["dimer"]["n_frozen"]),
                (result["cpu_seconds"], result["wall_seconds"]),
                result["environment"]["processor"],
                result["environment"]["dgemm_gflops"],
            )
            for result in results
            if result["cpu_seconds"] > 0
        ]
    if not found:
        raise InputError(f"{folder} has no finished label whose CPU time is known.")
    return found


def check(folders: Sequence[Path]) -> list[HeldOut]:
    """Leave-one-out within each campaign, then each campaign from each other one."""
    known = {folder.name: timings_below(folder) for folder in folders}
    rows = [leave_one_out(name, found) for name, found in known.items()]
    pairs = [(one, two) for one in known for two in known if one != two]
    return rows + [across(one, known[one], two, known[two]) for one, two in pairs]
