"""A campaign's configurations as an extxyz dataset: energies in eV, positions in Å."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.config import FILE_NAME, SystemSettings
from nci_core.datasets.keys import LABEL_STD, POSE, SYSTEM
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.labels.label_errors import label_std_ev
from nci_core.store import configurations, labels
from nci_core.store.tables import configurations_table
from nci_core.systems import Dimer
from nci_core.systems.poses import IDENTITY, unit_quaternions
from nci_core.visible import quoted

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
    table = configurations_table(
        campaign.store,
        teacher=campaign.teacher,
        recipe_hash=recipe.hash,
        model_id=active.id if active else None,
        outside=True,
    )
    labelled = table.label_ev.notna()
    said = table[[*KEYS, *LABEL_KEYS]].astype(object)
    said = said.where(said.notna(), None).rename(columns=KEYS | LABEL_KEYS)
    label = {"method": recipe.method, "basis": recipe.basis_name, "bsse": "counterpoise"}
    label |= {"recipe": recipe.name, "recipe_hash": recipe.hash}
    said = said.assign(**label)
    said.loc[~labelled, [*LABEL_KEYS.values(), *label]] = None
    for other in campaign.recipes[1:]:
        finished = labels.fetch(campaign.store, other.hash, status="complete")
        known = {row.configuration_id: row for row in finished if row.quarantine is None}
        said[f"{other.name}_interaction_energy"] = table.id.map({k: row.energy_ev for k, row in known.items()})
        errors = {k: label_std_ev(row.recipe_std_cm1) for k, row in known.items()}
        said[f"{other.name}_{LABEL_STD}"] = table.id.map(errors)
    rows = configurations.fetch(campaign.store)
    said["sample_seed"] = np.array([row.sample_seed for row in rows], dtype=object)
    energy = table.label_ev.fillna(table.teacher_ev).to_numpy(dtype=float)
    said["region"] = campaign.bounds.of(table.system_id).classify(energy)
    said.loc[~np.isfinite(energy), "region"] = None
    if len(campaign.systems) > 1:
        names = [system.name for system in campaign.settings.systems]
        said[SYSTEM] = table.system_id.map({each.id: names.index(each.name) + 1 for each in campaign.systems})
    positions = table[["x_angstrom", "y_angstrom", "z_angstrom"]].to_numpy(dtype=float)
    poses = np.array([row.pose for row in rows]).reshape(-1, 4)
    reference, whose = table.label_ev.to_numpy(dtype=float), table.system_id.tolist()
    groups = []
    for system_id, run in itertools.groupby(range(len(table)), key=whose.__getitem__):
        of = np.array(list(run))  # runs, so that the order stays
        columns = {str(key): values.tolist() for key, values in said.iloc[of].items()}
        at = campaign.system(system_id).dimer.at(positions[of], poses[of])
        if not at.dimer.b.is_atom:
            columns[POSE] = at.q.tolist()
        groups.append(HostGroup(at, reference[of], of, columns))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_dataset(path, groups)
    return len(table), int(labelled.sum())


class Frame(NamedTuple):
    """A frame of an exported file: its system, the probe's centre (3,) in Å and pose (4,), its hash, the other keys."""

    system: SystemSettings
    position: FloatArray
    pose: FloatArray
    geometry_hash: str
    keys: dict[str, Any]


def read_frames(systems: Sequence[SystemSettings], path: Path) -> list[Frame]:
    """The frames of an exported file of a campaign with these systems, in its order.

    Raises InputError for a file that is missing, damaged, of another dimer or with an overlap.
    """
    dimers = [system.dimer for system in systems]
    found: list[tuple[int, Frame]] = []
    for group in read_dataset(path).groups:
        place = group.columns.get(SYSTEM, [None])[0]
        if place is not None and not (isinstance(place, int) and 1 <= place <= len(systems)):
            raise InputError(f"{path} has configurations of system {quoted(place)}, which {FILE_NAME} does not have.")
        asked = range(len(systems)) if place is None else [place - 1]
        mine = next((systems[i] for i in asked if _is_of(group.dimer, dimers[i])), None)
        if mine is None:
            about = ", ".join(dimers[i].name for i in asked[:5])
            raise InputError(f"{path} holds {group.dimer.name}, but the campaign is about {about}.")
        stated = zip(group.frames.tolist(), group.columns.get(POSE, [None] * len(group.at)), strict=True)
        at = mine.dimer.at(group.at.R, [_pose(pose, f"{path}, frame {number}") for number, pose in stated])
        hashes = at.geometry_hashes()
        for row, number in enumerate(group.frames.tolist()):
            keys = {key: values[row] for key, values in group.columns.items() if key != POSE}
            found.append((number, Frame(mine, at.R[row], at.q[row], hashes[row], keys)))
    return [frame for _, frame in sorted(found, key=lambda pair: pair[0])]


def _pose(stated: Any, where: str) -> FloatArray:
    """(4,) the pose that a frame states, the identity where it states none; raises InputError for what is none."""
    try:
        given = np.asarray(IDENTITY if stated is None else stated, dtype=float).reshape(4)
        pose: FloatArray = unit_quaternions(given)[0]
        return pose
    except (InputError, TypeError, ValueError):
        raise InputError(f"{where}: {POSE} is no unit quaternion (w, x, y, z); restore the file.") from None


def _is_of(dimer: Dimer, known: Dimer) -> bool:
    """Whether a dimer in a file is this one: its atoms, in their order, at their places."""
    one, other = dimer.a, known.a
    same = one.symbols == other.symbols and dimer.b.symbols == known.b.symbols
    return same and bool(np.allclose(one.positions, other.positions, atol=1e-4))
