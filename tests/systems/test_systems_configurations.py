"""Configurations: where their atoms lie, what their hashes do not depend on, and what is refused."""

import numpy as np
import pytest
from ase.build import molecule
from scipy.spatial.transform import Rotation

from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.checked_recipe import check_recipe
from nci_core.sampling import sample
from nci_core.systems import Configurations, Dimer, Monomer, builtin_monomer
from nci_core.systems.dimer import SAME_ATOM, same_dimer
from nci_core.systems.poses import RigidForces, quaternions, rotation_matrices
from nci_core.teachers import find_teacher


def monomer(name: str) -> Monomer:
    atoms = molecule(name)
    return Monomer(name.lower(), tuple(atoms.get_chemical_symbols()), atoms.positions)


WATER, AMMONIA, NITROGEN = monomer("H2O"), monomer("NH3"), monomer("N2")
HELIUM = Monomer.atom("He")


def some(dimer: Dimer, count: int = 4, seed: int = 3) -> Configurations:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(count, 3))
    R = dimer.a.centre + direction / np.linalg.norm(direction, axis=1, keepdims=True) * rng.uniform(6, 7, (count, 1))
    return dimer.at(R, Rotation.random(count, rng=rng).as_quat(scalar_first=True))


def test_digests_of_atoms_are_those_that_are_stored() -> None:
    ring = [[0.3, 1.0, 3.0], [-0.3, 1.0, -3.0], [0.0, 0.0, 3.5]]
    digests = Dimer(builtin_monomer("benzene"), HELIUM).at(ring).geometry_hashes()
    assert digests == ["03af066ce7849c48", "03af066ce7849c48", "61c34a15515ef15d"]


@pytest.mark.parametrize("pair", [(WATER, AMMONIA), (AMMONIA, WATER), (builtin_monomer("ethylene"), NITROGEN)])
def test_a_digest_is_the_same_for_every_image_under_both_point_groups(pair: tuple[Monomer, Monomer]) -> None:
    dimer = Dimer(*pair)
    here = some(dimer, 2)
    digests, rotations = here.geometry_hashes(), rotation_matrices(here.q)
    assert len(set(digests)) == 2
    for g in dimer.a.operations:
        for h in dimer.b.operations:
            if np.linalg.det(g) * np.linalg.det(h) > 0:  # otherwise the image holds the mirror image of b
                R = (here.R - dimer.a.centre) @ g.T + dimer.a.centre
                image = dimer.at(R, quaternions(g @ rotations @ h))
                assert image.geometry_hashes() == digests
                assert np.allclose(np.sort(image.distances.reshape(2, -1)), np.sort(here.distances.reshape(2, -1)))
                assert np.allclose(image.unique().b_positions, here.unique().b_positions, atol=1e-6)


def test_a_digest_knows_no_order_of_atoms_and_no_axes_of_b() -> None:
    here = some(Dimer(builtin_monomer("ethylene"), WATER))
    turn, order = Rotation.from_rotvec([0.4, -1.0, 2.0]), [2, 0, 1]
    moved = Monomer("h2o", tuple(WATER.symbols[i] for i in order), turn.apply(WATER.positions[order]) + 5.0)
    a = here.dimer.a
    shuffled = Monomer(a.name, a.symbols[::-1], a.positions[::-1])
    back = quaternions(rotation_matrices(here.q) @ turn.as_matrix().T)
    assert Dimer(shuffled, moved).at(here.R, back).geometry_hashes() == here.geometry_hashes()


def test_a_digest_tells_poses_places_and_charges_apart() -> None:
    here = some(Dimer(WATER, AMMONIA), 1)
    other = here.dimer.at(here.R, [1.0, 0.0, 0.0, 0.0]), here.dimer.at(here.R + 0.001, here.q)
    assert len({d.geometry_hashes()[0] for d in (here, *other)}) == 3
    spot = [[0.0, 0.0, 4.0]]
    ion = Monomer("na", ("Na",), np.zeros((1, 3)), charge=1)
    assert ion.electrons == 10
    assert Dimer(WATER, ion).at(spot).geometry_hashes() != Dimer(WATER, Monomer.atom("Ne")).at(spot).geometry_hashes()


def test_atoms_and_distances_follow_the_pose() -> None:
    quarter = [np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)]  # about z: x to y
    rod = Monomer("n2", ("N", "N"), np.array([[0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]]) + 7.0)
    two = Dimer(Monomer("argon", ("Ar",), np.zeros((1, 3))), rod).at([[0.0, 4.0, 0.0], [0.0, 5.0, 0.0]], [quarter] * 2)
    assert np.allclose(two.b_positions[0], [[0.0, 4.5, 0.0], [0.0, 3.5, 0.0]])
    assert two.distances.shape == (2, 1, 2)
    assert np.allclose(two.separations, [3.5, 4.5])
    atoms = two.atoms(1)
    assert (str(atoms.symbols), atoms.info["monomer_b"], two.dimer.name) == ("ArN2", "1:3", "n2-argon")
    assert np.allclose(two.atoms(1).positions[1:], two.b_positions[1])


