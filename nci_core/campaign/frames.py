"""Configurations as extxyz frames: energies in eV, positions in Å, keys that name whose energy it is."""

from pathlib import Path
from typing import Any

import numpy as np
from ase.io import iread, write

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.sampling_steps import add_configurations
from nci_core.errors import InputError, StoreError
from nci_core.store import configurations
from nci_core.store.frames import configurations_frame
from nci_core.store.schema import Split

#: Column of the campaign's table → key in the file, where the value is known.
KEYS = {
    "geometry_hash": "geometry_hash",
    "split": "split",
    "origin": "origin",
    "sector": "sector",
    "teacher_ev": "teacher_interaction_energy",
    "student_ev": "student_interaction_energy",
    "student_std_ev": "student_interaction_energy_std",
    "label_ev": "REF_interaction_energy",
    "round_number": "round",
    "picked_by": "picked_by",
}


def write_configurations(campaign: Campaign, path: Path) -> tuple[int, int]:
    """Write all configurations; returns how many, and how many have a label of the campaign's recipe."""
    active = campaign.active_model()
    table = configurations_frame(
        campaign.store,
        teacher=campaign.teacher,
        recipe_hash=campaign.recipe.hash,
        model_id=active.id if active else None,
    )
    seeds = {row.id: row.sample_seed for row in configurations.fetch(campaign.store)}
    bounds, frames, labelled = campaign.settings.bounds, [], 0
    for row in table.to_dict("records"):
        atoms = campaign.dimer.atoms([row["x_angstrom"], row["y_angstrom"], row["z_angstrom"]])
        info: dict[str, Any] = {key: row[name] for name, key in KEYS.items() if _known(row[name])}
        if (seed := seeds[row["id"]]) is not None:
            info["sample_seed"] = seed
        if "REF_interaction_energy" in info:
            labelled += 1
            info |= {"method": campaign.recipe.method, "basis": campaign.recipe.basis_name, "bsse": "counterpoise"}
            info |= {"recipe": campaign.recipe.name, "recipe_hash": campaign.recipe.hash}
        else:
            for key in ("round", "picked_by"):
                info.pop(key, None)
        energy = info.get("REF_interaction_energy", info.get("teacher_interaction_energy"))
        if energy is not None:
            info["region"] = str(bounds.classify(np.array([energy]))[0])
        atoms.info.update(info)
        frames.append(atoms)
    temporary = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary, frames, format="extxyz")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written ({error.strerror}); free some space or check the folder.") from None
    return len(frames), labelled


def _known(value: Any) -> bool:
    return value is not None and value == value and str(value) != "<NA>"


def read_configurations(campaign: Campaign, path: Path) -> int:
    """Add the configurations of an exported file to a campaign; returns how many.

    Raises InputError for a file that is missing, damaged, or of another dimer.
    """
    groups: dict[tuple[str, Split, int | None], list[list[float]]] = {}
    host = campaign.dimer.host
    try:
        for number, atoms in enumerate(iread(path, format="extxyz"), start=1):
            same = len(atoms) == len(host.symbols) + 1 and np.allclose(atoms.positions[:-1], host.positions, atol=1e-4)
            if not same or atoms.get_chemical_symbols() != [*host.symbols, campaign.dimer.probe]:
                raise InputError(f"{path}, frame {number}, is not a configuration of {campaign.dimer.name}.")
            info = atoms.info
            seed = info.get("sample_seed")
            key = (str(info.get("origin", "import")), info.get("split", "pool"), None if seed is None else int(seed))
            groups.setdefault(key, []).append(np.round(atoms.positions[-1], 6).tolist())
    except InputError:
        raise
    except Exception as error:  # ASE's reader raises anything, from OSError to KeyError
        raise InputError(f"{path} is not an extxyz file that can be read ({type(error).__name__}: {error}).") from None
    # Test configurations first: a set once frozen accepts no more.
    for (origin, split, seed), positions in sorted(groups.items(), key=lambda item: item[0][1] != "test"):
        add_configurations(campaign, np.array(positions), origin=origin, split=split, seed=seed)
    return sum(map(len, groups.values()))
