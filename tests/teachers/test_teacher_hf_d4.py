"""HF + D4 against published numbers, against PySCF's own exact integrals, and in its limits."""

import numpy as np
import pytest
from pyscf import gto, scf

from nci_core.errors import CancelledError, TeacherError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers import TeacherPoint, find_teacher
from nci_core.teachers.d4 import D4Dispersion
from nci_core.teachers.fitted_dimer import fitted_dimer, teacher_errors
from nci_core.teachers.hf_d4 import HartreeFockD4
from nci_core.units import HARTREE_CM1, to_cm1


def exact_hartree_fock(dimer: Dimer, position: np.ndarray, basis: str) -> float:
    """Counterpoise-corrected HF interaction energy in cm⁻¹ by PySCF without density fitting."""
    host = list(zip(dimer.a.symbols, dimer.a.positions, strict=True))

    def energy(host_ghost: bool, probe_ghost: bool) -> float:
        atoms = [(("ghost-" if host_ghost else "") + s, p) for s, p in host]
        atoms.append((("ghost-" if probe_ghost else "") + dimer.b.symbols[0], position))
        return float(scf.RHF(gto.M(atom=atoms, basis=basis, verbose=0)).run(conv_tol=1e-11).e_tot)

    return (energy(False, False) - energy(False, True) - energy(True, False)) * HARTREE_CM1


def test_hartree_fock_equals_exact_integrals(he_h2: Dimer) -> None:
    position = np.array([0.4, 1.0, 2.6])
    fitted = fitted_dimer(he_h2, "aug-cc-pvdz").interaction_energy(position) * HARTREE_CM1
    exact = exact_hartree_fock(he_h2, position, "aug-cc-pvdz")
    # Density fitting is the only difference: below 0.2% of the repulsion.
    assert exact > 20.0
    assert fitted == pytest.approx(exact, rel=2e-3)


@pytest.mark.slow
def test_published_hartree_fock_of_he_benzene() -> None:
    """HF/aug-cc-pVDZ at the C6 minimum: 85.588 cm⁻¹, data of arXiv:2601.02166, Zenodo 10.5281/zenodo.18049741."""
    labels = HartreeFockD4().evaluate(
        Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at(np.array([[0.0, 0.0, 3.128]]))
    )
    # 0.5 cm⁻¹ is the offset of the fitting basis.
    mean_field = labels.channels["electrostatics"] + labels.channels["exchange_induction"]
    assert to_cm1(mean_field[0]) == pytest.approx(85.588, abs=0.7)
    assert -200.0 < to_cm1(labels.channels["dispersion"][0]) < -100.0


def test_ethylene_sum_of_channels_and_callbacks() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    teacher = find_teacher("hf-d4")
    positions = np.array([[0.0, 0.0, 3.2], [3.2, 0.0, 0.0]])
    stored: list[TeacherPoint] = []
    seen: list[tuple[int, int]] = []
    labels = teacher.evaluate(dimer.at(positions), progress=lambda *p: seen.append(p), on_point=stored.append)
    # PySCF without density fitting: 196.143 and 852.292 cm⁻¹ (HF/aug-cc-pVDZ, counterpoise).
    mean_field = labels.channels["electrostatics"] + labels.channels["exchange_induction"]
    assert np.allclose(to_cm1(mean_field), [196.143, 852.292], atol=1.2)
    assert (labels.channels["electrostatics"] < 0.0).all(), "densities that overlap"
    assert np.allclose(labels.energy, sum(labels.channels.values()), atol=1e-12)
    assert labels.forces is None
    assert seen == [(1, 2), (2, 2)]
    assert [p.energy for p in stored] == labels.energy.tolist()


def test_the_energy_does_not_depend_on_earlier_points(he_h2: Dimer) -> None:
    hartree_fock = fitted_dimer(he_h2, "aug-cc-pvdz")
    position = np.array([2.9, 0.3, 0.0])
    first = hartree_fock.interaction_energy(position)
    hartree_fock.interaction_energy(np.array([0.0, 2.0, 2.0]))
    assert hartree_fock.interaction_energy(position) == first
    assert fitted_dimer(he_h2, "aug-cc-pvdz").interaction_energy(position) == pytest.approx(first, abs=1e-11)


