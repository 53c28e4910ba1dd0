"""Differences from CCSD(T) and between potentials, and their summaries by region and sector."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.arrays import FloatArray
from nci_core.campaign.systems import System
from nci_core.metrics import summarise
from nci_core.regions import LINEAR_WORDS, REGIONS, SECTORS
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

#: What errors of several systems are averaged over: no system that nothing is trained on is among them.
TOGETHER = "all training systems together"


def with_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Add teacher_error_ev and student_error_ev (minus CCSD(T)) and student_teacher_ev; NaN where one is missing."""
    return table.assign(
        teacher_error_ev=table["teacher_ev"] - table["label_ev"],
        student_error_ev=table["student_ev"] - table["label_ev"],
        student_teacher_ev=table["student_ev"] - table["teacher_ev"],
    )


def labelled(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Rows of one split with a finished label; test and training rows are never mixed."""
    return table[(table["split"] == split) & table["label_ev"].notna()]


def _summary(energies_ev: FloatArray, labels_ev: FloatArray) -> dict[str, float]:
    known = ~np.isnan(energies_ev) & ~np.isnan(labels_ev)
    summary = summarise(energies_ev[known], labels_ev[known])
    if summary is None:
        return {"n": 0, "mae_ev": np.nan, "rmse_ev": np.nan, "max_ev": np.nan, "bias_ev": np.nan}
    found = summary.as_dict()
    return {"n": summary.n} | {
        f"{name}_ev": float(from_cm1(found[f"{name}_cm1"])) for name in ("mae", "rmse", "max", "bias")
    }


def by_region(rows: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """Errors of each energy column (name → column) in each region, "all" (below the limit) first.

    Columns: region, potential, n, mae_ev, rmse_ev, max_ev, bias_ev.
    """
    records = []
    # As arrays: parts of a frame copy all its columns, and this is drawn with every run of a page.
    regions, labels = rows["region"].to_numpy(dtype=object), rows["label_ev"].to_numpy(dtype=float)
    energies = {name: rows[column].to_numpy(dtype=float) for name, column in columns.items()}
    for region in ("all", *REGIONS):
        part = regions != "beyond" if region == "all" else regions == region
        for name, values in energies.items():
            record = _summary(values[part], labels[part])
            if record["n"]:
                records.append({"region": region, "potential": name} | record)
    names = ["region", "potential", "n", "mae_ev", "rmse_ev", "max_ev", "bias_ev"]
    return pd.DataFrame(records, columns=names)


def region_sector_matrix(rows: pd.DataFrame, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """MAE (eV) and number of points, regions × sectors; NaN and 0 where there are none."""
    sectors = LINEAR_WORDS if rows["sector"].isin({"side", "end"}).any() else SECTORS
    mae = pd.DataFrame(index=list(REGIONS), columns=list(sectors), dtype=float)
    count = pd.DataFrame(0, index=list(REGIONS), columns=list(sectors), dtype=int)
    for region in REGIONS:
        for sector in sectors:
            part = rows[(rows["region"] == region) & (rows["sector"] == sector)]
            found = _summary(part[column].to_numpy(dtype=float), part["label_ev"].to_numpy(dtype=float))
            mae.loc[region, sector], count.loc[region, sector] = found["mae_ev"], int(found["n"])
    return mae, count


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
    groups = by_system(rows, systems) if len(systems) > 1 else {"": rows}
    parts = {name: by_region(part, columns) for name, part in groups.items()}
    found = (
        pd.concat(parts, names=["system"]).reset_index("system").reset_index(drop=True)
        if parts
        else by_region(rows, columns)
    )
    energies = {"MAE": "mae_ev", "RMSE": "rmse_ev", "Largest": "max_ev", "Bias": "bias_ev"}
    table = pd.DataFrame(
        {
            "Region": found["region"].replace({"all": "whole range"}),
            "Potential": found["potential"],
            "Points": found["n"],
        }
        | {name: found[column] * unit.per_ev for name, column in energies.items()}
    )
    if len(systems) > 1 and parts:
        table.insert(0, "System", found["system"])
    return table, dict.fromkeys(("MAE", "RMSE", "Largest"), f".{unit.digits}f") | {"Bias": f"+.{unit.digits}f"}


def matrix_table(rows: pd.DataFrame, column: str, unit: EnergyUnit) -> pd.DataFrame:
    """MAE by region (rows that have points) and direction, as text with the number of points in brackets.

    For the student its own expected error (± 1 sd, root mean square) too.
    """
    mae, count = region_sector_matrix(rows, column)
    used = [region for region in mae.index if count.loc[region].sum()]

    def cell(region: str, sector: str) -> str:
        n = int(count.loc[region, sector])
        if not n:
            return "—"
        spread = rows[(rows["region"] == region) & (rows["sector"] == sector)]["std_ev"].astype(float)
        expected = f", ± {(spread**2).mean() ** 0.5 * unit.per_ev:.{unit.digits}f}" if column == "student_ev" else ""
        return f"{mae.loc[region, sector] * unit.per_ev:.{unit.digits}f} ({n}{expected})"

    cells = {sector: [cell(region, sector) for region in used] for sector in mae.columns}
    return pd.DataFrame({"Region": used} | cells)
