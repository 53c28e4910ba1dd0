"""Teaching: a campaign's teachers evaluated at its configurations, point by point."""

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.errors import CancelledError, TeacherError
from nci_core.store import configurations, teacher_labels, teachers

if TYPE_CHECKING:
    from nci_core.teachers.base import Teacher, TeacherPoint


def teach(
    campaign: Campaign,
    *,
    teacher: str | None = None,
    device: str = "auto",
    trusted: bool = False,
    sha256: Sequence[str] = (),
    anew: bool = False,
    outside: bool = False,
    trust_teacher: bool = False,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Evaluate a teacher (default: all of the campaign's) on every configuration of every system that lacks its label.

    Each point is stored as soon as it is finished, so an interrupted run goes on where it stopped. Raises TeacherError
    for a teacher whose file or program has changed since it taught; with `anew` the changed one begins afresh. With
    `outside` it teaches at the points of energies that people brought, too.

    A model file is loaded only with the digest that somebody trusts: one of `sha256`, any with `trusted`, or what was
    said for this campaign before (`rounds/consent.py`), where all of it is written down.

    Before it teaches a training system for the first time, its energies are held against what physics allows
    (`teachers/sanity.py`). TeacherError says what is absurd, before anything is computed; with `trust_teacher` it
    teaches all the same, and the sentences are in the result.
    """
    from nci_core.campaign.rounds.consent import consent
    from nci_core.teachers.registry import find_teacher
    from nci_core.teachers.sanity import OVERRIDE, doubt

    campaign.require_configurations()
    specs = (teacher,) if teacher else campaign.teacher_specs
    digests = consent(campaign, specs, trusted=trusted, sha256=sha256)
    sources = {spec: find_teacher(spec, device=device, trusted=trusted, sha256=digests.get(spec)) for spec in specs}
    todo: list[tuple[System, Teacher, str, list[int]]] = []
    doubts: list[str] = []
    for spec, source in sources.items():
        for system in campaign.systems:
            source.check(system.dimer)
        found = source.identity()
        name = teachers.settle(campaign.store, spec, found.name, found.details, anew=anew)
        for system in campaign.systems:
            missing = teacher_labels.missing(campaign.store, name, system_id=system.id, outside=outside)
            todo.append((system, source, name, missing))
            begins = missing and not teacher_labels.fetch(campaign.store, name, system_id=system.id)
            if begins and system.role == "train":
                doubts += filter(None, [doubt(source, system.dimer)])
    if doubts and not trust_teacher:
        raise TeacherError(f"{doubts[0]}; choose another teacher, or go on with {OVERRIDE}.")
    total, count = sum(len(missing) for *_, missing in todo), itertools.count(1)

    def stored() -> None:
        if should_stop is not None and should_stop():
            raise CancelledError("Teaching was stopped; finished configurations are kept.")
        if progress is not None:
            progress(next(count), total)

    seconds = sum(_teach(campaign, *each, stored) for each in todo if each[-1])
    done = {"teacher": " + ".join(specs), "n_new": total, "seconds": seconds}
    return done | ({"doubts": [f"{each}." for each in doubts]} if doubts else {})


def _teach(
    campaign: Campaign, system: System, source: "Teacher", name: str, ids: list[int], stored: Callable[[], None]
) -> float:
    """Evaluate one teacher on these configurations of a system, storing under this name; seconds that it took."""
    rows = configurations.fetch(campaign.store, ids=ids)
    at = system.dimer.at([row.position for row in rows], [row.pose for row in rows])

    def store_point(point: "TeacherPoint") -> None:
        teacher_labels.record(
            campaign.store,
            name,
            [rows[point.index].id],
            [point.energy],
            {name: [value] for name, value in point.channels.items()},
            force_ev_angstrom=None if point.force is None else [point.force],
            seconds=point.seconds,
        )
        stored()

    return source.evaluate(at, on_point=store_point).seconds
