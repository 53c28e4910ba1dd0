import pytest
from a_system import a_system
from sqlalchemy import Engine, NullPool, create_engine, make_url, update
from sqlalchemy.exc import IntegrityError

from nci_core.errors import StoreError
from nci_core.store import Label, Store, campaign, configurations, labels, picks, systems
from nci_core.store.configurations import Batch

POOL, TEST = [1, 2, 3, 4], [5, 6]


def splits(store: Store) -> list[str]:
    return [row.split for row in configurations.fetch(store)]


def test_before_the_freeze_the_split_is_free(store: Store) -> None:
    picks.add(store, [1, 2], picked_by="Ada", round_number=1)
    configurations.set_split(store, [1], "test")
    configurations.set_split(store, [5], "pool")
    assert splits(store) == ["test", "pool", "pool", "pool", "pool", "test"]
    assert picks.basket(store) == [2]


@pytest.mark.parametrize("status", ["waiting", "error", "complete"])
@pytest.mark.parametrize(("number", "split"), [(1, "test"), (5, "pool")])
def test_a_label_fixes_the_split(store: Store, status: str, number: int, split: str) -> None:
    label = labels.request(store, [number], recipe="quick", recipe_hash="r1")[0]
    if status == "error":
        labels.set_error(store, label.id, "no")
    if status == "complete":
        labels.set_complete(store, label.id, {"energy_ev": 0.0})
    before = splits(store)
    with pytest.raises(StoreError, match=f"Configuration {number} has a label"):
        configurations.set_split(store, [2, 6, number], split)  # type: ignore[arg-type]
    assert splits(store) == before
    configurations.set_split(store, [number], before[number - 1])  # type: ignore[arg-type]


def test_the_freeze_is_final(store: Store) -> None:
    assert campaign.freeze_test_set(store) == 2
    frozen_at = systems.fetch(store)[0].test_frozen_at
    assert frozen_at is not None
    before = splits(store)
    for number, split in ((1, "test"), (5, "pool")):
        with pytest.raises(StoreError, match=f"frozen: configuration {number} stays"):
            configurations.set_split(store, [number], split)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="no configuration can be added"):
        configurations.add(store, [[0.0, 0.0, 7.0], [0.0, 0.0, 8.0]], ["new1", "new2"], system_id=1, split="test")
    assert splits(store) == before
    assert configurations.add(store, [[0.0, 0.0, 7.0]], ["test0"], system_id=1, split="test").ids == [5]
    assert configurations.add(store, [[0.0, 0.0, 7.0]], ["new3"], system_id=1).n_new == 1
    assert campaign.freeze_test_set(store) == 2
    assert systems.fetch(store)[0].test_frozen_at == frozen_at


def test_the_test_set_cannot_be_picked(store: Store) -> None:
    with pytest.raises(StoreError, match="Configuration 6 belongs to the test set"):
        picks.add(store, [1, 6, 2], picked_by="Ada", round_number=1)
    assert picks.fetch(store) == []


def another_program(store: Store) -> Engine:
    """A connection that knows nothing of nci's settings: neither of its locks nor of its schema."""
    if store.path is not None:
        return create_engine(f"sqlite:///{store.path}", poolclass=NullPool)
    address = make_url(str(store.server))
    return create_engine(address.difference_update_query(("schema",)), poolclass=NullPool)


def test_another_program_is_held_to_the_rules_too(store: Store) -> None:
    labels.request(store, [1], recipe="quick", recipe_hash="r1")
    prefix = "" if store.path is not None else f"{make_url(str(store.server)).query['schema']}."
    engine = another_program(store)

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    with pytest.raises(IntegrityError, match="cannot move between pool and test set"):
        run(f"UPDATE {prefix}configurations SET split = 'test' WHERE id = 1")
    with pytest.raises(IntegrityError, match="cannot be picked"):
        run(
            f"INSERT INTO {prefix}picks (configuration_id, picked_by, round_number, reason, state, created_at)"
            " VALUES (5, 'x', 0, '', 'basket', '2026-01-01')"
        )
    run(f"UPDATE {prefix}configurations SET split = 'test' WHERE id = 4")  # no label, not frozen: allowed
    campaign.freeze_test_set(store)
    with pytest.raises(IntegrityError, match="cannot move between"):
        run(f"UPDATE {prefix}configurations SET split = 'pool' WHERE id = 5")
    with pytest.raises(IntegrityError, match="no configuration can be added"):
        run(
            f"INSERT INTO {prefix}configurations"
            " (geometry_hash, system_id, x_angstrom, y_angstrom, z_angstrom, origin, split, created_at)"
            " VALUES ('new', 1, 0, 0, 9, 'x', 'test', '2026-01-01')"
        )
    systems.add(store, [a_system("he-coronene", "transfer")])
    with pytest.raises(IntegrityError, match="transfer system is only tested on"):
        run(
            f"INSERT INTO {prefix}configurations"
            " (geometry_hash, system_id, x_angstrom, y_angstrom, z_angstrom, origin, split, created_at)"
            " VALUES ('new', 2, 0, 0, 9, 'x', 'pool', '2026-01-01')"
        )
    with pytest.raises(IntegrityError, match="trained on or only tested on, for good"):
        run(f"UPDATE {prefix}systems SET role = 'train' WHERE id = 2")
    with pytest.raises(StoreError), store.write() as session:  # a label belongs to the system of its configuration
        session.execute(update(Label).values(system_id=2))


def test_each_system_has_its_own_test_set_and_a_transfer_system_has_no_pool(store: Store) -> None:
    systems.add(store, [a_system("he-coronene", "transfer"), a_system("he-naphthalene")])
    campaign.freeze_test_set(store, 1)
    assert [row.test_frozen_at is not None for row in systems.fetch(store)] == [True, False, False]
    points = [[0.0, 0.0, 7.0], [0.0, 0.0, 8.0]]
    with pytest.raises(StoreError, match="transfer system is only tested on: it has no pool"):
        configurations.add(store, points, ["c1", "c2"], system_id=2)
    batches = [Batch(number, points, [f"{number}a", f"{number}b"], split="test") for number in (2, 3)]
    added = configurations.add_together(store, batches, freeze=True)
    assert all(row.test_frozen_at for row in systems.fetch(store))
    with pytest.raises(StoreError, match="frozen"):
        configurations.set_split(store, added[0].ids, "pool")
    assert configurations.counts(store, system_id=2) == {"pool": 0, "test": 2}
    assert configurations.counts(store) == {"pool": 4, "test": 6}
    assert configurations.positions(store, split="test", system_id=3)[0].tolist() == added[1].ids
