"""Model and dimer: another probe, an unknown element or a flexed host is one sentence; a moved host is none."""

import ast
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from scipy.spatial.transform import Rotation

from nci_core import NCICalculator
from nci_core.errors import InputError, ModelError
from nci_core.potentials import Ensemble, load_checkpoint, save_checkpoint
from nci_core.potentials.agreement import check_fits, fitted_systems, named_systems
from nci_core.potentials.remembered import HOST, SYSTEMS, system_records
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.records import MonomerRecord

R = np.array([1.2, 0.4, 3.3])
BENZENE, ETHYLENE = (Dimer(builtin_monomer(name), Monomer.atom("He")) for name in ("benzene", "ethylene"))
WATER = Dimer(
    Monomer("water", ("O", "H", "H"), np.array([[0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]])),
    Monomer.atom("He"),
)


def flexed(by: float) -> Monomer:
    positions = BENZENE.a.positions.copy()
    positions[8, 2] += by
    return Monomer("benzene", BENZENE.a.symbols, positions)


def turned(host: Monomer) -> Monomer:
    motion = Rotation.from_rotvec([0.3, -1.1, 2.0])
    return Monomer(host.name, host.symbols, motion.apply(host.positions.copy()) + np.array([1.0, 2.0, 3.0]))


@pytest.fixture
def fitted(ensemble: Ensemble) -> Ensemble:
    """A model that remembers benzene."""
    return ensemble.with_metadata(**system_records([BENZENE]))


def of_before(model: Ensemble) -> Ensemble:
    """A model of when it had one host, under the key `host`, and one probe."""
    return model.with_metadata(**{HOST: MonomerRecord.of(BENZENE.a).model_dump(mode="json")})


def test_the_systems_are_remembered_exactly(ensemble: Ensemble, tmp_path: Path) -> None:
    assert fitted_systems(ensemble) == ()
    systems = [BENZENE, ETHYLENE]
    both = ensemble.with_metadata(**system_records([*systems, BENZENE]))
    for model, expected in ((both, systems), (of_before(ensemble), [BENZENE])):
        found = fitted_systems(load_checkpoint(save_checkpoint(model, tmp_path / "m.pt")))
        assert [(s.a.name, s.a.symbols, s.b.name) for s in found] == [
            (s.a.name, s.a.symbols, s.b.name) for s in expected
        ]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.a.positions, other.a.positions)


def test_a_model_without_memory_has_the_host_that_its_dimer_names(ensemble: Ensemble) -> None:
    assert [s.name for s in named_systems(ensemble.with_metadata(dimer="he-ethylene"))] == ["he-ethylene"]
    assert named_systems(ensemble.with_metadata(dimer="he-nobody")) == ()
    assert [s.name for s in named_systems(of_before(ensemble).with_metadata(dimer="he-ethylene"))] == ["he-benzene"]


DAMAGED = [1, {"name": "x"}, {"name": "x", "symbols": ["Qq"], "positions_angstrom": [[0, 0, 0]]}]


@pytest.mark.parametrize(
    "metadata",
    [{HOST: record} for record in DAMAGED]
    + [{SYSTEMS: [{"a": record, "b": record}]} for record in DAMAGED]
    + [{SYSTEMS: DAMAGED[2]}, {SYSTEMS: [{}] * 1001}],
)
def test_a_damaged_record_is_one_sentence(ensemble: Ensemble, metadata: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="that this model remembers cannot be read") as said:
        fitted_systems(ensemble.with_metadata(**metadata))
    assert "\n" not in str(said.value)


def test_what_does_not_fit_is_said(fitted: Ensemble, tmp_path: Path) -> None:
    path = save_checkpoint(fitted, tmp_path / "m.pt")
    for dimer, sentence in (
        (Dimer(BENZENE.a, Monomer.atom("Ne")), "Model m.pt was fitted for the probe He, but the probe here is Ne"),
        (WATER, "has not learnt O of host 'water'; it knows C, H"),
        (Dimer(turned(flexed(0.1)), Monomer.atom("He")), r"after superposition atom 8 \(H\) lies 0\.0\d\d Å away"),
    ):
        with pytest.raises(ModelError, match=sentence):
            load_checkpoint(path, dimer=dimer)


@pytest.mark.parametrize("host", [BENZENE.a, turned(BENZENE.a), turned(flexed(0.001)), ETHYLENE.a])
def test_a_moved_host_and_another_molecule_fit(fitted: Ensemble, host: Monomer) -> None:
    check_fits(fitted, Dimer(host, Monomer.atom("He")))


def structure(host: Monomer, point: np.ndarray) -> Atoms:
    return Dimer(host, Monomer.atom("He")).at(point).atoms(0)