def test_the_surface_is_smooth(he_h2: Dimer) -> None:
    hartree_fock = fitted_dimer(he_h2, "aug-cc-pvdz")
    x = np.linspace(3.0, 3.2, 9)
    e = np.array([hartree_fock.interaction_energy(np.array([q, 0.4, 0.2])) for q in x]) * HARTREE_CM1
    # A quartic describes 0.2 Å of an exponential to 1e-4; 1e-3 is a hundredth of what labels resolve.
    assert np.abs(np.polyval(np.polyfit(x - 3.1, e, 4), x - 3.1) - e).max() < 1e-3


def test_symmetry_equivalent_positions_agree() -> None:
    hartree_fock = fitted_dimer(Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), "cc-pvdz")
    e = [hartree_fock.interaction_energy(np.array(p)) for p in ([1.0, 1.5, 2.5], [-1.0, 1.5, -2.5])]
    # SCF convergence, 1e-9 Hartree a fragment.
    assert e[0] == pytest.approx(e[1], abs=5e-9)


def test_dispersion_decays_as_the_inverse_sixth_power() -> None:
    dispersion = D4Dispersion(Dimer(builtin_monomer("benzene"), Monomer.atom("He")))
    R = np.array([15.0, 30.0])
    e = dispersion.energies(np.column_stack([np.zeros((2, 2)), R]))
    slope = np.log(e[1] / e[0]) / np.log(R[1] / R[0])
    assert (e < 0).all()
    # R⁻⁸ terms and the finite host size leave a few hundredths at 15 Å.
    assert slope == pytest.approx(-6.0, abs=0.1)
    # The plain difference of D4 energies would leave +12 cm⁻¹ here.
    assert abs(to_cm1(dispersion.energies(np.array([[0.0, 0.0, 60.0]]))[0])) < 1e-4


def test_dispersion_of_two_atoms_is_d4_itself() -> None:
    """For He–He no charge flows, so the pair sum must equal the package's own energy difference."""
    from dftd4.interface import DampingParam, DispersionModel

    from nci_core.units import BOHR_ANGSTROM, HARTREE_EV

    dimer = Dimer(Monomer("helium", ("He",), np.zeros((1, 3))), Monomer.atom("He"))
    ours = D4Dispersion(dimer).energies(np.array([[0.0, 0.0, 3.0]]))[0]
    model = DispersionModel(np.array([2, 2]), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 3.0 / BOHR_ANGSTROM]]))
    theirs = model.get_dispersion(DampingParam(method="hf"), grad=False)["energy"] * HARTREE_EV
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_elements_without_basis_are_named() -> None:
    with pytest.raises(TeacherError, match="has no functions for Rn"):
        find_teacher("hf-d4").check(Dimer(builtin_monomer("ethylene"), Monomer.atom("Rn")))


def test_another_basis_is_another_teacher(he_h2: Dimer) -> None:
    small, default = find_teacher("hf-d4:cc-pVDZ"), find_teacher("hf-d4")
    assert small.name == "hf-d4:cc-pvdz"
    assert default.name == "hf-d4"


def test_cancelling_keeps_what_was_finished(he_h2: Dimer) -> None:
    stored: list[TeacherPoint] = []

    def stop(done: int, total: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        HartreeFockD4("cc-pvdz").evaluate(
            he_h2.at(np.array([[0.0, 0.0, 3.0], [3.0, 0.0, 0.0]])), progress=stop, on_point=stored.append
        )
    assert [p.index for p in stored] == [0]


def test_an_scf_that_does_not_converge_is_an_error(he_h2: Dimer, monkeypatch: pytest.MonkeyPatch) -> None:
    hartree_fock = fitted_dimer(he_h2, "cc-pvdz")
    monkeypatch.setattr("nci_core.integrals.scf.MAX_CYCLE", 1)
    with pytest.raises(TeacherError, match="did not converge with the probe at"), teacher_errors():
        hartree_fock.interaction_energy(np.array([0.0, 0.0, 2.0]))
