"""The README's four figures are those of the stored results that its commands print."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nci_core.bench.claims import cost_saved
from nci_core.bench.recipe_errors import read_factor
from nci_core.bench.rows import read_rows
from nci_core.labels.focal_point import MEAN_FIELD
from nci_core.units import CM1_EV

ROOT = Path(__file__).parents[1]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
LIMIT_EV = 1000 * CM1_EV


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "data" / path).read_text(encoding="utf-8").splitlines()]


def errors_on_test_labels(campaign: str) -> dict[str, tuple[int, float]]:
    """Teacher or model → number of test labels below the limit, and mean absolute error in cm⁻¹."""
    text = (ROOT / "data" / campaign / "configurations.extxyz").read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if " split=test " in line and "REF_interaction_energy" in line]
    fields = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in comments]
    reference = {row["geometry_hash"]: float(row["REF_interaction_energy"]) for row in fields}
    known = {number: energy for number, energy in reference.items() if energy < LIMIT_EV}
    said: dict[str, dict[str, float]] = {
        "teacher": {row["geometry_hash"]: float(row["teacher_interaction_energy"]) for row in fields}
    }
    for row in lines(f"{campaign}/predictions.jsonl"):
        if row["table"] == "predictions":
            said.setdefault(row["model_id"], {})[row["configuration_id"]] = row["energy_ev"]
    return {
        name: (len(known), sum(abs(of[number] - energy) for number, energy in known.items()) / len(known) / CM1_EV)
        for name, of in said.items()
        if known.keys() <= of.keys()
    }


def test_errors_of_the_embedded_campaigns() -> None:
    ethylene, benzene = errors_on_test_labels("he-ethylene"), errors_on_test_labels("he-benzene")
    parts = [ethylene[name] for name in ("teacher", "round-1-finetuned", "round-4-finetuned")]
    (count, teacher), (_, first), (_, last) = parts
    assert f"{count} frozen test labels" in README
    assert f"{teacher:.1f} → {first:.2f} → {last:.3f} cm⁻¹" in README
    count, last = benzene[max(name for name in benzene if name.endswith("finetuned"))]
    assert f"its own {count} test labels" in README
    assert f"{last:.2f} and 0.38 cm⁻¹" in README


def test_labels_saved_by_design() -> None:
    measured = cost_saved(read_rows(ROOT / "data" / "benchmarks" / "active.jsonl")).measured
    saved = re.search(r"(\d+) instead of 160", measured)
    assert saved is not None
    assert re.search(rf"160 random ones[^|]*\| {saved[1]} \|", README)


def test_price_and_accuracy_of_a_label() -> None:
    rows = lines("benchmarks/recipes_by_group.jsonl")
    row = next(row for row in rows if (row["by"], row["group"]) == ("probe and region", "He, well"))
    assert f"the wells of {row['n']} molecules" in README
    assert f"{row['mae_cm1']:.2f} cm⁻¹, {row['cpu_minutes']:.1f} CPU min" in README


def test_labels_of_hosts_that_the_factor_has_not_seen() -> None:
    found = read_factor(ROOT / "data" / "benchmarks" / "focal_point_factor.json")
    assert found.factors["mean_field"] == pytest.approx(MEAN_FIELD[found.probe], abs=1e-4)
    attractive, repulsive = found.left_out
    assert f"{attractive.n} attractive labels of hosts that its one factor was not fitted to" in README
    assert f"{attractive.mae_cm1:.2f} cm⁻¹; " in README
    results = (ROOT / "docs" / "label-results.md").read_text(encoding="utf-8")
    assert attractive.max_cm1 is not None
    assert (
        f"{attractive.n} attractive labels are {attractive.mae_cm1:.2f} cm⁻¹ off ({attractive.max_cm1:.1f} at most)"
        in results
    )
    assert f"{repulsive.n} repulsive ones {repulsive.of_repulsion:.2%} of HF" in results
    assert len(found.dimers) == attractive.n + repulsive.n