@pytest.mark.parametrize("remembers", [True, False])
def test_the_calculator_refuses_a_flexed_host(fitted: Ensemble, ensemble: Ensemble, remembers: bool) -> None:
    calculator = NCICalculator(fitted if remembers else ensemble)
    if not remembers:  # then the first structure's host is the rigid one
        first = structure(BENZENE.a, R)
        first.calc = calculator
        first.get_potential_energy()
    atoms = structure(flexed(0.1), R)
    atoms.calc = calculator
    with pytest.raises(InputError, match=r"atom 8 \(H\) lies 0\.0\d\d Å away, more than the 0\.005 Å") as said:
        atoms.get_potential_energy()
    assert "\n" not in str(said.value)
    small = structure(flexed(0.002), R)
    small.calc = calculator
    # The rigid host's energy: what is flexed within rounding counts for nothing.
    assert small.get_potential_energy() == pytest.approx(ensemble.energies(BENZENE.at(R))[0], rel=5e-3)


def test_a_moved_dimer_has_the_same_energy_and_turned_forces(fitted: Ensemble) -> None:
    still = structure(BENZENE.a, R)
    still.calc = NCICalculator(fitted)
    motion = Rotation.from_rotvec([0.3, -1.1, 2.0])
    order = [*np.random.default_rng(0).permutation(12).tolist(), 12]
    moved = still[order]
    moved.positions = motion.apply(moved.positions) + np.array([4.0, -5.0, 6.0])
    moved.calc = still.calc
    # Superposition in float64, at coordinates of some Å.
    assert moved.get_potential_energy() == pytest.approx(still.get_potential_energy(), rel=1e-11)
    np.testing.assert_allclose(moved.get_forces(), motion.apply(still.get_forces()[order]), atol=1e-12)
    assert np.abs(moved.get_forces()[-1]).max() > 1e-3
    rounded = moved.copy()
    rounded.positions = rounded.positions.astype(np.float32).astype(float)
    rounded.calc = still.calc
    # float32 keeps 5e-7 Å here, the energy changes by less than its force of 0.02 eV/Å times that.
    assert rounded.get_potential_energy() == pytest.approx(still.get_potential_energy(), abs=5e-8)


def test_another_molecule_needs_to_be_named(fitted: Ensemble) -> None:
    ethylene = ETHYLENE.a
    atoms = structure(ethylene, R)
    atoms.calc = NCICalculator(fitted)
    with pytest.raises(InputError, match=r"is C2H4, but this calculator is for benzene \(C6H6\)"):
        atoms.get_potential_energy()
    atoms.calc = NCICalculator(fitted, host=ethylene)
    assert atoms.get_potential_energy() == pytest.approx(fitted.energies(ETHYLENE.at(R))[0], rel=1e-12)
    more = structure(BENZENE.a, R) + Atoms("H2", [[9, 9, 9], [9, 9, 9.7]])
    more.info = {"monomer_a": "0:14", "monomer_b": "12"}
    more.calc = NCICalculator(fitted)
    with pytest.raises(InputError, match="do not divide its 15 atoms into two parts"):
        more.get_potential_energy()


@pytest.mark.parametrize(("index", "shift"), [(-1, [0, 0, 12.0]), (3, [12.0, 0, 0])])
def test_a_cell_that_parts_the_dimer_is_refused(fitted: Ensemble, index: int, shift: list[float]) -> None:
    atoms = structure(BENZENE.a, R)
    atoms.set_cell([12.0, 12.0, 12.0])
    atoms.pbc = True
    atoms.calc = NCICalculator(fitted)
    before = atoms.get_potential_energy()
    atoms.positions[index] += shift
    with pytest.raises(InputError, match="Across the periodic cell atom"):
        atoms.get_potential_energy()
    atoms.positions[index] -= shift
    assert atoms.get_potential_energy() == pytest.approx(before, rel=1e-9)


def test_a_structure_that_is_refused_leaves_nothing_behind(ensemble: Ensemble) -> None:
    calculator = NCICalculator(ensemble)
    water = WATER.at(R).atoms(0)
    water.calc = calculator
    with pytest.raises(ModelError, match="contains O, which this model has not learnt"):
        water.get_potential_energy()
    benzene = structure(BENZENE.a, R)
    benzene.calc = calculator
    assert benzene.get_potential_energy() == pytest.approx(ensemble.energies(BENZENE.at(R))[0], rel=1e-12)


@pytest.mark.parametrize("package", ["campaign", "bench"])
def test_whoever_knows_the_dimer_has_the_model_checked(package: str) -> None:
    root = Path(__file__).parents[2] / "nci_core" / package
    calls = [
        (path.name, call)
        for path in sorted(root.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("load_checkpoint", "load_model")
    ]
    assert calls
    for name, call in calls:
        assert "dimer" in {keyword.arg for keyword in call.keywords}, f"{name}, line {call.lineno}"
