"""How long labels under way will still take, from what they were expected to cost and how fast they went so far."""

from collections.abc import Sequence


class Remaining:
    """Follows labels of different cost.

    The pace is that of what is done, in expected minutes for each second; before much is done it is the expected one,
    which then counts as much as one label of average cost.

    Args:
        minutes: expected CPU minutes of each label.
        workers: labels computed at once.

    >>> two = Remaining([1.0, 3.0], workers=1)
    >>> two.seconds(elapsed=0.0)
    240.0
    >>> two.update(0, 1.0)
    >>> two.seconds(elapsed=120.0)  # twice as slow as expected: a third of the evidence
    240.0
    """

    def __init__(self, minutes: Sequence[float], workers: int) -> None:
        self.minutes = list(minutes)
        self.shares = [0.0] * len(self.minutes)
        self.workers = max(min(workers, len(self.minutes)), 1)

    def update(self, number: int, share: float) -> None:
        """So much of a label is done; what is done stays done."""
        self.shares[number] = max(self.shares[number], min(share, 1.0))

    @property
    def done(self) -> float:
        """Share of the whole that is done, by cost."""
        total, done = sum(self.minutes), sum(s * each for s, each in zip(self.shares, self.minutes, strict=True))
        return done / total if total else 1.0

    def seconds(self, elapsed: float) -> float:
        """Seconds until the last label is finished, `elapsed` seconds after the beginning."""
        left = [(1.0 - share) * each for share, each in zip(self.shares, self.minutes, strict=True)]
        done, evidence = sum(self.minutes) - sum(left), sum(self.minutes) / max(len(self.minutes), 1)
        pace = (done + evidence) / (elapsed + 60.0 * evidence / self.workers) if evidence else 1.0
        # The last ones run alone, whatever other workers could do.
        return max(sum(left), self.workers * max(left, default=0.0)) / pace
