"""A term from outside, as CONTRIBUTING.md says: one class, one line in TERMS, and everything else knows it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.potentials import DiagonalPrior, PairKind, Student, StudentConfig, load_checkpoint, save_checkpoint
from nci_core.potentials import parameters as parameters_module
from nci_core.potentials.arrays import Array, namespace
from nci_core.potentials.pairs import PairFeatures
from nci_core.potentials.parameters import layout
from nci_core.potentials.terms import TERMS, Block, Evaluated, Slopes, Term
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations
from nci_core.testing.potentials import PotentialContract
from nci_core.testing.terms import TermContract

#: Of the student's terms.
NAMES = ("exchange", "dispersion", "polarization")
Shell = Callable[..., npt.NDArray[np.float64]]


@dataclass(frozen=True)
class PolarizationThere(Evaluated[Array]):
    """Polarization at some configurations: its energy, damping's share 4d⁴/(q⁴ + d⁴), and q."""

    energy: Array
    damped: Array
    q: Array

    def slopes(self, weight: Array | float) -> Slopes[Array]:
        energy = weight * self.energy
        return Slopes(energy, (), energy * self.damped / self.q, -4.0 * energy)

    def parameter_slopes(self, weight: Array | float) -> dict[str, Array]:
        energy = weight * self.energy
        return {"ln_C4": energy[..., None, :], "ln_d": (-energy * self.damped)[..., None, :]}


class Polarization(Term):
    """−C₄/r⁴ of an ion's charge and the dipole that it induces, damped by q⁴/(q⁴ + d⁴)."""

    name = "polarization"
    blocks: ClassVar[Mapping[str, Block]] = MappingProxyType(
        {"ln_C4": Block((1,), 0.3, of_elements=True), "ln_d": Block((1,), 0.1)}
    )
    fading = True

    def prior_means(self, kind: PairKind) -> dict[str, float]:
        return {"ln_C4": math.log(0.01), "ln_d": math.log(3.0)}

    def evaluate(
        self,
        stored: Mapping[str, Array],
        x: PairFeatures[Array],
        q: Array,
        sums: Sequence[Array],
        correction: Array | float,
    ) -> PolarizationThere[Array]:
        xp = namespace(q)
        q2, r2 = q * q, x.r * x.r
        q4, d4 = q2 * q2, xp.exp(4.0 * stored["ln_d"])
        energy = -xp.exp(stored["ln_C4"]) * q4 / ((q4 + d4) * (r2 * r2))
        if not isinstance(correction, float):
            energy = energy * xp.exp(correction)
        return PolarizationThere(energy, 4.0 * d4 / (q4 + d4), q)


@pytest.fixture(autouse=True)
def a_term_more(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, Term]]:
    """TERMS with a line more, where configurations look terms up."""
    terms = {**TERMS, "polarization": Polarization()}
    monkeypatch.setattr(parameters_module, "TERMS", terms)
    yield terms
    layout.cache_clear()


@pytest.fixture
def dimer() -> Dimer:
    return Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))


class TestPolarization(TermContract):
    @pytest.fixture
    def term(self) -> Term:
        return Polarization()


class TestStudentOfThreeTerms(PotentialContract):
    @pytest.fixture
    def potential(self, make_student: Callable[..., Student]) -> Student:
        return make_student(StudentConfig(terms=NAMES))

    @pytest.fixture
    def at(self, dimer: Dimer, shell: Shell) -> Configurations:
        return dimer.at(shell(dimer.a, 20))


def test_it_is_fitted_stored_and_told_apart(
    make_student: Callable[..., Student], dimer: Dimer, shell: Shell, tmp_path: Path
) -> None:
    truth = make_student(StudentConfig(network=False, terms=NAMES), seed=1)
    at = dimer.at(shell(dimer.a, 30))
    settings = FitSettings(restarts=1, averaged=1, members=1, max_iterations=15, device="cpu", sigma_cm1=0.3)
    model = finetune([Observation(at, truth.energies(at))], config=truth.config, settings=settings)
    channels = model.channels(at)
    assert tuple(channels) == NAMES
    assert (channels["polarization"] < 0.0).all()
    np.testing.assert_allclose(sum(channels.values()), model.energies(at), rtol=1e-12)
    # Thirty labels of a student of the same terms, seen to 0.3 cm⁻¹ = 4e-5 eV.
    assert np.sqrt(np.mean((model.energies(at) - truth.energies(at)) ** 2)) < 1e-4
    assert isinstance(model.prior, DiagonalPrior)
    where = layout(truth.config).slices["ln_C4"]
    assert (model.members[0].theta[:, where] != model.prior.mean[:, where]).all(), "it has learnt"
    again = load_checkpoint(save_checkpoint(model, tmp_path / "model.pt"))
    np.testing.assert_array_equal(again.energies(at), model.energies(at))
