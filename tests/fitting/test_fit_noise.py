"""The noise of several hosts' labels: small where one set of parameters meets all of them, large where none does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nci_core.errors import CancelledError
from nci_core.fitting import FitRun, FitSettings, Observation, finetune
from nci_core.fitting.noise import SIGMAS_CM1
from nci_core.fitting.priors import general_prior
from nci_core.fitting.settings import SIGMA_CM1
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

CONFIG = StudentConfig(network=False, surroundings=False)
KINDS = (PairKind("C", "He"), PairKind("H", "He"))
QUICK = FitSettings(restarts=1, members=1, averaged=1, device="cpu", max_iterations=40)
HOSTS = ("ethylene", "benzene")


@pytest.fixture(scope="module")
def base() -> Ensemble:
    """What fine-tuning begins with: a student of general physics."""
    prior = general_prior(KINDS, CONFIG)
    return Ensemble((Student(KINDS, CONFIG, prior.mean),), metadata={"stage": "distill"})


def around(name: str, m: int, seed: int) -> Observation:
    """Energies of a student near the base's parameters."""
    prior = general_prior(KINDS, CONFIG)
    noise = torch.randn(prior.mean.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    truth = Student(KINDS, CONFIG, prior.mean + 0.1 * prior.width * noise)
    random, dimer = np.random.default_rng(seed), Dimer(builtin_monomer(name), Monomer.atom("He"))
    at = dimer.at(np.column_stack([random.uniform(-1.5, 1.5, (m, 2)), random.uniform(2.9, 5.0, m)]))
    return Observation(at, truth.energies(at))


@pytest.fixture(scope="module")
def alike() -> list[Observation]:
    return [around(name, 30, k) for k, name in enumerate(HOSTS)]


def test_hosts_that_one_set_of_parameters_meets_are_met(base: Ensemble, alike: list[Observation]) -> None:
    model = finetune(alike, base, settings=QUICK)
    assert model.sigma_cm1 == SIGMA_CM1
    # σ is 0.03 at most places: below a tenth of a wavenumber, even where the wall counts less.
    assert np.abs(to_cm1(model.energies(alike[1].configurations) - alike[1].energies)).max() < 0.1


def test_what_no_parameter_can_say_is_noise(base: Ensemble, alike: list[Observation]) -> None:
    """Roughness of 5 cm⁻¹, which no smooth student has: the nearest of the tried σ, or the next."""
    random = np.random.default_rng(7)
    rough = [replace(o, energies=o.energies + from_cm1(5.0) * random.standard_normal(len(o))) for o in alike]
    assert finetune(rough, base, settings=QUICK).sigma_cm1 in SIGMAS_CM1[:2]
    given = QUICK.model_copy(update={"sigma_cm1": 0.2})
    assert finetune(rough, base, settings=given).sigma_cm1 == 0.2
    # Of one host the same roughness is taken for what it is not: labels are converged better than that.
    assert finetune(rough[:1], base, settings=QUICK).sigma_cm1 == SIGMA_CM1


def test_the_search_is_watched_and_stopped(base: Ensemble, alike: list[Observation]) -> None:
    seen: list[str] = []
    run = FitRun(lambda event: seen.append(event["phase"]), lambda: "noise" in seen)
    with pytest.raises(CancelledError):
        finetune(alike, base, settings=QUICK, run=run)
    assert seen == ["noise"]
