"""A made-up campaign for tests of the dashboard: closed-form energies, invented timings. Not data."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.config import CampaignSettings
from nci_core.metrics import by_region
from nci_core.regions import sectors
from nci_core.store import configurations, evaluations, labels, models, rounds, teacher_labels
from nci_core.store.schema import Job, JobEvent, Label, Model
from nci_core.units import CM1_EV, HARTREE_EV

FloatArray = npt.NDArray[np.float64]
CUTS = {"above the centre": (0.0, 0.0, 1.0), "in plane": (1.0, 0.0, 0.0), "45°": (0.7071, 0.0, 0.7071)}


def energy(host_positions: FloatArray, points: FloatArray, radius: float = 3.4) -> FloatArray:
    """A sum of Lennard-Jones terms, in eV, with a well of some −100 cm⁻¹."""
    r = np.linalg.norm(points[:, None] - host_positions[None], axis=-1) / radius
    terms = r**-12 - 2 * r**-6
    return 18.0 * CM1_EV * terms.sum(axis=1)


def build(
    folder: Path,
    *,
    host: str = "ethylene",
    n: int = 300,
    n_labels: int = 40,
    n_test: int = 20,
    n_rounds: int = 2,
    failed: int = 1,
    with_models: bool = True,
    with_jobs: bool = True,
    seed: int = 3,
) -> Campaign:
    """Write a synthetic campaign to `folder`; zero labels, no models and so on give the empty states."""
    settings = CampaignSettings.create(host, "He", title=f"He–{host} (synthetic)", recipe="quick")
    campaign = Campaign.create(folder, settings)
    store, rng = campaign.store, np.random.default_rng(seed)
    if not n:
        return campaign
    points, ids, test = add_configurations(campaign, campaign.systems[0], rng, n, n_test, seed)
    exact = energy(campaign.systems[0].dimer.a.positions, points)
    teacher = exact + bias(points, exact)
    cut_ids = add_cuts(campaign, campaign.systems[0])
    pool = ids[~test][exact[~test] < 1000 * CM1_EV]
    chosen = rng.choice(pool, min(n_labels, len(pool)), replace=False)
    truth = dict(zip(ids.tolist(), exact.tolist(), strict=True)) | cut_ids
    if n_labels:
        add_labels(campaign, [int(i) for i in ids[test]], truth, rng, None, "test-set")
        on_cut = list(cut_ids)[::6]
        add_labels(campaign, on_cut, truth, rng, 1, "farthest-point")
    if with_models:
        _models(campaign, points, ids, exact, teacher, test, chosen, truth, rng, n_rounds, n_labels)
        rest = [int(i) for i in pool if i not in set(chosen.tolist())][:20]
        propose(campaign, rest)
    if failed and n_labels:
        unlabelled = [int(i) for i in pool if i not in set(chosen.tolist())]
        broken = labels.request(
            store,
            unlabelled[-failed:],
            recipe=campaign.recipe.name,
            recipe_hash=campaign.recipe.hash,
            round_number=n_rounds,
        )
        labels.set_error(store, broken[0].id, "CCSD did not converge in 50 cycles; try it again or drop this point.")
    if with_jobs:
        _jobs(campaign, chosen)
    return campaign


def add_configurations(
    campaign: Campaign, system: System, rng: np.random.Generator, n: int, n_test: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pool and test set of a system with teacher energies: positions, ids, and which are of the test set."""
    store, dimer = campaign.store, system.dimer
    points = sample(dimer.a.positions, rng, n)
    points = points[np.sort(np.unique(dimer.at(points).geometry_hashes(), return_index=True)[1])]
    test = np.full(len(points), system.role == "transfer")  # which has no pool
    test[rng.choice(len(points), min(n_test, len(points) // 3), replace=False)] = True
    ids = np.empty(len(points), dtype=int)
    for split, mask in (("pool", ~test), ("test", test)):
        part = points[mask]
        added = configurations.add(
            store,
            part,
            dimer.at(part).geometry_hashes(),
            system_id=system.id,
            split=split,
            sectors=[str(s) for s in sectors(dimer.a, part)],
            sample_seed=seed,
        )
        ids[mask] = added.ids
    exact = energy(dimer.a.positions, points)
    teacher = exact + bias(points, exact)
    teacher_labels.record(
        store,
        campaign.teacher,
        ids.tolist(),
        teacher,
        {"repulsion": teacher + np.abs(teacher), "dispersion": -np.abs(teacher)},
        seconds=15.0 * len(ids),
    )
    return points, ids, test


def sample(host: FloatArray, rng: np.random.Generator, n: int) -> FloatArray:
    found = np.empty((0, 3))
    while len(found) < n:
        direction = np.abs(rng.normal(size=(4 * n, 3)))
        direction /= np.linalg.norm(direction, axis=1)[:, None]
        points = direction * rng.uniform(2.4, 9.0, size=(4 * n, 1)) ** 1.0
        points = points[energy(host, points) < 1500 * CM1_EV]
        found = np.vstack([found, points])
    return found[:n].round(4)


def bias(points: FloatArray, exact: FloatArray) -> FloatArray:
    r = np.linalg.norm(points, axis=1)
    return 0.18 * np.abs(exact) * np.cos(2.2 * r) + 14 * CM1_EV * np.exp(-((r - 3.6) ** 2))


def add_cuts(campaign: Campaign, system: System) -> dict[int, float]:
    dimer, found = system.dimer, {}
    for name, direction in CUTS.items():
        r = np.linspace(3.0, 9.0, 31)
        points = r[:, None] * np.array(direction)[None]
        exact = energy(dimer.a.positions, points)
        points, exact = points[exact < 1500 * CM1_EV], exact[exact < 1500 * CM1_EV]
        added = configurations.add(
            campaign.store,
            points,
            dimer.at(points).geometry_hashes(),
            system_id=system.id,
            origin=f"cut:{name}",
            sectors=[str(s) for s in sectors(dimer.a, points)],
        )
        teacher = exact + bias(points, exact)
        teacher_labels.record(
            campaign.store,
            campaign.teacher,
            added.ids,
            teacher,
            {"repulsion": teacher + 1, "dispersion": teacher * 0 - 1},
        )
        found |= dict(zip(added.ids, exact.tolist(), strict=True))
    return found


def add_labels(
    campaign: Campaign,
    ids: list[int],
    truth: dict[int, float],
    rng: np.random.Generator,
    round_number: int | None,
    who: str,
) -> None:
    recipe = campaign.recipe
    rows = labels.request(
        campaign.store, ids, recipe=recipe.name, recipe_hash=recipe.hash, round_number=round_number, picked_by=who
    )
    where = {c.id: c for c in configurations.fetch(campaign.store, ids=ids)}
    for row in rows:
        c = where[row.configuration_id]
        dimer = campaign.system(c.system_id).dimer
        seconds = float(rng.normal(40, 6))
        e = truth[row.configuration_id]
        parts = {"hf_ev": 0.6 * abs(e), "ccsd_ev": e - 0.7 * abs(e), "triples_ev": 0.1 * abs(e)}
        more = {key: value / HARTREE_EV for key, value in parts.items()}  # what the dimer has beyond its monomers
        monomers = {"host": (-78.04, -0.25, -0.01), "probe": (-2.86, -0.03, 0.0)}
        together = [sum(values) for values in zip(*monomers.values(), strict=True)]
        dimer_energies = tuple(value + extra for value, extra in zip(together, more.values(), strict=True))
        fragments = {
            name: {
                "hf_hartree": hf,
                "ccsd_hartree": ccsd,
                "triples_hartree": triples,
                "n_basis": 85,
                "n_frozen": 2,
                "scf_cycles": 9,
                "cc_cycles": 12,
                "t1_diagnostic": 0.011,
                "cpu_seconds": seconds / 3,
                "wall_seconds": seconds / 3,
            }
            for name, (hf, ccsd, triples) in {"dimer": dimer_energies, **monomers}.items()
        }
        labels.set_complete(
            campaign.store,
            row.id,
            {
                "schema_version": 1,
                "geometry_hash": c.geometry_hash,
                "recipe_hash": recipe.hash,
                "recipe": recipe.model_dump(mode="json"),
                "dimer": dimer.name,
                "host_symbols": list(dimer.a.symbols),
                "host_positions_angstrom": dimer.a.positions.tolist(),
                "probe": dimer.b.symbols[0],
                "position_angstrom": [c.x_angstrom, c.y_angstrom, c.z_angstrom],
                "midbond_angstrom": [0.0, 0.0, 1.5],
                "fragments": fragments,
                "energy_ev": e,
                **parts,
                "cpu_seconds": seconds,
                "wall_seconds": seconds,
                "memory_gb": 0.9,
                "environment": {
                    "versions": {"pyscf": "2.0"},
                    "processor": "invented",
                    "threads": 1,
                    "blas": "none",
                    "dgemm_gflops": 30.0,
                },
                "warnings": [],
                "finished_at": datetime.now(UTC).isoformat(),
            },
        )


def _models(
    campaign: Campaign,
    points: FloatArray,
    ids: FloatArray,
    exact: FloatArray,
    teacher: FloatArray,
    test: FloatArray,
    chosen: FloatArray,
    truth: dict[int, float],
    rng: np.random.Generator,
    n_rounds: int,
    n_labels: int,
) -> None:
    store, recipe = campaign.store, campaign.recipe
    (campaign.folder / "models").mkdir(exist_ok=True)
    cut_points = np.array(
        [(c.x_angstrom, c.y_angstrom, c.z_angstrom) for c in configurations.fetch(store) if c.origin.startswith("cut:")]
    )
    cut_ids = np.array([c.id for c in configurations.fetch(store) if c.origin.startswith("cut:")])
    every, every_ids = np.vstack([points, cut_points]), np.concatenate([ids, cut_ids])
    exact_all = np.array([truth[int(i)] for i in every_ids])
    summaries = by_region(teacher[test], exact[test], campaign.settings.bounds)
    if n_labels:
        evaluations.record_metrics(
            store,
            {"all": summaries[0], **summaries[1]},
            split="test",
            recipe_hash=recipe.hash,
            teacher=campaign.teacher,
        )
    parent = None
    for number in range(n_rounds + 1 if n_labels else 1):
        rounds.begin(
            store,
            "distill" if number == 0 else "finetune",
            number=number,
            picked_by="i-optimal",
            strategy=None if number == 0 else "i-optimal",
            recipe_hash=recipe.hash,
        )
        part = chosen[: 0 if number == 0 else len(chosen) * number // n_rounds]
        if number:
            previous = chosen[: len(chosen) * (number - 1) // n_rounds]
            new = [int(i) for i in part if i not in set(previous.tolist())]
            add_labels(campaign, new[::2], truth, rng, number, "i-optimal")
            add_labels(campaign, new[1::2], truth, rng, number, "ada")
        factor = 0.9 * 0.25**number
        student = exact_all + factor * bias(every, exact_all) + factor * 0.4 * CM1_EV * rng.normal(size=len(every))
        name = f"round-{number}"
        file = campaign.folder / "models" / f"{name}.pt"
        file.write_bytes(name.encode())
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
                parent_id=parent,
                n_labels=len(part),
                seconds=12.0,
                device="cpu",
            ),
        )
        parent = model.id
        spread = factor * (0.5 * CM1_EV + 0.05 * np.abs(exact_all))
        evaluations.record_predictions(store, model.id, every_ids.tolist(), student, spread)
        evaluations.record_cuts(store, curves(campaign.systems[0], factor), model_id=model.id)
        if n_labels:
            inside = student[: len(points)][test]
            total, regions = by_region(inside, exact[test], campaign.settings.bounds)
            evaluations.record_metrics(
                store, {"all": total, **regions}, split="test", recipe_hash=recipe.hash, model_id=model.id
            )
        rounds.finish(store, number)


def curves(system: System, factor: float) -> list[evaluations.Cut]:
    """What a student says along the cuts of a system; of the teacher's error it keeps a `factor`."""
    cuts = []
    for name, direction in CUTS.items():
        r = np.linspace(2.8, 10.0, 120)
        points = r[:, None] * np.array(direction)[None]
        exact = energy(system.dimer.a.positions, points)
        keep = exact < 1500 * CM1_EV
        r, points, exact = r[keep], points[keep], exact[keep]
        e = exact + factor * bias(points, exact)
        dispersion = -np.abs(60 * CM1_EV * (3.4 / r) ** 6)
        cuts.append(
            evaluations.Cut(
                system.id,
                name,
                r,
                points,
                e,
                factor * (0.5 * CM1_EV + 0.05 * np.abs(exact)),
                {"repulsion": e - dispersion, "dispersion": dispersion},
            )
        )
    return cuts


def propose(campaign: Campaign, ids: list[int]) -> None:
    model = models.active(campaign.store)
    assert model is not None
    reason = "well, about −40 cm⁻¹; uncertain by 0.8 cm⁻¹, and tells most about the rest"
    ranking = [
        {"configuration_id": number, "rank": k, "score": 1.0 / k, "std_cm1": 0.8, "reason": reason}
        for k, number in enumerate(ids, start=1)
    ]
    models.update_notes(campaign.store, model.id, {"proposals": ranking})


def _jobs(campaign: Campaign, chosen: FloatArray) -> None:
    now = datetime.now(UTC)
    with campaign.store.write() as session:
        done = Job(
            kind="finetune",
            state="complete",
            progress=1.0,
            attempt=1,
            message="fine-tuned on 40 labels",
            started_at=now - timedelta(minutes=9),
            finished_at=now - timedelta(minutes=8),
            result={"device": "cpu"},
        )
        failed = Job(
            kind="label",
            state="error",
            attempt=3,
            payload={"configuration_id": int(chosen[0])},
            error="CCSD did not converge in 50 cycles; try it again or drop this point.",
            started_at=now - timedelta(minutes=7),
            finished_at=now - timedelta(minutes=6),
        )
        session.add_all([done, failed])
        session.flush()
        for k in range(60):
            for member in range(2):
                session.add(
                    JobEvent(
                        job_id=done.id,
                        attempt=1,
                        step=2 * k + member,
                        time=now,
                        data={
                            "stage": "finetune",
                            "member": member,
                            "iteration": k,
                            "loss": 30 * 0.9**k + 1 + member * 0.3,
                            "train_mae_cm1": 8 * 0.92**k + 0.1,
                        },
                    )
                )


def add_label_row(campaign: Campaign, configuration_id: int) -> Label:
    """Ask for one more label."""
    return labels.request(
        campaign.store, [configuration_id], recipe=campaign.recipe.name, recipe_hash=campaign.recipe.hash
    )[0]
