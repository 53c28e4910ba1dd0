"""Learning curves after distillation from each teacher alone, and without any: which teacher saves labels?

Each student is distilled from one teacher and fine-tuned on the same few labels of the pool, drawn by a seed. Errors
are those on the frozen test set, which no fit sees and which chose nothing. Finished fits are kept in a file, so that a
comparison that was stopped goes on.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.queries.teacher_compare import teacher_specs
from nci_core.campaign.rounds.mixing import MIXTURE, Known, known_together, learnt, mixed_lesson
from nci_core.campaign.rounds.origins import TeacherUsed, energies_sha256, lesson
from nci_core.campaign.rounds.stored_models import energies_and_std, observations
from nci_core.errors import CancelledError, InputError
from nci_core.files import write_atomically
from nci_core.jobs.context import JobContext
from nci_core.metrics import summaries
from nci_core.store import labels
from nci_core.store.labels import LabelSet
from nci_core.store.teacher_curves import SEEDS, SIZES
from nci_core.teachers.comparison import NOBODY

if TYPE_CHECKING:
    from nci_core.fitting import FitRun, FitSettings, Lesson
    from nci_core.potentials.ensemble import Ensemble
    from nci_core.potentials.parameters import StudentConfig

#: Fits of one comparison at most.
MOST_FITS = 200
#: Where finished fits are kept until all are.
KEPT = Path("fits") / "teacher-curve.jsonl"

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Trial:
    """One fit: which teacher, NOBODY for none, how many labels, and by which seed they are drawn."""

    teacher: str
    n: int
    seed: int


def plan(names: Sequence[str], n_labels: int, sizes: Sequence[int] = SIZES, seeds: int = SEEDS) -> list[Trial]:
    """The fits, teacher after teacher and NOBODY last; sizes that take more than half of the labels are left out.

    Raises InputError for impossible numbers, or where there are too few labels.

    >>> [(t.teacher, t.n, t.seed) for t in plan(["hf-d4"], 12, (5, 10), 1)]
    [('hf-d4', 5, 0), ('none', 5, 0)]
    """
    if seeds < 1 or not sizes or min(sizes) < 1:
        raise InputError("Compare at least one number of labels, each at least 1, drawn at least once.")
    chosen = [n for n in sorted(set(sizes)) if 2 * n <= n_labels]
    if not chosen:
        raise InputError(
            f"There are {n_labels} finished labels in the training pool; with {min(sizes)} labels to be drawn from "
            f"them at random, a comparison of teachers takes at least {2 * min(sizes)}."
        )
    found = [Trial(name, n, seed) for name in (*names, NOBODY) for n in chosen for seed in range(seeds)]
    if len(found) > MOST_FITS:
        raise InputError(f"That would be {len(found)} fits, more than {MOST_FITS}; name fewer sizes or seeds.")
    return found


def teacher_curve(
    campaign: Campaign,
    *,
    sizes: Sequence[int] = SIZES,
    seeds: int = SEEDS,
    progress: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Fit every trial that is not kept from before; errors on the frozen test set of the training systems.

    Each fit is of one member with the campaign's seed. Several seeds draw other labels.

    Returns:
        recipe, n_labels, n_test (below the energy limit), seeds, teachers (specification → n energies), and trials: a
        list with teacher, n, seed and mae_cm1 by region, the whole range as "all".

    Raises InputError when there are too few labels, no labelled test set, or no teacher's energies; CancelledError.
    """
    from nci_core.fitting import FitRun, FitSettings, finetune
    from nci_core.potentials.parameters import StudentConfig

    recipe = campaign.recipe.hash
    known, test = (labels.complete(campaign.store, recipe, split=split) for split in ("pool", "test"))
    trained = [system.id for system in campaign.training_systems]
    known, test = (each.take(np.flatnonzero(np.isin(each.system_ids, trained))) for each in (known, test))
    bounds = campaign.bounds.of(test.system_ids)
    n_test = int((bounds.classify(test.energy_ev) != "beyond").sum())
    if not n_test:
        raise InputError("There are no finished labels of a frozen test set below the energy limit to measure with.")
    names = {spec: name for name, spec in teacher_specs(campaign).items()}
    weights = campaign.settings.weights_of
    taught = {spec: lesson(campaign, name, None, weights(spec)) for spec, name in names.items() if spec != MIXTURE}
    mixed = known_together(campaign, list(campaign.teachers)) if MIXTURE in names else None
    if not taught:
        raise InputError(f"Campaign {campaign.name} has no teacher's energies yet; run `nci teach` first.")
    trials = plan([*taught, MIXTURE] if mixed else list(taught), len(known), sizes, seeds)
    settings = FitSettings(members=1, seed=campaign.settings.seed)
    config = StudentConfig(ruler=campaign.settings.ruler)
    shared = _digest(settings.model_dump(), config.model_dump(), _labels_sha256(known), _labels_sha256(test))
    keys = {
        spec: _digest(shared, used.sha256, used.weights and used.weights.model_dump())
        for spec, (_, used) in taught.items()
    }
    keys[NOBODY] = shared
    keys[MIXTURE] = _digest(shared, *(taught[spec][1].sha256 for spec in campaign.teacher_specs if spec in taught))
    kept = Kept(campaign.folder / KEPT)
    orders = [np.random.default_rng(seed).permutation(len(known)) for seed in range(seeds)]
    run, found = FitRun(should_stop=should_stop), []
    priors = _Priors(campaign, taught, mixed, config, settings, run)
    for k, trial in enumerate(trials):
        if should_stop is not None and should_stop():
            raise CancelledError("The comparison was stopped; finished fits are kept.")
        if progress is not None:
            who = "without a teacher" if trial.teacher == NOBODY else f"after {trial.teacher}"
            progress(k / len(trials), f"fit {k + 1} of {len(trials)}: {who}, {trial.n} labels")
        errors = kept.get(keys[trial.teacher], trial)
        if errors is None:
            chosen = known.take(orders[trial.seed][: trial.n])
            seen = observations(campaign, chosen.system_ids, chosen.positions, chosen.energy_ev)
            model = finetune(seen, priors.of(trial.teacher, chosen), config, settings, run)
            predicted = energies_and_std(campaign, model, test.system_ids, test.positions)[0]
            errors = {name: each.mae_cm1 for name, each in summaries(predicted, test.energy_ev, bounds).items()}
            kept.add(keys[trial.teacher], trial, errors)
        found.append({**asdict(trial), "mae_cm1": errors})
    kept.forget()
    return {
        "recipe": campaign.recipe.name,
        "n_labels": len(known),
        "n_test": n_test,
        "seeds": seeds,
        "teachers": {spec: used.count for spec, (_, used) in taught.items()},
        "trials": found,
    }


