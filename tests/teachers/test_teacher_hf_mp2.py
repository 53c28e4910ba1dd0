"""HF + MP2 against PySCF's own MP2 with exact integrals, and its channels."""

import numpy as np
import pytest
from pyscf import gto, mp, scf

from nci_core.errors import TeacherError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers import find_teacher, fitted_dimer
from nci_core.teachers.hf_mp2 import HartreeFockMP2
from nci_core.units import HARTREE_CM1, to_cm1


def exact_correlation(dimer: Dimer, position: np.ndarray, basis: str, cores: tuple[int, int]) -> float:
    """Counterpoise-corrected MP2 correlation part of the interaction energy in cm⁻¹, without density fitting."""
    host = list(zip(dimer.a.symbols, dimer.a.positions, strict=True))

    def energy(host_ghost: bool, probe_ghost: bool) -> float:
        atoms = [(("ghost-" if host_ghost else "") + s, p) for s, p in host]
        atoms.append((("ghost-" if probe_ghost else "") + dimer.b.symbols[0], position))
        mf = scf.RHF(gto.M(atom=atoms, basis=basis, verbose=0)).run(conv_tol=1e-11)
        frozen = (0 if host_ghost else cores[0]) + (0 if probe_ghost else cores[1])
        return float(mp.MP2(mf, frozen=frozen or None).kernel()[0])

    return (energy(False, False) - energy(False, True) - energy(True, False)) * HARTREE_CM1


@pytest.mark.parametrize(
    ("name", "probe", "cores", "position"),
    [("hydrogen", "He", (0, 0), (0.4, 1.0, 2.6)), ("ethylene", "Ne", (2, 1), (0.3, 0.2, 3.2))],
)
def test_mp2_equals_exact_integrals(
    name: str, probe: str, cores: tuple[int, int], position: tuple[float, float, float], he_h2: Dimer
) -> None:
    dimer = he_h2 if name == "hydrogen" else Dimer(builtin_monomer(name), Monomer.atom(probe))
    basis = "aug-cc-pvdz" if name == "hydrogen" else "cc-pvdz"
    R = np.array([position])
    labels = HartreeFockMP2(basis).evaluate(dimer.at(R))
    exact = exact_correlation(dimer, R[0], basis, cores)
    assert exact < -4.0
    # The fitting basis was made for J and K: some per mille of the correlation, which nearly cancels.
    assert to_cm1(labels.channels["dispersion"][0]) == pytest.approx(exact, rel=0.01)


def test_hartree_fock_is_that_of_hf_d4_and_far_out_nothing_is_left(he_h2: Dimer) -> None:
    R = np.array([[0.0, 0.0, 2.8], [0.0, 0.0, 7.0], [0.0, 0.0, 11.0]])
    mine, other = find_teacher("hf-mp2").evaluate(he_h2.at(R)), find_teacher("hf-d4").evaluate(he_h2.at(R))
    for name in ("electrostatics", "exchange_induction"):
        np.testing.assert_allclose(mine.channels[name], other.channels[name], atol=1e-12)
    assert (mine.channels["dispersion"] < 0.0).all()
    # London's R⁻⁶; C₈ adds some per cent at 7 Å, SCF thresholds leave 2e-4 of 0.01 cm⁻¹ at 11 Å.
    ratio = mine.channels["dispersion"][1] / mine.channels["dispersion"][2]
    assert ratio == pytest.approx((11.0 / 7.0) ** 6, rel=0.15)


def test_names_and_missing_bases(he_h2: Dimer) -> None:
    assert find_teacher("hf-mp2").name == "hf-mp2"
    assert find_teacher("hf-mp2:cc-pVDZ").name == "hf-mp2:cc-pvdz"
    with pytest.raises(TeacherError, match="Unknown teacher"):
        find_teacher("hf-mp2:")
    with pytest.raises(TeacherError, match="no functions"):
        find_teacher("hf-mp2:no-such-basis").check(he_h2)


def test_functions_between_come_near_the_limit_of_larger_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    # 3.5 and 0.5 cm⁻¹ are left to the limit of these functions between, so a quarter leaves room for roundings.
    larger = "aug-cc-pvtz"
    monkeypatch.setitem(fitted_dimer.SETS, "limit", fitted_dimer.HostBases(larger, larger, larger))
    at = Dimer(builtin_monomer("water"), Monomer.atom("He")).at([[0.0, 0.6, 3.1]])
    small, triple, limit = (
        float(to_cm1(HartreeFockMP2(name).evaluate(at).energy[0])) for name in ("midbond", "midbond-tz", "limit")
    )
    assert abs(triple - limit) < 0.25 * abs(small - limit)
