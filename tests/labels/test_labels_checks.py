"""Checks of finished labels: the embedded ones pass them, and each is tripped by what it is for."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from nci_core.config import read_settings
from nci_core.labels.checks import check_label, check_outlier
from nci_core.labels.doubts import Doubt
from nci_core.labels.monomers import monomer_hf_hartree
from nci_core.labels.results import FragmentName, LabelResult
from nci_core.units import CM1_EV, HARTREE_EV

DATA = Path(__file__).parents[2] / "data"


def stored(campaign: str) -> list[LabelResult]:
    lines = (DATA / campaign / "labels.jsonl").read_bytes().splitlines()
    rows = [orjson.loads(line) for line in lines]
    return [LabelResult.model_validate(row["result"]) for row in rows if row["status"] == "complete"]


@pytest.fixture(scope="module")
def alone() -> dict[Any, float]:
    """Ethylene and helium without ghost functions: a fifth of a second."""
    settings = read_settings(DATA / "he-ethylene")
    return dict(monomer_hf_hartree(settings.dimer, settings.reference))


@pytest.fixture
def label() -> LabelResult:
    """One of the embedded labels on the wall, ten and more cm⁻¹ of (T)."""
    labels = [r for r in stored("he-ethylene") if r.recipe["name"] == "standard"]
    return max(labels, key=lambda result: abs(result.triples_ev))


def changed(label: LabelResult, fragment: FragmentName, **numbers: float) -> LabelResult:
    part = label.fragments[fragment].model_copy(update=numbers)
    return label.model_copy(update={"fragments": label.fragments | {fragment: part}})


def codes(found: list[Doubt]) -> list[str]:
    return [doubt.code for doubt in found]


def test_no_embedded_label_is_doubted(alone: dict[Any, float]) -> None:
    target = read_settings(DATA / "he-ethylene").recipe
    results = [r for r in stored("he-ethylene") if r.recipe["name"] == target]
    others = [r for r in stored("he-ethylene") if r.recipe["name"] != target]
    # Monomers are those of the target recipe; benzene alone would take seconds.
    assert [d.sentence for r in (*others, *stored("he-benzene")) for d in check_label(r)] == []
    assert [(r.geometry_hash, d.sentence) for r in results for d in check_label(r, alone)] == []
    # The check sees something: ghost functions lower helium by 0.06 to 6.7 cm⁻¹, ethylene by 9 to 512.
    lowered = [(alone["probe"] - r.fragments["probe"].hf_hartree) * HARTREE_EV / CM1_EV for r in results]
    assert 0.06 < min(lowered) < 0.1
    assert 5 < max(lowered) < 7


def test_a_large_t1_is_said_with_its_fragment(label: LabelResult) -> None:
    found = check_label(changed(label, "host", t1_diagnostic=0.031))
    assert codes(found) == ["t1"]
    assert "T1 diagnostic of the host is 0.031, above 0.02" in found[0].sentence


@pytest.mark.parametrize("factor", [-1.0, 0.1, 5.0])
def test_triples_out_of_line(label: LabelResult, factor: float) -> None:
    """Of the other sign, a tenth of what it is, five times it: 8% of CCSD's correlation is in line."""
    found = check_label(label.model_copy(update={"triples_ev": factor * label.triples_ev}))
    assert codes(found) == ["triples"]
    assert "% of CCSD's correlation energy (−4" in found[0].sentence
    assert found[0].sentence.endswith("expected between 2% and 25%.")


def test_the_tail_is_left_to_the_thresholds(label: LabelResult) -> None:
    """0.1 cm⁻¹ of correlation with no (T) at all, or half as much again: below the floor of 0.5 cm⁻¹."""
    for triples in (0.0, -0.05, 0.05):
        small = {"ccsd_ev": -0.1 * CM1_EV, "triples_ev": triples * CM1_EV}
        assert check_label(label.model_copy(update=small)) == []


@pytest.mark.parametrize("name", ["host", "probe"])
def test_ghost_functions_cannot_raise_hartree_fock(
    label: LabelResult, alone: dict[Any, float], name: FragmentName
) -> None:
    found = check_label(changed(label, name, hf_hartree=alone[name] + 10.0 * CM1_EV / HARTREE_EV), alone)
    assert codes(found) == ["counterpoise"]
    assert f"counterpoise energy of the {name} has the wrong sign" in found[0].sentence
    assert "by 10.00 cm⁻¹" in found[0].sentence
    # Rounding and thresholds are no doubt.
    assert check_label(changed(label, name, hf_hartree=alone[name] + 1e-10), alone) == []


@pytest.mark.parametrize("name", ["host", "probe"])
def test_ghost_functions_cannot_lower_hartree_fock_by_everything(
    label: LabelResult, alone: dict[Any, float], name: FragmentName
) -> None:
    """A damaged or forged energy that is far too low: 0.02 hartree is eight times what was ever measured."""
    found = check_label(changed(label, name, hf_hartree=alone[name] - 0.0201), alone)
    assert codes(found) == ["counterpoise"]
    assert f"counterpoise energy of the {name} is out of line" in found[0].sentence
    assert "by 4411.44 cm⁻¹, expected are at most 4389.49 cm⁻¹" in found[0].sentence
    assert check_label(changed(label, name, hf_hartree=alone[name] - 0.0199), alone) == []


def test_an_outlier_is_one_beyond_both_uncertainties() -> None:
    errors = [CM1_EV * value for value in (1.0, -1.0) * 50]  # known from 100 labels: 1 cm⁻¹, and 5% for the number
    near = check_outlier(4.0 * CM1_EV, 0.0, 0.0, errors)
    far = check_outlier(-4.5 * CM1_EV, 0.0, 0.0, errors)
    assert near is None
    assert far is not None
    assert far.code == "outlier"
    assert "The label (−4.50 cm⁻¹) is 4.50 cm⁻¹ below the student (0.00 cm⁻¹)" in far.sentence
    assert check_outlier(-4.5 * CM1_EV, 0.0, CM1_EV, errors) is None, "the student's own error bar counts as well"
    assert check_outlier(-9.0 * CM1_EV, 0.0, 0.0, errors[:6]) is None, "six errors say little about four deviations"
