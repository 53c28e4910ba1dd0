"""Straight lines through space: where people want them, and the points on them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.systems.monomer import Monomer
from nci_core.systems.surroundings import to_host, to_own, unique_sites

FloatArray = npt.NDArray[np.float64]

#: Lines are not evaluated closer (Å) to a nucleus than this: no energy there means anything.
NUCLEUS = 0.3
#: Where a line over the host begins and how far it goes, Å.
FIRST, FAR = 1.5, 8.0


@dataclass(frozen=True)
class Line:
    """A straight line; `start` and `end` are (3,) in the host's frame, Å."""

    start: FloatArray
    end: FloatArray

    @property
    def length(self) -> float:
        """Å."""
        return float(np.linalg.norm(self.end - self.start))

    def at(self, distance: npt.ArrayLike) -> FloatArray:
        """(m, 3) positions at distances (m,) in Å from the start."""
        share = np.asarray(distance, dtype=float).reshape(-1, 1) / self.length
        found: FloatArray = self.start + share * (self.end - self.start)
        return found


def presets(host: Monomer, height: float) -> dict[str, Line]:
    """Lines by what people read: straight up over the centre and each kind of atom and bond, out in the
    plane past each kind of atom and bond, and across at a height (Å) above the plane."""
    up = host.axes[2]
    found = {"up from the centre": Line(host.centre + FIRST * up, host.centre + FAR * up)}
    sites = unique_sites(host)
    middles = [host.positions[list(atoms)].mean(axis=0) for _, atoms in sites]
    for (name, _), middle in zip(sites, middles, strict=True):
        found[f"up over {name}"] = Line(middle + FIRST * up, middle + FAR * up)
    for (name, _), middle in zip(sites, middles, strict=True):
        out = middle - host.centre
        out = out - (out @ up) * up
        if np.linalg.norm(out) > 0.1:
            along = out / np.linalg.norm(out)
            found[f"out past {name}"] = Line(middle + FIRST * along, middle + FAR * along)
    half = np.abs(to_own(host, host.positions)).max(axis=0) + 4.5
    for axis, name in enumerate("xy"):
        end = np.zeros(3)
        end[axis] = half[axis]
        ends = to_host(host, np.array([-end, end])) + height * up
        found[f"across along {name}"] = Line(ends[0], ends[1])
    return found


def section_of(host: Monomer, line: Line) -> tuple[str, float]:
    """A plane of `surroundings.plane` that holds the line, or one end of it if none does: its kind and value."""
    own = to_own(host, np.stack([line.start, line.end]))
    outer = own[np.argmax(np.linalg.norm(own[:, :2], axis=1)), :2]
    (a, b), (c, d) = own[:, :2]
    away = abs(a * d - b * c) / max(float(np.linalg.norm(outer)), 1e-9)  # of the inner end from the outer one's plane
    if away > 0.1 and abs(own[0, 2] - own[1, 2]) < 0.1:
        return "flat", round(float(own[:, 2].mean()), 1)
    return "upright", float(round(np.degrees(np.arctan2(outer[1], outer[0]))) % 180)


def clear_of_nuclei(host: Monomer, positions: FloatArray) -> npt.NDArray[np.bool_]:
    """Which positions (m, 3) are NUCLEUS or more from every atom; (m,)."""
    distance = np.linalg.norm(positions[:, None] - host.positions, axis=-1)
    clear: npt.NDArray[np.bool_] = (distance >= NUCLEUS).all(axis=1)
    return clear


def nearest_image(host: Monomer, line: Line, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distance along a line and from it, both (m,) in Å, of positions (m, 3) in Å, host's frame.

    Of the places that symmetry makes equivalent to a position the nearest one counts.
    """
    along = (line.end - line.start) / line.length
    off, distance = np.full(len(positions), np.inf), np.zeros(len(positions))
    for operation in host.operations:  # an array of all images would be as many times as large
        image = (positions - host.centre) @ operation.T + host.centre - line.start
        place = np.clip(image @ along, 0.0, line.length)
        found = np.linalg.norm(image - place[:, None] * along, axis=1)
        closer = found < off
        off[closer], distance[closer] = found[closer], place[closer]
    return distance, off