def test_rows_are_taken_and_joined_with_their_poses() -> None:
    here = some(Dimer(WATER, AMMONIA), 5)
    mask = np.array([True, False, True, False, False])
    assert np.array_equal(here[mask].q, here.q[[0, 2]])
    again = Configurations.joined([here[:2], here[np.array([2, 3, 4])]])
    assert len(again) == 5
    assert np.array_equal(again.q, here.q)
    with pytest.raises(InputError, match="Configurations of nh3-h2o and of he-h2o"):
        Configurations.joined([here, Dimer(WATER, HELIUM).at([[0, 0, 3.0]])])


def test_what_is_wrong_is_said() -> None:
    dimer = Dimer(WATER, AMMONIA)
    with pytest.raises(InputError, match=r"Pose 1 is no unit quaternion"):
        dimer.at([[0, 0, 4.0]] * 2, [[1.0, 0, 0, 0], [1.0, 1.0, 0, 0]])
    with pytest.raises(InputError, match="2 positions of nh3 come with 1 poses"):
        dimer.at([[0, 0, 4.0]] * 2, [[1.0, 0, 0, 0]])
    with pytest.raises(InputError, match=r"Probe position 0 lies with atom 0 \(N\) .* from host atom 0 \(O\)"):
        dimer.at([[0, 0, 0.2]]).checked()
    with pytest.raises(InputError, match="The probe nh3 is a molecule; only atoms are computed"):
        dimer.check_computable()
    with pytest.raises(InputError, match="has the charge \\+1"):
        Dimer(WATER, Monomer("na", ("Na",), np.zeros((1, 3)), charge=1)).check_computable()


@pytest.mark.parametrize(
    ("symbols", "charge", "said"),
    [("Na", 0, "11 electrons, an odd number"), ("Ca", 1, "19 electrons with its charge of"), ("C", 2, "the ion C of")],
)
def test_a_charge_counts_among_the_electrons(symbols: str, charge: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Monomer("ion", (symbols,), np.zeros((1, 3)), charge)


def test_nothing_computes_a_molecule_as_probe() -> None:
    dimer, recipe = Dimer(WATER, AMMONIA), find_recipe("quick")
    for ask in (
        lambda: find_teacher("hf-d4").evaluate(dimer.at([[0, 0, 4.0]])),
        lambda: compute_label(dimer.at([0, 0, 4.0]), recipe),
        lambda: check_recipe(recipe, dimer),
        lambda: sample(dimer, 3, 0),
    ):
        with pytest.raises(InputError, match="The probe nh3 is a molecule; only atoms are computed"):
            ask()


def test_an_atom_is_never_turned() -> None:
    one = Dimer(WATER, HELIUM).at([[0.0, 0.0, 3.0]], [[0.0, 1.0, 0.0, 0.0]])
    assert one.q.tolist() == [[1.0, 0.0, 0.0, 0.0]]


def test_forces_on_atoms_make_the_force_and_the_torque_of_a_rigid_body() -> None:
    """Of springs to the origin, against finite differences of their energy."""
    here = some(Dimer(WATER, AMMONIA), 3)
    arms = here.b_positions - here.R[:, None]
    pulled = RigidForces.on_atoms(-here.b_positions, arms)
    step = 1e-5
    for axis in np.eye(3):
        energies = []
        for sign in (1.0, -1.0):
            turned = Rotation.from_rotvec(sign * step * axis).as_matrix() @ rotation_matrices(here.q)
            energies.append((here.dimer.at(here.R, quaternions(turned)).b_positions ** 2).sum(axis=(1, 2)) / 2)
        assert np.allclose(pulled.torque @ axis, -(energies[0] - energies[1]) / (2 * step), atol=1e-6)
    assert np.allclose(pulled.force, -here.b_positions.sum(axis=1))
    assert not RigidForces.on_atom(pulled.force).torque.any()


@pytest.mark.parametrize(("share", "same"), [(0.5, True), (2.0, False)])
def test_a_dimer_is_the_same_up_to_rounding_and_the_order_of_its_atoms(share: float, same: bool) -> None:
    water, moved = Dimer(WATER, HELIUM), WATER.positions.copy()
    moved[1, 2] += share * SAME_ATOM
    again = Monomer("again", WATER.symbols[::-1], moved[::-1].copy())
    assert same_dimer(water, Dimer(again, HELIUM)) == same
    assert not same_dimer(water, Dimer(AMMONIA, HELIUM))
    assert not same_dimer(water, Dimer(again, NITROGEN))
