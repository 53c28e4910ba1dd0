"""Files that are wrong, damaged, busy, full or not to be written: one sentence, and nothing lost."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from stored_places import Place

from nci_core.errors import StoreError
from nci_core.store import Store, configurations, database, journal, labels


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A file; servers have tests of their own."""
    return Place(str(tmp_path / "campaign"), tmp_path / "campaign")


def add_many(store: Store, n: int = 20_000) -> None:
    configurations.add(store, np.zeros((n, 3)), [f"many{i:012d}" for i in range(n)], system_id=1)


def one_sentence(error: pytest.ExceptionInfo[StoreError]) -> bool:
    text = str(error.value)
    return text.endswith(".") and "\n" not in text and "sqlalche" not in text and "Error" not in text


def test_a_missing_campaign(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "nowhere", tmp_path / "no.db", str(tmp_path / "nowhere")):
        with pytest.raises(StoreError, match=r"There is no campaign at .*(campaign|no)\.db; make one") as error:
            Store.open(target)
        assert one_sentence(error)
    assert list(tmp_path.iterdir()) == []


def test_create_does_not_overwrite(store: Store) -> None:
    with pytest.raises(StoreError, match="exists already"):
        Store.create(store.folder)
    with Store.create(store.folder, exist_ok=True) as again:
        assert configurations.counts(again) == {"pool": 4, "test": 2}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"3\nwater\nO 0 0 0\n" * 100, "is not a campaign database"),
        (b"", "is empty"),
        (b"SQLite format 3\0" + b"\0" * 200, "is not a campaign database|damaged"),
    ],
)
def test_a_wrong_file(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "campaign.db"
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=said) as error:
            Store.open(path, read_only=read_only)
        assert one_sentence(error)
    assert path.read_bytes() == content


def test_somebody_elses_database(tmp_path: Path) -> None:
    path = tmp_path / "campaign.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (id INTEGER)")
    connection.close()
    for opened in (Store.open, lambda target: Store.create(target, exist_ok=True)):
        with pytest.raises(StoreError, match="not of a campaign") as error:
            opened(path)
        assert one_sentence(error)
    connection = sqlite3.connect(path)
    assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == ["songs"]
    connection.close()


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_database(store: Store, share: float) -> None:
    add_many(store, 2000)
    path = store.folder / "campaign.db"
    store.close()
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    size = path.stat().st_size
    os.truncate(path, int(size * share))
    with pytest.raises(StoreError, match="damaged or truncated; restore a copy") as error:
        Store.open(path)
    assert one_sentence(error)


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "campaign.db").mkdir()
    with pytest.raises(StoreError, match="is not a file"):
        Store.open(tmp_path)


@pytest.mark.parametrize("url", ["nonsense://x/y", "sqlite://", "not a url://"])
def test_a_bad_url(url: str) -> None:
    with pytest.raises(StoreError) as error:
        Store.open(url)
    assert "\n" not in str(error.value)


def test_a_url_opens_the_same_file(store: Store) -> None:
    with Store.open(f"sqlite:///{store.folder}/campaign.db") as again:
        assert again.folder == store.folder
        assert configurations.counts(again) == {"pool": 4, "test": 2}


def test_a_locked_database(store: Store) -> None:
    other = sqlite3.connect(store.folder / "campaign.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(store.folder, busy_seconds=0.1) as impatient:
        assert configurations.counts(impatient) == {"pool": 4, "test": 2}  # readers do not wait
        with pytest.raises(StoreError, match="in use by another process") as error:
            add_many(impatient, 3)
        assert one_sentence(error)
        other.execute("ROLLBACK")
        add_many(impatient, 3)
    other.close()
    assert configurations.counts(store)["pool"] == 7


def test_a_database_locked_for_all(store: Store) -> None:
    path = store.folder / "campaign.db"
    store.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="in use by another process"):
        Store.open(path, busy_seconds=0.1)
    other.close()


def test_read_only_reads_and_writes_nothing(store: Store) -> None:
    path = store.folder / "campaign.db"
    with Store.open(path, read_only=True) as demo:
        assert configurations.counts(demo) == {"pool": 4, "test": 2}
        with pytest.raises(StoreError, match="open read-only"):
            add_many(demo, 3)
        with pytest.raises(StoreError, match="is read-only"), demo.read() as session:
            session.connection().exec_driver_sql("DELETE FROM configurations")


def test_a_copy_on_read_only_media(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a -wal file and in a folder where none can be made (root may write anywhere, hence the patch)."""
    store.close()
    before = {path.name: path.read_bytes() for path in store.folder.iterdir()}
    assert set(before) == {"campaign.db"}
    monkeypatch.setattr(database, "_may_write", lambda path: False)
    with Store.open(store.folder, read_only=True) as demo:
        assert configurations.counts(demo) == {"pool": 4, "test": 2}
        assert {path.name for path in store.folder.iterdir()} == {"campaign.db"}


@pytest.mark.skipif(os.getuid() == 0, reason="root may write any file")
def test_a_read_only_file(store: Store) -> None:
    store.close()
    (store.folder / "campaign.db").chmod(0o444)
    with pytest.raises(StoreError, match="is read-only"), Store.open(store.folder) as opened:
        add_many(opened, 3)


def test_a_full_disk_writes_nothing(store: Store) -> None:
    """SQLite's own limit gives the error of a full disk."""
    with Store.open(store.folder) as small:
        with small.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        with small.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="disk is full: nothing was written") as error:
            add_many(small)
        assert one_sentence(error)
        assert configurations.counts(small) == {"pool": 4, "test": 2}


def test_a_file_that_cannot_grow_writes_nothing(store: Store) -> None:
    """The kernel refuses to let any file of the process grow: the database, its log and the journal."""
    labels.request(store, [1], recipe="quick", recipe_hash="r1")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    code = (
        "import sys, numpy as np\n"
        "from nci_core.errors import StoreError\n"
        "from nci_core.store import Store, configurations, journal\n"
        "store = Store.open(sys.argv[1])\n"
        "try:\n"
        "    configurations.add(store, np.zeros((20000, 3)), [str(i) for i in range(20000)], system_id=1)\n"
        "except StoreError as error:\n"
        "    print(error)\n"
        "try:\n"
        "    journal.record_label(store, 1, {'energy_ev': 1.0, 'log': 'x' * 300000})\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.folder)], capture_output=True, text=True, preexec_fn=limit
    )
    first, second = done.stdout.strip().splitlines()
    assert "nothing was" in first
    assert "cannot be written" in second
    assert configurations.counts(store) == {"pool": 4, "test": 2}
    assert labels.get(store, 1).status == "waiting"
    assert list((store.folder / journal.RESULTS).iterdir()) == []
