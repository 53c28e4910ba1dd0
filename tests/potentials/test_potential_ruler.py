"""What a ruler reads: the distance itself when fixed, the same in every frame, a pure stretch of each direction."""

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from nci_core.potentials import Ensemble, Student, StudentConfig
from nci_core.potentials.effective_lengths import effective_lengths
from nci_core.potentials.pairs import ANGULAR
from nci_core.potentials.parameters import layout
from nci_core.systems import Dimer, Monomer, builtin_monomer

MakeStudent = Callable[..., Student]
DIMER = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
HOST = DIMER.a


def points(n: int = 40) -> np.ndarray:
    return np.random.default_rng(5).uniform(2.0, 6.0, (n, 3)) * np.array([1.0, -1.0, 1.0])


def test_a_fixed_ruler_reads_the_distance(make_student: MakeStudent) -> None:
    model = Ensemble((make_student(StudentConfig(ruler="fixed")),))
    found = effective_lengths(model, DIMER.at(points()))
    assert found.shape == (1, 40, 6)
    # Two ways to the same norm: a few units in the last place.
    np.testing.assert_allclose(found[0], DIMER.at(points()).distances[:, :, 0], rtol=1e-14)


def test_an_adaptive_ruler_is_the_formula(ensemble: Ensemble) -> None:
    R = points()
    found = effective_lengths(ensemble, DIMER.at(R))
    assert found.shape == (3, 40, 6)
    theta = ensemble.members[1].theta.numpy()
    where = layout(ensemble.config).slices["lam"]
    for atom in (0, 3):  # one carbon, one hydrogen
        r = R - HOST.positions[atom]
        length = np.linalg.norm(r, axis=1)
        u = r @ HOST.local_axes.outward[atom] / length
        s = np.einsum("ma,ab,mb->m", r, HOST.local_axes.normal[atom], r) / length**2 - 1 / 3
        squared = HOST.local_axes.outward[atom] @ HOST.local_axes.outward[atom]
        Y = np.stack([u, s, u**2 - squared / 3, u * s, s**2 - 4 / 45, u**3], axis=1)
        assert Y.shape[1] == ANGULAR
        lam = theta[ensemble.kinds.index((HOST.symbols[atom], "He")), where]
        # The same sum of six terms in another order.
        np.testing.assert_allclose(found[1][:, atom], length * np.exp(-Y @ lam), rtol=1e-12)
    assert (
        np.abs(found - DIMER.at(R).distances[:, :, 0]).max() > 0.01
    )  # the prior's width is seen, or nothing was tested


def test_the_ruler_does_not_depend_on_the_frame(ensemble: Ensemble) -> None:
    R = points()
    turn, shift = Rotation.from_rotvec([0.3, -1.1, 0.7]).as_matrix(), np.array([1.0, -2.0, 0.5])
    turned = Monomer("turned", HOST.symbols, HOST.positions @ turn.T + shift)
    np.testing.assert_allclose(
        effective_lengths(ensemble, Dimer(turned, Monomer.atom("He")).at(R @ turn.T + shift)),
        effective_lengths(ensemble, DIMER.at(R)),
        rtol=1e-10,  # frames come from eigenvectors, which lose a few digits
    )


def test_the_stretch_depends_on_the_direction_only(ensemble: Ensemble) -> None:
    direction = np.array([0.6, 0.0, 0.8])
    along = [HOST.positions[:1] + r * direction for r in (1.0, 7.0)]
    near, far = (effective_lengths(ensemble, DIMER.at(R))[:, 0, 0] / r for R, r in zip(along, (1.0, 7.0), strict=True))
    np.testing.assert_allclose(near, far, rtol=1e-12)


def test_no_points_give_no_lengths(ensemble: Ensemble) -> None:
    assert effective_lengths(ensemble, DIMER.at(np.empty((0, 3)))).shape == (3, 0, 6)
