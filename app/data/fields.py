"""Configurations near a sphere, a plane or a line round the host, at all their symmetry-equivalent places."""

import pandas as pd

from app.arrays import FloatArray
from nci_core.systems import Monomer
from nci_core.systems.lines import Line, nearest_image
from nci_core.systems.planes import PlaneGrid
from nci_core.systems.surroundings import images_at, own_images

#: Labelled configurations this close (Å) to a sphere, a plane or a cut are drawn on it.
NEAR = 0.25
OWN = ["own_x", "own_y", "own_z"]


def positions_of(rows: pd.DataFrame) -> FloatArray:
    """(m, 3) positions of the rows of a table in the host's frame, Å."""
    places: FloatArray = rows[["x", "y", "z"]].to_numpy(dtype=float)
    return places


def images(host: Monomer, rows: pd.DataFrame) -> pd.DataFrame:
    """Each configuration at all its symmetry-equivalent places: the rows repeated, with own_x, own_y, own_z in Å."""
    found = own_images(host, positions_of(rows))
    repeated = rows.loc[rows.index.repeat(found.shape[1])].reset_index(names="id")
    repeated[OWN] = found.reshape(-1, 3)
    return repeated[~repeated[["id", *OWN]].round(3).duplicated()].reset_index(drop=True)


def own_places(repeated: pd.DataFrame) -> FloatArray:
    """(m, 3) own positions of the rows of `images`."""
    places: FloatArray = repeated[OWN].to_numpy(dtype=float)
    return places


def near_line(host: Monomer, rows: pd.DataFrame, line: Line, tolerance: float = NEAR) -> pd.DataFrame:
    """Configurations that lie, or have an equivalent place, within `tolerance` (Å) of a line.

    Returns:
        one row a configuration, indexed by id, at its nearest place, with `distance` along the line and
        `off` from it, both Å; sorted by distance.
    """
    distance, off = nearest_image(host, line, positions_of(rows))
    near = rows.assign(distance=distance, off=off)[off <= tolerance]
    return near.rename_axis(index="id").sort_values("distance", kind="stable")


def in_slab(host: Monomer, rows: pd.DataFrame, grid: PlaneGrid, tolerance: float = NEAR) -> pd.DataFrame:
    """Configurations at those of their equivalent places that lie within `tolerance` (Å) of a plane.

    Returns:
        the rows, one for each such place, with `id`, coordinates `u` and `v` on the plane and `off` from it, all Å.
    """
    row, places = images_at(host, grid, positions_of(rows), tolerance)
    found = rows.iloc[row].rename_axis(index="id").reset_index()
    found[["u", "v", "off"]] = places
    return found[~found[["id", "u", "v"]].round(3).duplicated()].reset_index(drop=True)
