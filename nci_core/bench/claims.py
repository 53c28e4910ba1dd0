"""The four claims of arXiv:2606.05127 beside what is measured here."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nci_core.bench.rows import Row, spread
from nci_core.bench.targets import stored_rows
from nci_core.bench.transfer_rows import FILE, TransferRow, read, teacher_factor
from nci_core.bench.variants import BEST, MIXTURE, NO_WALL, Variant


@dataclass(frozen=True)
class Claim:
    """A claim, what was measured (empty: nothing), and whether it holds here (None: cannot be told from these rows)."""

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
    return f"{found['mean']:.3f} ± {found['sd']:.3f} ({found['n']:.0f} seeds)"


def fewer_labels(rows: Sequence[Row]) -> Claim:
    """Distilled with 30% of the labels against direct with 80%, errors on what each left out."""
    few, many = _maes(rows, BEST.name, "random 30%"), _maes(rows, Variant(False).name, "random 80%")
    name = "30% of the labels after distillation beat 80% without"
    if not few or not many:
        return Claim(name, "yes", "", None)
    holds = bool(np.mean(list(few.values())) < np.mean(list(many.values())))
    measured = f"30% distilled {_text(list(few.values()))}, 80% direct {_text(list(many.values()))} cm⁻¹"
    return Claim(name, "yes", measured, holds)


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
        measured.replace("-", "−") if parts else "",
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
        return Claim("CCSD(T) cost saved at the same error", "about 63%", "", None)
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


def teachers(rows: Sequence[Row], transfer: Sequence[TransferRow] = ()) -> Claim:
    """How much the choice of teacher changes the error on coronene, which students were not trained on.

    Rows of He–benzene alone, at the same labels, are told beside it, but decide nothing: the claim is of larger hosts.
    Nor do rows of coronene against other energies than labels: they are told alone.
    """
    name, claimed = "The choice of teacher matters tenfold", "tenfold, to larger aromatics"
    told = []
    found = teacher_factor(transfer)
    if found is not None:
        what = found.reference if found.labels else f"{found.reference}, which are not CCSD(T)"
        told.append(
            f"on {found.host}, trained on {', '.join(found.training)}, a factor {found.ratio:.1f} against {what}: "
            f"{found.listed} cm⁻¹"
        )
    itself = _on_benzene(rows)
    if itself:
        told += [itself] if found else ["on larger hosts not measured", itself]
    return Claim(name, claimed, "; ".join(told), found.tenfold if found and found.labels else None)


def _on_benzene(rows: Sequence[Row]) -> str:
    """Students of several teachers with the same few labels of He–benzene, in words; empty for fewer than two."""
    found: dict[str, list[float]] = {}
    for row in rows:
        a_choice = MIXTURE not in row.model and NO_WALL not in row.model
        if row.benchmark == "teachers" and row.split == "random 2%" and row.mae_cm1 is not None and a_choice:
            found.setdefault(row.model, []).append(row.mae_cm1)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    if len(means) < 2:
        return ""
    ratio = max(means.values()) / min(means.values())
    text = ", ".join(f"{name} {_text(found[name])}" for name in sorted(means, key=lambda name: means[name]))
    return f"on He–benzene itself with 2% of the labels a factor {ratio:.1f}: {text} cm⁻¹"


def claims(rows: Sequence[Row], transfer: Sequence[TransferRow] = ()) -> list[Claim]:
    """All claims that rows of `curve`, `active` and `teachers`, and those of `transfer`, can tell of."""
    return [fewer_labels(rows), cost_saved(rows), adaptive_ruler(rows), teachers(rows, transfer)]


def claim_rows(found: Sequence[Claim]) -> list[dict[str, Any]]:
    """As tables and files hold them; those that nothing at all was measured of are left out."""
    words = {True: "holds", False: "does not hold", None: "not measured"}
    return [
        {"claim": c.name, "paper": c.claimed, "measured": c.measured, "verdict": words[c.holds]}
        for c in found
        if c.measured
    ]


def stored_claims(folder: Path) -> list[dict[str, Any]]:
    """What the results in a folder say of the claims."""
    return claim_rows(claims(stored_rows(folder), read(folder / FILE, TransferRow)))
