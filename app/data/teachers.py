"""Teachers as tables: the catalogue, their errors by region, their energies beside labels and along cuts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from app.data.cuts import CUT_PREFIX
from app.data.fields import positions_of
from nci_core.campaign.queries.teacher_check import is_installed, weights_in_words
from nci_core.campaign.queries.teacher_compare import Comparison, Standing
from nci_core.campaign.systems import System
from nci_core.teachers.catalogue import presets
from nci_core.units import CM1_EV, EnergyUnit

#: Range → what mean absolute errors, and mean sizes of differences, in it are called.
MAES = {"all": "MAE", "well": "Well", "tail": "Tail", "wall": "Wall"}
APART = MAES | {"all": "Whole range"}


def catalogue(symbols: Sequence[str]) -> pd.DataFrame:
    """All presets, one row each; `covers` is whether they know all of these elements, None where nobody says."""
    rows = [
        {
            "Teacher": preset.spec,
            "What it is": preset.title,
            "Level of theory": preset.level,
            "This system": {True: "yes", False: "no", None: "not known"}[preset.covers(*symbols)],
            "Installed": is_installed(preset) or "no",
            "Licence": preset.licence,
            "Commercial use": {True: "yes", False: "no", None: "read it"}[preset.commercial],
            "Size (MB)": preset.size_mb,
            "Weights": weights_in_words(preset),
            "Elements": preset.elements_text or "not known",
        }
        for preset in presets()
    ]
    return pd.DataFrame(rows).astype({"Size (MB)": float})


def standings_table(found: Comparison, against: str, unit: EnergyUnit) -> tuple[pd.DataFrame, dict[str, str]]:
    """One row a teacher, energies in the unit shown, and the formats of the columns; `against`: of which labels."""
    factor, digits, label = CM1_EV * unit.per_ev, f".{unit.digits}f", unit.label
    rows = [_row(each, against, factor, label) for each in found.standings]
    specs = {f"{name} ({label})": digits for name in MAES.values()}
    return pd.DataFrame(rows), specs | {f"Bias ({label})": f"+{digits}", "r": ".3f", "s each": ".2g"}


def _row(each: Standing, against: str, factor: float, label: str) -> dict[str, object]:
    judged = each.judged.get(against)
    errors = judged.regions if judged else {}
    whole = errors.get("all")
    row: dict[str, object] = {"Teacher": each.spec, "Distilled": "yes" if each.used else "no"}
    row |= {
        f"{name} ({label})": errors[key].mae_cm1 * factor if key in errors else np.nan for key, name in MAES.items()
    }
    row[f"Bias ({label})"] = whole.bias_cm1 * factor if whole else np.nan
    row["r"] = judged.correlation if judged and judged.correlation is not None else np.nan
    row["Labels"] = whole.n if whole else 0
    row["Energies"] = each.count
    row["s each"] = 1.0 / each.per_second if each.per_second else np.nan
    return row


def differences_table(found: Comparison, unit: EnergyUnit) -> tuple[pd.DataFrame, dict[str, str]]:
    """Mean sizes of the differences of teachers where there is no label, and the formats of the columns."""
    factor = CM1_EV * unit.per_ev
    rows = []
    for pair in found.differences:
        sizes = {
            f"{name} ({unit.label})": pair.regions[key].mae_cm1 * factor if key in pair.regions else np.nan
            for key, name in APART.items()
        }
        places = pair.regions["all"].n if "all" in pair.regions else 0
        rows.append({"Teachers": f"{pair.spec} − {pair.other}", "Places": places} | sizes)
    return pd.DataFrame(rows), {f"{name} ({unit.label})": f".{unit.digits}f" for name in APART.values()}


def with_teachers(table: pd.DataFrame, energies: pd.DataFrame, names: Mapping[str, str]) -> dict[str, str]:
    """Specification → the column of `energies` that holds some, of teachers by their names in the store."""
    there = energies.reindex(table.index)
    return {spec: name for name, spec in names.items() if name in there and there[name].notna().any()}


def along_cut(table: pd.DataFrame, energies: pd.DataFrame, system: System, cut: str) -> pd.DataFrame:
    """The sampled places of a cut by distance (Å) from the host's centre, with each teacher's energy (eV)."""
    rows = table[table["origin"] == CUT_PREFIX + cut]
    distance = np.linalg.norm(positions_of(rows) - system.dimer.a.centre, axis=1)
    return energies.reindex(rows.index).assign(distance=distance).sort_values("distance")
