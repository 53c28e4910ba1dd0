"""How the student in use does on each system of a campaign, trained on or not, as tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nci_core.campaign.systems import System
from nci_core.units import from_cm1

#: What energies a system is judged by: column of the campaign's table → words.
REFERENCES = {"label_ev": "labels", "teacher_ev": "the teacher's energies"}


def reference_of(rows: pd.DataFrame) -> str:
    """The column that one system's rows are judged by: labels where there is one, else the teacher's energies."""
    return "label_ev" if rows["label_ev"].notna().any() else "teacher_ev"


def judged(rows: pd.DataFrame, systems: Sequence[System], limit_cm1: float | None = None) -> pd.DataFrame:
    """Test configurations with a prediction and a reference below a limit, without one below each system's own.

    Columns: system_id, system, reference (of `REFERENCES`), reference_ev, student_ev, std_ev, error_ev. A system is
    judged by its labels alone where it has one, and by its teacher's energies alone where it has none.
    """
    parts = []
    for system in systems:
        mine = rows[(rows["system_id"] == system.id) & (rows["split"] == "test")]
        column = reference_of(mine)
        limit = from_cm1(system.bounds.limit_cm1 if limit_cm1 is None else limit_cm1)
        mine = mine[mine[column].notna() & mine["student_ev"].notna() & (mine[column] < limit)]
        part = mine[["system_id", "student_ev", "std_ev"]].assign(
            system=system.name, reference=column, reference_ev=mine[column]
        )
        parts.append(part.assign(error_ev=part["student_ev"] - part["reference_ev"]))
    return pd.concat(parts)


def by_system(points: pd.DataFrame, systems: Sequence[System], trained: Sequence[System]) -> pd.DataFrame:
    """One row a system with points: heavy_atoms, trained, reference, n, n_attractive, and errors in eV.

    mae_attractive_ev and bias_ev are of energies below zero, within_2 is the share of all errors within 2 sd.
    """
    found = []
    for system in systems:
        mine = points[points["system_id"] == system.id]
        if mine.empty:
            continue
        low = mine[mine["reference_ev"] < 0.0]
        bars = mine[mine["std_ev"].notna()]
        found.append(
            {
                "system": system.name,
                "system_id": system.id,
                "heavy_atoms": int((system.dimer.a.numbers > 2).sum()),
                "trained": system.id in {each.id for each in trained},
                "reference": mine["reference"].iloc[0],
                "n": len(mine),
                "n_attractive": len(low),
                "mae_attractive_ev": low["error_ev"].abs().mean(),
                "mae_ev": mine["error_ev"].abs().mean(),
                "bias_ev": low["error_ev"].mean(),
                "within_2": float((bars["error_ev"].abs() <= 2.0 * bars["std_ev"]).mean()) if len(bars) else np.nan,
            }
        )
    return pd.DataFrame(found)
