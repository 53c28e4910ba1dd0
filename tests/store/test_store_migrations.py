import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from nci_core.errors import StoreError
from nci_core.store import Store, campaign, configurations, jobs, labels
from nci_core.store.migrate import HEAD, MIGRATIONS
from nci_core.store.schema import CampaignInfo


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A campaign of schema 0001, before there were jobs."""
    path = tmp_path / "campaign.db"
    connection = sqlite3.connect(path)
    connection.executescript((Path(__file__).parent / "campaign_0001.sql").read_text())
    connection.close()
    return path


def revision(path: Path) -> str:
    connection = sqlite3.connect(path)
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(row[0])


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_what_the_classes_say(store: Store) -> None:
    with store.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), CampaignInfo.metadata)
    assert differences == []


def test_an_old_campaign_is_brought_up_to_date_with_its_rows(old: Path) -> None:
    with Store.open(old) as store:
        assert campaign.get_info(store).test_frozen_at is not None
        assert configurations.counts(store) == {"pool": 1, "test": 1}
        assert labels.complete(store, "r1", split="pool").energy_ev.tolist() == [-0.0111902]
        assert jobs.add(store, "label").id == 1
        with pytest.raises(StoreError, match="test set is frozen"):
            configurations.add(store, [[0.0, 0.0, 5.0]], ["new"], split="test")
    assert revision(old) == HEAD
    with Store.open(old) as store:
        assert jobs.counts(store)["waiting"] == 1


def test_read_only_does_not_migrate(old: Path) -> None:
    with pytest.raises(StoreError, match="older schema; open it once for writing"):
        Store.open(old, read_only=True)
    assert revision(old) == "0001"


def test_a_newer_campaign_is_left_alone(store: Store) -> None:
    with sqlite3.connect(store.folder / "campaign.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=r"newer nci \(schema 9999, this one has .*\); update nci"):
        Store.open(store.folder)


def test_a_migration_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(old) as connection:  # in the way of the second table of 0002
        connection.execute("CREATE TABLE job_events (id INTEGER)")
    connection.close()
    with pytest.raises(StoreError, match="already exists"):
        Store.open(old)
    assert revision(old) == "0001"
    with sqlite3.connect(old) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "jobs" not in names
        connection.execute("DROP TABLE job_events")
    connection.close()
    with Store.open(old) as store:
        assert configurations.counts(store) == {"pool": 1, "test": 1}


@pytest.mark.parametrize("call", ["open", "create"])
def test_several_processes_may_open_at_once(old: Path, tmp_path: Path, call: str) -> None:
    target = old if call == "open" else tmp_path / "new" / "campaign.db"
    code = (
        "import sys, time\n"
        "from nci_core.store import Store, jobs\n"
        "time.sleep(max(float(sys.argv[2]) - time.time(), 0))\n"
        f"store = Store.{'open(sys.argv[1])' if call == 'open' else 'create(sys.argv[1], exist_ok=True)'}\n"
        "jobs.add(store, 'label')\n"
    )
    start = str(time.time() + 2.0)
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(target), start], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(child.communicate()[1], child.returncode) for child in children] == [("", 0)] * 3
    with Store.open(target) as store:
        assert jobs.counts(store)["waiting"] == 3