@dataclass
class _Priors:
    """The student distilled from each teacher, made when it is asked for; only the last is kept in memory."""

    campaign: Campaign
    taught: Mapping[str, tuple["Lesson", TeacherUsed]]
    mixed: Known | None
    config: "StudentConfig"
    settings: "FitSettings"
    run: "FitRun"
    last: "tuple[str, Ensemble] | None" = None

    def of(self, teacher: str, labelled: LabelSet) -> "Ensemble | None":
        """None for NOBODY; a mixture is learnt anew from the labels that the fit will have, and from no other."""
        from nci_core.fitting import distill_all

        if teacher == NOBODY:
            return None
        if teacher == MIXTURE and self.mixed is not None:
            found = mixed_lesson(self.campaign, self.mixed, learnt(self.mixed, labelled))
            return distill_all([found], self.config, self.settings, self.run)
        if self.last is None or self.last[0] != teacher:
            self.last = teacher, distill_all([self.taught[teacher][0]], self.config, self.settings, self.run)
        return self.last[1]


class Kept:
    """Errors of finished fits in a file of one JSON document a line, by what they depend on."""

    def __init__(self, path: Path) -> None:
        self.path, self.known = path, dict(_read(path))

    def get(self, key: str, trial: Trial) -> dict[str, float] | None:
        """The errors (cm⁻¹) by region of a fit that was made before; None for any other."""
        return self.known.get((key, trial.n, trial.seed))

    def add(self, key: str, trial: Trial, errors: dict[str, float]) -> None:
        """Keep a fit at once."""
        self.known[key, trial.n, trial.seed] = errors
        rows = [orjson.dumps([*name, errors]) for name, errors in self.known.items()]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, b"\n".join(rows) + b"\n")

    def forget(self) -> None:
        """All are made: what is kept is the result."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> Iterator[tuple[tuple[str, int, int], dict[str, float]]]:
    """The fits of a file; a line that says something else is fitted again."""
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            key, n, seed, errors = orjson.loads(line)
            yield (str(key), int(n), int(seed)), {str(name): float(value) for name, value in errors.items()}
        except (ValueError, TypeError, AttributeError):
            continue


def _labels_sha256(rows: LabelSet) -> str:
    return energies_sha256(rows.geometry_hashes, rows.energy_ev.tolist())


def _digest(*parts: Any) -> str:
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def run_teacher_curve(context: JobContext) -> dict[str, Any]:
    """The job. Payload: sizes and seeds, both optional."""
    payload = context.payload
    options = {"sizes": tuple(payload["sizes"])} if payload.get("sizes") else {}
    return teacher_curve(
        Campaign.open(context.campaign_dir),
        seeds=int(payload.get("seeds") or SEEDS),
        progress=context.progress,
        should_stop=context.should_stop,
        **options,
    )
