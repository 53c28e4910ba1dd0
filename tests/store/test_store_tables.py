"""What is asked of a campaign's database at once: tables, models, evaluations."""

import time

import numpy as np
import pytest
from asked_labels import POOL, TEST, ask, finish

from nci_core.errors import InputError, StoreError
from nci_core.metrics import ErrorSummary
from nci_core.store import (
    Configuration,
    Model,
    Store,
    configurations,
    evaluations,
    label_queries,
    labels,
    models,
    picks,
    rounds,
    tables,
    teacher_labels,
)


def test_models_roll_back_and_files_are_checked(store: Store) -> None:
    path = store.folder / "models" / "a.pt"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    first = models.add(
        store, Model(name="a", kind="distilled", path="models/a.pt", sha256=models.file_sha256(path), settings={"n": 1})
    )
    second = models.add(store, Model(name="b", kind="finetuned", path="models/b.pt", sha256="0", parent_id=first.id))
    assert models.active(store).name == "b"  # type: ignore[union-attr]
    models.activate(store, first.id)
    assert [(m.name, m.active, m.settings) for m in models.fetch(store)] == [("a", True, {"n": 1}), ("b", False, {})]
    assert models.file_path(store, first) == path
    path.write_bytes(b"other")
    with pytest.raises(StoreError, match="has changed"):
        models.file_path(store, first)
    with pytest.raises(StoreError, match="missing"):
        models.file_path(store, second)
    with pytest.raises(StoreError, match="a model called 'a'"):
        models.add(store, Model(name="a", kind="direct", path="", sha256=""))
    with pytest.raises(StoreError, match="not allowed"):
        models.add(store, Model(name="c", kind="guessed", path="", sha256=""))  # type: ignore[arg-type]


def test_evaluations_replace_earlier_ones(store: Store) -> None:
    model = models.add(store, Model(name="a", kind="distilled", path="a", sha256="0"))
    for shift in (0.0, 1.0):
        evaluations.record_predictions(store, model.id, POOL, np.arange(4) + shift, np.full(4, 0.5))
        for name in ("all", "well"):
            summary = {name: ErrorSummary(4, 1.0 + shift, 2.0, 3.0, 0.0)}
            evaluations.record_metrics(store, summary, split="test", recipe_hash="r1", model_id=model.id)
        cut = evaluations.Cut(
            1, "face", np.array([4.0, 3.0]), np.eye(2, 3), np.array([shift, 2.0]), np.array([0.1, 0.2])
        )
        evaluations.record_cuts(store, [cut], model_id=model.id)
    assert [row.energy_ev for row in evaluations.predictions(store, model.id)] == [1.0, 2.0, 3.0, 4.0]
    assert [(m.region, m.mae_cm1) for m in evaluations.metrics(store, "r1")] == [("well", 2.0)]
    assert evaluations.metrics(store, "r1", split="train") == []
    found = evaluations.cuts(store, model_id=model.id)[0]
    assert (found.distance_angstrom.tolist(), found.energy_ev.tolist()) == ([3.0, 4.0], [2.0, 1.0])
    assert found.std_ev is not None
    assert found.channels_ev == {}
    assert evaluations.cuts(store, teacher="hf-d4") == []
    with pytest.raises(InputError, match="either a model or a teacher"):
        evaluations.cuts(store)
    with pytest.raises(StoreError, match="does not exist"):
        evaluations.record_predictions(store, 99, [1], [0.0])


def test_configurations_frame_has_one_row_each(store: Store) -> None:
    teacher_labels.record(store, "hf-d4", POOL, np.arange(4.0), {"total": np.arange(4.0)})
    teacher_labels.record(store, "gfn2", POOL, np.ones(4), {"total": np.ones(4)})
    for recipe in ("r1", "r2"):
        finish(store, ask(store, [2], recipe, picked_by="Ada", round_number=3)[0], -1.0 if recipe == "r1" else -2.0)
    ask(store, [3])
    model = models.add(store, Model(name="a", kind="distilled", path="a", sha256="0"))
    evaluations.record_predictions(store, model.id, [1, 2], [0.1, 0.2], [0.01, 0.02])
    table = tables.configurations_table(store, teacher="hf-d4", recipe_hash="r1", model_id=model.id)
    assert table["id"].tolist() == [*POOL, *TEST]
    row = table.iloc[1]
    assert (row.teacher_ev, row.label_ev, row.student_ev, row.student_std_ev) == (1.0, -1.0, 0.2, 0.02)
    assert (row.round_number, row.picked_by, row.label_state) == (3, "Ada", "complete")
    assert table["label_state"].tolist()[2] == "waiting"
    assert table["label_ev"].notna().tolist() == [False, True, False, False, False, False]
    empty = tables.configurations_table(store, teacher=None, recipe_hash=None, model_id=None)
    assert len(empty) == 6
    assert empty[["teacher_ev", "label_ev", "student_ev"]].isna().all(axis=None)
    assert str(table["label_ev"].dtype) == str(empty["label_ev"].dtype) == "float64"
    assert len(tables.whole(store, Configuration)) == 6


def test_a_hundred_thousand_configurations(store: Store) -> None:
    # The statements are the same on a server; inserting all of them there would take half a minute.
    n = 100_000 if store.server is None else 20_000
    start = time.process_time()
    added = configurations.add(
        store, np.random.default_rng(0).random((n, 3)), [f"{i:016x}" for i in range(n)], system_id=1
    )
    teacher_labels.record(store, "hf-d4", added.ids, np.arange(n), {"total": np.arange(n)})
    ids, _ = configurations.positions(store, split="pool")
    assert len(ids) == n + 4
    assert len(tables.configurations_table(store, teacher="hf-d4", recipe_hash=None, model_id=None)) == n + 6
    # About 8 s on one core of the development machine; a row-by-row insert takes minutes.
    assert time.process_time() - start < 40


def test_states_are_told_with_one_word_and_counted_by_split(store: Store) -> None:
    done, aside, waiting = ask(store, [1, 2, 3])
    finish(store, done, -1.0)
    finish(store, aside, -2.0)
    labels.quarantine(store, aside.id, "odd")
    finish(store, ask(store, [TEST[0]])[0], -3.0)
    finish(store, ask(store, [1], "r2")[0], -9.0)
    assert label_queries.states(store, "r1") == {1: "complete", 2: "quarantined", 3: "waiting", TEST[0]: "complete"}
    assert label_queries.state_counts(store, "r1") == {
        "pool": {"complete": 1, "quarantined": 1, "waiting": 1},
        "test": {"complete": 1},
    }
    assert len(labels.complete(store, "r1", split="pool")) == 1
    assert [row.recipe_hash for row in label_queries.of_configuration(store, 1)] == ["r1", "r2"]
    assert waiting.configuration_id == 3


def test_the_basket_is_the_first_picks_and_the_round_the_open_one(store: Store) -> None:
    assert rounds.next_number(store) == 1
    picks.add(store, [3], picked_by="Zoe", round_number=1)
    picks.add(store, [3, 1], picked_by="Ada", round_number=1)
    assert [(pick.configuration_id, pick.picked_by) for pick in picks.in_basket(store)] == [(3, "Zoe"), (1, "Ada")]
    rounds.begin(store, "distill", number=0)
    assert rounds.next_number(store) == 1
    rounds.begin(store, "finetune", number=1)
    assert rounds.next_number(store) == 1
    rounds.finish(store, 1)
    assert rounds.next_number(store) == 2
