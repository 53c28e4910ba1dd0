"""A campaign's configurations as an extxyz dataset: energies in eV, positions in Å."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.sampling_steps import add_configurations
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.store import configurations, labels
from nci_core.store.frames import configurations_frame

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
LABEL_KEYS = {"round_number": "round", "picked_by": "picked_by"}


def write_configurations(campaign: Campaign, path: Path) -> tuple[int, int]:
    """Write all configurations; returns how many, and how many have a label of the campaign's recipe."""
    active, recipe = campaign.active_model(), campaign.recipe
    table = configurations_frame(
        campaign.store,
        teacher=campaign.teacher,
        recipe_hash=recipe.hash,
        model_id=active.id if active else None,
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
        known = {row.configuration_id: row.energy_ev for row in rows if row.quarantine is None}
        columns[f"{other.name}_interaction_energy"] = [known.get(int(number)) for number in table.id]
    columns["sample_seed"] = [row.sample_seed for row in configurations.fetch(campaign.store)]
    energy = table.label_ev.fillna(table.teacher_ev).to_numpy(dtype=float)
    regions = campaign.settings.bounds.classify(energy).tolist()
    columns["region"] = [name if known else None for name, known in zip(regions, np.isfinite(energy), strict=True)]
    positions = table[["x_angstrom", "y_angstrom", "z_angstrom"]].to_numpy(dtype=float)
    reference = table.label_ev.to_numpy(dtype=float)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_dataset(path, [HostGroup(campaign.dimer, positions, reference, np.arange(len(table)), columns)])
    return len(table), int(labelled.sum())


def read_configurations(campaign: Campaign, path: Path) -> int:
    """Add the configurations of an exported file to a campaign; returns how many.

    Raises InputError for a file that is missing, damaged, or of another dimer.
    """
    group = read_dataset(path).only_group()
    host, other = campaign.dimer.host, group.dimer
    same = other.host.symbols == host.symbols and np.allclose(other.host.positions, host.positions, atol=1e-4)
    if not same or other.probe != campaign.dimer.probe:
        raise InputError(f"{path} holds {other.name}, but the campaign is about {campaign.dimer.name}.")
    missing = [None] * len(group.positions)
    kinds = zip(
        group.columns.get("split", missing),
        group.columns.get("origin", missing),
        group.columns.get("sample_seed", missing),
        strict=True,
    )
    # Runs of one kind, in the order of the file, so that configurations keep their numbers.
    for (split, origin, seed), run in itertools.groupby(enumerate(kinds), key=lambda item: item[1]):
        chosen = [row for row, _ in run]
        add_configurations(
            campaign, group.positions[chosen], origin=origin or "import", split=split or "pool", seed=seed
        )
    return len(group.positions)
