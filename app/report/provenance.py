"""Where the labels of a round come from, as tables."""

from typing import Any

import pandas as pd

from nci_core.campaign import Campaign
from nci_core.campaign.rounds.origins import ORIGIN, Origin
from nci_core.store import configurations, labels
from nci_core.store.schema import Label, Model
from nci_core.units import CM1_EV, EnergyUnit


def _of_round(campaign: Campaign, number: int) -> list[Label]:
    pool = {row.id for row in configurations.fetch(campaign.store, split="pool")}
    rows = labels.fetch(campaign.store, campaign.recipe.hash)
    return [
        row for row in rows if row.round_number == number and row.status == "complete" and row.configuration_id in pool
    ]


def label_provenance(
    campaign: Campaign, number: int, table: pd.DataFrame, unit: EnergyUnit
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The finished training labels of a round, one row each, and the formats of its columns.

    `table` is the campaign's configuration table. Energies in `unit`, positions in Å.
    """
    records = [_record(row, pd.Series(table.loc[row.configuration_id]), unit) for row in _of_round(campaign, number)]
    names = [f"{name} ({unit.label})" for name in ("HF", "CCSD", "(T)", "E", "±")]
    if all(record[names[-1]] is None for record in records):
        unknown = names.pop()
        records = [{name: value for name, value in record.items() if name != unknown} for record in records]
    if len(campaign.systems) == 1:
        records = [{name: value for name, value in record.items() if name != "System"} for record in records]
    energy = dict.fromkeys(names, f".{unit.digits}f")
    formats = {"CPU min": ".2f", "GB": ".2f", "T1": ".4f"} | dict.fromkeys(("x (Å)", "y (Å)", "z (Å)"), ".3f") | energy
    return pd.DataFrame(records), formats


def _record(row: Label, place: pd.Series, unit: EnergyUnit) -> dict[str, Any]:
    result: dict[str, Any] = row.result or {}
    dimer = result.get("fragments", {}).get("dimer", {})
    parts = {"HF": row.hf_ev, "CCSD": row.ccsd_ev, "(T)": row.triples_ev, "E": row.energy_ev}
    parts["±"] = None if row.recipe_std_cm1 is None else row.recipe_std_cm1 * CM1_EV
    return {
        "Configuration": row.configuration_id,
        "System": place["system"],
        "Region": place["region"],
        **{f"{axis} (Å)": float(place[axis]) for axis in ("x", "y", "z")},
        **{f"{name} ({unit.label})": None if v is None else v * unit.per_ev for name, v in parts.items()},
        "Cycles HF / CC": f"{dimer.get('scf_cycles', '?')} / {dimer.get('cc_cycles', '?')}",
        "T1": dimer.get("t1_diagnostic"),
        "CPU min": (row.cpu_seconds or 0.0) / 60.0,
        "GB": row.memory_gb,
        "Picked by": row.picked_by or "unknown",
        "Finished (UTC)": f"{row.finished_at:%Y-%m-%d %H:%M}" if row.finished_at else "",
        "Geometry": str(result.get("geometry_hash", "")),
        "Set aside": row.quarantine or "",
    }


def software(campaign: Campaign, number: int) -> str:
    """Programs and processors the labels of a round were computed with."""
    found = {}
    for row in _of_round(campaign, number):
        environment = (row.result or {}).get("environment", {})
        versions = ", ".join(f"{name} {version}" for name, version in environment.get("versions", {}).items())
        found[f"{versions} on {environment.get('processor', '?')}, {environment.get('threads', '?')} thread(s)"] = True
    return "; ".join(found)


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
