"""A campaign of five configurations with a row of every kind, exported: as small as an archive can be. Not data."""

import hashlib
from pathlib import Path

import numpy as np
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign
from nci_core.campaign.rounds.sampling import batch
from nci_core.config import SystemSettings
from nci_core.metrics import summarise
from nci_core.store import campaign as info
from nci_core.store import (
    configurations,
    evaluations,
    journal,
    label_history,
    labels,
    models,
    picks,
    rounds,
    teacher_labels,
)
from nci_core.store.evaluations import Cut
from nci_core.store.schema import Model
from nci_core.systems import Monomer

#: Å; H2 lies along z.
POSITIONS = np.array([[0.0, 0.0, z] for z in (2.8, 3.1, 3.6)] + [[x, 0.0, 0.1] for x in (2.9, 5.0)])
#: No model: nothing here predicts, and an import must not read what it stores.
CHECKPOINTS = {"round-0-distilled": b"first" * 100, "round-1-finetuned": b"second" * 100}


def make(folder: Path, *, with_transfer: bool = False) -> Campaign:
    """Build the campaign in `folder`/tiny, with a second system that is only tested on if asked."""
    folder.mkdir(parents=True, exist_ok=True)
    campaign = small.make(folder / "tiny", small.write_host(folder), title="Tiny")
    store, recipe = campaign.store, campaign.recipe
    (near,) = campaign.systems
    sampled = batch(near, near.dimer.at(POSITIONS[:2]), origin="sample", split="test", seed=1)
    configurations.add_together(
        store, [sampled, batch(near, near.dimer.at(POSITIONS[2:]), origin="cut:edge, long axis")]
    )
    info.freeze_test_set(store)
    ids, points = configurations.positions(store)
    numbers = [int(number) for number in ids]
    parts = small.channels(campaign.systems[0].dimer, points)
    energies = parts["repulsion"] + parts["dispersion"]
    teacher_labels.record(store, "formula", numbers, energies, parts)
    rounds.begin(store, "distill", number=0, picked_by="teacher")
    rounds.begin(store, "finetune", number=1, strategy="i-optimal", picked_by="a person", recipe_hash=recipe.hash)
    picks.add(store, numbers[2:4], picked_by="a person", round_number=1, scores=[1.0, 0.5], state="submitted")
    asked = labels.request(store, numbers[:4], recipe=recipe.name, recipe_hash=recipe.hash, round_number=1)
    for label, point in zip(asked[:3], points, strict=False):
        journal.record_label(
            store, label.id, small.fake_label(campaign.systems[0].dimer.at(point), recipe).model_dump(mode="json")
        )
    labels.set_error(store, asked[3].id, "CCSD of the dimer did not converge in 100 cycles; check the geometry.")
    label_history.set_aside(store, asked[0].id, [{"code": "t1", "sentence": "The T1 diagnostic is 0.03."}])
    label_history.accept(store, asked[0].id, "a person", "it is a test")
    label_history.begin_retry(store, asked[3].id, "a person")
    labels.set_error(store, asked[3].id, "It failed again.")
    _add_models(campaign, numbers, points, energies)
    if with_transfer:
        _add_transfer(campaign)
    rounds.finish(store, 1)
    return campaign


def _add_models(campaign: Campaign, numbers: list[int], points: np.ndarray, energies: np.ndarray) -> None:
    store, parent = campaign.store, None
    (campaign.folder / "models").mkdir()
    for name, content in CHECKPOINTS.items():
        (campaign.folder / "models" / f"{name}.pt").write_bytes(content)
        proposal = {"configuration_id": numbers[4], "rank": 1, "score": 0.3, "std_cm1": 2.0, "reason": "wall"}
        digest, kind = hashlib.sha256(content).hexdigest(), "finetuned" if parent else "distilled"
        row = Model(name=name, kind=kind, path=f"models/{name}.pt", sha256=digest, parent_id=parent)  # type: ignore[arg-type]
        row.notes = {"proposals": [proposal], "more": {"any": ["thing"]}}
        parent = models.add(store, row).id
        evaluations.record_predictions(store, parent, numbers, energies, np.full(len(numbers), 1e-4))
        parts = {"repulsion": energies[:2], "dispersion": energies[:2]}
        cut = Cut(1, "face", np.array([3.0, 4.0]), points[:2], energies[:2], np.ones(2) * 1e-4, parts)
        evaluations.record_cuts(store, [cut], model_id=parent)
        errors = summarise(energies, energies + 1e-3)
        assert errors is not None
        evaluations.record_metrics(
            store, {"all": errors}, split="test", recipe_hash=campaign.recipe.hash, model_id=parent
        )


def _add_transfer(campaign: Campaign) -> None:
    """Two test points of H2 at another bond length, one with a label, and what the first model says of it."""
    longer = Monomer("stretched", ("H", "H"), np.array([[0.0, 0.0, -0.4], [0.0, 0.0, 0.4]]))
    far = campaign.add_system(SystemSettings.of(longer, "He", "transfer", "far"))
    sampled = batch(far, far.dimer.at(POSITIONS[3:]), origin="sample", split="test", seed=1)
    configurations.add_together(campaign.store, [sampled])
    info.freeze_test_set(campaign.store, far.id)
    store, recipe = campaign.store, campaign.recipe
    ids, points = configurations.positions(store, system_id=far.id)
    (label,) = labels.request(store, ids[:1].tolist(), recipe=recipe.name, recipe_hash=recipe.hash)
    journal.record_label(store, label.id, small.fake_label(far.dimer.at(points[0]), recipe).model_dump(mode="json"))
    model = models.fetch(store)[0]
    energies = sum(small.channels(far.dimer, points).values())
    cut = Cut(far.id, "face", np.array([3.0, 4.0]), points, energies)
    evaluations.record_cuts(store, [*evaluations.cuts(store, model_id=model.id), cut], model_id=model.id)
    errors = summarise(energies, energies + 1e-3)
    assert errors is not None
    evaluations.record_metrics(
        store, {"all": errors}, split="test", recipe_hash=recipe.hash, model_id=model.id, system_id=far.id
    )


def export(folder: Path, *, with_transfer: bool = False) -> Path:
    """The archive, in `folder`/archive."""
    campaign = make(folder, with_transfer=with_transfer)
    export_campaign(campaign, folder / "archive")
    campaign.store.close()
    return folder / "archive"
