"""A model all round its host: fields folded by symmetry, the well in each direction, and what its ruler reads.

Like `nci_core.campaign.queries.live`, for the predictor process: importing this loads no torch.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign.queries.live import MOST_POINTS, Field, checked_points, field, loaded
from nci_core.errors import InputError
from nci_core.systems.folding import distinct
from nci_core.systems.potential import Potential
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: Steps (Å) of the search for the well along a ray: rough by one member, then fine by the mean.
ROUGH, FINE = 0.25, 0.0625


def folded_field(folder: str | Path, model_id: int, system_id: int, positions: npt.ArrayLike) -> Field:
    """As `live.field`, asking the model only once for each set of symmetry-equivalent positions (m, 3) in Å.

    Raises as that does.
    """
    points = checked_points(positions)
    _, _, dimer = loaded(folder, model_id, system_id)
    first, which = distinct(dimer.a, points)
    found = field(folder, model_id, system_id, points[first])
    return found.at(which)


def well_radii(folder: str | Path, model_id: int, system_id: int, directions: npt.ArrayLike) -> FloatArray:
    """Distance from the host's centre, in Å, at which the model is lowest along each direction; (m, 3) → (m,).

    Searched from 8 Å beyond the outermost atom inwards, up to the wall: the first place where the
    energy exceeds the campaign's limit. Good to some 0.01 Å. `directions` need not be normalised.

    Raises InputError for a direction of no length or too many directions, StoreError and ModelError
    as `live.field` does.
    """
    given = np.asarray(directions, dtype=float).reshape(-1, 3)
    length = np.linalg.norm(given, axis=1)
    if not (np.isfinite(length).all() and (length > 1e-9).all()):
        raise InputError("A direction has no length; give three finite numbers that are not all zero.")
    campaign, model, dimer = loaded(folder, model_id, system_id)
    host, rays = dimer.a, given / length[:, None]
    first, which = distinct(host, host.centre + rays)
    outer = float(np.linalg.norm(host.positions - host.centre, axis=1).max()) + 8.0
    radii = np.arange(outer, 1.0, -ROUGH)
    if len(first) * len(radii) > MOST_POINTS:
        raise InputError(f"{len(first)} directions are too many for one question; use a coarser grid.")

    def along(potential: Potential, distances: FloatArray) -> FloatArray:
        """Energies (k, n) in eV on each ray, at distances (n,) or (k, n)."""
        points = host.centre + rays[first, None] * distances[..., None]
        return potential.energies(dimer.at(points.reshape(-1, 3))).reshape(len(first), -1)

    rough = along(model.members[0], radii)
    behind_wall = np.cumsum(rough > from_cm1(campaign.system(system_id).bounds.limit_cm1), axis=1) > 0
    best = radii[np.argmin(np.where(behind_wall, np.inf, rough), axis=1)]
    around = best[:, None] + np.arange(-ROUGH, ROUGH + FINE / 2, FINE)
    return _lowest(around, along(model, around))[which]


def _lowest(x: FloatArray, y: FloatArray) -> FloatArray:
    """Minimum of the parabola through the lowest of the equidistant points and its neighbours; (m, k) → (m,)."""
    row, k = np.arange(len(x)), np.clip(np.argmin(y, axis=1), 1, x.shape[1] - 2)
    low, mid, high = y[row, k - 1], y[row, k], y[row, k + 1]
    curvature = low - 2.0 * mid + high
    shift = np.where(curvature > 0, 0.5 * (low - high) / np.where(curvature > 0, curvature, 1.0), 0.0)
    lowest: FloatArray = x[row, k] + np.clip(shift, -1.0, 1.0) * (x[:, 1] - x[:, 0])
    return lowest


@dataclass(frozen=True)
class Ruler:
    """Distances and the lengths a model uses in their place, all (m, n) in Å: m positions, n host atoms.

    Attributes:
        distance: between the probe and the atom.
        length: what the model's ruler reads.
        std: its standard deviation; zero for a model of one member.
    """

    distance: FloatArray
    length: FloatArray
    std: FloatArray


def ruler(folder: str | Path, model_id: int, system_id: int, positions: npt.ArrayLike) -> Ruler:
    """The ruler of a campaign's model at probe positions (m, 3) in Å.

    Raises InputError for a position that is not finite or lies on a nucleus, where no direction is
    defined, and for too many points; StoreError and ModelError as `live.field` does.
    """
    _, model, dimer = loaded(folder, model_id, system_id)
    points = checked_points(positions, each=len(dimer.a.symbols))
    distance = dimer.at(points).distances[:, :, 0]
    if (distance < 1e-6).any():
        raise InputError("The probe lies on a nucleus of the host, where the ruler has no direction; move it away.")
    from nci_core.potentials.effective_lengths import effective_lengths
    from nci_core.potentials.ensemble import Ensemble

    if not isinstance(model, Ensemble):
        raise InputError("This model is a MACE network, which has no ruler; choose a student of terms.")
    members = effective_lengths(model, dimer.at(points))
    return Ruler(distance, model.mean_of(members), model.spread_of(members))
