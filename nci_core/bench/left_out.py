"""Leave one host out: a student fitted to the labels of all other hosts, measured on the one that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nci_core.errors import InputError, ModelError
from nci_core.extxyz import HostGroup
from nci_core.fitting import FitRun, FitSettings, Observation, finetune
from nci_core.metrics import ErrorSummary, by_region
from nci_core.potentials.agreement import check_fits, named_systems
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import pair_kinds
from nci_core.potentials.remembered import same_molecule
from nci_core.regions import RegionBounds


@dataclass(frozen=True)
class LeftOut:
    """Errors of one host that was left out.

    Attributes:
        host: its name.
        n_labels: labels of the other hosts, which were fitted.
        overall: errors below the limit; None where there are none.
        regions: errors by region.
        reason: why there are none; empty where there are.
    """

    host: str
    n_labels: int
    overall: ErrorSummary | None = None
    regions: dict[str, ErrorSummary] = field(default_factory=dict)
    reason: str = ""


def hosts_of(groups: Sequence[HostGroup]) -> list[list[HostGroup]]:
    """Groups of one host, whatever its probes, put together."""
    found: list[list[HostGroup]] = []
    for group in groups:
        known = next((host for host in found if same_molecule(host[0].dimer.a, group.dimer.a)), None)
        if known is None:
            found.append([group])
        else:
            known.append(group)
    return found


def observations(groups: Sequence[HostGroup], bounds: RegionBounds) -> list[Observation]:
    """The labels of groups, all with the same energy regions."""
    return [Observation(group.at, group.reference, bounds=bounds) for group in groups]


def check_unseen(prior: Ensemble, groups: Sequence[HostGroup]) -> None:
    """ModelError for a prior that does not know a pair, or that was fitted to labels of one of the hosts."""
    for group in groups:
        check_fits(prior, group.dimer, "The prior model")
        seen = named_systems(prior) if prior.metadata.get("stage") == "finetune" else ()
        if any(same_molecule(system.a, group.dimer.a) for system in seen):
            raise ModelError(
                f"The prior model was fitted to labels of {group.dimer.a.name}, which is then not left out; "
                "give a distilled student."
            )


def leave_one_host_out(
    groups: Sequence[HostGroup],
    prior: Ensemble | None = None,
    settings: FitSettings | None = None,
    bounds: RegionBounds | None = None,
    run: FitRun | None = None,
) -> list[LeftOut]:
    """A fit for each host, to the labels of all others, and its errors on that host.

    Args:
        groups: labels by host; groups that are one host with several probes are left out together.
        prior: distilled student that each fit starts from; None fits directly.
        settings: of the fits.
        bounds: energy regions.
        run: who watches the fits and may stop them.

    Raises InputError for labels of one host only, or where no host can be left out; ModelError as `check_unseen`.
    """
    settings, bounds, run = settings or FitSettings(), bounds or RegionBounds(), run or FitRun()
    hosts = hosts_of(groups)
    if len(hosts) < 2:
        names = " and ".join(dict.fromkeys(host[0].dimer.a.name for host in hosts))
        raise InputError(f"All labels are of one host, {names}; leaving one out needs labels of two or more.")
    if prior is not None:
        check_unseen(prior, groups)
    rests = [[group for other in hosts if other is not host for group in other] for host in hosts]
    missing = [_missing(host, rest, prior) for host, rest in zip(hosts, rests, strict=True)]
    if all(missing):
        raise InputError(f"No host can be left out: {missing[0]}.")
    fits, found = 0, []
    for host, rest, lacking in zip(hosts, rests, missing, strict=True):
        name, labels = host[0].dimer.a.name, observations(rest, bounds)
        n_labels = sum(map(len, labels))
        if lacking:
            found.append(LeftOut(name, n_labels, reason=lacking))
            continue
        student = finetune(labels, prior, settings=settings, run=run.part(fits, missing.count("")))
        fits += 1
        predicted = np.concatenate([student.energies(group.at) for group in host])
        reference = np.concatenate([group.reference for group in host])
        overall, regions = by_region(predicted, reference, bounds)
        reason = "" if overall else f"{name} has no reference energy below {bounds.limit_cm1:g} cm⁻¹"
        found.append(LeftOut(name, n_labels, overall, regions, reason))
    return found


def _missing(host: Sequence[HostGroup], rest: Sequence[HostGroup], prior: Ensemble | None) -> str:
    """Why the labels of the rest say nothing about a host; empty where they do, and where a prior knows the pairs."""
    if prior is not None:
        return ""
    known = set(pair_kinds(group.dimer for group in rest))
    pairs = [f"{kind.a}–{kind.b}" for kind in pair_kinds(group.dimer for group in host) if kind not in known]
    return f"no other host than {host[0].dimer.a.name} has pairs {', '.join(pairs)}" if pairs else ""
