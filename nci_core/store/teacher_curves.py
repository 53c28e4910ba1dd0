"""The newest learning curves of teachers, as a `teacher-curve` job found them."""

from dataclasses import dataclass
from statistics import mean, stdev

from nci_core.store import jobs
from nci_core.store.base import utc_now
from nci_core.store.database import Store
from nci_core.store.schema import Job
from nci_core.teachers.comparison import CurvePoint, Harm, worse

KIND = "teacher-curve"
#: Numbers of labels that are compared, and random subsets of each.
SIZES, SEEDS = (5, 10, 20, 40, 80, 160), 3


@dataclass(frozen=True)
class Curves:
    """What it found.

    Attributes:
        points: one a fit; errors of the chosen region.
        n_labels: finished training labels it drew from; n_test: test labels below the energy limit.
        seeds: random subsets of each size.
        teachers: specification → energies that were distilled.
    """

    points: tuple[CurvePoint, ...]
    n_labels: int
    n_test: int
    seeds: int
    teachers: dict[str, int]

    def means(self) -> dict[str, dict[int, tuple[float, float]]]:
        """Teacher → number of labels → mean and standard deviation of the errors (cm⁻¹) over the seeds."""
        found: dict[str, dict[int, list[float]]] = {}
        for each in self.points:
            found.setdefault(each.teacher, {}).setdefault(each.n, []).append(each.mae_cm1)
        return {
            name: {n: (mean(values), stdev(values) if len(values) > 1 else 0.0) for n, values in sizes.items()}
            for name, sizes in found.items()
        }

    @property
    def harms(self) -> list[Harm]:
        """Teachers that are worse than none, or than the best, beyond the spread."""
        return worse(self.points)


def latest(store: Store, region: str = "all") -> Curves | None:
    """The newest finished curves, errors of one region; None before the first."""
    finished = jobs.fetch(store, states=["complete"], kind=KIND, limit=1)
    return of_result(finished[0].result, region) if finished and finished[0].result else None


def keep(store: Store, result: dict[str, object]) -> None:
    """Store what was found without the queue, as its job would."""
    now = utc_now()
    with store.write() as session:
        session.add(
            Job(kind=KIND, state="complete", progress=1.0, started_at=now, finished_at=now, attempt=1, result=result)
        )


def of_result(result: dict[str, object], region: str = "all") -> Curves:
    """What a job's result says of one region."""
    trials = result["trials"]
    assert isinstance(trials, list)
    points = [
        CurvePoint(str(each["teacher"]), int(each["n"]), int(each["seed"]), float(each["mae_cm1"][region]))
        for each in trials
        if each["mae_cm1"].get(region) is not None
    ]
    n_labels, n_test, seeds = (int(str(result[name])) for name in ("n_labels", "n_test", "seeds"))
    teachers = result["teachers"]
    assert isinstance(teachers, dict)
    counts = {str(name): int(n) for name, n in teachers.items()}
    return Curves(tuple(points), n_labels, n_test, seeds, counts)


def warnings(store: Store, specs: tuple[str, ...]) -> list[str]:
    """What is known against distilling these teachers, a sentence each: those that hurt, by the newest curves."""
    found = latest(store)
    return [harm.sentence for harm in found.harms if harm.hurts and harm.teacher in specs] if found else []
