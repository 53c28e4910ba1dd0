"""A made-up campaign of several systems for tests of the dashboard, like `synthetic`'s of one. Not data."""

from pathlib import Path

import numpy as np
import synthetic

from nci_core.campaign import Campaign
from nci_core.config import SystemSettings
from nci_core.metrics import by_region
from nci_core.store import configurations, evaluations, label_queries, models

#: Hosts of the five systems, the last one a transfer system: without a training pool.
HOSTS = ("ethylene", "benzene", "methane", "furan", "naphthalene")


def build(folder: Path, n_systems: int = 2, *, n: int = 60, n_test: int = 12, n_labels: int = 12) -> Campaign:
    """Write a campaign of so many systems to `folder`, each with `n` configurations; of two, both are trained on.

    Every model has predictions, errors and cuts in every system; each system has labels of its test set, and, unless it
    is a transfer system, of some of its pool.
    """
    campaign = synthetic.build(folder, host=HOSTS[0], n=n, n_test=n_test, n_labels=n_labels)
    for host in HOSTS[1:n_systems]:
        role = "transfer" if host == HOSTS[-1] else "train"
        _add(campaign, SystemSettings.of(host, role=role), n, n_test, n_labels)
    if n_systems > 1:
        _judge(campaign)
        states = label_queries.states(campaign.store, campaign.recipe.hash)
        pools = [configurations.positions(campaign.store, split="pool", system_id=s.id)[0] for s in campaign.systems]
        in_turn = np.column_stack([ids[-8:] for ids in pools if len(ids)]).ravel().tolist()
        synthetic.propose(campaign, [number for number in in_turn if number not in states])
    return campaign


def _add(campaign: Campaign, settings: SystemSettings, n: int, n_test: int, n_labels: int) -> None:
    """A further system, its configurations and labels, and what all models say there."""
    store, system = campaign.store, campaign.add_system(settings)
    host, rng = system.dimer.a.positions, np.random.default_rng(system.id)
    size = n if system.role == "train" else n_test
    points, ids, test = synthetic.add_configurations(campaign, system, rng, size, n_test, system.id)
    exact = synthetic.energy(host, points)
    truth = dict(zip(ids.tolist(), exact.tolist(), strict=True))
    if system.role == "train":
        synthetic.add_cuts(campaign, system)
    synthetic.add_labels(campaign, ids[test].tolist(), truth, rng, None, "test-set")
    synthetic.add_labels(campaign, ids[~test][:n_labels].tolist(), truth, rng, 1, "ada")
    for model in models.fetch(store):
        factor = 0.9 * 0.25 ** (model.round_number or 0)
        student = exact + factor * synthetic.bias(points, exact)
        evaluations.record_predictions(store, model.id, ids.tolist(), student, 0.05 * np.abs(exact))
        there = evaluations.cuts(store, model_id=model.id)
        evaluations.record_cuts(store, [*there, *synthetic.curves(system, factor)], model_id=model.id)


def _judge(campaign: Campaign) -> None:
    """The errors of the models on the test sets: in each system, and in all together."""
    store, places = campaign.store, {}
    for system in campaign.systems:
        ids, points = configurations.positions(store, split="test", system_id=system.id)
        places[system.id] = (ids, synthetic.energy(system.dimer.a.positions, points))
    for model in models.fetch(store):
        said = {row.configuration_id: row.energy_ev for row in evaluations.predictions(store, model.id)}
        scopes = [(None, list(places)), *((number, [number]) for number in places)]
        for system_id, numbers in scopes:
            parts = [places[number] for number in numbers]
            bounds = campaign.bounds.of(np.repeat(numbers, [len(ids) for ids, _ in parts]))
            student = np.array([said[int(number)] for ids, _ in parts for number in ids])
            exact = np.concatenate([energies for _, energies in parts])
            total, regions = by_region(student, exact, bounds)
            evaluations.record_metrics(
                store,
                {"all": total, **regions},
                split="test",
                recipe_hash=campaign.recipe.hash,
                model_id=model.id,
                system_id=system_id,
            )
