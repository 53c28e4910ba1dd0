"""The campaigns that every page is looked at with, one in each state that there is."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import synthetic
from nasty import SHORT, soil
from sqlalchemy import insert

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import data_folder, import_campaign
from nci_core.config import CampaignSettings
from nci_core.regions import sectors
from nci_core.store import configurations, labels
from nci_core.store.schema import Configuration, Prediction, TeacherLabel
from nci_core.units import CM1_EV

#: How many configurations the large one has besides those of its synthetic core.
MANY = 100_000
EMBEDDED, EMPTY, TROUBLED, LARGE = "he-ethylene", "empty", "troubled", "large"
DAMAGED, SETTINGS = "damaged-database", "damaged-settings"
FAILED = "CCSD did not converge in 50 cycles; try it again or drop this point."
SET_ASIDE = "T1 diagnostic 0.031 is above 0.02: one reference may not be enough here."


def build_all(home: Path) -> None:
    """Write all of them to `home`."""
    for name, build in BUILDERS.items():
        build(home / name)


def embedded(folder: Path) -> None:
    """The embedded He–ethylene campaign."""
    import_campaign(data_folder() / EMBEDDED, folder).store.close()


def empty(folder: Path) -> None:
    """One that was just created."""
    Campaign.create(folder, CampaignSettings.create("ethylene", "He", title="Just begun")).store.close()


def damaged_database(folder: Path) -> None:
    """The middle of its database is overwritten: it opens, and some of its tables cannot be read."""
    synthetic.build(folder, n=60, n_labels=8, n_test=6, n_rounds=1).store.close()
    database = folder / "campaign.db"
    written = bytearray(database.read_bytes())
    middle = len(written) // 2
    written[middle : middle + 40_000] = b"\0" * min(40_000, len(written) - middle)
    database.write_bytes(written)


def damaged_settings(folder: Path) -> None:
    """Its settings are cut off in the middle of a line."""
    empty(folder)
    settings = folder / "campaign.toml"
    settings.write_text(settings.read_text()[:40])


def troubled(folder: Path) -> Campaign:
    """Failed labels in the list of configurations and in the queue, one label that was set aside; and in its words
    everything that would be a picture, a link or a script where it is read."""
    campaign = synthetic.build(folder, n=150, n_labels=24, n_test=15, failed=3)
    finished = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    labels.quarantine(campaign.store, int(finished.ids[-1]), SET_ASIDE)
    campaign.store.close()
    soil(folder, title=SHORT, but=("labels",))
    return Campaign.open(folder)


def told_of(campaign: Campaign) -> dict[int, str]:
    """Configuration id → the sentence a person must find, for failed labels and for one that was set aside."""
    rows = labels.fetch(campaign.store, campaign.recipe.hash)
    return {row.configuration_id: row.error or row.quarantine for row in rows if row.error or row.quarantine}


def large(folder: Path, n: int, seed: int = 5) -> Campaign:
    """A small synthetic campaign with `n` more configurations, written straight to the tables.

    Energies of teacher and student are the closed form of `synthetic.energy` with made-up errors; geometry hashes
    are numbers, which nothing on a page looks into.
    """
    campaign = synthetic.build(folder, n=200, n_labels=30, n_test=20, n_rounds=1, failed=0)
    model = campaign.active_model()
    assert model is not None
    rng = np.random.default_rng(seed)
    host = campaign.systems[0].dimer.a
    direction = np.abs(rng.normal(size=(2 * n, 3)))
    points = direction / np.linalg.norm(direction, axis=1)[:, None] * rng.uniform(2.6, 10.0, size=(2 * n, 1))
    exact = synthetic.energy(host.positions, points)
    keep = np.flatnonzero(exact < 1200 * CM1_EV)[:n]
    points, exact = points[keep].round(4), exact[keep]
    assert len(points) == n
    start, now = len(configurations.positions(campaign.store)[0]) + 1, datetime.now(UTC)
    ids = range(start, start + n)
    where = (str(s) for s in sectors(host, points))
    taught_by, teacher, student = campaign.teacher, 1.1 * exact, exact + 0.3 * CM1_EV * rng.normal(size=n)
    with campaign.store.write() as session:
        session.execute(
            insert(Configuration),
            [
                {"id": i, "geometry_hash": f"made-up-{i}", "x_angstrom": x, "y_angstrom": y, "z_angstrom": z}
                | {"system_id": 1, "origin": "sample", "split": "pool", "sector": sector, "created_at": now}
                for i, (x, y, z), sector in zip(ids, points.tolist(), where, strict=True)
            ],
        )
        session.execute(
            insert(TeacherLabel),
            [
                {"configuration_id": i, "teacher": taught_by, "energy_ev": e, "channels_ev": {"total": e}}
                for i, e in zip(ids, teacher.tolist(), strict=True)
            ],
        )
        session.execute(
            insert(Prediction),
            [
                {"model_id": model.id, "configuration_id": i, "energy_ev": e, "std_ev": 0.3 * CM1_EV}
                for i, e in zip(ids, student.tolist(), strict=True)
            ],
        )
    return campaign


#: Name → what writes it to a folder.
BUILDERS: dict[str, Callable[[Path], None]] = {
    EMBEDDED: embedded,
    EMPTY: empty,
    TROUBLED: lambda folder: troubled(folder).store.close(),
    LARGE: lambda folder: large(folder, MANY).store.close(),
    DAMAGED: damaged_database,
    SETTINGS: damaged_settings,
}
