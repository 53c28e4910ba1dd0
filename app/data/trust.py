"""Whether to trust a model: its physics gates in words, its error bars, and two models side by side."""

import numpy as np
import pandas as pd

from app.data.errors import RANGES, labelled
from nci_core.calibration import Calibration, calibrate
from nci_core.gates import Gate
from nci_core.regions import REGIONS, SystemBounds
from nci_core.rounding import plain_number
from nci_core.units import EnergyUnit


def _with_unit(value: float, gate: Gate, unit: EnergyUnit) -> str:
    if gate.unit == "eV":
        return f"{plain_number(value * unit.per_ev)} {unit.label}"
    return f"{plain_number(value)} {gate.unit}".strip()


def gate_value(gate: Gate, unit: EnergyUnit) -> str:
    """What was found, in the unit shown."""
    return "not a number" if gate.value is None else _with_unit(gate.value, gate, unit)


def gate_limit(gate: Gate, unit: EnergyUnit) -> str:
    """The bounds in words, in the unit shown."""
    if gate.low is not None and gate.high is not None:
        return f"{plain_number(gate.low)} to {_with_unit(gate.high, gate, unit)}"
    if gate.low is not None:
        return f"above {_with_unit(gate.low, gate, unit)}"
    return f"at most {_with_unit(gate.high, gate, unit)}" if gate.high is not None else "any"


def gates_table(gates: list[Gate], unit: EnergyUnit) -> pd.DataFrame:
    """One row a gate, failed ones first: passed, name, question, found and allowed in the unit shown, reason."""
    rows = [
        (gate.passed, gate.name, gate.question, gate_value(gate, unit), gate_limit(gate, unit), gate.reason)
        for gate in sorted(gates, key=lambda gate: gate.passed)
    ]
    return pd.DataFrame(rows, columns=["passed", "name", "question", "found", "allowed", "reason"])


def gates_summary(gates: list[Gate]) -> str:
    """One phrase, for example 'all 12 passed'."""
    bad = [gate.name for gate in gates if not gate.passed]
    return f"all {len(gates)} passed" if not bad else f"{len(bad)} of {len(gates)} failed: {', '.join(bad)}"


def measured_points(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the frozen test set with a finished label and a student's energy."""
    rows = labelled(table, "test")
    return rows[rows["student_ev"].notna()]


def calibration(rows: pd.DataFrame, bounds: SystemBounds) -> list[Calibration]:
    """Calibration by region of the rows of `measured_points`."""
    columns = (rows[name].to_numpy(dtype=float) for name in ("student_ev", "std_ev", "label_ev"))
    return calibrate(*columns, bounds.of(rows["system_id"]))


def calibration_table(found: list[Calibration]) -> pd.DataFrame:
    """What people read: one row a region, shares in per cent."""
    return pd.DataFrame(
        {
            "Region": [RANGES.get(item.region, item.region) for item in found],
            "Points": [item.n for item in found],
            "Within 1 sd (68% expected)": [100.0 * item.within_1 for item in found],
            "Within 2 sd (95% expected)": [100.0 * item.within_2 for item in found],
            "RMS z (1 expected)": [item.rms_z for item in found],
            "In words": [item.sentence for item in found],
        }
    )


def calibration_summary(found: list[Calibration]) -> str:
    """The sentence about the whole range, with its number of points."""
    overall = next((item for item in found if item.region == "all"), None)
    return "no error bars on test points" if overall is None else f"{overall.sentence} (n = {overall.n})"


def paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Test points that both models predict: region, first_error_ev, second_error_ev and change_ev.

    `change_ev` = |second error| − |first error|: negative where the second is better.
    """
    rows = measured_points(first)[["region", "student_error_ev"]].join(
        measured_points(second)["student_error_ev"].rename("second_error_ev"), how="inner"
    )
    change = rows["second_error_ev"].abs() - rows["student_error_ev"].abs()
    return rows.rename(columns={"student_error_ev": "first_error_ev"}).assign(change_ev=change)


def paired_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """MAE of both models by region (eV), their difference second − first, and how many points got better.

    Columns: region, n, first_mae_ev, second_mae_ev, change_ev, se_ev (standard error of the change, NaN
    for one point), better.
    """
    sizes = rows.assign(
        first=rows["first_error_ev"].abs(), second=rows["second_error_ev"].abs(), better=rows["change_ev"] < 0
    )
    found = (
        pd.concat([sizes[sizes["region"] != "beyond"].assign(region="all"), sizes])
        .groupby("region")
        .agg(
            n=("better", "size"),
            first_mae_ev=("first", "mean"),
            second_mae_ev=("second", "mean"),
            change_ev=("change_ev", "mean"),
            se_ev=("change_ev", "sem"),
            better=("better", "sum"),
        )
    )
    return found.reindex([region for region in ("all", *REGIONS) if region in found.index]).reset_index()


def change_words(overall: pd.Series) -> str:
    """What the difference of two models amounts to, given the scatter between test points."""
    n, change, se = int(overall["n"]), float(overall["change_ev"]), float(overall["se_ev"])
    if n < 10:
        return f"Only {n} test points: too few to say which model is better."
    if not np.isfinite(se) or abs(change) < 2 * se:
        return "The difference is within twice its standard error: these test points do not tell which is better."
    return f"The second model is {'better' if change < 0 else 'worse'} by more than twice the standard error."
