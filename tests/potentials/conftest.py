"""Students of every kind on two hosts: whatever holds for one must hold for all."""

from collections.abc import Callable

import pytest
import torch

from nci_core.fitting.priors import general_prior
from nci_core.potentials import Ensemble, Prior, Student, StudentConfig

CONFIGS = [StudentConfig(ruler=ruler, network=network) for ruler in ("adaptive", "fixed") for network in (True, False)]


def config_name(config: StudentConfig) -> str:
    return f"{config.ruler}-{'network' if config.network else 'physics'}"


@pytest.fixture(params=CONFIGS, ids=config_name)
def config(request: pytest.FixtureRequest) -> StudentConfig:
    chosen: StudentConfig = request.param
    return chosen


@pytest.fixture(scope="session")
def make_student() -> Callable[..., Student]:
    """make_student(config, seed): He on C and H, parameters drawn from the general prior."""

    def make(config: StudentConfig, seed: int = 0) -> Student:
        prior = general_prior("He", ("C", "H"), config)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(prior.mean.shape, generator=generator, dtype=torch.float64)
        return Student("He", ("C", "H"), config, prior.mean + prior.width * noise)

    return make


@pytest.fixture
def student(config: StudentConfig, make_student: Callable[..., Student]) -> Student:
    return make_student(config)


@pytest.fixture
def ensemble(make_student: Callable[..., Student]) -> Ensemble:
    """Three members with network and adaptive ruler, and a prior."""
    config = StudentConfig()
    general = general_prior("He", ("C", "H"), config)
    members = tuple(make_student(config, seed) for seed in range(3))
    return Ensemble(members, Prior(general.mean, general.width, 0.5), 0.1, 2.0, {"recipe": "standard", "seed": 7})
