"""Gate of the face of flat hosts: what the long range of their atoms adds up to over a whole sheet, −C₄/z⁴."""

import numpy as np
import numpy.typing as npt

from nci_core.gates.gate import Gate, directions, number
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import Monomer
from nci_core.systems.planes import IN_PLANE

FloatArray = npt.NDArray[np.float64]

#: How far C₄ may be from that of the monomers, as a share of it: C₆ by direction is right to some per cent.
WIDTH = 0.15


def is_flat(host: Monomer) -> bool:
    """Whether all atoms lie in a plane and not on a line."""
    away = np.abs((host.positions - host.centre) @ host.axes[2]).max()
    return bool(away < IN_PLANE) and not host.linear and len(host.symbols) > 2


def sheet_c4(c6: FloatArray, unit_vectors: FloatArray, normal: FloatArray) -> float:
    """C₄ of a sheet, over its atoms per area and times those of the host, in eV Å⁶: the energy over it is −C₄/z⁴.

    ∫ C₆(r̂)/r⁶ over a plane is (2π/z⁴) ∫₀¹ ⟨C₆⟩(cos θ) cos³θ d(cos θ), with ⟨C₆⟩ the mean about the normal. Of
    second rank, it is C∥ + (C⊥ − C∥) cos²θ, which gives C₄ = (π/6)(C∥ + 2C⊥), and (π/2) C₆ where C₆ is alike
    in all directions.

    Args:
        c6: (m,) in eV Å⁶ along unit vectors (m, 3).
        normal: (3,) of the plane.

    >>> round(sheet_c4(np.full(6, 2.0), np.vstack([np.eye(3), -np.eye(3)]), np.array([0.0, 0.0, 1.0])) / np.pi, 6)
    1.0
    """
    cosines = (unit_vectors @ normal) ** 2
    design = np.column_stack([np.ones(len(c6)), cosines])
    in_plane, excess = np.linalg.lstsq(design, c6, rcond=None)[0]
    return float(np.pi / 6.0 * (in_plane + 2.0 * (in_plane + excess)))


def sheet_gate(c6: FloatArray, dimer: Dimer) -> list[Gate]:
    """How far C₄ of a sheet of a flat host's atoms is from that of the monomers; none for other hosts.

    c6 (directions,) in eV Å⁶ is along `gates.directions`.
    """
    from nci_core.properties.long_range import dispersion_c6, induction_c6  # with scipy, which pages do without

    if not is_flat(dimer.a):
        return []
    d, normal = directions(dimer.a), dimer.a.axes[2]
    induction = sheet_c4(induction_c6(dimer, d), d, normal)
    expected = sheet_c4(dispersion_c6(dimer, d), d, normal) + induction
    found = sheet_c4(c6, d, normal)
    return [
        Gate(
            "sheet-c4",
            "C4 of a sheet",
            "Would a sheet of the host's atoms attract as their polarizabilities say?",
            number(found / expected),
            "times",
            1.0 - WIDTH - induction / expected,
            1.0 + WIDTH + induction / expected,
            "a larger flake adds up what each atom of this one does over its face",
            "The student is wrong over larger hosts, the more so the larger they are.",
            f"over the face; (π/6)(C6 in the plane + 2 C6 along the normal) {found:.1f} eV Å⁶ of the whole host, "
            f"by polarizabilities {expected:.1f}",
        )
    ]
