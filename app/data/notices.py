"""What has ended since somebody looked last, in a sentence each."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.data.jobs import KINDS
from nci_core.store.base import ACTIVE, State

#: Number of jobs of each kind and state, as `jobs.counts_by_kind` gives them.
Counts = Mapping[tuple[str, State], int]
#: Kinds that a person waits for, besides labels; rankings take a moment and are seen at once.
AWAITED = ("finetune", "distill", "teach", "replay", "teacher-curve")
#: How they end, unless somebody cancels them.
ENDED: dict[State, str] = {"complete": "finished", "error": "failed"}


@dataclass(frozen=True)
class Notice:
    """A sentence for people.

    Attributes:
        text: the sentence.
        good: nothing failed.
        last: nothing of its kind is left to do, so that whoever is elsewhere should come back.
        kind: of the jobs.
    """

    text: str
    good: bool
    last: bool
    kind: str


def news(before: Counts, now: Counts) -> list[Notice]:
    """What has ended between two looks at the queue; numbers are compared, so that clocks do not matter.

    >>> was = {("label", "complete"): 3, ("label", "running"): 2, ("label", "waiting"): 1}
    >>> [each.text for each in news(was, {("label", "complete"): 4, ("label", "running"): 2})]
    ['1 label has finished, 2 to go.']
    >>> [each.text for each in news(was, {("label", "complete"): 5, ("label", "error"): 1})]
    ['2 labels have finished, 1 has failed: all labels are done.']
    >>> [each.text for each in news({("finetune", "running"): 1}, {("finetune", "complete"): 1})]
    ['Fine-tuning has finished.']
    """
    found = [_labels(before, now)]
    for kind in AWAITED:
        for state, verb in ENDED.items():
            if _more(before, now, kind, state):
                name = KINDS[kind][0].upper() + KINDS[kind][1:]
                have = "have" if kind == "teach" else "has"
                found.append(Notice(f"{name} {have} {verb}.", state == "complete", True, kind))
    return [notice for notice in found if notice is not None]


def _more(before: Counts, now: Counts, kind: str, state: State) -> int:
    return max(now.get((kind, state), 0) - before.get((kind, state), 0), 0)


def _labels(before: Counts, now: Counts) -> Notice | None:
    done, failed = (_more(before, now, "label", state) for state in ENDED)
    if not done + failed:
        return None
    left = sum(now.get(("label", state), 0) for state in ACTIVE)
    parts = [f"{done} label{'s have' if done > 1 else ' has'} finished"] if done else []
    if failed:
        what = "" if done else "labels " if failed > 1 else "label "
        parts.append(f"{failed} {what}{'have' if failed > 1 else 'has'} failed")
    end = f", {left} to go." if left else ": all labels are done." if done + failed > 1 else "; it was the last one."
    return Notice(", ".join(parts) + end, not failed, not left, "label")
