"""The gate of flat hosts: what the long range of their atoms adds up to over a whole sheet."""

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.gates.gate import directions
from nci_core.gates.sheet import is_flat, sheet_c4, sheet_gate
from nci_core.properties.long_range import dispersion_c6, induction_c6
from nci_core.systems import Dimer, Monomer, builtin_monomer


def test_a_sheet_adds_up_what_its_atoms_do() -> None:
    """C₄ against a sum over a large lattice of atoms whose C₆ is larger along the normal than in the plane."""
    d, normal = directions(builtin_monomer("benzene")), builtin_monomer("benzene").axes[2]

    def c6(along: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = 10.0 + 6.0 * along**2
        return found

    spacing, z = 0.5, 6.0
    grid = np.arange(-400, 401) * spacing
    x, y = np.meshgrid(grid, grid)
    r = np.sqrt(x**2 + y**2 + z**2)
    summed = float((c6(z / r) / r**6).sum()) * z**4 * spacing**2
    # The sheet ends 200 Å away, where 1e-6 of the sum is left, and is not continuous: less than that at half of 6 Å/12.
    assert sheet_c4(c6(d @ normal), d, normal) == pytest.approx(summed, rel=1e-4)


def test_flat_hosts_alone_are_asked_about_their_sheet() -> None:
    assert [is_flat(builtin_monomer(name)) for name in ("coronene", "methane", "hydrogen")] == [True, False, False]
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    right = dispersion_c6(dimer, directions(dimer.a)) + induction_c6(dimer, directions(dimer.a))
    (gate,) = sheet_gate(right, dimer)
    assert gate.passed
    assert gate.value == pytest.approx(1.0)
    # Too much in the plane and too little along the normal, with the same mean over directions.
    bent = right * (1.0 + 0.35 * (1.0 / 3.0 - (directions(dimer.a) @ dimer.a.axes[2]) ** 2))
    assert sheet_gate(bent, dimer)[0].value < 0.95
    assert not sheet_gate(0.8 * right, dimer)[0].passed
