"""Priors whose parameters make the change of another one as well, and what that does to a student's terms."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nci_core.errors import ModelError
from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.fitting.priors import DIRECT_OWN, change_prior, general_prior
from nci_core.potentials import DiagonalPrior, Ensemble, FullPrior, Student
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig, layout
from nci_core.systems import Dimer, Monomer, builtin_monomer

LINKS = ((0, 2), (4, 1))
KINDS = (PairKind("C", "He"), PairKind("H", "He"))


@pytest.fixture
def prior() -> DiagonalPrior:
    random = np.random.default_rng(3)
    mean, width = torch.tensor(random.normal(size=(2, 5))), torch.tensor(random.uniform(0.1, 1.0, (2, 5)))
    return DiagonalPrior(mean, width, 1.5, LINKS)


def test_a_linked_parameter_moves_with_the_other(prior: DiagonalPrior) -> None:
    z = torch.tensor(np.random.default_rng(4).normal(size=10))
    alone, moved = replace(prior, links=()).displacement(z), prior.displacement(z)
    for one, other in LINKS:
        torch.testing.assert_close(moved[:, one], alone[:, one] + alone[:, other])
    torch.testing.assert_close(prior.whiten(prior.unwhiten(z)), z)


def test_derivatives_and_covariances_follow_from_the_displacement(prior: DiagonalPrior) -> None:
    A = torch.stack([prior.displacement(row).flatten() for row in torch.eye(10, dtype=torch.float64)], dim=1)
    random = np.random.default_rng(5)
    J, S = torch.tensor(random.normal(size=(4, 10))), torch.tensor(random.normal(size=(10, 10)))
    torch.testing.assert_close(prior.by_z(J.clone()), J @ A)
    torch.testing.assert_close(prior.covariance_of(S @ S.T), A @ S @ S.T @ A.T)


def test_a_full_prior_without_its_correlations_keeps_its_links(prior: DiagonalPrior) -> None:
    # The root of the linked prior itself: what is left is that prior, own widths and all.
    root = torch.stack([replace(prior, scale=1.0).displacement(row).flatten() for row in torch.eye(10).double()], dim=1)
    left = FullPrior(prior.mean, root, prior.scale, LINKS).independent()
    assert left.links == LINKS
    torch.testing.assert_close(left.width, prior.width)


@pytest.mark.parametrize("links", [((0, 5),), ((-1, 0),), ((0, 1), (0, 2)), ((0, 1), (1, 2))])
def test_links_that_mean_nothing_are_refused(prior: DiagonalPrior, links: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ModelError, match="A prior"):
        replace(prior, links=links)


def test_every_parameter_of_electrostatics_follows_one_of_exchange() -> None:
    what = layout(StudentConfig())
    # Four blocks, what of them changes with the surroundings, and the network's weights and constant.
    assert dict(what.followed) == {
        **{f"e_{name}": name for name in ("a", "A", "ln_alpha", "beta", "a_by", "ln_alpha_by")},
        **{f"{block}_electrostatics": f"{block}_exchange" for block in ("W2", "b2")},
    }
    assert not layout(StudentConfig(terms=("electrostatics", "dispersion"))).links, "there is nothing to follow"


def test_labels_change_electrostatics_as_exchange() -> None:
    config = StudentConfig(network=False)
    general = general_prior(KINDS, config)
    distilled = Ensemble((Student(KINDS, config, general.mean),), general, 0.3, metadata={"stage": "distill"})
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    at = dimer.at([[0.0, 0.0, z] for z in (2.6, 2.8, 3.0, 3.3, 3.8)])
    # Labels with a fifth more repulsion by both terms together.
    channels = distilled.channels(at)
    wanted = distilled.energies(at) + 0.2 * (channels["exchange"] + channels["electrostatics"])
    tuned = finetune([Observation(at, wanted)], distilled, settings=FitSettings(restarts=1, averaged=1, members=1))
    change = tuned.members[0].theta - general.mean
    own = change_prior(KINDS, config)
    for one, other in layout(config).links:
        # What electrostatics changes by itself is held to a fiftieth of its general width, so to few of these.
        alone = (change[:, one] - change[:, other]).abs() / (FitSettings().kappa * own.width[:, one])
        assert float(alone.max()) < 1.0
    where = layout(config).slices
    assert float(change[:, where["a"]].abs().max()) > 0.01, "exchange has moved, or nothing was tested"


def test_a_fit_without_a_teacher_keeps_both_terms_together() -> None:
    """Its prior, which a further fit and the selection of labels go on from, has the links."""
    config, threads = StudentConfig(network=False), torch.get_num_threads()
    at = Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at([[0.0, 0.0, z] for z in (2.6, 2.8, 3.0, 3.3, 3.8)])
    energies = np.array([0.03, 0.005, -0.008, -0.01, -0.005])
    settings = FitSettings(restarts=1, averaged=1, members=1, max_iterations=20)
    student = finetune([Observation(at, energies)], config=config, settings=settings)
    assert torch.get_num_threads() == threads, "fits take one thread and give the others back"
    prior, general, what = student.prior, general_prior(student.kinds, config), layout(config)
    assert isinstance(prior, DiagonalPrior)
    assert prior.links == what.links != ()
    change = student.members[0].theta - general.mean
    for one, other in what.links:
        torch.testing.assert_close(prior.width[:, one], DIRECT_OWN * general.width[:, one])
        # z of what electrostatics does by itself; a standard normal number in the prior, and no label asks for it.
        assert float(((change[:, one] - change[:, other]) / prior.width[:, one]).abs().max()) < 2.0
