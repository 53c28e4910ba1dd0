"""Configurations and energies of a synthetic campaign."""

import numpy as np
import numpy.typing as npt

from nci_core.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.regions import sectors
from nci_core.store import configurations, evaluations, teacher_labels
from nci_core.units import CM1_EV

FloatArray = npt.NDArray[np.float64]


CUTS = {"above the centre": (0.0, 0.0, 1.0), "in plane": (1.0, 0.0, 0.0), "45°": (0.7071, 0.0, 0.7071)}


def energy(host_positions: FloatArray, points: FloatArray, radius: float = 3.4) -> FloatArray:
    """A sum of Lennard-Jones terms, in eV, with a well of some −100 cm⁻¹."""
    r = np.linalg.norm(points[:, None] - host_positions[None], axis=-1) / radius
    terms = r**-12 - 2 * r**-6
    return 18.0 * CM1_EV * terms.sum(axis=1)


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
