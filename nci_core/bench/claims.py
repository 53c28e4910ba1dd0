"""The four claims of arXiv:2606.05127 beside what is measured here."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nci_core.bench.rows import Row, spread
from nci_core.bench.variants import BEST, Variant


@dataclass(frozen=True)
class Claim:
    """A claim, what was measured, and whether it holds here (None: cannot be told from these rows)."""

    name: str
    claimed: str
    measured: str
    holds: bool | None


def _maes(rows: Sequence[Row], model: str, split: str) -> dict[int, float]:
    """Seed → MAE of one model on one random split."""
    return {
        row.seed: row.mae_cm1
        for row in rows
        if row.benchmark == "curve" and row.model == model and row.split == split and row.mae_cm1 is not None
    }


def _text(values: Sequence[float]) -> str:
    found = spread(values)
    return f"{found['mean']:.3f} ± {found['sd']:.3f} ({found['n']:.0f} seeds)" if found else "not measured"


def fewer_labels(rows: Sequence[Row]) -> Claim:
    """Distilled with 30% of the labels against direct with 80%, errors on what each left out."""
    few, many = _maes(rows, BEST.name, "random 30%"), _maes(rows, Variant(False).name, "random 80%")
    holds = bool(np.mean(list(few.values())) < np.mean(list(many.values()))) if few and many else None
    measured = f"30% distilled {_text(list(few.values()))}, 80% direct {_text(list(many.values()))} cm⁻¹"
    return Claim("30% of the labels after distillation beat 80% without", "yes", measured, holds)


def adaptive_ruler(rows: Sequence[Row]) -> Claim:
    """Fixed against adaptive ruler, paired by split and seed; holds if the median is lower at every share of labels."""
    parts: list[str] = []
    medians: list[float] = []
    for split in dict.fromkeys(row.split for row in rows if row.benchmark == "curve"):
        fixed, own = _maes(rows, Variant(True, "fixed").name, split), _maes(rows, BEST.name, split)
        both = sorted(set(fixed) & set(own))
        if both:
            ratio = float(np.median([own[s] / fixed[s] for s in both]))
            wins = sum(own[s] < fixed[s] for s in both)
            parts.append(f"{split.removeprefix('random ')}: {100 * (ratio - 1):+.0f}% ({wins} of {len(both)})")
            medians.append(ratio)
    measured = "change by the adaptive ruler, median and seeds where it is better: " + "; ".join(parts)
    return Claim(
        "The adaptive ruler lowers the error",
        "0.75 → 0.49 cm⁻¹, −35%",
        measured.replace("-", "−") if parts else "not measured",
        max(medians) < 1.0 if medians else None,
    )


def _labels_for(target: float, sizes: Sequence[int], means: Sequence[float]) -> float | None:
    """Labels that reach an error, log-log interpolated; the least measured if that does, None if none does."""
    if means[0] <= target:
        return float(sizes[0])
    for (a, high), (b, low) in pairwise(zip(sizes, means, strict=True)):
        if low <= target:
            share = np.log(high / target) / np.log(high / low)
            return float(np.exp(np.log(a) + share * np.log(b / a)))
    return None


def cost_saved(rows: Sequence[Row]) -> Claim:
    """Labels at the same error: chosen by the student against random, both distilled."""
    chosen: dict[int, list[float]] = {}
    plain: dict[int, list[float]] = {}
    for row in rows:
        if row.benchmark == "active" and row.mae_cm1 is not None and row.strategy in ("i-optimal", "random"):
            (chosen if row.strategy == "i-optimal" else plain).setdefault(row.n_labels, []).append(row.mae_cm1)
    if len(chosen) < 2 or len(plain) < 2:
        return Claim("CCSD(T) cost saved at the same error", "about 63%", "not measured", None)
    sizes = sorted(chosen)
    means = [float(np.mean(chosen[n])) for n in sizes]
    parts, shares = [], []
    for n in sorted(plain):
        target = float(np.mean(plain[n]))
        enough = _labels_for(target, sizes, means)
        if enough is not None:
            shares.append(1.0 - enough / n)
            parts.append(f"{enough:.0f} instead of {n} ({target:.2f} cm⁻¹)")
    if not shares:
        return Claim("CCSD(T) cost saved at the same error", "about 63%", "never at the same error", False)
    measured = f"I-optimal instead of random labels: {'; '.join(parts)}: at most {100 * max(shares):.0f}% saved"
    return Claim("CCSD(T) cost saved at the same error", "about 63%", measured, max(shares) >= 0.63)


def claims(rows: Sequence[Row]) -> list[Claim]:
    """All claims that rows of `curve`, `active` and `teachers` can tell of."""
    return [fewer_labels(rows), cost_saved(rows), adaptive_ruler(rows), teachers(rows)]


def teachers(rows: Sequence[Row]) -> Claim:
    """How much the choice of teacher changes the error at the same labels."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.benchmark == "teachers" and row.split == "random 2%" and row.mae_cm1 is not None:
            found.setdefault(row.model, []).append(row.mae_cm1)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    if len(means) < 2:
        return Claim("The choice of teacher matters tenfold", "tenfold, to larger aromatics", "not measured", None)
    ratio = max(means.values()) / min(means.values())
    text = ", ".join(f"{name} {_text(found[name])}" for name in sorted(means, key=lambda name: means[name]))
    return Claim(
        "The choice of teacher matters tenfold",
        "tenfold, to larger aromatics",
        f"on He–benzene itself with 2% of the labels a factor {ratio:.1f}: {text} cm⁻¹",
        ratio >= 10,
    )


def claim_rows(found: Sequence[Claim]) -> list[dict[str, Any]]:
    """As tables and files hold them."""
    words = {True: "holds", False: "does not hold", None: "not measured"}
    return [{"claim": c.name, "paper": c.claimed, "measured": c.measured, "verdict": words[c.holds]} for c in found]
