"""Error bars at unseen hosts: found by leaving hosts out, kept with the model, and used at other hosts only."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nci_core import NCICalculator
from nci_core.fitting import FitSettings, Observation, distill, finetune
from nci_core.fitting.left_out import ALONE, by_host, folds, known_factor, squared_ratios
from nci_core.fitting.levenberg_marquardt import Minimum, minimise
from nci_core.fitting.objective import linear_model, make_targets
from nci_core.fitting.observations import regions_of
from nci_core.fitting.problem import Problem
from nci_core.fitting.tiles import observe
from nci_core.potentials import Ensemble, load_checkpoint, save_checkpoint
from nci_core.potentials.prior import DiagonalPrior
from nci_core.potentials.remembered import same_molecule, system_records
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1

HOSTS = ("ethylene", "benzene", "hydrogen")
SETTINGS = FitSettings(restarts=1, members=2, averaged=1, seed=3, device="cpu", max_iterations=20)


def dimer(name: str) -> Dimer:
    return Dimer(builtin_monomer(name), Monomer.atom("He"))


def around(name: str, m: int, seed: int) -> Observation:
    """A pairwise 12-6 potential, which no host is peculiar in, at places above the host."""
    random, at = np.random.default_rng(seed), dimer(name)
    R = np.column_stack([random.uniform(-1.5, 1.5, (m, 2)), random.uniform(2.8, 5.0, m)])
    r = np.linalg.norm(R[:, None] - at.a.positions, axis=2) / 3.0
    return Observation(at.at(R), from_cm1(15.0) * (r**-12.0 - 2.0 * r**-6.0).sum(axis=1))


@pytest.fixture(scope="module")
def two() -> Ensemble:
    return distill([around("ethylene", 25, 0), around("benzene", 25, 1), around("ethylene", 5, 2)], settings=SETTINGS)


def test_observations_of_one_host_are_left_out_together() -> None:
    names = ["ethylene", "benzene", "ethylene", "hydrogen"]
    groups = by_host([around(name, 3, k) for k, name in enumerate(names)])
    assert groups == [[0, 2], [1], [3]]
    assert folds(groups) == [{0, 2}, {1}, {3}]
    assert folds([[k] for k in range(7)]) == [{0, 5}, {1, 6}, {2}, {3}, {4}]


def test_a_turned_molecule_is_the_same_and_an_isomer_is_not() -> None:
    naphthalene, turn = builtin_monomer("naphthalene"), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert same_molecule(naphthalene, Monomer("n", naphthalene.symbols, naphthalene.positions @ turn + 1.0))
    stretched = naphthalene.positions * np.array([1.1, 1.0, 1.0])
    assert not same_molecule(naphthalene, Monomer("isomer", naphthalene.symbols, stretched))


def test_error_bars_widen_at_unseen_hosts_only(two: Ensemble, tmp_path: Path) -> None:
    assert two.unseen >= 1.0
    assert len(two.metadata["fit"]["left_out"]) == 2
    wide = load_checkpoint(save_checkpoint(two, tmp_path / "m.pt"))
    assert wide.unseen == two.unseen
    bars = {}
    for unseen in (1.0, 3.0):
        model = Ensemble(two.members, two.prior, two.sigma_cm1, two.spread, two.metadata, two.weights, unseen)
        bars[unseen] = [model.std(dimer(name).at([[0.3, 0.2, 3.4]]))[0] for name in HOSTS[:2]]
        small = Monomer("h2", ("H", "H"), builtin_monomer("hydrogen").positions)
        bars[unseen].append(model.std(Dimer(small, Monomer.atom("He")).at([[0.0, 0.0, 3.4]]))[0])
        calculator = NCICalculator(model)
        atoms = dimer("ethylene").at([[0.3, 0.2, 3.4]]).atoms(0)
        atoms.calc = calculator
        atoms.get_potential_energy()
        assert calculator.results["energy_uncertainty"] == pytest.approx(bars[unseen][0], rel=1e-9)
    np.testing.assert_allclose(np.array(bars[3.0]) / np.array(bars[1.0]), [1.0, 1.0, 3.0], rtol=1e-12)


def test_of_one_host_nothing_is_left_out_and_what_benzene_taught_is_taken() -> None:
    alone = distill([around("ethylene", 12, 0)], settings=SETTINGS)
    assert alone.unseen == finetune([around("ethylene", 12, 0)], settings=SETTINGS).unseen == ALONE
    assert "left_out" not in alone.metadata["fit"]


def test_a_fine_tuned_model_keeps_the_factor_and_forgets_nothing_of_it(two: Ensemble) -> None:
    tuned = finetune([around("ethylene", 6, 5)], two, settings=SETTINGS)
    assert tuned.unseen == two.unseen
    assert tuned.metadata["systems"] == system_records([dimer("ethylene")])["systems"]


def test_the_ratio_is_of_the_error_left_out(two: Ensemble) -> None:
    """No error gives 0, and twice the error four times the squared ratio, at points inside the range of interest."""
    assert two.prior is not None
    left = around("benzene", 6, 8)
    targets = make_targets([left], two.terms, 0.3, 100.0, apart=True)
    problem = Problem("distill", observe([left], two.kinds), targets, regions_of([left]), [two.prior], two.config)
    objective, z = problem.objective(0), two.prior.whiten(two.members[0].theta)
    energies, J = (part.numpy() for part in linear_model(problem.seen, objective, z))
    np.testing.assert_allclose(energies, two.members[0].energies(left.configurations), atol=1e-12)
    assert J.shape == (6, len(z))
    inside = problem.regions != "beyond"
    ratios = [
        squared_ratios([Observation(left.configurations, energies + shift)], problem, objective, z, 1.0)
        for shift in (0.0, 0.001, 0.002)
    ]
    assert inside.any()
    np.testing.assert_array_equal(ratios[0], np.zeros(inside.sum()))
    np.testing.assert_allclose(ratios[2], 4.0 * ratios[1], rtol=1e-9)


def test_labels_left_out_one_by_one_are_those_of_fits_without_them(two: Ensemble) -> None:
    """The closed form against eight fits to seven labels each: exact for a linear model, and the student nearly is."""
    assert two.prior is not None
    seen, random = around("benzene", 8, 8), np.random.default_rng(4)
    # Prior widths at a tenth, so that what is left out is near, and errors of a wavenumber beside a noise of 0.3.
    prior = two.prior.at(two.members[0].theta)
    prior = replace(prior, scale=0.1) if isinstance(prior, DiagonalPrior) else prior
    rough = two.energies(seen.configurations) + from_cm1(1.0) * random.standard_normal(8)

    def posed(rows: list[int]) -> Problem:
        some = Observation(seen.configurations[rows], rough[rows])
        targets = make_targets([some], two.terms, 0.3, 100.0, apart=False)
        return Problem("finetune", observe([some], two.kinds), targets, regions_of([some]), [prior], two.config)

    def optimum(problem: Problem) -> Minimum:
        return minimise(problem.objective(0), torch.zeros(prior.mean.numel(), dtype=torch.float64), 60, 1e-9)

    whole = posed(list(range(8)))
    here = optimum(whole)
    squared = []
    for k in range(8):
        rest = posed([n for n in range(8) if n != k])
        found = optimum(rest)
        one = Observation(seen.configurations[[k]], rough[[k]])
        squared += squared_ratios([one], posed([k]), rest.objective(0), found.z, 0.0).tolist()
    scale = max(1.0, float(np.sqrt(here.loss / 8)))
    exact = max(1.0, float(np.sqrt(np.mean(squared))) / scale)
    assert known_factor(whole, whole.objective(0), here.z) == pytest.approx(exact, rel=0.1)
    assert exact > 1.5, "labels with errors of their own are missed by more than the posterior says"
