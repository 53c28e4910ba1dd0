"""A made-up campaign for tests of the dashboard: closed-form energies, invented timings. Not data."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from synthetic_places import FloatArray, add_configurations, add_cuts, bias, curves, energy

from nci_core.campaign import Campaign
from nci_core.config import CampaignSettings
from nci_core.metrics import by_region
from nci_core.store import configurations, evaluations, labels, models, rounds
from nci_core.store.schema import Job, JobEvent, Label, Model
from nci_core.units import CM1_EV, HARTREE_EV


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
    summaries = by_region(teacher[test], exact[test], campaign.systems[0].bounds)
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
            total, regions = by_region(inside, exact[test], campaign.systems[0].bounds)
            evaluations.record_metrics(
                store, {"all": total, **regions}, split="test", recipe_hash=recipe.hash, model_id=model.id
            )
        rounds.finish(store, number)


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
