"""Tables of rows, and what the project set out to reach. No torch: the dashboard reads this."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nci_core.bench.rows import Row, read_rows, spread
from nci_core.bench.variants import BEST

#: Folder of stored results inside the project's data folder, and below the folder of a run.
STORED = "benchmarks"
#: Benchmarks in the order they are run and shown; `speed` and `peers` take the longest.
NAMES = ("curve", "active", "hard", "teachers", "calibration", "peers", "speed")


@dataclass(frozen=True)
class Target:
    """What a group of rows should reach on average over seeds, MAE in cm⁻¹."""

    name: str
    benchmark: str
    strategy: str
    split: str
    n_labels: int | None
    at_most: float


TARGETS = (
    Target("I-optimal, 20 labels", "active", "i-optimal", "all the rest", 20, 0.35),
    Target("I-optimal, 40 labels", "active", "i-optimal", "all the rest", 40, 0.12),
    Target("I-optimal, 80 labels", "active", "i-optimal", "all the rest", 80, 0.05),
    Target("random 1%", "curve", "random", "random 1%", None, 0.9),
    Target("random 2%", "curve", "random", "random 2%", None, 0.40),
    Target("random 5%", "curve", "random", "random 5%", None, 0.12),
    Target("random 30%", "curve", "random", "random 30%", None, 0.025),
    Target("random 80%", "curve", "random", "random 80%", None, 0.012),
    Target("z ≥ 2.9 Å to below", "hard", "all", "z >= 2.9 to below", None, 5.0),
    Target("ρ < 2.5 Å to beyond", "hard", "all", "rho < 2.5 to beyond", None, 1.5),
    Target("five planes to the rest", "hard", "all", "five planes to rest", None, 0.8),
    Target("E < 0 to the wall", "hard", "all", "E < 0 to wall", None, 2.5),
)
#: The student that targets are about.
OURS = BEST.name


def groups(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One entry a benchmark, model, strategy, split and number of labels: spread of the MAE over seeds."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = (row.benchmark, row.model, row.strategy, row.split, row.n_labels)
        found.setdefault(key, []).append(row)
    entries = []
    for (benchmark, model, strategy, split, n), members in found.items():
        entry: dict[str, Any] = {
            "benchmark": benchmark,
            "model": model,
            "strategy": strategy,
            "split": split,
            "n_labels": n,
            **spread([row.mae_cm1 for row in members]),
        }
        for name in ("well", "tail", "wall", "rmse", "max", "full_mae", "seconds"):
            entry[name] = spread([getattr(row, name) for row in members]).get("mean")
        entries.append(entry)
    return entries


def check_targets(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Each target with what was measured and whether it is met; unmeasured ones have None."""
    entries = [entry for entry in groups(rows) if entry["model"] == OURS]
    found = []
    for target in TARGETS:
        match = next(
            (
                e
                for e in entries
                if (e["benchmark"], e["strategy"], e["split"]) == (target.benchmark, target.strategy, target.split)
                and (target.n_labels is None or e["n_labels"] == target.n_labels)
            ),
            {},
        )
        mean = match.get("mean")
        found.append(
            {
                "target": target.name,
                "at_most": target.at_most,
                "mean": mean,
                "sd": match.get("sd"),
                "seeds": match.get("n"),
                "worst_to_median": match.get("worst_to_median"),
                "met": None if mean is None else mean <= target.at_most,
            }
        )
    return found


def stored_rows(folder: Path) -> list[Row]:
    """All rows of a folder of results; empty without one."""
    return [
        row for name in NAMES if (folder / f"{name}.jsonl").is_file() for row in read_rows(folder / f"{name}.jsonl")
    ]
