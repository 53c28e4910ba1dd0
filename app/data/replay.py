"""The newest comparison of pickers as tables."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from nci_core.store import jobs
from nci_core.store.database import Store
from nci_core.store.schema import Job


@dataclass(frozen=True)
class Comparison:
    """What a `replay` job found.

    Attributes:
        trials: one row a fit: picker (None: random), seed, n, cpu_minutes, mae_cm1 (of the chosen region).
        n_labels: finished training labels it drew from.
        n_test: test labels it measured with, over the whole range.
        seeds: random subsets of each size.
    """

    trials: pd.DataFrame
    n_labels: int
    n_test: int
    seeds: int


def latest(store: Store, region: str = "all") -> Comparison | None:
    """The newest finished comparison, errors of one region; None before the first."""
    finished = jobs.fetch(store, states=["complete"], kind="replay", limit=1)
    if not finished or not finished[0].result:
        return None
    result: dict[str, Any] = finished[0].result
    names = ["picker", "seed", "n", "cpu_minutes"]
    rows = [{name: t[name] for name in names} | {"mae_cm1": t["mae_cm1"].get(region)} for t in result["trials"]]
    trials = pd.DataFrame(rows, columns=[*names, "mae_cm1"]).astype({"cpu_minutes": float, "mae_cm1": float})
    return Comparison(trials, int(result["n_labels"]), int(result["n_test"]), int(result["seeds"]))


def under_way(store: Store) -> Job | None:
    """A comparison that waits or runs."""
    found = jobs.fetch(store, states=["waiting", "running"], kind="replay", limit=1)
    return found[0] if found else None


def control(trials: pd.DataFrame) -> pd.DataFrame:
    """Random subsets by n: mae_cm1, sd_cm1 (over the subsets), cpu_minutes, subsets."""
    random = trials[trials["picker"].isna()].groupby("n")
    return pd.DataFrame(
        {
            "mae_cm1": random["mae_cm1"].mean(),
            "sd_cm1": random["mae_cm1"].std(ddof=1),
            "cpu_minutes": random["cpu_minutes"].mean(),
            "subsets": random.size(),
        }
    )
