"""One person's selection with its history: in the campaign's database, or in memory where nothing may be written."""

from dataclasses import dataclass, field
from typing import Protocol

from nci_core.errors import InputError
from nci_core.store import selections
from nci_core.store.database import Store

#: What a new set of configurations does to the selection.
MODES = ("replace", "add", "remove", "toggle")


class History(Protocol):
    """What the pages need of a selection's history."""

    def current(self) -> list[int]:
        """Selected configurations, in the order they came."""

    def record(self, before: list[int], after: list[int]) -> None:
        """Keep a step."""

    def step_back(self) -> None:
        """Undo the last step, if there is one."""

    def step_forward(self) -> None:
        """Repeat the step that was undone last, if there is one."""

    def can(self) -> tuple[bool, bool]:
        """Whether there is something to undo, and something to repeat."""


@dataclass
class StoredHistory:
    """Kept in the campaign: it survives reload, restart and a second tab."""

    store: Store
    person: str

    def current(self) -> list[int]:
        """See History."""
        return selections.current(self.store, self.person)

    def record(self, before: list[int], after: list[int]) -> None:
        """See History."""
        selections.record(self.store, self.person, "selection", before, after)

    def step_back(self) -> None:
        """See History."""
        selections.undo(self.store, self.person, "selection")

    def step_forward(self) -> None:
        """See History."""
        selections.redo(self.store, self.person, "selection")

    def can(self) -> tuple[bool, bool]:
        """See History."""
        return selections.can(self.store, self.person, "selection")


@dataclass
class SessionHistory:
    """Kept in the browser's session, where nothing may be written."""

    steps: list[list[int]] = field(default_factory=lambda: [[]])
    position: int = 0

    def current(self) -> list[int]:
        """See History."""
        return list(self.steps[self.position])

    def record(self, before: list[int], after: list[int]) -> None:
        """See History."""
        self.steps[self.position + 1 :] = [list(after)]
        self.position += 1

    def step_back(self) -> None:
        """See History."""
        self.position = max(0, self.position - 1)

    def step_forward(self) -> None:
        """See History."""
        self.position = min(len(self.steps) - 1, self.position + 1)

    def can(self) -> tuple[bool, bool]:
        """See History."""
        return self.position > 0, self.position < len(self.steps) - 1


def combined(before: list[int], ids: list[int], mode: str) -> list[int]:
    """The selection after `ids` came with a mode of MODES; raises InputError for another.

    >>> combined([1, 2], [2, 3], "toggle")
    [1, 3]
    """
    if mode not in MODES:
        raise InputError(f"Unknown way to select {mode!r}; choose one of {', '.join(MODES)}.")
    new = list(dict.fromkeys(ids))
    if mode == "replace":
        return new
    if mode == "add":
        return [*before, *(i for i in new if i not in set(before))]
    kept = [i for i in before if i not in set(new)]
    return kept if mode == "remove" else [*kept, *(i for i in new if i not in set(before))]
