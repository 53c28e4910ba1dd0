"""The newest comparison of pickers as pandas DataFrames for the app."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nci_core.store import jobs
from nci_core.store.database import Store

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Comparison:
    """What a `replay` job found.

    Attributes:
        trials: one row a fit: picker (None: random), seed, n, cpu_minutes, mae_cm1 (of the chosen region).
        n_labels: finished training labels it drew from.
        n_test: test labels it measured with, over the whole range.
        seeds: random subsets of each size.
    """

    trials: "DataFrame"
    n_labels: int
    n_test: int
    seeds: int


def latest(store: Store, region: str = "all") -> Comparison | None:
    """The newest finished comparison, errors of one region; None before the first."""
    import pandas as pd

    finished = jobs.fetch(store, states=["complete"], kind="replay", limit=1)
    if not finished or not (result := finished[0].result):
        return None
    trials = pd.DataFrame(result["trials"], columns=["picker", "seed", "n", "cpu_minutes", "mae_cm1"])
    trials["mae_cm1"] = [errors.get(region) for errors in trials["mae_cm1"]]
    trials = trials.astype({"cpu_minutes": float, "mae_cm1": float})
    return Comparison(trials, int(result["n_labels"]), int(result["n_test"]), int(result["seeds"]))


def control(trials: "DataFrame") -> "DataFrame":
    """Random subsets by n: mae_cm1, sd_cm1 (over the subsets), cpu_minutes."""
    return (
        trials[trials["picker"].isna()]
        .groupby("n")
        .agg(mae_cm1=("mae_cm1", "mean"), sd_cm1=("mae_cm1", "std"), cpu_minutes=("cpu_minutes", "mean"))
    )
