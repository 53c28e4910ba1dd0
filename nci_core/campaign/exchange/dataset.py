"""A campaign's configurations as an extxyz dataset: energies in eV, positions in Å."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.datasets.keys import LABEL_STD
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.labels.label_errors import label_std_ev
from nci_core.store import configurations, labels
from nci_core.store.frames import configurations_frame
from nci_core.systems import Dimer

FloatArray = npt.NDArray[np.float64]

#: Column of the campaign's table → key in the file, where the value is known.
KEYS = {
    "geometry_hash": "geometry_hash",
    "split": "split",
    "origin": "origin",
    "sector": "sector",
    "teacher_ev": "teacher_interaction_energy",
    "student_ev": "student_interaction_energy",
    "student_std_ev": "student_interaction_energy_std",
}
#: Likewise, only where there is a finished label.
LABEL_KEYS = {"label_std_ev": LABEL_STD, "round_number": "round", "picked_by": "picked_by"}


def write_configurations(campaign: Campaign, path: Path) -> tuple[int, int]:
    """Write all configurations; returns how many, and how many have a label of the campaign's recipe."""
    active, recipe = campaign.active_model(), campaign.recipe
    table = configurations_frame(
        campaign.store,
        teacher=campaign.teacher,
        recipe_hash=recipe.hash,
        model_id=active.id if active else None,
        outside=True,
    )
    labelled = table.label_ev.notna().to_numpy()

    def column(values: Any, keep: Any) -> list[Any]:
        return [value if ok else None for value, ok in zip(values.tolist(), keep, strict=True)]

    columns = {key: column(table[name], table[name].notna()) for name, key in KEYS.items()}
    columns |= {key: column(table[name], table[name].notna() & labelled) for name, key in LABEL_KEYS.items()}
    constants = {"method": recipe.method, "basis": recipe.basis_name, "bsse": "counterpoise"}
    constants |= {"recipe": recipe.name, "recipe_hash": recipe.hash}
    columns |= {key: [value if ok else None for ok in labelled] for key, value in constants.items()}
    for other in campaign.recipes[1:]:
        rows = labels.fetch(campaign.store, other.hash, status="complete")
        known = {row.configuration_id: row for row in rows if row.quarantine is None}
        found = [known.get(int(number)) for number in table.id]
        columns[f"{other.name}_interaction_energy"] = [row.energy_ev if row else None for row in found]
        columns[f"{other.name}_{LABEL_STD}"] = [label_std_ev(row.recipe_std_cm1) if row else None for row in found]
    columns["sample_seed"] = [row.sample_seed for row in configurations.fetch(campaign.store)]
    energy = table.label_ev.fillna(table.teacher_ev).to_numpy(dtype=float)
    regions = campaign.settings.bounds.classify(energy).tolist()
    columns["region"] = [name if known else None for name, known in zip(regions, np.isfinite(energy), strict=True)]
    positions = table[["x_angstrom", "y_angstrom", "z_angstrom"]].to_numpy(dtype=float)
    reference = table.label_ev.to_numpy(dtype=float)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_dataset(path, [HostGroup(campaign.dimer, positions, reference, np.arange(len(table)), columns)])
    return len(table), int(labelled.sum())


def read_frames(dimer: Dimer, path: Path) -> list[tuple[FloatArray, dict[str, Any]]]:
    """Probe positions (3,) in Å and the other keys of an exported file, in its order.

    Raises InputError for a file that is missing, damaged, of another dimer or with an overlap.
    """
    group = read_dataset(path).only_group()
    host, other = dimer.a, group.dimer
    same = other.a.symbols == host.symbols and np.allclose(other.a.positions, host.positions, atol=1e-4)
    if not same or other.b.symbols[0] != dimer.b.symbols[0]:
        raise InputError(f"{path} holds {other.name}, but the campaign is about {dimer.name}.")
    columns = group.columns.items()
    return [(point, {key: values[row] for key, values in columns}) for row, point in enumerate(group.positions)]
