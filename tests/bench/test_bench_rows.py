"""Measurements are kept once, and what is made of them."""

from pathlib import Path

import numpy as np
import pytest

from nci_core.bench.claims import claim_rows, claims, stored_claims
from nci_core.bench.rows import Results, Row, errors
from nci_core.bench.targets import check_targets, groups, stored_rows
from nci_core.bench.transfer_rows import FILE, TransferResults, TransferRow
from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.units import from_cm1


def row(**values: object) -> Row:
    base = {"benchmark": "curve", "model": "distilled adaptive", "split": "random 2%", "n_labels": 40, "seed": 0}
    return Row.model_validate({**base, "mae_cm1": 0.3, "seconds": 1.0, **values})


def test_errors_are_those_below_the_limit_and_by_region() -> None:
    reference = from_cm1(np.array([-50.0, -10.0, 100.0, 5000.0]))
    found = errors(reference + from_cm1(np.array([1.0, -2.0, 3.0, 400.0])), reference, RegionBounds())
    assert found["mae_cm1"] == pytest.approx(2.0)
    assert found["median"] == pytest.approx(2.0)
    assert found["rmse"] == pytest.approx(np.sqrt(14 / 3))
    assert found["max"] == pytest.approx(3.0)
    assert (found["well"], found["tail"], found["wall"]) == pytest.approx((1.0, 2.0, 3.0))
    assert found["full_mae"] == pytest.approx(406 / 4)
    assert errors(reference[3:], reference[3:], RegionBounds())["well"] is None


def test_a_measurement_is_kept_and_known_again(tmp_path: Path) -> None:
    path = tmp_path / "curve.jsonl"
    results = Results(path)
    assert not results.has(row().key)
    results.add(row())
    results.add(row(seed=1, mae_cm1=None))
    again = Results(path)
    assert again.rows == results.rows
    assert again.has(row().key)
    assert not again.has(row(seed=2).key)
    path.write_text(path.read_text() + "{half")
    with pytest.raises(InputError, match="line 3, is damaged"):
        Results(path)


def test_groups_and_targets_are_means_over_seeds(tmp_path: Path) -> None:
    rows = [row(seed=seed, mae_cm1=mae) for seed, mae in enumerate((0.2, 0.3, 0.7))]
    (group,) = groups([*rows, row(seed=9, mae_cm1=None)])
    assert group["mean"] == pytest.approx(0.4)
    assert group["median"] == pytest.approx(0.3)
    assert group["n"] == 3
    assert group["worst_to_median"] == pytest.approx(0.7 / 0.3)
    found = {entry["target"]: entry for entry in check_targets(rows)}
    assert found["random 2%"]["met"] is True
    assert found["random 1%"]["met"] is None
    assert check_targets([row(mae_cm1=0.41)])[4]["met"] is False
    assert stored_rows(tmp_path / "nowhere") == []


def test_claims_say_where_they_hold_and_where_not() -> None:
    rows = [row(split="random 30%", mae_cm1=0.03), row(split="random 80%", model="direct adaptive", mae_cm1=0.02)]
    rows += [row(split="random 30%", model="distilled fixed", mae_cm1=0.05)]
    rows += [
        row(benchmark="active", strategy=s, split="all the rest", n_labels=n, mae_cm1=mae)
        for s, n, mae in (("i-optimal", 10, 1.0), ("i-optimal", 20, 0.3), ("random", 20, 1.5), ("random", 80, 0.3))
    ]
    found = claims(rows)
    assert [claim.holds for claim in found] == [False, True, True, None]
    assert "20 instead of 80" in found[1].measured
    assert "75% saved" in found[1].measured
    assert "1 of 1" in found[2].measured


def transferred(teacher: str, mae: float, **changed: object) -> TransferRow:
    known: dict[str, object] = {
        **{"reference": "labels by focal-point", "labels": True, "teacher": teacher, "training": ("benzene", "pyrene")},
        **{"labels_per_host": 20, "host": "coronene", "heavy_atoms": 24, "tested": "all", "n_labels": 0, "seed": 0},
        **{"n": 40, "n_attractive": 30, "mae_attractive_cm1": mae, "mae_cm1": mae, "bias_cm1": 0.0, "within_2": 0.9},
        **{"mean_std_cm1": 1.0, "seconds": 1.0},
    }
    return TransferRow.model_validate(known | changed)


def test_transfer_alone_decides_what_the_teacher_changes(tmp_path: Path) -> None:
    benzene = [row(benchmark="teachers", model=name, mae_cm1=mae) for name, mae in (("a", 0.1), ("b", 2.0))]
    alone = claims(benzene)[3]
    assert alone.holds is None, "a factor of 20 on He–benzene itself says nothing of larger hosts"
    assert alone.measured.startswith("on larger hosts not measured; on He–benzene itself")
    few = claims(benzene, [transferred("hf-mp2", 2.0), transferred("gfn2-xtb", 6.0)])[3]
    assert few.holds is False
    assert "on coronene, trained on benzene, pyrene, a factor 3.0 against labels by focal-point" in few.measured
    assert "on He–benzene itself" in few.measured
    (told,) = claim_rows(claims([], [transferred("hf-mp2", 1.0), transferred("gfn2-xtb", 11.0)]))
    assert told["verdict"] == "holds"
    assert "not measured" not in told["measured"]
    taught = {"reference": "energies of hf-mp2", "labels": False}
    cheap = claims([], [transferred("hf-mp2", 1.0, **taught), transferred("gfn2-xtb", 2.0, **taught)])[3]
    assert "against energies of hf-mp2, which are not CCSD(T)" in cheap.measured
    assert stored_claims(tmp_path) == []
    results = TransferResults(tmp_path / FILE, TransferRow)
    for each in (transferred("hf-mp2", 1.0), transferred("gfn2-xtb", 2.0)):
        results.add(each)
    assert [claim["verdict"] for claim in stored_claims(tmp_path)] == ["does not hold"]
