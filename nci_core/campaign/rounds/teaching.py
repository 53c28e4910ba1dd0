"""Teaching: a campaign's teachers evaluated at its configurations, point by point."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.errors import CancelledError
from nci_core.store import configurations, teacher_labels, teachers

if TYPE_CHECKING:
    from nci_core.teachers.base import Teacher, TeacherPoint

ShouldStop = Callable[[], bool]


def teach(
    campaign: Campaign,
    *,
    teacher: str | None = None,
    device: str = "auto",
    trusted: bool = False,
    anew: bool = False,
    outside: bool = False,
    progress: Callable[[int, int], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> dict[str, Any]:
    """Evaluate a teacher (default: all of the campaign's) on every configuration of every system that lacks its label.

    Each point is stored as soon as it is finished, so an interrupted run goes on where it stopped. Raises TeacherError
    for a teacher whose file or program has changed since it taught; with `anew` the changed one begins afresh. With
    `outside` it teaches at the points of energies that people brought, too.
    """
    from nci_core.teachers.registry import find_teacher

    campaign.require_configurations()
    specs = (teacher,) if teacher else campaign.teacher_specs
    sources = {spec: find_teacher(spec, device=device, trusted=trusted) for spec in specs}
    names = {}
    for spec, source in sources.items():
        for system in campaign.systems:
            source.check(system.dimer)
        found = source.identity()
        names[spec] = teachers.settle(campaign.store, spec, found.name, found.details, anew=anew)
    todo = [
        (spec, system, teacher_labels.missing(campaign.store, name, system_id=system.id, outside=outside))
        for spec, name in names.items()
        for system in campaign.systems
    ]
    total, before, seconds = sum(len(missing) for _, _, missing in todo), 0, 0.0
    for spec, system, missing in todo:

        def report(done: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + done, total)

        seconds += _teach(campaign, system, sources[spec], names[spec], missing, report, should_stop)
        before += len(missing)
    return {"teacher": " + ".join(names), "n_new": total, "seconds": seconds}


def _teach(
    campaign: Campaign,
    system: System,
    source: "Teacher",
    name: str,
    missing: list[int],
    progress: Callable[[int, int], None],
    should_stop: ShouldStop | None,
) -> float:
    """Evaluate one teacher on these configurations of a system, storing under this name; seconds that it took."""
    if not missing:
        return 0.0
    rows = configurations.fetch(campaign.store, ids=missing)
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
        if should_stop is not None and should_stop():
            raise CancelledError("Teaching was stopped; finished configurations are kept.")

    return source.evaluate(at, progress=progress, on_point=store_point).seconds
