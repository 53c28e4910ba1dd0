"""Where the labels of a round come from, as tables."""

from typing import Any

import pandas as pd

from app.data.errors import as_shown
from app.report.subject import Subject
from nci_core.campaign.rounds.origins import ORIGIN, Origin
from nci_core.labels.label_errors import label_std_ev
from nci_core.store.schema import Label, Model

ENERGIES = {"hf_ev": "HF", "ccsd_ev": "CCSD", "triples_ev": "(T)", "energy_ev": "E", "std_ev": "±"}
FORMATS = dict.fromkeys(("x (Å)", "y (Å)", "z (Å)"), ".3f") | {"T1": ".4f", "CPU min": ".2f", "GB": ".2f"}


def label_provenance(subject: Subject) -> tuple[pd.DataFrame, dict[str, str]]:
    """The finished training labels of the round, one row each, and the formats of its columns.

    Energies in the subject's unit, positions in Å.
    """
    table = pd.DataFrame([_record(row, pd.Series(subject.table.loc[row.configuration_id])) for row in subject.labels])
    if table.empty:
        return table, {}
    left_out = ([] if subject.several else ["System"]) + (["std_ev"] if table["std_ev"].isna().all() else [])
    columns = [str(column) for column in table if column not in left_out]
    headers = {name: f"{ENERGIES[name]} ({subject.unit.label})" if name in ENERGIES else name for name in columns}
    shown, formats = as_shown(table, headers, subject.unit)
    return shown, FORMATS | formats


def _record(row: Label, place: pd.Series) -> dict[str, Any]:
    result: dict[str, Any] = row.result or {}
    dimer = result.get("fragments", {}).get("dimer", {})
    return {
        "Configuration": row.configuration_id,
        "System": place["system"],
        "Region": place["region"],
        **{f"{axis} (Å)": float(place[axis]) for axis in ("x", "y", "z")},
        "hf_ev": row.hf_ev,
        "ccsd_ev": row.ccsd_ev,
        "triples_ev": row.triples_ev,
        "energy_ev": row.energy_ev,
        "std_ev": label_std_ev(row.recipe_std_cm1),
        "Cycles HF / CC": f"{dimer.get('scf_cycles', '?')} / {dimer.get('cc_cycles', '?')}",
        "T1": dimer.get("t1_diagnostic"),
        "CPU min": (row.cpu_seconds or 0.0) / 60.0,
        "GB": row.memory_gb,
        "Picked by": row.picked_by or "unknown",
        "Finished (UTC)": f"{row.finished_at:%Y-%m-%d %H:%M}" if row.finished_at else "",
        "Geometry": str(result.get("geometry_hash", "")),
        "Set aside": row.quarantine or "",
    }


def fitted_from(model: Model) -> str:
    """Versions, labels and parent of a model with the beginnings of their digests; 'not recorded' for older models."""
    found = model.settings.get(ORIGIN)
    if found is None:
        return "not recorded"
    origin = Origin.model_validate(found)
    parts = [f"nci {origin.nci_version}", *(f"{name} {version}" for name, version in origin.versions.items())]
    parts += [f"{used.count} labels of {used.name} (SHA-256 {used.sha256[:12]}…)" for used in origin.teachers]
    parts += [f"{used.count} {used.recipe} labels (SHA-256 {used.sha256[:12]}…)" for used in origin.labels]
    parts += [f"prior {origin.parent.name} (SHA-256 {origin.parent.sha256[:12]}…)"] if origin.parent else []
    return "; ".join(parts)
