import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from asked_labels import POOL, TEST, ask, finish
from stored_places import Place

from nci_core.errors import InputError, StoreError
from nci_core.store import (
    Label,
    Metric,
    Store,
    campaign,
    configurations,
    label_queries,
    labels,
    picks,
    rounds,
    systems,
    tables,
    teacher_labels,
)


def test_info_is_written_once(store: Store) -> None:
    info = campaign.get_info(store)
    (system,) = systems.fetch(store)
    assert (info.teacher, info.created_at.tzinfo is not None) == ("hf-d4", True)
    assert (system.name, system.host["symbols"], system.probe["symbols"]) == ("he-benzene", ["C", "H"], ["He"])
    with pytest.raises(StoreError, match="already describes a campaign"):
        campaign.set_info(store, info, [])


def test_a_known_geometry_keeps_its_row_and_split(store: Store) -> None:
    points = [[0, 0, 9.0], [0, 0, 3.0], [0, 0, 4.0], [0, 0, 9.0]]
    added = configurations.add(store, points, ["new", "pool0", "test0", "new"], system_id=1, origin="import")
    assert added.ids == [7, 1, 5, 7]
    assert (added.n_new, added.n_known, added.n_other_split) == (1, 3, 1)
    assert configurations.counts(store) == {"pool": 5, "test": 2}
    assert configurations.fetch(store, ids=[5])[0].split == "test"
    assert configurations.fetch(store, ids=[7])[0].origin == "import"


def test_bad_positions_and_ids_are_refused(store: Store) -> None:
    with pytest.raises(InputError, match="not numbers"):
        configurations.add(store, [[0.0, 0.0, np.nan]], ["bad"], system_id=1)
    with pytest.raises(InputError, match="1 positions for 2"):
        configurations.add(store, [[0.0, 0.0, 1.0]], ["a", "b"], system_id=1)
    with pytest.raises(StoreError, match="no configuration 99"):
        configurations.fetch(store, ids=[1, 99])
    assert configurations.counts(store) == {"pool": 4, "test": 2}


def test_positions_come_back_in_double_precision(store: Store) -> None:
    point = np.array([[1 / 3, -2 / 7, np.pi]])
    configurations.add(store, point, ["exact"], system_id=1)
    ids, positions = configurations.positions(store, split="pool")
    assert ids.tolist() == [*POOL, 7]
    assert (positions[-1] == point[0]).all()


def test_teacher_energies_replace_earlier_ones(store: Store) -> None:
    for shift in (0.0, 1.0):
        energy = np.arange(4.0) + shift
        channels = {"repulsion": energy + 1.0, "dispersion": -np.ones(4)}
        forces = np.arange(12.0).reshape(4, 3)
        teacher_labels.record(store, "hf-d4", POOL, energy, channels, force_ev_angstrom=forces, seconds=8.0)
    row = teacher_labels.fetch(store, "hf-d4")[2]
    assert (row.energy_ev, row.channels_ev) == (3.0, {"repulsion": 4.0, "dispersion": -1.0})
    assert (row.force_ev_angstrom, row.seconds) == ([6.0, 7.0, 8.0], 2.0)
    assert teacher_labels.missing(store, "hf-d4") == TEST
    assert teacher_labels.fetch(store, "hf-d4", split="test") == []


def test_teacher_energies_that_are_not_numbers_store_nothing(store: Store) -> None:
    with pytest.raises(InputError, match="not numbers"):
        teacher_labels.record(store, "bad", [1, 2], [0.1, np.nan], {"total": [0.1, 0.2]})
    assert teacher_labels.missing(store, "bad") == [*POOL, *TEST]


def test_asked_twice_is_one_label(store: Store) -> None:
    first = ask(store, [2, 1, 2], picked_by="Ada", round_number=1)
    assert [row.configuration_id for row in first] == [2, 1, 2]
    finish(store, first[0], -0.01)
    again = ask(store, [1, 2, 3], picked_by="random")
    assert [row.status for row in again] == ["waiting", "complete", "waiting"]
    assert [row.picked_by for row in again] == ["Ada", "Ada", "random"]
    assert len(labels.fetch(store, "r1")) == 3


def test_many_threads_ask_for_the_same_labels_once(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: [row.id for row in ask(store, POOL)], range(8)))
    assert all(ids == asked[0] for ids in asked)
    assert len(labels.fetch(store, "r1")) == 4


def test_a_failed_label_keeps_its_reason_until_asked_again(store: Store) -> None:
    label = ask(store, [1])[0]
    labels.set_error(store, label.id, "The SCF of the dimer did not converge.")
    row = ask(store, [1], retry=False)[0]
    assert (row.status, row.error) == ("error", "The SCF of the dimer did not converge.")
    row = ask(store, [1])[0]
    assert (row.status, row.error) == ("waiting", None)


