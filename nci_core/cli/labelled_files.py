"""What nci finetune and nci evaluate do with an extxyz file of labels; nothing is printed here."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nci_core.campaign.systems import System
from nci_core.duplicates import take, unique_labels
from nci_core.errors import InputError
from nci_core.extxyz import Dataset, HostGroup, write_dataset
from nci_core.regions import RegionBounds, SystemBounds
from nci_core.systems.dimer import Dimer, same_dimer

if TYPE_CHECKING:
    from nci_core.metrics import ErrorSummary
    from nci_core.potentials.models import AnyModel


@dataclass(frozen=True)
class Labels:
    """Labels of a file: one group for each host, one label for each geometry.

    Attributes:
        groups: hosts with at least one label.
        repeats: frames that were merged into others.
    """

    groups: list[HostGroup]
    repeats: int

    def __len__(self) -> int:
        return sum(len(group.at) for group in self.groups)

    def describe(self) -> str:
        """What was merged, for people; empty when nothing was."""
        if not self.repeats:
            return ""
        return (
            f"{self.repeats} of {self.repeats + len(self)} labels repeat a geometry, symmetry counted, and are merged: "
            f"{len(self)} remain."
        )


def labels_of(data: Dataset) -> Labels:
    """The labels of a data set; InputError when there are none, or one geometry has two energies."""
    if not data.labelled:
        raise InputError(f"{data.source} has no REF_interaction_energy (eV) in any of its {len(data)} frames.")
    found = [unique_labels(group, data.source) for group in data.groups]
    return Labels([one.group for one in found if len(one.group.at)], sum(one.repeats for one in found))


def as_report(overall: "ErrorSummary | None", regions: Mapping[str, "ErrorSummary"]) -> dict[str, Any]:
    """Errors below the limit, null where there are none, and by region; JSON values."""
    empty = {"n": 0, "mae_cm1": None, "rmse_cm1": None, "max_cm1": None, "bias_cm1": None}
    said = empty if overall is None else overall.as_dict()
    return {**said, "regions": {name: value.as_dict() for name, value in regions.items()}}


def bounds_in(
    systems: Sequence[System], given: RegionBounds, chosen: Collection[str]
) -> Callable[[Dimer], RegionBounds]:
    """The bounds of each dimer: of a campaign's system its own but for the options `chosen`, of others those given."""

    def bounds_of(dimer: Dimer) -> RegionBounds:
        own = next((system.bounds for system in systems if same_dimer(system.dimer, dimer)), given)
        well, limit = "--well-below" in chosen, "--limit" in chosen
        return RegionBounds(
            given.well_below_cm1 if well else own.well_below_cm1, given.limit_cm1 if limit else own.limit_cm1
        )

    return bounds_of


def file_errors(
    labels: Labels, student: "AnyModel", model: Path, source: Path, bounds_of: Callable[[Dimer], RegionBounds]
) -> dict[str, Any]:
    """Errors of a student, read from the checkpoint `model`, against labels, by region and under `by_host` by host.

    `bounds_of` says the regions of each dimer; where they differ, only the hosts have bounds in the report.
    Raises ModelError for a model that does not fit them, InputError without a label below the limit.
    """
    from nci_core.metrics import by_region
    from nci_core.potentials.agreement import check_fits

    for group in labels.groups:
        check_fits(student, group.dimer, f"Model {model.name}")
    predicted = [student.energies(group.at) for group in labels.groups]
    reference = [group.reference for group in labels.groups]
    bounds = SystemBounds({k: bounds_of(group.dimer) for k, group in enumerate(labels.groups)})
    rows = bounds.of(np.repeat(range(len(labels.groups)), list(map(len, reference))))
    overall, regions = by_region(np.concatenate(predicted), np.concatenate(reference), rows)
    if overall is None:
        raise InputError(f"{source} has no reference energy below {bounds.limit_cm1:g} cm⁻¹; raise --limit.")
    report: dict[str, Any] = {"model": str(model), "data": str(source), "merged": labels.repeats}
    report |= bounds_report(bounds.same)
    hosts = {
        group.dimer.a.name: as_report(*by_region(here, group.reference, own)) | bounds_report(own)
        for group, here, own in zip(labels.groups, predicted, bounds.systems.values(), strict=True)
    }
    return report | as_report(overall, regions) | {"by_host": hosts}


def bounds_report(bounds: RegionBounds | None) -> dict[str, float | None]:
    """Bounds as reports have them, nothing where systems differ in them."""
    limit, well = (None, None) if bounds is None else (bounds.limit_cm1, bounds.well_below_cm1)
    return {"limit_cm1": limit, "well_below_cm1": well}


@dataclass(frozen=True)
class HostsOut:
    """How students are fitted to all hosts of a file but one.

    Attributes:
        prior: distilled student to start from; None for direct fits.
        members: students in each ensemble.
        seed: of the fits.
        device: "auto", "cpu" or "cuda".
    """

    prior: Path | None
    members: int
    seed: int
    device: str


