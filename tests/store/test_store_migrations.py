import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from a_system import a_system
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from stored_places import Place

from nci_core.errors import StoreError
from nci_core.store import (
    Store,
    campaign,
    configurations,
    evaluations,
    job_queries,
    jobs,
    labels,
    systems,
    teacher_labels,
)
from nci_core.store.base import Base
from nci_core.store.migrate import HEAD, MIGRATIONS
from nci_core.store.schema import CampaignInfo


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@pytest.fixture
def old(place: Place) -> Place:
    """A campaign of schema 0001, before there were jobs."""
    if place.kind == "sqlite":
        connection = sqlite3.connect(place.folder / "campaign.db")
        connection.executescript((Path(__file__).parent / "campaign_0001.sql").read_text())
        connection.close()
        return place
    # The same rows in the tables that 0001 makes on a server.
    with place.create() as store, store.engine.begin() as connection:
        Base.metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in rows_of_0001():
            connection.exec_driver_sql(statement)
    return place


def rows_of_0001() -> list[str]:
    """The INSERT statements of the file, in an order that respects references, with booleans in words."""
    text = (Path(__file__).parent / "campaign_0001.sql").read_text()
    found = re.findall(r"^INSERT INTO .*?\);$", text, re.MULTILINE | re.DOTALL)
    wanted = ("campaign_info", "configurations", "labels")
    by_table = {name: [s for s in found if re.match(rf'INSERT INTO "?{name}"? ', s)] for name in wanted}
    # The test set is frozen in the file, which closes it; freeze it after its rows are there.
    order = ("configurations", "labels", "campaign_info")
    return [statement.replace("%", "%%") for name in order for statement in by_table[name]]


def revision(place: Place) -> str:
    with place.connect() as connection:
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


def test_the_migrations_make_what_the_classes_say(store: Store) -> None:
    with store.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), CampaignInfo.metadata)
    assert differences == []


def migrate_to(place: Place, wanted: str, *statements: str) -> None:
    """Bring a database to a revision before this one, and add rows as that had them."""
    config = alembic_config()
    with place.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_an_old_campaign_is_brought_up_to_date_with_its_rows(old: Place) -> None:
    with old.open() as store:
        (system,) = systems.fetch(store)
        assert (system.id, system.name, system.role) == (1, "he-benzene", "train")
        assert (system.host["symbols"], system.probe["symbols"]) == (["C"], ["He"])
        assert str(system.test_frozen_at) == "2026-01-05 10:00:00+00:00"
        assert campaign.get_info(store).recipe == "quick"
        assert [(row.system_id, row.q_w, row.q_x) for row in configurations.fetch(store)] == [(1, 1.0, 0.0)] * 2
        assert configurations.counts(store) == {"pool": 1, "test": 1}
        assert labels.complete(store, "r1", split="pool").energy_ev.tolist() == [-0.0111902]
        assert jobs.add(store, "label").id == 1
        with pytest.raises(StoreError, match="test set is frozen"):
            configurations.add(store, [[0.0, 0.0, 5.0]], ["new"], system_id=1, split="test")
        systems.add(store, [a_system("another", "transfer")])
        assert [row.id for row in systems.fetch(store)] == [1, 2]
    assert revision(old) == HEAD
    with old.open() as store:
        assert job_queries.counts(store)["waiting"] == 1


def test_one_dimer_becomes_a_system_with_its_cuts_and_errors(old: Place) -> None:
    exact = -0.012345678901234567  # more digits than SQLite writes into JSON
    point = "(id, teacher, cut, distance_angstrom, x_angstrom, y_angstrom, z_angstrom, energy_ev, {})"
    columns = "repulsion_ev, dispersion_ev"
    migrate_to(
        old,
        "0009",
        f"INSERT INTO cut_points {point.format(columns)} VALUES (1, 'a', 'face', 3, 0, 0, 3, -0.1, 0.25, {exact!r})",
        f"INSERT INTO cut_points {point.format(columns)} VALUES (2, 'b', 'face', 3, 0, 0, 3, -0.1, NULL, NULL)",
        "INSERT INTO metrics (id, teacher, split, recipe_hash, region, n, mae_cm1, rmse_cm1, max_cm1, bias_cm1, "
        "created_at) VALUES (1, 'a', 'test', 'r1', 'all', 7, 1, 2, 3, 4, '2026-01-05')",
        "INSERT INTO teacher_labels (configuration_id, teacher, energy_ev, channels_ev, seconds) "
        "VALUES (1, 'a', -0.5, '{}', 0)",
    )
    with old.open() as store:
        (cut,) = evaluations.cuts(store, teacher="a", system_id=1)
        assert {name: values.tolist() for name, values in cut.channels_ev.items()} == {
            "repulsion": [0.25],
            "dispersion": [exact],
        }
        assert evaluations.cuts(store, teacher="b")[0].channels_ev == {}
        assert [(row.n, row.system_id) for row in evaluations.metrics(store, "r1")] == [(7, None)]
        assert teacher_labels.fetch(store, "a")[0].torque_ev is None
        assert labels.complete(store, "r1", split="pool", system_id=1).system_ids.tolist() == [1]
        differences = compare_metadata(MigrationContext.configure(store.engine.connect()), CampaignInfo.metadata)
        assert differences == []
        checks = {check["name"] for check in inspect(store.engine).get_check_constraints("labels")}
        assert checks == {"ck_labels_status", "ck_labels_complete_has_energy"}


def test_read_only_does_not_migrate(old: Place) -> None:
    with pytest.raises(StoreError, match="older schema; open it once for writing"):
        old.open(read_only=True)
    assert revision(old) == "0001"


def test_a_newer_campaign_is_left_alone(store: Store, place: Place) -> None:
    with place.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer nci \(schema 9999, this one has .*\); update nci"):
        place.open()


def test_a_migration_that_fails_changes_nothing(old: Place) -> None:
    with old.connect() as connection:  # in the way of the second table of 0002
        connection.exec_driver_sql("CREATE TABLE job_events (id INTEGER)")
    with pytest.raises(StoreError, match="already exists"):
        old.open()
    assert revision(old) == "0001"
    with old.connect() as connection:
        names = inspect(connection).get_table_names()
        assert "labels" in names
        assert "jobs" not in names
        connection.exec_driver_sql("DROP TABLE job_events")
    with old.open() as store:
        assert configurations.counts(store) == {"pool": 1, "test": 1}


@pytest.mark.parametrize("call", ["open", "create"])
def test_several_processes_may_open_at_once(request: pytest.FixtureRequest, place: Place, call: str) -> None:
    if call == "open":
        request.getfixturevalue("old")
    code = (
        "import sys, time\n"
        "from nci_core.store import Store, jobs\n"
        "time.sleep(max(float(sys.argv[2]) - time.time(), 0))\n"
        f"store = Store.{'open(sys.argv[1])' if call == 'open' else 'create(sys.argv[1], exist_ok=True)'}\n"
        "jobs.add(store, 'label')\n"
    )
    start = str(time.time() + 2.0)
    children = [
        subprocess.Popen([sys.executable, "-c", code, place.address, start], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(child.communicate()[1], child.returncode) for child in children] == [("", 0)] * 3
    with place.open() as store:
        assert job_queries.counts(store)["waiting"] == 3
