"""What is absurd in a teacher's energies is found before it teaches, and what is not is let through."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.datasets.energies import free_atom_dispersion
from nci_core.systems import Configurations, Dimer, Monomer, builtin_monomer
from nci_core.teachers import find_teacher
from nci_core.teachers.base import TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.sanity import TAIL, WALL, doubt, most_attraction, ray
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: r(CI) 2.136 Å, r(CH) 1.084 Å; microwave structure, rounded.
IODOMETHANE = Monomer(
    "iodomethane",
    ("I", "C", "H", "H", "H"),
    np.array([[0, 0, 0], [0, 0, 2.136], [1.0324, 0, 2.482], [-0.5162, 0.8941, 2.482], [-0.5162, -0.8941, 2.482]]),
)


class Formula(TeacherBase):
    """A function of positions as teacher; counts its points."""

    name = "formula"

    def __init__(self, energies: Callable[[Configurations], FloatArray]) -> None:
        self.energies, self.asked = energies, 0

    def check(self, dimer: Dimer) -> None:
        pass

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        for index, energy in enumerate(self.energies(configurations)):
            self.asked += 1
            yield finite_point(index, {"total": float(energy)}, None, 0.0, self.name)


def well(at: Configurations) -> FloatArray:
    """(m,) eV: what is possible as attraction, and a wall of 50 cm⁻¹ at 3 Å from the nearest atom."""
    wall: FloatArray = most_attraction(at) + from_cm1(50.0) * np.exp(-4.0 * (at.separations - 3.0))
    return wall


@pytest.mark.parametrize(
    ("host", "probe"),
    [
        ("benzene", "He"),
        ("carbon-dioxide", "Ar"),
        ("water", "Ne"),
        ("methane", "He"),
        ("methane", "Ar"),
        ("water", "Xe"),
    ],
)
def test_gfn2_passes_where_it_is_fit_for_use(host: str, probe: str) -> None:
    assert doubt(find_teacher("gfn2-xtb"), Dimer(builtin_monomer(host), Monomer.atom(probe))) == ""


def test_gfn2_is_absurd_for_helium_at_iodine() -> None:
    said = doubt(find_teacher("gfn2-xtb"), Dimer(IODOMETHANE, Monomer.atom("He")))
    assert said.startswith("Teacher gfn2-xtb gives −2,0")
    # Undamped dispersion at contact, where Hartree–Fock and D4 have 38 cm⁻¹ in all.
    assert said.endswith(
        " cm⁻¹ for He 2.5 Å from I of iodomethane, where dispersion and induction can give −75 cm⁻¹ at most"
    )


def test_gfn2_has_no_wall_for_neon_at_hydrogen_fluoride() -> None:
    # HF + D4 repels there: +186 cm⁻¹ at 1.9 Å, and more closer in.
    said = doubt(find_teacher("gfn2-xtb"), Dimer(builtin_monomer("hydrogen-fluoride"), Monomer.atom("Ne")))
    assert said.endswith("for Ne 1.8 Å from H of hydrogen-fluoride, where the atoms overlap and must repel each other")


@pytest.mark.parametrize(
    ("energies", "said"),
    [
        (well, ""),
        (
            lambda at: 6.0 * most_attraction(at) + 30.0 * (well(at) - most_attraction(at)),
            "dispersion and induction can give",
        ),
        (most_attraction, "must repel each other"),
        (lambda at: well(at) + from_cm1(8.0), "only attraction of about"),
        (lambda at: well(at) - from_cm1(10.0) * (at.separations > 6.0), "dispersion and induction can give"),
    ],
)
def test_depth_wall_and_tail_each_have_their_sentence(
    energies: Callable[[Configurations], FloatArray], said: str
) -> None:
    found = doubt(Formula(energies), Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne")))
    assert said in found
    assert bool(said) == bool(found)


def test_hartree_fock_and_who_says_so_are_not_asked() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne"))
    absurd = Formula(most_attraction)
    absurd.name = "hf-d4:sto-3g"
    assert doubt(absurd, dimer) == ""
    absurd.name = "hf-d4-of-others"
    assert doubt(absurd, dimer)
    asked = absurd.asked
    absurd.sane = True  # type: ignore[attr-defined]
    assert doubt(absurd, dimer) == ""
    # One ray for carbon and one for hydrogen, six points each, and only when it was asked.
    assert absurd.asked == asked == 12


def test_rays_run_from_the_wall_to_the_tail_away_from_the_host() -> None:
    dimer = Dimer(IODOMETHANE, Monomer.atom("He"))
    at = dimer.at(ray(dimer, "I"))
    # I at the end of its bond: the ray is the bond's, to the next of 200 directions.
    assert np.all(at.R[:, 2] / np.linalg.norm(at.R, axis=1) < -0.98)
    # Steps along the ray are 0.02 Å.
    assert at.separations[0] == pytest.approx(WALL * (1.98 + 1.40), abs=0.02)
    assert at.separations[-1] == pytest.approx(TAIL, abs=0.02)
    assert np.all(np.diff(at.separations) > 0.0)
    # Far away nothing is flattened, and iodomethane's charges add less than its dispersion.
    far = at[np.array([len(at) - 1])]
    assert 1.0 < float(most_attraction(far)[0] / free_atom_dispersion(far)[0]) < 2.0