def left_out_errors(
    labels: Labels, source: Path, how: HostsOut, bounds: RegionBounds, progress: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Errors on each host of a file of a student fitted to the others; InputError for a file of one host."""
    from nci_core.bench.left_out import leave_one_host_out
    from nci_core.fitting import FitRun, FitSettings
    from nci_core.potentials.checkpoints import load_checkpoint

    prior = load_checkpoint(how.prior) if how.prior else None
    settings = FitSettings(members=how.members, seed=how.seed, device=how.device)
    start = time.perf_counter()
    found = leave_one_host_out(labels.groups, prior, settings, bounds, FitRun(progress))
    report: dict[str, Any] = {"data": str(source), "prior": str(how.prior) if how.prior else None}
    report |= {"merged": labels.repeats, "members": how.members, "seed": how.seed}
    report |= {"limit_cm1": bounds.limit_cm1, "well_below_cm1": bounds.well_below_cm1}
    hosts = [
        {"host": each.host, "n_labels": each.n_labels, **as_report(each.overall, each.regions), "reason": each.reason}
        for each in found
    ]
    return report | {"seconds": time.perf_counter() - start, "hosts": hosts}


def check_targets(data: Dataset, *targets: Path | None) -> None:
    """InputError for a file that cannot be written, or that would replace the labels or another result."""
    taken = [Path(data.source).resolve()]
    for target in filter(None, targets):
        if not target.parent.is_dir():
            raise InputError(f"There is no folder {target.parent} to write {target.name} to.")
        if target.resolve() in taken:
            raise InputError(f"{target} would replace the labels or the other result; give it a name of its own.")
        taken.append(target.resolve())


@dataclass(frozen=True)
class FileFit:
    """How a student is fitted to a file of labels.

    Attributes:
        model_out: where it goes.
        prior: distilled student to start from; None for a direct fit.
        fraction: share of the geometries that is fitted, above 0, at most 1.
        held_out: where the others go, if anywhere.
        ruler: "adaptive" or "fixed", of a direct fit.
        members: students in the ensemble.
        seed: of the share and of the fit.
        device: "auto", "cpu" or "cuda".
    """

    model_out: Path
    prior: Path | None
    fraction: float
    held_out: Path | None
    ruler: Any
    members: int
    seed: int
    device: str

    def check(self) -> None:
        """Raise InputError for a share that is none, or an unknown ruler."""
        if not 0 < self.fraction <= 1:
            raise InputError(f"--fraction is {self.fraction:g}; give a share above 0 and at most 1.")
        if self.ruler not in ("adaptive", "fixed"):
            raise InputError(f"Unknown ruler {self.ruler!r}; choose adaptive or fixed.")


@dataclass(frozen=True)
class Plan:
    """Which labels of a file are fitted.

    Attributes:
        fitted, held_out: the labels by host, one for each geometry and none on both sides; no host without any.
    """

    fitted: list[HostGroup]
    held_out: list[HostGroup]


def share(groups: Sequence[HostGroup], fraction: float, seed: int) -> Plan:
    """The same random share of the labels of every host, at least one of each; each a geometry of its own."""
    random, fitted, held_out = np.random.default_rng(seed), [], []
    for group in groups:
        order = random.permutation(len(group.reference))
        count = max(1, round(fraction * len(order)))
        fitted.append(take(group, np.sort(order[:count])))
        held_out.append(take(group, np.sort(order[count:])))
    return Plan(fitted, [group for group in held_out if len(group.at)])


def fit_file(data: Dataset, plan: Plan, how: FileFit, progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Fit a student and write it, and the labels that were not fitted; returns what was done."""
    from nci_core.fitting import FitRun, FitSettings, Observation, finetune
    from nci_core.potentials.checkpoints import load_checkpoint, save_checkpoint
    from nci_core.potentials.parameters import StudentConfig

    base = load_checkpoint(how.prior) if how.prior else None
    start = time.perf_counter()
    student = finetune(
        [Observation(group.at, group.reference) for group in plan.fitted],
        base,
        None if base else StudentConfig(ruler=how.ruler),
        FitSettings(members=how.members, seed=how.seed, device=how.device),
        FitRun(progress),
        metadata={"data": data.source, "label": data.label, "fraction": how.fraction},
    )
    save_checkpoint(student, how.model_out)
    if how.held_out is not None:
        write_dataset(how.held_out, plan.held_out)
    n_labels = sum(len(group.at) for group in plan.fitted)
    return {
        "model": str(how.model_out),
        "hosts": [group.dimer.a.name for group in plan.fitted],
        "n_labelled": n_labels + sum(len(group.at) for group in plan.held_out),
        "n_labels": n_labels,
        "seed": how.seed,
        "seconds": time.perf_counter() - start,
    }
