"""The demo: a copy of the embedded helium–ethylene campaign as it was before its first label.

It has the teacher's energies, the distilled student with its proposals and the labels of the frozen test set, and
nothing that was learned or picked later. It is made from the embedded archive, and can be made again at any time.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from nci_core.campaign.campaign import Campaign, home
from nci_core.campaign.exchange.archive_import import import_archive
from nci_core.campaign.exchange.archive_read import Archive
from nci_core.campaign.exchange.archive_rows import Row
from nci_core.errors import InputError, StoreError
from nci_core.files import write_atomically
from nci_core.jobs import stop_engine
from nci_core.store import job_queries
from nci_core.store.base import Base
from nci_core.store.schema import CutPoint, Label, LabelEvent, Metric, Model, Pick, Prediction, Round
from nci_core.switches import require_writable

#: Folder below home(), and the embedded campaign it is a copy of.
DEMO, SOURCE = "he-ethylene-demo", "he-ethylene"
TITLE = "Demo: helium–ethylene"
#: Tables of labels, and of what models and teachers say.
OF_LABELS: tuple[type[Base], ...] = (Label, LabelEvent)
OF_MODELS: tuple[type[Base], ...] = (Metric, Prediction, CutPoint)
#: In the folder of the demo and of no other campaign: only what has it may be replaced.
MARK, MARKED = ".demo", b"A copy that the dashboard may make anew.\n"


@dataclass(frozen=True)
class Work:
    """What a person made in the demo: finished labels, the CPU seconds they took, and fine-tuned students."""

    labels: int
    cpu_seconds: float
    students: int


def at_round_0(archive: Archive) -> Archive:
    """The archive without its rounds after the first; InputError where no distilled student is in it."""
    rows = archive.rows
    distilled = [model for model in rows[Model] if model["kind"] == "distilled"]
    if not distilled:
        raise InputError(f"{archive.folder} has no distilled student to begin a demo with.")
    student = distilled[-1] | {"active": True, "parent_id": None, "round_number": 0}
    frozen = {row.geometry_hash for row in archive.configurations if row.split == "test"}
    changed: dict[type[Base], list[Row]] = {
        Round: [row for row in rows[Round] if row["number"] == 0],
        Pick: [],
        Model: [student],
        **{table: [row for row in rows[table] if row["configuration_id"] in frozen] for table in OF_LABELS},
        # Without a model, it is a teacher's.
        **{table: [row for row in rows[table] if row["model_id"] in (student["name"], None)] for table in OF_MODELS},
    }
    changed[Metric] = [row for row in changed[Metric] if row["split"] == "test"]
    settings = archive.settings.model_copy(update={"title": TITLE})
    return replace(archive, settings=settings, rows={**rows, **changed})


def make_demo(archive: Archive, folder: Path) -> Campaign:
    """Make the demo of the embedded archive in a new folder; raises what `import_archive` raises."""
    campaign = import_archive(at_round_0(archive), folder)
    write_atomically(campaign.folder / MARK, MARKED)
    return campaign


def is_demo(folder: Path) -> bool:
    """Whether this is the folder of the demo, below home() and marked, and neither it nor its mark a link."""
    mark = folder / MARK
    if folder != home() / DEMO or folder.is_symlink() or mark.is_symlink():
        return False
    try:
        return mark.read_bytes() == MARKED
    except OSError:
        return False


def work_in(campaign: Campaign) -> Work:
    """What a reset would throw away; labels of the test set belong to the demo."""
    mine = (Label.status == "complete", Label.picked_by != "test-set")
    with campaign.store.read() as session:
        count, seconds = session.execute(
            select(func.count(), func.coalesce(func.sum(Label.cpu_seconds), 0.0)).where(*mine)
        ).one()
        students = session.scalar(select(func.count()).where(Model.round_number > 0)) or 0
    return Work(int(count), float(seconds or 0.0), int(students))


def reset_demo(archive: Archive, campaign: Campaign) -> None:
    """Put the demo back to where it began. All that was computed in it is lost; no other campaign is touched.

    The new copy is whole before it takes the place of the old one, and the old one comes back if that fails.
    Raises InputError for a campaign that is not the demo, or while its jobs wait or run.
    """
    require_writable()
    folder = campaign.folder
    if not is_demo(folder):
        raise InputError(f"{campaign.name} is not the demo, so it cannot be reset.")
    _require_idle(campaign)
    try:
        with tempfile.TemporaryDirectory(prefix=".nci-demo-", dir=folder.parent, ignore_cleanup_errors=True) as private:
            new, old = Path(private) / "new", Path(private) / "old"
            make_demo(archive, new).store.close()
            stop_engine(folder)
            _require_idle(campaign)
            campaign.store.close()
            folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                old.rename(folder)
                raise
    except OSError as error:
        raise StoreError(f"{folder} cannot be replaced ({error.strerror or error}); nothing was changed.") from error


def _require_idle(campaign: Campaign) -> None:
    counts = job_queries.counts(campaign.store)
    busy = counts["waiting"] + counts["running"]
    if busy:
        what = "1 job waits or runs" if busy == 1 else f"{busy} jobs wait or run"
        raise InputError(f"{what} in the demo; stop them on the Label & train page first, or wait for them.")
