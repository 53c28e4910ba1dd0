"""Students of every kind on two dimers: whatever holds for one must hold for all."""

from collections.abc import Callable, Sequence

import pytest
import torch

from nci_core.fitting.priors import general_prior
from nci_core.potentials import DiagonalPrior, Ensemble, PairKind, Student, StudentConfig
from nci_core.systems import Dimer, Monomer, builtin_monomer

KINDS = (PairKind("C", "He"), PairKind("H", "He"))
CONFIGS = [StudentConfig(ruler=ruler, network=network) for ruler in ("adaptive", "fixed") for network in (True, False)]


def config_name(config: StudentConfig) -> str:
    return f"{config.ruler}-{'network' if config.network else 'physics'}"


@pytest.fixture(params=CONFIGS, ids=config_name)
def config(request: pytest.FixtureRequest) -> StudentConfig:
    chosen: StudentConfig = request.param
    return chosen


@pytest.fixture(scope="session")
def make_student() -> Callable[..., Student]:
    """make_student(config, seed, kinds): He on C and H, or other pairs; parameters drawn from the general prior."""

    def make(config: StudentConfig, seed: int = 0, kinds: Sequence[PairKind] = KINDS) -> Student:
        prior = general_prior(kinds, config)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(prior.mean.shape, generator=generator, dtype=torch.float64)
        return Student(tuple(kinds), config, prior.mean + prior.width * noise)

    return make


@pytest.fixture(params=["benzene", "ethylene"])
def dimer(request: pytest.FixtureRequest) -> Dimer:
    return Dimer(builtin_monomer(request.param), Monomer.atom("He"))


@pytest.fixture
def student(config: StudentConfig, make_student: Callable[..., Student]) -> Student:
    return make_student(config)


@pytest.fixture
def ensemble(make_student: Callable[..., Student]) -> Ensemble:
    """Three members with network and adaptive ruler, and a prior."""
    config = StudentConfig()
    general = general_prior(KINDS, config)
    members = tuple(make_student(config, seed) for seed in range(3))
    return Ensemble(
        members, DiagonalPrior(general.mean, general.width, 0.5), 0.1, 2.0, {"recipe": "standard", "seed": 7}
    )
