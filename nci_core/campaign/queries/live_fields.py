"""A model all round its host: fields folded by symmetry, the well in each direction, and what its ruler reads.

Like `nci_core.campaign.queries.live`, for the predictor process: importing this loads no torch.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign.queries.live import MOST_POINTS, Field, checked_points, field, loaded
from nci_core.errors import InputError
from nci_core.systems import Monomer
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Operations that move every atom by less than this (Å) onto its image are exact, and images closer
#: than this are one point: folding then changes no energy by more than some 1e-8 eV, 1e-4 cm⁻¹, even
#: where a wall rises by 1 eV/Å. Rounded coordinates keep the operations that only change signs.
EXACT = 1e-8
#: A direction in general position: the image that reaches farthest along it represents the others.
GENERIC = np.array([0.2357, 0.6131, 0.7540])
#: Steps (Å) of the search for the well along a ray: rough by one member, then fine by the mean.
ROUGH, FINE = 0.25, 0.0625


def exact_operations(host: Monomer) -> FloatArray:
    """The host's operations that hold to EXACT, (g, 3, 3), the identity first.

    The point group is found with a tolerance that suits published geometries; a field may only be
    copied from one place to another by operations that do not change its values.
    """
    centred = host.positions - host.centre
    kept = [np.eye(3)]
    for operation in host.operations[1:]:
        distance = np.linalg.norm((centred @ operation.T)[:, None] - centred[None], axis=-1)
        distance[host.numbers[:, None] != host.numbers[None]] = np.inf
        if (distance.min(axis=1) < EXACT).all():
            kept.append(operation)
    return np.array(kept)


def distinct(host: Monomer, positions: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Rows of positions (m, 3) in Å that are not equivalent, (k,), and for every row which of them it is, (m,)."""
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    operations = exact_operations(host)
    reach = (points - host.centre) @ np.einsum("gab,a->bg", operations, GENERIC)
    best = operations[np.argmax(reach, axis=1)]
    images = np.einsum("mab,mb->ma", best, points - host.centre)
    # Half a step off the grid: coordinates that are zero but for rounding must not fall on both sides.
    grid = np.floor(images / EXACT + 0.317).astype(np.int64)
    _, first, which = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), which.reshape(-1).astype(np.int64)


def folded_field(folder: str | Path, model_id: int, system_id: int, positions: npt.ArrayLike) -> Field:
    """As `live.field`, asking the model only once for each set of symmetry-equivalent positions (m, 3) in Å.

    Raises as that does.
    """
    points = checked_points(positions)
    _, _, dimer = loaded(folder, model_id, system_id)
    first, which = distinct(dimer.a, points)
    found = field(folder, model_id, system_id, points[first])
    return Field(found.energy_ev[which], found.std_ev[which], found.repulsion_ev[which], found.dispersion_ev[which])


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
    host = dimer.a
    first, which = distinct(host, host.centre + given / length[:, None])
    rays = (given / length[:, None])[first]
    outer = float(np.linalg.norm(host.positions - host.centre, axis=1).max()) + 8.0
    radii = np.arange(outer, 1.0, -ROUGH)
    if len(rays) * len(radii) > MOST_POINTS:
        raise InputError(f"{len(rays)} directions are too many for one question; use a coarser grid.")

    rough = model.members[0].energies(dimer.at(_on_rays(host, rays, radii))).reshape(len(rays), -1)
    behind_wall = np.cumsum(rough > from_cm1(campaign.settings.limit_cm1), axis=1) > 0
    best = radii[np.argmin(np.where(behind_wall, np.inf, rough), axis=1)]
    around = best[:, None] + np.arange(-ROUGH, ROUGH + FINE / 2, FINE)
    fine = model.energies(dimer.at(host.centre + (rays[:, None] * around[..., None]).reshape(-1, 3)))
    return _lowest(around, fine.reshape(around.shape))[which]


def _on_rays(host: Monomer, rays: FloatArray, radii: FloatArray) -> FloatArray:
    points: FloatArray = host.centre + (rays[:, None] * radii[:, None]).reshape(-1, 3)
    return points


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
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    _, model, dimer = loaded(folder, model_id, system_id)
    host = dimer.a
    if len(points) * len(host.symbols) > MOST_POINTS:
        raise InputError(f"{len(points)} points are too many for one question; ask for fewer.")
    if not np.isfinite(points).all():
        raise InputError("A position is not a finite number; give x, y and z in Å.")
    distance = dimer.distances(points)
    if (distance < 1e-6).any():
        raise InputError("The probe lies on a nucleus of the host, where the ruler has no direction; move it away.")
    from nci_core.potentials.effective_lengths import effective_lengths

    members = effective_lengths(model, dimer.at(points))
    return Ruler(distance, model.mean_of(members), model.spread_of(members))
