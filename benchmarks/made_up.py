"""Made-up campaigns to time the dashboard with: closed-form energies, invented errors. Not data."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign import Campaign
from nci_core.config import CampaignSettings
from nci_core.metrics import by_region
from nci_core.regions import sectors
from nci_core.store import configurations, evaluations, labels, models, rounds, teacher_labels
from nci_core.store.schema import Model
from nci_core.units import CM1_EV

FloatArray = npt.NDArray[np.float64]
#: Cuts have this many points from 2.8 to 10 Å.
CUT_POINTS = 120


def lennard_jones(host: FloatArray, points: FloatArray) -> FloatArray:
    """Energies (m,) in eV of probe positions (m, 3) over host atoms (n, 3) in Å; a well of some −100 cm⁻¹."""
    energy = np.zeros(len(points))
    for atom in host:
        r6 = (3.4**2 / ((points - atom) ** 2).sum(axis=1)) ** 3
        energy += 18.0 * CM1_EV * (r6**2 - 2.0 * r6)
    return energy


def positions(host: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """(n, 3) positions in Å in one octant, out to 9 Å, below 1,500 cm⁻¹."""
    found = np.empty((0, 3))
    while len(found) < n:
        direction = np.abs(rng.normal(size=(2 * n, 3)))
        points = direction / np.linalg.norm(direction, axis=1)[:, None] * rng.uniform(2.4, 9.0, (2 * n, 1))
        found = np.vstack([found, points[lennard_jones(host, points) < 1500 * CM1_EV]])
    return found[:n]


def build(
    folder: Path,
    n: int,
    *,
    host: str = "ethylene",
    n_labels: int = 150,
    n_test: int = 60,
    seed: int = 7,
    database: str | None = None,
) -> None:
    """Write a campaign of `n` configurations with teacher, a distilled and a fine-tuned student, and labels."""
    settings = CampaignSettings.create(host, "He", title=f"He–{host}, {n:,} made-up configurations", recipe="quick")
    if database:
        settings = settings.model_copy(update={"database": database})
    campaign = Campaign.create(folder, settings)
    store, dimer, rng = campaign.store, campaign.chosen_system(None).dimer, np.random.default_rng(seed)
    points = positions(dimer.a.positions, n, rng)
    energy = lennard_jones(dimer.a.positions, points)
    test = np.zeros(n, dtype=bool)
    test[rng.choice(n, n_test, replace=False)] = True
    ids = np.empty(n, dtype=int)
    for split, mask in (("pool", ~test), ("test", test)):
        part = points[mask]
        # A position's own digest will do: nothing is looked up by symmetry here.
        digests = [hashlib.blake2b(point.tobytes(), digest_size=16).hexdigest() for point in part]
        where = [str(name) for name in sectors(dimer.a, part)]
        ids[mask] = configurations.add(
            store, part, digests, system_id=1, split="test" if split == "test" else "pool", sectors=where
        ).ids
    bias = 0.18 * np.abs(energy) * np.cos(2.2 * np.linalg.norm(points, axis=1))
    teacher_labels.record(store, settings.teacher, ids.tolist(), energy + bias, {}, seconds=15.0 * n)
    chosen = np.concatenate([ids[test], rng.choice(ids[~test & (energy < 1000 * CM1_EV)], n_labels, replace=False)])
    _label(campaign, chosen.tolist(), dict(zip(ids.tolist(), energy.tolist(), strict=True)))
    for number, factor in enumerate((0.9, 0.2)):
        student = energy + factor * bias + 0.2 * factor * CM1_EV * rng.normal(size=n)
        spread = factor * (0.5 * CM1_EV + 0.05 * np.abs(energy))
        model_id = _model(campaign, number, n_labels * number, ids, student, spread)
        total, regions = by_region(student[test], energy[test], campaign.systems[0].bounds)
        measured = {"all": total, **regions}
        evaluations.record_metrics(store, measured, split="test", recipe_hash=campaign.recipe.hash, model_id=model_id)
    store.close()


def _label(campaign: Campaign, ids: list[int], energy: dict[int, float]) -> None:
    recipe = campaign.recipe
    asked = labels.request(campaign.store, ids, recipe=recipe.name, recipe_hash=recipe.hash, picked_by="random")
    for row in asked:
        e = energy[row.configuration_id]
        parts = {"energy_ev": e, "hf_ev": 0.6 * abs(e), "ccsd_ev": e - 0.7 * abs(e), "triples_ev": 0.1 * abs(e)}
        labels.set_complete(
            campaign.store, row.id, parts | {"cpu_seconds": 40.0, "wall_seconds": 40.0, "memory_gb": 0.9}
        )


def _model(
    campaign: Campaign, number: int, n_labels: int, ids: npt.NDArray[np.int64], student: FloatArray, spread: FloatArray
) -> int:
    store, recipe, name = campaign.store, campaign.recipe, f"round-{number}"
    rounds.begin(store, "finetune" if number else "distill", number=number, strategy="random", recipe_hash=recipe.hash)
    path = campaign.folder / "models" / f"{name}.pt"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(name.encode())
    model = models.add(
        store,
        Model(
            name=name,
            kind="finetuned" if number else "distilled",
            path=f"models/{name}.pt",
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            recipe_hash=recipe.hash,
            teacher=campaign.teacher,
            round_number=number,
            n_labels=n_labels,
            seconds=12.0,
            device="cpu",
        ),
    )
    evaluations.record_predictions(store, model.id, ids, student, spread)
    r = np.linspace(2.8, 10.0, CUT_POINTS)
    along = r[:, None] * np.array([[0.0, 0.0, 1.0]])
    e = lennard_jones(campaign.chosen_system(None).dimer.a.positions, along)
    channels = {"repulsion": e + np.abs(e), "dispersion": -np.abs(e)}
    cut = evaluations.Cut(1, "above the centre", r, along, e, 0.05 * np.abs(e), channels)
    evaluations.record_cuts(store, [cut], model_id=model.id)
    rounds.finish(store, number)
    return model.id
