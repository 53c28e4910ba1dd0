"""PBE0-D4 and r²SCAN-D4 on the smallest dimer."""

import numpy as np
import pytest

from nci_core.errors import TeacherError
from nci_core.systems import Dimer
from nci_core.teachers import find_teacher
from nci_core.teachers.d4 import D4Dispersion
from nci_core.units import to_cm1


@pytest.mark.parametrize("kind", ["pbe0-d4", "r2scan-d4"])
def test_wall_and_separation(kind: str, he_h2: Dimer) -> None:
    at = he_h2.at(np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 25.0]]))
    energies = to_cm1(find_teacher(f"{kind}:def2-svp").evaluate(at).energy)
    assert energies[0] > 100
    # What the grid and the convergence of three energies leave: 1e-9 hartree is 2e-4 cm⁻¹.
    assert abs(energies[1]) < 0.02


def test_the_parts_add_up_to_pyscf_s_own(he_h2: Dimer) -> None:
    from pyscf import dft, gto

    place = np.array([2.6, 0.0, 0.3])
    found = find_teacher("pbe0-d4:def2-svp").evaluate(he_h2.at(place[None])).energy[0]
    atoms = [("H", p) for p in he_h2.a.positions.tolist()] + [("He", place.tolist())]

    def energy(ghosts: set[int]) -> float:
        named = [(f"GHOST-{s}" if i in ghosts else s, p) for i, (s, p) in enumerate(atoms)]
        field = dft.RKS(gto.M(atom=named, basis="def2-svp", verbose=0), xc="pbe0")
        field.grids.level, field.conv_tol = 5, 1e-10
        return float(field.kernel())

    own = (energy(set()) - energy({2}) - energy({0, 1})) * 27.211386245988
    dispersion = D4Dispersion(he_h2, "pbe0").energies(place[None])[0]
    # Fitted integrals and another grid: a few hundredths of cm⁻¹ on a wall of more than a hundred.
    assert abs(to_cm1(found - dispersion - own)) < 0.5


def test_a_basis_that_lacks_an_element(he_h2: Dimer) -> None:
    with pytest.raises(TeacherError, match="nonsense"):
        find_teacher("pbe0-d4:nonsense").check(he_h2)
