"""Whether to trust a model: its physics gates in words, its error bars, and two models side by side."""

import numpy as np
import pandas as pd

from app.data.errors import by_region, labelled
from nci_core.calibration import Calibration, calibrate
from nci_core.gates import Gate
from nci_core.regions import RegionBounds
from nci_core.units import EnergyUnit

REGION_NAMES = {"all": "whole range"}
SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def plain_number(value: float) -> str:
    """Three significant digits, with powers of ten that people read.

    >>> plain_number(-6.0612), plain_number(2.04e-16), plain_number(2002.3), plain_number(0.0)
    ('−6.06', '2.0·10⁻¹⁶', '2002', '0')
    """
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        return text.replace("-", "−")
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa}·10{str(int(power)).translate(SUPERSCRIPT)}".replace("-", "−")


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


def worst_first(gates: list[Gate]) -> list[Gate]:
    """Failed gates first, otherwise in their order."""
    return sorted(gates, key=lambda gate: gate.passed)


def gates_summary(gates: list[Gate]) -> str:
    """One phrase, for example 'all 12 passed'."""
    bad = [gate.name for gate in gates if not gate.passed]
    return f"all {len(gates)} passed" if not bad else f"{len(bad)} of {len(gates)} failed: {', '.join(bad)}"


def measured_points(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the frozen test set with a finished label and a student's energy."""
    rows = labelled(table, "test")
    return rows[rows["student_ev"].notna()]


def calibration(rows: pd.DataFrame, bounds: RegionBounds) -> list[Calibration]:
    """Calibration by region of the rows of `measured_points`."""
    columns = (rows[name].to_numpy(dtype=float) for name in ("student_ev", "std_ev", "label_ev"))
    return calibrate(*columns, bounds)


def calibration_table(found: list[Calibration]) -> pd.DataFrame:
    """What people read: one row a region, shares in per cent."""
    return pd.DataFrame(
        {
            "Region": [REGION_NAMES.get(item.region, item.region) for item in found],
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
    """Test points that both models predict: region, label_ev, first_ev, second_ev, first_error_ev, second_error_ev.

    `change_ev` = |second error| − |first error|: negative where the second is better.
    """
    a, b = measured_points(first), measured_points(second)
    ids = a.index.intersection(b.index)
    rows = a.loc[ids, ["region", "sector", "label_ev"]].assign(
        first_ev=a.loc[ids, "student_ev"], second_ev=b.loc[ids, "student_ev"]
    )
    rows["first_error_ev"] = rows["first_ev"] - rows["label_ev"]
    rows["second_error_ev"] = rows["second_ev"] - rows["label_ev"]
    rows["change_ev"] = rows["second_error_ev"].abs() - rows["first_error_ev"].abs()
    return rows


def paired_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """MAE of both models by region (eV), their difference second − first, and how many points got better.

    Columns: region, n, first_mae_ev, second_mae_ev, change_ev, se_ev (standard error of the change, NaN
    for one point), better.
    """
    summary = by_region(rows, {"first": "first_ev", "second": "second_ev"})
    records = []
    for region, part in summary.groupby("region", sort=False):
        inside = rows[rows["region"] != "beyond"] if region == "all" else rows[rows["region"] == region]
        mae = part.set_index("potential")["mae_ev"]
        change = inside["change_ev"].to_numpy(dtype=float)
        records.append(
            {
                "region": str(region),
                "n": len(inside),
                "first_mae_ev": float(mae["first"]),
                "second_mae_ev": float(mae["second"]),
                "change_ev": float(change.mean()),
                "se_ev": float(change.std(ddof=1) / np.sqrt(len(change))) if len(change) > 1 else np.nan,
                "better": int((change < 0).sum()),
            }
        )
    names = ["region", "n", "first_mae_ev", "second_mae_ev", "change_ev", "se_ev", "better"]
    return pd.DataFrame(records, columns=names)


def change_words(overall: pd.Series) -> str:
    """What the difference of two models amounts to, given the scatter between test points."""
    n, change, se = int(overall["n"]), float(overall["change_ev"]), float(overall["se_ev"])
    if n < 10:
        return f"Only {n} test points: too few to say which model is better."
    if not np.isfinite(se) or abs(change) < 2 * se:
        return "The difference is within twice its standard error: these test points do not tell which is better."
    return f"The second model is {'better' if change < 0 else 'worse'} by more than twice the standard error."