def test_a_complete_label_never_changes(store: Store) -> None:
    label = ask(store, [1])[0]
    finish(store, label, -0.01)
    finish(store, label, -0.02)
    labels.set_error(store, label.id, "late")
    labels.set_running(store, label.id)
    row = labels.get(store, label.id)
    assert (row.status, row.energy_ev, row.error) == ("complete", -0.01, None)


@pytest.mark.parametrize("energy", [None, float("nan"), float("inf"), "1.0"])
def test_a_label_without_a_finite_energy_is_refused(store: Store, energy: object) -> None:
    label = ask(store, [1])[0]
    with pytest.raises(InputError, match="finite energy_ev"):
        labels.set_complete(store, label.id, {"energy_ev": energy})
    with pytest.raises(InputError, match="another recipe_hash"):
        labels.set_complete(store, label.id, {"energy_ev": 1.0, "recipe_hash": "other"})
    assert labels.get(store, label.id).status == "waiting"


def test_recipes_splits_and_quarantine_never_mix(store: Store) -> None:
    for i, (recipe, ids) in enumerate([("r1", [1, 2, 5]), ("r2", [1, 3, 6])]):
        for label in ask(store, ids, recipe):
            finish(store, label, 10.0 * i + label.configuration_id, cpu_seconds=30.0 * (i + 1))
    labels.quarantine(store, 2, "T1 diagnostic of 0.05")
    found = {
        (r, s): labels.complete(store, r, split=s).energy_ev.tolist() for r in ("r1", "r2") for s in ("pool", "test")
    }  # type: ignore[arg-type]
    assert found == {("r1", "pool"): [1.0], ("r1", "test"): [5.0], ("r2", "pool"): [11.0, 13.0], ("r2", "test"): [16.0]}
    assert label_queries.recipes(store) == {"r1": "quick", "r2": "quick"}
    labels.quarantine(store, 2, None)
    assert len(labels.complete(store, "r1", split="pool")) == 2
    with pytest.raises(InputError, match="do not mix"):
        tables.whole(store, Label)
    with pytest.raises(InputError, match="do not mix"):
        tables.whole(store, Metric)
    assert tables.whole(store, Label, recipe_hash="r2")["recipe_hash"].unique().tolist() == ["r2"]


def test_the_basket_survives_and_keeps_its_order(store: Store, place: Place) -> None:
    assert picks.add(store, [3, 1], picked_by="Ada", round_number=1) == 2
    assert picks.add(store, [1, 2], picked_by="i-optimal", round_number=1, scores=[0.9, 0.5], reason="variance") == 2
    assert picks.add(store, [3], picked_by="Ada", round_number=1) == 0
    with place.open() as again:
        assert picks.basket(again) == [3, 1, 2]
    assert picks.drop(store, [3]) == 1
    assert picks.basket(store) == [1, 2]
    assert picks.add(store, [3, 4], picked_by="Ada", round_number=1) == 2
    assert picks.set_state(store, [1], "submitted") == 2
    assert picks.basket(store) == [3, 2, 4]
    assert [(p.configuration_id, p.rank) for p in picks.fetch(store, picked_by="Ada")] == [(3, 1), (1, 2), (4, 3)]
    assert picks.fetch(store, state="submitted", picked_by="i-optimal")[0].score == 0.9


def test_rounds_add_up_their_cost(store: Store) -> None:
    assert rounds.last_number(store) is None
    assert [rounds.begin(store, "distill").number, rounds.begin(store, "finetune", picked_by="Ada").number] == [0, 1]
    for label in ask(store, [1, 2], round_number=1):
        finish(store, label, 1.0, cpu_seconds=20.0)
    ask(store, [3], round_number=1)
    rounds.finish(store, 1)
    rounds.update(store, 1, notes="edge")
    row = rounds.get(store, 1)
    assert (row.cpu_seconds, row.notes, row.finished_at is not None) == (40.0, "edge", True)
    with pytest.raises(StoreError, match="Round 1 exists"):
        rounds.begin(store, "finetune", number=1)
    with pytest.raises(StoreError, match="no round 9"):
        rounds.finish(store, 9)
    with pytest.raises(StoreError, match="no column 'number'"):
        rounds.update(store, 1, number=3)


def test_store_needs_no_torch_pyscf_pandas_or_dask() -> None:
    import subprocess

    code = (
        "import sys, nci_core.jobs, nci_core.store.tables, nci_core.store.evaluations\n"
        "print([m for m in ('torch', 'pyscf', 'pandas', 'distributed', 'alembic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
