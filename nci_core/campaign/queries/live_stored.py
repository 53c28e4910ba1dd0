"""Teacher and CCSD(T) all round a host: a model plus what stored energies differ from it, interpolated.

Both are known at configurations only. Between them a model gives the shape, and its residual at the stored
energies of one split is interpolated, in units of the model's channels, which are steep where it is.
Like `nci_core.campaign.queries.live`, for the predictor process: importing this loads no torch.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.queries.live import Field, checked_points, field, loaded
from nci_core.errors import InputError
from nci_core.interpolation import REACH, gap, left_out, through
from nci_core.store.tables import configurations_table
from nci_core.systems.folding import distinct
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: Source → column of the table of configurations.
SOURCES = {"teacher": "teacher_ev", "reference": "label_ev"}
#: With fewer stored energies nothing is interpolated.
FEWEST = 5
#: Of more, so many are used, drawn at random: the equations of 2,000 take a second.
MOST = 2000


@dataclass(frozen=True)
class Misses:
    """How well the interpolation meets stored energies that it was not given; five-fold.

    Attributes:
        stored: stored energies below the campaign's limit.
        used: of these, at most MOST.
        judged: left-out energies with another one within REACH; the two medians are over these.
        median_ev: median |interpolated − stored|, NaN when none was judged.
        model_ev: median |model − stored|: what there is without interpolation.
    """

    stored: int
    used: int
    judged: int
    median_ev: float
    model_ev: float


def strength(found: Field) -> FloatArray:
    """How strong the interaction is, (m,) in eV: the sum of the terms' sizes, never zero."""
    total: FloatArray = np.maximum(sum(np.abs(values) for values in found.channels_ev.values()), 1e-9)
    return total


def places(rows: pd.DataFrame) -> FloatArray:
    """(m, 3) positions in Å of rows of a table of configurations."""
    return rows[["x_angstrom", "y_angstrom", "z_angstrom"]].to_numpy(dtype=float)


def below_limit(campaign: Campaign, system_id: int, column: str, split: str) -> pd.DataFrame:
    """The rows of a system's table of configurations of one split, with an energy below the campaign's limit."""
    table = configurations_table(
        campaign.store, teacher=campaign.teacher, recipe_hash=campaign.recipe.hash, model_id=None, system_id=system_id
    )
    return table[(table["split"] == split) & (table[column] < from_cm1(campaign.system(system_id).bounds.limit_cm1))]


def _anchors(campaign: Campaign, system_id: int, source: str, split: str) -> tuple[FloatArray, FloatArray, int]:
    """Positions (n, 3) in Å and energies (n,) in eV used of a system's split, and how many are stored.

    Only below the energy limit; InputError when they are fewer than FEWEST.
    """
    column = SOURCES[source]
    rows = below_limit(campaign, system_id, column, split)
    if len(rows) < FEWEST:
        what = "teacher energies" if source == "teacher" else "CCSD(T) labels"
        where = "test set" if split == "test" else "training pool"
        raise InputError(
            f"The {where} has {len(rows)} {what} below the energy limit; interpolating takes at least {FEWEST}."
        )
    used = rows if len(rows) <= MOST else rows.sample(MOST, random_state=0)
    return places(used), used[column].to_numpy(dtype=float), len(rows)


def stored_field(
    folder: str | Path, model_id: int, system_id: int, source: str, split: str, positions: npt.ArrayLike
) -> FloatArray:
    """Energies (m,) in eV of "teacher" or "reference" at positions (m, 3) in Å about a system's host.

    From those stored of the system in one split; NaN farther than REACH from all of them, images included. Raises
    InputError for fewer of them than FEWEST, and as `live.field` does.
    """
    campaign, _, _ = loaded(folder, model_id, system_id)
    anchors, energies, _ = _anchors(campaign, system_id, source, split)
    return through_stored(folder, model_id, system_id, anchors, energies, positions)


def through_stored(
    folder: str | Path,
    model_id: int,
    system_id: int,
    anchors: FloatArray,
    energies: FloatArray,
    positions: npt.ArrayLike,
) -> FloatArray:
    """The same through any energies (n,) in eV at positions (n, 3) in Å."""
    points = checked_points(positions)
    host = loaded(folder, model_id, system_id)[2].a
    model = field(folder, model_id, system_id, anchors)
    surface = through(host, anchors, (energies - model.energy_ev) / strength(model))
    first, which = distinct(host, points)
    near = first[gap(host, anchors, points[first]) <= REACH]
    there = field(folder, model_id, system_id, points[near])
    found = np.full(len(points), np.nan)
    found[near] = there.energy_ev + surface.at(points[near]) * strength(there)
    answer: FloatArray = found[first][which]
    return answer


def misses(folder: str | Path, model_id: int, system_id: int, source: str, split: str) -> Misses:
    """How well `stored_field` meets stored energies that are left out; raises as it does."""
    campaign, _, dimer = loaded(folder, model_id, system_id)
    anchors, energies, stored = _anchors(campaign, system_id, source, split)
    model = field(folder, model_id, system_id, anchors)
    residual, scale = energies - model.energy_ev, strength(model)
    off = left_out(dimer.a, anchors, residual / scale) * scale - residual
    judged = np.isfinite(off)
    medians = [float(np.median(np.abs(each[judged]))) if judged.any() else np.nan for each in (off, residual)]
    return Misses(stored, len(anchors), int(judged.sum()), *medians)
