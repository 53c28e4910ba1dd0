"""Selections: undo, redo, several people, a reopened campaign, named sets."""

import pytest
from stored_places import Place

from nci_core.errors import StoreError
from nci_core.store import selections


def test_undo_and_redo_walk_through_the_history(place: Place) -> None:
    with place.create() as store:
        assert selections.current(store, "ada") == []
        assert selections.undo(store, "ada", "selection") is None
        for before, after in (([], [1]), ([1], [1, 2]), ([1, 2], [7])):
            selections.record(store, "ada", "selection", before, after)
        selections.record(store, "bob", "selection", [], [9])
        assert selections.undo(store, "ada", "selection").before == [1, 2]
        assert selections.current(store, "ada") == [1, 2]
    with place.open() as store:  # after a restart
        selections.undo(store, "ada", "selection")
        selections.undo(store, "ada", "selection")
        assert selections.current(store, "ada") == []
        assert selections.can(store, "ada", "selection") == (False, True)
        for wanted in ([1], [1, 2], [7]):
            selections.redo(store, "ada", "selection")
            assert selections.current(store, "ada") == wanted
        assert selections.redo(store, "ada", "selection") is None
        selections.undo(store, "ada", "selection")
        selections.record(store, "ada", "selection", [1, 2], [3])  # a new branch
        assert selections.can(store, "ada", "selection") == (True, False)
        assert selections.current(store, "bob") == [9]
        assert selections.can(store, "ada", "basket") == (False, False)


def test_only_the_newest_steps_are_kept(place: Place) -> None:
    with place.create() as store:
        n = selections.MOST_STEPS + 5
        for k in range(n):
            selections.record(store, "ada", "selection", [k], [k + 1])
        undone = 0
        while selections.undo(store, "ada", "selection"):
            undone += 1
        assert undone == selections.MOST_STEPS
        assert selections.current(store, "ada") == [5]


def test_named_sets(place: Place) -> None:
    with place.create() as store:
        selections.save_set(store, "  near   the CH bond ", [4, 4, 2], "ada")
        selections.save_set(store, "wall", [1], "bob")
        selections.save_set(store, "wall", [1, 5], "ada")
        found = {row.name: (row.configuration_ids, row.person) for row in selections.named_sets(store)}
        assert found == {"near the CH bond": ([4, 2], "ada"), "wall": ([1, 5], "ada")}
        selections.delete_set(store, "wall")
        assert [row.name for row in selections.named_sets(store)] == ["near the CH bond"]
        with pytest.raises(StoreError, match="needs a name"):
            selections.save_set(store, " ", [1], "ada")
        with pytest.raises(StoreError, match="Nothing is selected"):
            selections.save_set(store, "nothing", [], "ada")
