"""The numbers that a change of structure must not change, computed from what is embedded.

`python tests/frozen/numbers_of_today.py` records them in `numbers.json`; `test_frozen_numbers.py` computes them again.
Whoever means to change one records them anew and says why in the commit.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import import_campaign
from nci_core.fitting import FitSettings, Observation, Rung, distill, finetune, finetune_ladder
from nci_core.fitting.priors import change_prior, general_prior, recipe_change
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.ccsdt import compute_label
from nci_core.potentials import Ensemble, PairKind, StudentConfig, load_checkpoint
from nci_core.potentials.effective_lengths import effective_lengths
from nci_core.sampling import as_guide, sample
from nci_core.selection import STRATEGIES, Pool, SelectionRequest, select
from nci_core.store import configurations, labels, models, teacher_labels
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers.registry import find_teacher

FloatArray = npt.NDArray[np.float64]

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("numbers.json")
CAMPAIGNS = ("he-ethylene", "he-benzene")
#: A fit of a second that still ranks, follows, displaces and averages optima.
QUICK = FitSettings(restarts=2, averaged=2, members=3, seed=5, max_iterations=12, device="cpu")


def digest(rows: Any) -> str:
    """SHA-256 of values as Python prints them."""
    return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()[:16]


def stored(campaign: Campaign) -> Iterator[tuple[str, Any]]:
    """Geometries and labels of an imported campaign."""
    dimer = campaign.systems[0].dimer
    rows = configurations.fetch(campaign.store)
    positions = np.array([[row.x_angstrom, row.y_angstrom, row.z_angstrom] for row in rows])
    hashes = dimer.at(positions).geometry_hashes()
    yield "hashes", digest(hashes)
    yield "hashes are the stored ones", hashes == [row.geometry_hash for row in rows]
    yield "unique", dimer.at(positions[:5] * [-1.0, 1.0, -1.0]).unique().R
    for recipe in campaign.recipes:
        found = labels.fetch(campaign.store, recipe.hash)
        yield f"labels {recipe.name}", digest((x.configuration_id, x.status, x.energy_ev, x.hf_ev) for x in found)
    yield (
        "teacher",
        digest((x.configuration_id, x.energy_ev) for x in teacher_labels.fetch(campaign.store, campaign.teacher)),
    )


def of_model(model: Ensemble, dimer: Dimer, R: FloatArray) -> Iterator[tuple[str, Any]]:
    """What a stored model says at positions R (m, 3)."""
    at = dimer.at(R)
    energies, forces = model.energies_and_forces(at)
    yield "energies", energies
    yield "gradients", -forces.force
    yield "std", model.std(at)
    yield "channels", np.array([model.channels(at)[name] for name in model.config.terms])
    yield "c6", model.c6(dimer, np.eye(3))
    yield "lengths", effective_lengths(model, at[:2])
    yield "jacobian", model.members[0].jacobian(at[:2])[1]


def choices(campaign: Campaign, model: Ensemble, pool: FloatArray) -> Iterator[tuple[str, Any]]:
    """Rows that every strategy takes from a pool (n, 3)."""
    at = campaign.systems[0].dimer.at(pool)
    energies = model.energies(at)
    for name in STRATEGIES:
        request = SelectionRequest(
            [Pool(at)], 8, labelled=(3, 5, 8), excluded=(1,), energies=energies, ensemble=model, seed=2
        )
        yield name, select(name, request).indices


def fits(campaign: Campaign, R: FloatArray) -> Iterator[tuple[str, Any]]:
    """Energies at R (m, 3) of small fits of every kind."""
    dimer = campaign.systems[0].dimer
    taught = teacher_labels.fetch(campaign.store, campaign.teacher)[:60]
    where = {row.id: (row.x_angstrom, row.y_angstrom, row.z_angstrom) for row in configurations.fetch(campaign.store)}
    places = np.array([where[row.configuration_id] for row in taught])
    channels = {name: np.array([row.channels_ev[name] for row in taught]) for name in taught[0].channels_ev}
    known = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    x, e = known.positions[:14], known.energy_ev[:14]
    total = np.sum(list(channels.values()), axis=0)
    taught_at = dimer.at(places)
    seen = [Observation(dimer.at(x), e)]
    cheap = [Observation(dimer.at(x[:10]), 0.9 * e[:10])]
    distilled = distill([Observation(taught_at, total, channels)], settings=QUICK)
    found = {
        "distilled": distilled,
        "distilled, fixed ruler, no network": distill(
            [Observation(taught_at, total)], StudentConfig(ruler="fixed", network=False), QUICK
        ),
        "fine-tuned": finetune(seen, distilled, settings=QUICK),
        "direct": finetune(seen, settings=QUICK),
        "ladder": finetune_ladder([Rung("cheap", cheap), Rung("target", seen)], distilled, settings=QUICK),
    }
    for name, model in found.items():
        yield name, model.energies(dimer.at(R))
        yield f"{name}, std", model.std(dimer.at(R))
        yield f"{name}, evidence", np.array(model.metadata["fit"]["log_evidence"])


def priors() -> Iterator[tuple[str, Any]]:
    """Priors of all kinds."""
    elements = ("C", "F", "H", "N", "Si")
    for probe in ("He", "Ar"):
        for config in (StudentConfig(), StudentConfig(ruler="fixed", network=False)):
            kinds = [PairKind(element, probe) for element in elements]
            general = general_prior(kinds, config)
            name = f"{probe} {config.ruler}"
            yield f"general {name}", np.concatenate([each[:, :18].numpy() for each in (general.mean, general.width)])
            changes = change_prior(kinds, config).width, recipe_change(kinds, config)
            yield f"sums {name}", np.array([float(each.sum()) for each in (general.mean, general.width, *changes)])


def elsewhere() -> Iterator[tuple[str, Any]]:
    """Hashes and samples of other systems, teachers and a label."""
    water = np.array([[0.0, 0.0, 0.1173], [0.0, 0.7572, -0.4692], [0.0, -0.7572, -0.4692]])
    hosts = [
        Monomer("water", ("O", "H", "H"), water),
        Monomer("nitrogen", ("N", "N"), np.array([[0.0, 0.0, 0.55], [0.0, 0.0, -0.55]])),
        Monomer("neon", ("Ne",), np.zeros((1, 3))),
        builtin_monomer("benzene"),
    ]
    points = 4.0 + np.random.default_rng(0).uniform(0.0, 3.0, (6, 3))
    for host in hosts:
        for probe in ("He", "Ar"):
            dimer = Dimer(host, Monomer.atom(probe))
            yield f"hashes {dimer.name}", dimer.at(points).geometry_hashes()
        yield f"operations {host.name}", len(host.operations)
        yield f"outward {host.name}", host.local_axes.outward
        yield f"normal {host.name}", host.local_axes.normal
        yield f"guide {host.name}", as_guide(dimer, None)(points)
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    drawn = sample(dimer, 30, 3)
    yield "sample", drawn.positions
    yield "sample, guide", drawn.energies
    for spec in ("gfn2-xtb", "hf-d4:sto-3g", "hf-mp2:sto-3g"):
        found = find_teacher(spec).evaluate(dimer.at(points[:2] - 2.5))
        yield spec, np.array(list(found.channels.values()))
        if found.forces is not None:
            yield f"{spec}, forces", found.forces.force
    yield "recipe hashes", {name: recipe.hash for name, recipe in RECIPES.items()}
    hydrogen = Dimer(
        Monomer("hydrogen", ("H", "H"), np.array([[0.0, 0.0, 0.37], [0.0, 0.0, -0.37]])), Monomer.atom("He")
    )
    label = compute_label(hydrogen.at(np.array([0.0, 2.0, 3.0])), RECIPES["quick"])
    yield "label", np.array([label.energy_ev, label.hf_ev, label.ccsd_ev, label.triples_ev])
    yield "label, hash", label.geometry_hash


def measured(home: Path) -> dict[str, Any]:
    """All of it by name; `home` is an empty folder for campaigns."""
    found: dict[str, Any] = {}
    for name in CAMPAIGNS:
        campaign = import_campaign(ROOT / "data" / name, home / name)
        pool = configurations.positions(campaign.store, split="pool")[1]
        parts = {"stored": stored(campaign)}
        row = campaign.active_model()
        assert row is not None
        active = load_checkpoint(campaign.model_path(row))
        for each in models.fetch(campaign.store):
            model = load_checkpoint(campaign.model_path(each))
            found[f"{name}: {each.name}: energies"] = model.energies(campaign.systems[0].dimer.at(pool[:6]))
        parts |= {
            "model": of_model(active, campaign.systems[0].dimer, pool[:6]),
            "choices": choices(campaign, active, pool[:150]),
        }
        parts |= {"fits": fits(campaign, pool[:6])}
        for part, values in parts.items():
            found |= {f"{name}: {part}: {what}": value for what, value in values}
        campaign.store.close()
    found |= {f"priors: {what}": value for what, value in priors()}
    found |= {f"elsewhere: {what}": value for what, value in elsewhere()}
    return found


def plain(value: Any) -> Any:
    """As JSON keeps it."""
    return value.tolist() if isinstance(value, np.ndarray) else value


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        content = {name: plain(value) for name, value in measured(Path(folder)).items()}
    RECORD.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(content)} entries in {RECORD}\n")
