"""What energies somebody brings should be about, to tell a wrong unit or sign before they are stored.

Like `nci_core.campaign.queries.live`, for the predictor process: importing this loads no torch.
"""

from pathlib import Path

import numpy as np

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.energy_files import Checked
from nci_core.campaign.queries.live import field
from nci_core.datasets.energies import free_atom_dispersion
from nci_core.datasets.energy_tables.choices import ENERGY_UNITS
from nci_core.datasets.energy_tables.likely import FloatArray, likely
from nci_core.store.schema import Model
from nci_core.units import energy_unit_named, to_cm1

#: Points that are compared: a unit needs no more.
MOST = 400
DISPERSION = "the dispersion of free atoms"


def expected(folder: str | Path, model_id: int | None, system_id: int, positions: FloatArray) -> FloatArray:
    """(m,) energies in eV at positions (m, 3) in Å about a system's host: a model's, else that of free atoms."""
    if model_id is not None:
        return field(folder, model_id, system_id, positions).energy_ev
    with Campaign.open(folder, read_only=True) as campaign:
        return free_atom_dispersion(campaign.system(system_id).dimer.at(positions))


def compared(checked: Checked) -> tuple[FloatArray, FloatArray]:
    """Positions (k, 3) and energies (k,) in eV of at most MOST points, spread over the file."""
    count = len(checked.points)
    rows = np.unique(np.linspace(0, count - 1, min(count, MOST)).astype(int))
    return checked.points.positions[rows], checked.points.energy_ev[rows]


def sentence(checked: Checked, energies: FloatArray, expected_ev: FloatArray, model: Model | None) -> tuple[bool, str]:
    """Whether unit and sign look right, and one sentence for people.

    Args:
        checked: the energies.
        energies: (k,) of `compared`, in eV.
        expected_ev: (k,) what `expected` has at the same points.
        model: whose these are, None for the dispersion of free atoms.
    """
    read = checked.choices
    against = DISPERSION if model is None else "the student in use"
    found = likely(energies, expected_ev, read.energy_unit, read.bound, against)
    deepest = float(to_cm1(checked.points.energy_ev.min()))
    said = f"read as {ENERGY_UNITS.get(read.energy_unit, read.energy_unit)}, " if checked.file.table else ""
    lowest = float(to_cm1(expected_ev[int(np.argmin(energies))])) if len(energies) else np.nan
    there = f" (the student there: {lowest:.4g})" if model is not None and np.isfinite(lowest) else ""
    as_read = f"{said}the lowest energy is {deepest:.4g} cm⁻¹{there}".replace("-", "−")
    if found is None:
        return True, f"Too few attractive points to tell whether unit and sign are right: {as_read}."
    if found.unit is None:
        check = "frame, angles and columns" if checked.file.form == "table" else "what they are energies of"
        return False, (
            f"These energies do not follow {against} in any unit (ratio {found.ratio:.2g}, scatter "
            f"{100 * min(found.scatter, 99):.0f}%, {found.n} points): check {check}; {as_read}."
        )
    if (found.unit, found.bound) == (read.energy_unit, read.bound):
        first, last = "Unit and sign look right", " (median)"
        if model is None:
            first, last = "Size and sign are possible", ", which is right within a factor of 2 only"
        times = f"over {found.n} attractive points the energies are {found.ratio:.2f} times {against}"
        return True, f"{first}: {times}{last}; {as_read}."
    other = deepest if found.bound == read.bound else -float(to_cm1(checked.points.energy_ev.max()))
    other *= (energy_unit_named(found.unit) or np.nan) / (energy_unit_named(read.energy_unit) or np.nan)
    sign = "" if found.bound == read.bound else f" with bound energies {found.bound}"
    would = f"read so, it would be {other:.4g} cm⁻¹".replace("-", "−")
    unit = ENERGY_UNITS.get(found.unit, found.unit)
    return False, f"These look like {unit}{sign} compared with {against}: {as_read}; {would}."
