"""Differences from CCSD(T) and between potentials, and their summaries by region and sector."""

from collections.abc import Container, Mapping, Sequence

import numpy as np
import pandas as pd

from nci_core.campaign.systems import System
from nci_core.metrics import summarise
from nci_core.regions import LINEAR_WORDS, REGIONS, SECTORS
from nci_core.store.schema import Model
from nci_core.units import EnergyUnit, from_cm1

#: Region → what it means, shown on hover.
REGION_HELP = {
    "well": "attractive region: energies below the campaign's well bound",
    "tail": "long range: weakly attractive, from the well bound to zero",
    "wall": "repulsive region: from zero to the campaign's energy limit",
    "beyond": "above the energy limit: listed apart, never in the overall figures",
    "all": "every point below the energy limit",
}
#: What errors are averaged over, below the energy limit → what people read.
RANGES = {"all": "whole range", "well": "well", "tail": "tail", "wall": "wall"}
#: Header of a column of errors → what it is called in their summaries.
ERRORS = {"MAE": "mae", "RMSE": "rmse", "Largest": "max", "Bias": "bias"}
#: What errors of several systems are averaged over: no system that nothing is trained on is among them.
TOGETHER = "all training systems together"


def with_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Add teacher_error_ev and student_error_ev (minus CCSD(T)) and student_teacher_ev; NaN where one is missing."""
    return table.assign(
        teacher_error_ev=table["teacher_ev"] - table["label_ev"],
        student_error_ev=table["student_ev"] - table["label_ev"],
        student_teacher_ev=table["student_ev"] - table["teacher_ev"],
    )


def with_earlier(table: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Add the energies and errors of another model's table as earlier_ev and earlier_error_ev."""
    return table.assign(earlier_ev=earlier["student_ev"], earlier_error_ev=earlier["student_error_ev"])


def labelled(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Rows of one split with a finished label; test and training rows are never mixed."""
    return table[(table["split"] == split) & table["label_ev"].notna()]


def columns_of(after: Model | None, before: Model | None) -> dict[str, str]:
    """Potential → energy column, as figures and tables name them, the student last."""
    columns = {"teacher": "teacher_ev"}
    if before is not None:
        columns["earlier student"] = "earlier_ev"
    if after is not None:
        columns["student"] = "student_ev"
    return columns


def by_region(rows: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Errors of each energy column (name → column) in each region, "all" (below the limit) first.

    Columns: region, potential, n, mae_ev, rmse_ev, max_ev, bias_ev.
    """
    records = []
    # As arrays: parts of a frame copy all its columns, and this is drawn with every run of a page.
    regions, labels = rows["region"].to_numpy(dtype=object), rows["label_ev"].to_numpy(dtype=float)
    energies = {name: rows[column].to_numpy(dtype=float) for name, column in columns.items()}
    for region in ("all", *REGIONS):
        part = (regions != "beyond" if region == "all" else regions == region) & ~np.isnan(labels)
        for name, values in energies.items():
            known = part & ~np.isnan(values)
            if found := summarise(values[known], labels[known]):
                sizes = {f"{what}_ev": from_cm1(getattr(found, f"{what}_cm1")) for what in ERRORS.values()}
                records.append({"region": region, "potential": name, "n": found.n} | sizes)
    return pd.DataFrame(records, columns=["region", "potential", "n", *(f"{what}_ev" for what in ERRORS.values())])


def by_direction(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Errors of an energy column by region and direction, where there are any.

    Columns: n, mae_ev, and expected_ev, the root mean square of the student's error bars.
    """
    known = rows[rows[column].notna() & rows["label_ev"].notna()]
    sizes = known.assign(error=(known[column] - known["label_ev"]).abs(), variance=known["std_ev"] ** 2)
    found = sizes.groupby(["region", "sector"]).agg(
        n=("error", "size"), mae_ev=("error", "mean"), expected_ev=("variance", "mean")
    )
    return found.assign(expected_ev=found["expected_ev"] ** 0.5)


def as_shown(
    rows: pd.DataFrame,
    headers: Mapping[str, str],
    unit: EnergyUnit,
    *,
    signed: Container[str] = (),
    digits: int | None = None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Some columns under the headers that people read, energies ("…_ev") in the unit shown, and the formats of these.

    The `signed` ones show a plus too; `digits` are those of the unit unless given.
    """
    energies = [column for column in headers if column.endswith("_ev")]
    shown = rows[list(headers)].assign(**{column: rows[column].astype(float) * unit.per_ev for column in energies})
    spec = f".{unit.digits if digits is None else digits}f"
    return shown.rename(columns=headers), {headers[c]: f"+{spec}" if c in signed else spec for c in energies}


def by_system(rows: pd.DataFrame, systems: Sequence[System]) -> dict[str, pd.DataFrame]:
    """Rows of all training systems together, then of each system that has some, by what people call them."""
    trained = [system.id for system in systems if system.role == "train"]
    found = {TOGETHER: rows[rows["system_id"].isin(trained)]}
    found |= {system.title: rows[rows["system_id"] == system.id] for system in systems}
    return {name: part for name, part in found.items() if len(part)}


def error_table(
    rows: pd.DataFrame, columns: dict[str, str], unit: EnergyUnit, systems: Sequence[System] = ()
) -> tuple[pd.DataFrame, dict[str, str]]:
    """`by_region` as people read it, energies in the unit shown, and the formats of its columns.

    Of several systems a block each, after that of all training systems together.
    """
    several = len(systems) > 1
    groups = by_system(rows, systems) if several else {"": rows}
    parts = [by_region(part, columns).assign(System=name) for name, part in groups.items()]
    found = pd.concat(parts or [by_region(rows, columns)], ignore_index=True).replace({"region": RANGES})
    headers = {"System": "System"} if several else {}
    headers |= {"region": "Region", "potential": "Potential", "n": "Points"}
    return as_shown(found, headers | {f"{what}_ev": name for name, what in ERRORS.items()}, unit, signed={"bias_ev"})


def matrix_table(rows: pd.DataFrame, column: str, unit: EnergyUnit) -> pd.DataFrame:
    """MAE by region (rows that have points) and direction, as text with the number of points in brackets.

    For the student its own expected error (± 1 sd, root mean square) too.
    """

    def cell(found: pd.Series) -> str:
        mae, expected = (f"{found[name] * unit.per_ev:.{unit.digits}f}" for name in ("mae_ev", "expected_ev"))
        return f"{mae} ({found['n']:.0f}{f', ± {expected}' if column == 'student_ev' else ''})"

    cells = {place: cell(found) for place, found in by_direction(rows, column).iterrows()}
    used = [region for region in REGIONS if any(region == place[0] for place in cells)]
    sectors = LINEAR_WORDS if rows["sector"].isin({"side", "end"}).any() else SECTORS
    words = {sector: [cells.get((region, sector), "—") for region in used] for sector in sectors}
    return pd.DataFrame({"Region": used} | words)
