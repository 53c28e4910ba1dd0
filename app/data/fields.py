"""Configurations near a sphere, a plane or a line round the host, at all their symmetry-equivalent places."""

import numpy as np
import pandas as pd

from app.arrays import FloatArray
from nci_core.systems import Monomer
from nci_core.systems.planes import PlaneGrid

#: Labelled configurations this close (Å) to a sphere, a plane or a cut are drawn on it.
NEAR = 0.25


def images(host: Monomer, rows: pd.DataFrame) -> pd.DataFrame:
    """Each configuration at all its symmetry-equivalent places: the rows repeated, with own_x, own_y, own_z in Å."""
    away = rows[["x", "y", "z"]].to_numpy(dtype=float) - host.centre
    found = np.einsum("gab,mb->mga", host.operations, away) @ host.axes.T
    repeated = rows.loc[rows.index.repeat(found.shape[1])].reset_index(names="id")
    repeated[["own_x", "own_y", "own_z"]] = found.reshape(-1, 3)
    places = repeated[["own_x", "own_y", "own_z"]].round(3)
    return repeated[~places.assign(id=repeated["id"]).duplicated()].reset_index(drop=True)


def own_places(repeated: pd.DataFrame) -> FloatArray:
    """(m, 3) own positions of the rows of `images`."""
    places: FloatArray = repeated[["own_x", "own_y", "own_z"]].to_numpy(dtype=float)
    return places


def near_line(host: Monomer, rows: pd.DataFrame, start: FloatArray, end: FloatArray, tolerance: float) -> pd.DataFrame:
    """Configurations that lie, or have an equivalent place, within `tolerance` (Å) of the line from start to end.

    Args:
        rows: the campaign's table, indexed by id.
        start, end: (3,) in the host's frame, Å.

    Returns:
        one row a configuration, indexed by id, at its nearest place, with `distance` along the line and
        `off` from it, both Å; sorted by distance.
    """
    along = (end - start) / np.linalg.norm(end - start)
    away = rows[["x", "y", "z"]].to_numpy(dtype=float) - host.centre
    least, distance = np.full(len(rows), np.inf), np.zeros(len(rows))
    for operation in host.operations:  # a table of all images would be as many times as large
        image = away @ operation.T + host.centre - start
        place = np.clip(image @ along, 0.0, float((end - start) @ along))
        off = np.linalg.norm(image - place[:, None] * along, axis=1)
        closer = off < least
        least[closer], distance[closer] = off[closer], place[closer]
    near = rows.assign(distance=distance, off=least)[least <= tolerance]
    return near.rename_axis(index="id").sort_values("distance", kind="stable")


def in_slab(host: Monomer, rows: pd.DataFrame, grid: PlaneGrid, tolerance: float = NEAR) -> pd.DataFrame:
    """Configurations at those of their equivalent places that lie within `tolerance` (Å) of a plane.

    Returns:
        the rows, one for each such place, with `id`, coordinates `u` and `v` on the plane and `off` from it, all Å.
    """
    away = rows[["x", "y", "z"]].to_numpy(dtype=float) - host.centre
    normal = np.cross(grid.across, grid.up)
    height = away @ np.einsum("b,gbc->cg", normal, host.operations) - (grid.origin - host.centre) @ normal
    row, image = np.nonzero(np.abs(height) <= tolerance)
    places = np.einsum("mab,mb->ma", host.operations[image], away[row]) + host.centre
    found = rows.iloc[row].rename_axis(index="id").reset_index()
    found[["u", "v", "off"]] = grid.project(places)
    return found[~found[["id", "u", "v"]].round(3).duplicated()].reset_index(drop=True)
