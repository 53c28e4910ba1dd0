from pathlib import Path

import orjson
import pytest
from a_system import a_system

from nci_core import files
from nci_core.errors import InputError, StoreError
from nci_core.store import Store, configurations, journal, label_queries, labels, systems


def result(**changes: object) -> dict[str, object]:
    parts = {"hf_ev": 0.003, "ccsd_ev": -0.012, "triples_ev": -0.001, "energy_ev": -0.010}
    costs = {"cpu_seconds": 300.0, "wall_seconds": 320.0, "memory_gb": 4.3}
    return parts | costs | {"recipe": {"name": "quick"}} | changes


@pytest.fixture
def asked(store: Store) -> list[int]:
    return [row.id for row in labels.request(store, [1, 2, 5], recipe="quick", recipe_hash="r1")]


def test_a_label_is_journaled_and_stored(store: Store, asked: list[int]) -> None:
    path = journal.record_label(store, asked[0], result())
    assert path == store.folder / "results" / "pool0-r1.json"
    row = labels.get(store, asked[0])
    assert (row.status, row.energy_ev, row.hf_ev, row.ccsd_ev, row.triples_ev) == (
        "complete",
        -0.010,
        0.003,
        -0.012,
        -0.001,
    )
    assert (row.cpu_seconds, row.wall_seconds, row.memory_gb) == (300.0, 320.0, 4.3)
    assert row.result == orjson.loads(path.read_bytes())
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_result_that_the_database_missed_is_recovered(
    store: Store, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*arguments: object) -> None:
        raise StoreError("The database is locked.")

    with monkeypatch.context() as patch:
        patch.setattr(labels, "set_complete", locked)
        with pytest.raises(StoreError, match="locked"):
            journal.record_label(store, asked[0], result())
    assert labels.get(store, asked[0]).status == "waiting"
    assert journal.reconcile(store) == journal.Reconciled(1, [])
    assert labels.get(store, asked[0]).energy_ev == -0.010
    assert journal.reconcile(store) == journal.Reconciled(0, [])


def test_a_lost_database_is_rebuilt_from_the_journal(store: Store, asked: list[int], tmp_path: Path) -> None:
    for label_id in asked:
        journal.record_label(store, label_id, result(energy_ev=-0.001 * label_id))
    with Store.create(tmp_path / "again") as rebuilt:
        systems.add(rebuilt, [a_system()])
        configurations.add(rebuilt, [[0, 0, 3.0], [0, 0, 3.1]], ["pool0", "pool1"], system_id=1)
        found = journal.reconcile(rebuilt, folder=store.folder, add_missing=False)
        assert found.recorded == 0
        found = journal.reconcile(rebuilt, folder=store.folder)
        assert found.recorded == 2
        assert found.problems == ["test0-r1.json belongs to a configuration that this campaign does not have."]
        assert labels.complete(rebuilt, "r1", split="pool").energy_ev.tolist() == [-0.001, -0.002]
        assert label_queries.recipes(rebuilt) == {"r1": "quick"}


@pytest.mark.parametrize(
    "content", [b"", b'{"energy_ev": -0.0', b"[]", b'{"energy_ev": null}', b'{"energy_ev": 1e999}']
)
def test_a_damaged_file_is_reported_and_kept(store: Store, asked: list[int], content: bytes) -> None:
    path = journal.result_path(store.folder, "pool0", "r1")
    path.parent.mkdir()
    path.write_bytes(content)
    found = journal.reconcile(store)
    assert found.recorded == 0
    assert "pool0-r1.json is damaged" in found.problems[0]
    assert path.read_bytes() == content
    assert journal.find_result(store.folder, "pool0", "r1") is None
    assert labels.get(store, asked[0]).status == "waiting"


def test_a_wrong_result_is_not_journaled(store: Store, asked: list[int]) -> None:
    for wrong in ({"energy_ev": float("nan")}, {"geometry_hash": "pool1"}, {"recipe_hash": "r2"}):
        with pytest.raises(InputError, match="not stored"):
            journal.record_label(store, asked[0], result(**wrong))
    with pytest.raises(StoreError, match="no label 99"):
        journal.record_label(store, 99, result())
    assert not (store.folder / "results").exists()


def test_an_interrupted_write_leaves_the_old_file(
    store: Store, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = journal.record_label(store, asked[0], result())
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1
