"""What a learnt difference is worth on the host it was learnt on and on another one, from the embedded campaigns.

δ = `standard` − HF + MP2 (no midbond functions) of He–ethylene and He–benzene, with one student distilled on HF + MP2
of both hosts. Prints errors on ethylene's test labels and on all labels of benzene by `standard`, cm⁻¹. Minutes.

    python benchmarks/delta_two_hosts.py
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.archive import data_folder, import_campaign
from nci_core.campaign.rounds.origins import lesson
from nci_core.fitting import FitSettings, Lesson, Observation, distill_all
from nci_core.fitting.delta import DeltaStudent, Difference, fit_delta
from nci_core.fitting.delta_errors import summary
from nci_core.store import labels, teacher_labels
from nci_core.store.base import Split
from nci_core.systems import Configurations
from nci_core.units import to_cm1

TEACHER, RECIPE = "hf-mp2", "standard"
#: Teacher's energies of each host, drawn by seed 0; of labels as many and seeds as in the table of docs/transfer.md.
TAUGHT, COUNTS, SEEDS, OF_BENZENE = 200, (12, 30), (0, 1), 12
SETTINGS = FitSettings(restarts=4, averaged=4, members=5, device="cpu")


def differences(campaign: Campaign, splits: tuple[Split, ...]) -> Difference:
    """All labels of the recipe in some splits, with the teacher's energies."""
    (system,) = campaign.systems
    recipe = next(each for each in campaign.recipes if each.name == RECIPE)
    taught = {row.configuration_id: row.energy_ev for row in teacher_labels.fetch(campaign.store, TEACHER)}
    found = [labels.complete(campaign.store, recipe.hash, split=split) for split in splits]
    at = Configurations.joined([system.dimer.at(each.positions) for each in found])
    cheap = [taught[number] for each in found for number in each.configuration_ids.tolist()]
    return Difference(at, np.concatenate([each.energy_ev for each in found]), np.array(cheap), system.bounds)


def some(observation: Observation, count: int) -> Observation:
    """Rows of a lesson, drawn by seed 0."""
    rows = np.sort(np.random.default_rng(0).permutation(len(observation))[:count])
    channels = {name: values[rows] for name, values in observation.channels.items()}
    return Observation(observation.configurations[rows], observation.energies[rows], channels)


def drawn(known: Difference, count: int, seed: int) -> tuple[Difference, Difference]:
    """So many labels, and the rest."""
    chosen = np.zeros(len(known), dtype=bool)
    chosen[np.random.default_rng(seed).permutation(len(known))[:count]] = True
    return known.take(chosen), known.take(~chosen)


def show(what: str, student: DeltaStudent, asked: Difference) -> None:
    """Errors below the limit and below zero."""
    delta, std = student.delta_and_std(asked.configurations)
    error, bar = to_cm1(delta - asked.delta), to_cm1(std)
    for name, rows in (
        ("below the limit", asked.bounds.classify(asked.costly) != "beyond"),
        ("E < 0", asked.costly < 0),
    ):
        alone, both = np.abs(to_cm1(asked.delta[rows])).mean(), np.abs(error[rows]).mean()
        within = 100 * np.mean(np.abs(error[rows]) <= 2 * bar[rows])
        said = f"HF + MP2 {alone:.1f}, with δ {both:.2f}; median sd {np.median(bar[rows]):.2f}, {within:.0f}% in 2 sd"
        print(f"  {what}, {name}, n = {rows.sum()}: {said}", flush=True)


def main() -> None:
    """Fit and print."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        ethylene, benzene = (
            import_campaign(data_folder() / f"he-{name}", Path(folder) / name) for name in ("ethylene", "benzene")
        )
        seen = [some(lesson(each, TEACHER)[0].observations[0], TAUGHT) for each in (ethylene, benzene)]
        pool, test = differences(ethylene, ("pool",)), differences(ethylene, ("test",))
        unseen = differences(benzene, ("pool", "test"))
        for each in (ethylene, benzene):
            each.store.close()
    base = distill_all([Lesson(TEACHER, seen)], None, SETTINGS)
    for count in COUNTS:
        for seed in SEEDS:
            student = fit_delta([drawn(pool, count, seed)[0]], base, teacher=TEACHER, settings=SETTINGS)
            print(f"{count} labels of ethylene, seed {seed}:")
            show("ethylene", student, test)
            show("benzene, without a label", student, unseen)
    few, rest = drawn(unseen, OF_BENZENE, 0)
    student = fit_delta([drawn(pool, COUNTS[-1], 0)[0], few], base, teacher=TEACHER, settings=SETTINGS)
    print(f"{COUNTS[-1]} labels of ethylene and {OF_BENZENE} of benzene, seed 0; σ = {student.sigma_cm1:g} cm⁻¹:")
    show("ethylene", student, test)
    show("benzene, its other labels", student, rest)
    for entry in summary(student.left_out):
        print(f"  left out: {entry}")


if __name__ == "__main__":
    main()
