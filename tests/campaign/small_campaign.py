"""He–H2 campaigns with closed-form energies: cheap to teach, to label and to fit. Not data."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import write

from nci_core.campaign import Campaign
from nci_core.campaign.jobs import run_label
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.campaign.rounds.teaching import teach
from nci_core.config import CampaignSettings
from nci_core.errors import NCIError
from nci_core.jobs.context import JobContext
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import Environment, FragmentResult, LabelResult, stated_std_cm1
from nci_core.store import configurations
from nci_core.store import jobs as queue
from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import TeacherBase, TeacherPoint, finite_point
from nci_core.units import CM1_EV, HARTREE_EV

BOND = 0.7414
#: Born–Mayer repulsion (eV, 1/Å) and C6 (eV Å⁶) per atom: walls above 1,000 cm⁻¹, wells near -30.
A, ALPHA, C6 = 20.0, 3.0, 2.4


def write_host(folder: Path) -> Path:
    path = folder / "hydrogen.xyz"
    write(path, Atoms("H2", positions=[[0, 0, -BOND / 2], [0, 0, BOND / 2]]))
    return path


def channels(dimer: Dimer, positions: np.ndarray, strength: float = 1.0) -> dict[str, np.ndarray]:
    """Repulsion and damped attraction (m,) in eV; `strength` scales the attraction."""
    r = dimer.at(np.atleast_2d(positions)).distances[:, :, 0]
    return {
        "repulsion": (A * np.exp(-ALPHA * r)).sum(axis=1),
        "dispersion": -strength * (C6 / (r**6 + 30.0)).sum(axis=1),
    }


def energy(dimer: Dimer, positions: np.ndarray, strength: float = 1.15) -> np.ndarray:
    """The "truth": the teacher with 15% more attraction."""
    parts = channels(dimer, positions, strength)
    return parts["repulsion"] + parts["dispersion"]


class FormulaTeacher(TeacherBase):
    """The closed form, two channels; counts what it is asked and may stop after some points."""

    name = "formula"
    channels = ("repulsion", "dispersion")
    sane = True  # asked for nothing before it teaches: what it is asked is counted

    def __init__(self, stop_after: int | None = None) -> None:
        self.asked = 0
        self.stop_after = stop_after

    def check(self, dimer: Dimer) -> None:
        pass

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        parts = channels(configurations.dimer, configurations.R)
        for index in range(len(configurations)):
            if self.asked == self.stop_after:
                raise KeyboardInterrupt
            self.asked += 1
            found = {name: float(values[index]) for name, values in parts.items()}
            yield finite_point(index, found, None, 0.01, self.name)


def fake_label(
    at: Configurations, recipe: Recipe, progress: Any = None, store: Any = None, tightening: Any = None
) -> LabelResult:
    """A LabelResult whose parts add up to `energy`, at no cost; the monomers lie below the real ones."""
    dimer, point = at.dimer, at.R[0]
    part = channels(dimer, point, 1.15)

    def fragment(hf: float, ccsd: float, triples: float) -> FragmentResult:
        times = {"cpu_seconds": 2.0, "wall_seconds": 2.5}
        sizes = {"n_basis": 30, "n_frozen": 0, "scf_cycles": 9, "cc_cycles": 8}
        return FragmentResult(
            hf_hartree=hf, ccsd_hartree=ccsd, triples_hartree=triples, t1_diagnostic=0.003, **times, **sizes
        )

    # Between the Hartree–Fock limits and what ghosts may lower the energies of common basis sets to.
    host, probe = fragment(-1.135, -0.03, 0.0), fragment(-2.863, -0.04, 0.0)
    attraction = float(part["dispersion"][0]) / HARTREE_EV
    pair = fragment(-3.998 + float(part["repulsion"][0]) / HARTREE_EV, -0.07 + 0.9 * attraction, 0.1 * attraction)
    found = {"dimer": pair, "host": host, "probe": probe}
    return LabelResult(
        geometry_hash=at.geometry_hashes()[0],
        recipe_hash=recipe.hash,
        recipe=recipe.model_dump(mode="json"),
        dimer=dimer.name,
        host_symbols=list(dimer.a.symbols),
        host_positions_angstrom=dimer.a.positions.tolist(),
        probe=dimer.b.symbols[0],
        position_angstrom=point.tolist(),
        midbond_angstrom=None,
        fragments=found,
        **LabelResult.interaction(found),
        recipe_std_cm1=stated_std_cm1(recipe, found),
        cpu_seconds=6.0,
        wall_seconds=7.5,
        memory_gb=0.2,
        environment=Environment(versions={}, processor="none", threads=1, blas="none", dgemm_gflops=1.0),
        tightened=tightening,
    )


def make(folder: Path, host: Path, **settings: Any) -> Campaign:
    chosen = {"recipe": "quick", "members": 2, "well_below_cm1": -5.0, "teacher": "formula", **settings}
    return Campaign.create(folder, CampaignSettings.create(str(host), "He", **chosen))


def run_jobs(campaign: Campaign, jobs: list[int]) -> None:
    """What the engine does with label jobs, in this process."""
    for number in jobs:
        job = queue.begin(campaign.store, number, host="here", supervisor_pid=os.getpid())
        assert job is not None
        try:
            result = run_label(JobContext(campaign.store, campaign.folder, job))
        except NCIError as error:
            queue.finish(campaign.store, number, job.attempt, "error", error=str(error))
        else:
            queue.finish(campaign.store, number, job.attempt, "complete", result=result)


def label(campaign: Campaign, ids: list[int], picked_by: str = "a person") -> list[int]:
    jobs = submit_labels(campaign, ids, picked_by, start=False)
    run_jobs(campaign, jobs)
    return jobs


def pool(campaign: Campaign) -> list[int]:
    return [int(number) for number in configurations.positions(campaign.store, split="pool")[0]]


def test_set(campaign: Campaign) -> list[int]:
    return [int(number) for number in configurations.positions(campaign.store, split="test")[0]]


def in_range(campaign: Campaign, ids: list[int]) -> list[int]:
    """Those below 1,000 cm⁻¹."""
    rows = {row.id: (row.x_angstrom, row.y_angstrom, row.z_angstrom) for row in configurations.fetch(campaign.store)}
    found = energy(campaign.systems[0].dimer, np.array([rows[number] for number in ids]))
    return [number for number, value in zip(ids, found, strict=True) if value < 1000 * CM1_EV]


def sampled(folder: Path, host: Path, **settings: Any) -> Campaign:
    campaign = make(folder, host, **settings)
    sample_campaign(campaign, 40, seed=1, n_test=8, points_per_cut=3)
    return campaign


def use_formula(monkeypatch: Any, teacher: FormulaTeacher | None = None) -> FormulaTeacher:
    chosen = teacher or FormulaTeacher()
    finder: Callable[..., FormulaTeacher] = lambda spec, **options: chosen  # noqa: E731
    monkeypatch.setattr("nci_core.teachers.registry.find_teacher", finder)
    return chosen


def taught(folder: Path, host: Path, monkeypatch: Any, **settings: Any) -> Campaign:
    campaign = sampled(folder, host, **settings)
    use_formula(monkeypatch)
    teach(campaign)
    return campaign
