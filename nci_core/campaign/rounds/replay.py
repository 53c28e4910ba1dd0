"""Who picked well: the student fitted again to each picker's labels, and to random ones of equal number.

Only labels that exist can be replayed. The control therefore draws among the finished labels of the
training pool, not among the whole pool: where one picker chose nearly all of them, it tells what
their order was worth and little more. Errors are those on the frozen test set, which no fit sees.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.stored_models import distilled_parent, energies_and_std, load_terms, observations
from nci_core.errors import CancelledError, InputError
from nci_core.jobs.context import JobContext
from nci_core.metrics import summaries
from nci_core.store import labels

IntArray = npt.NDArray[np.int64]

#: Numbers of labels that are compared; those a picker has not reached are left out.
SIZES = (5, 10, 20, 40, 80, 160)
#: Random subsets of each size.
SEEDS = 5
#: Pickers with the most labels; further ones are left out.
MOST_PICKERS = 6
#: Fits of one comparison; the random subsets become fewer before this is exceeded.
MOST_FITS = 60
#: Picker of a label whose picker nobody noted.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trial:
    """One fit: to `rows` of the finished labels, chosen by `picker`, or at random by `seed` (the control)."""

    picker: str | None
    seed: int | None
    rows: IntArray


def plan(pickers: Sequence[str], sizes: Sequence[int] = SIZES, seeds: int = SEEDS) -> list[Trial]:
    """The fits of a comparison: the first n labels of each picker, and random subsets of each such n.

    Args:
        pickers: who picked each finished label, in the order in which they were asked for.
        sizes: numbers of labels.
        seeds: random subsets of each size; fewer if there would be more than MOST_FITS fits, at least two.

    Raises InputError when no picker has as many labels as the smallest size, or for impossible numbers.
    """
    if seeds < 1 or not sizes or min(sizes) < 1:
        raise InputError("Compare at least one number of labels, each at least 1, with at least one random subset.")
    names, counts = np.unique(np.array(pickers, dtype=str), return_counts=True)
    chosen = names[np.argsort(-counts, kind="stable")][:MOST_PICKERS]
    own = {str(name): np.flatnonzero(np.array(pickers) == name) for name in chosen}
    trials = [Trial(name, None, rows[:n]) for n in sorted(set(sizes)) for name, rows in own.items() if n <= len(rows)]
    if not trials:
        raise InputError(f"Nobody has picked {min(sizes)} finished labels yet; label more before pickers are compared.")
    # All labels at once leave nothing to chance.
    drawn = sorted({len(trial.rows) for trial in trials if len(trial.rows) < len(pickers)})
    seeds = min(seeds, max(2, (MOST_FITS - len(trials)) // max(len(drawn), 1)))
    orders = [np.random.default_rng(seed).permutation(len(pickers)) for seed in range(seeds)]
    return trials + [Trial(None, seed, order[:n]) for n in drawn for seed, order in enumerate(orders)]


def replay(
    campaign: Campaign,
    *,
    sizes: Sequence[int] = SIZES,
    seeds: int = SEEDS,
    progress: Callable[[float, str], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Fit the student from its distilled prior to each trial's labels; errors on the frozen test set.

    Of several systems, errors are those of all training systems together.

    Each fit is of one member with the campaign's seed: the mean of several differs little from it.

    Returns:
        recipe, n_labels (finished and trusted, in the pool), n_test (below the energy limit), seeds, and trials: a
        list with picker (None: random), seed, n, cpu_minutes (None if one was not timed) and mae_cm1 by region,
        the whole range as "all".

    Raises InputError when there are too few labels, no labelled test set, or no distilled student.
    """
    from nci_core.fitting import FitRun, FitSettings, finetune

    recipe = campaign.recipe.hash
    known = labels.complete(campaign.store, recipe, split="pool")
    test = labels.complete(campaign.store, recipe, split="test")
    test = test.take(np.flatnonzero(np.isin(test.system_ids, [system.id for system in campaign.training_systems])))
    bounds = campaign.bounds.of(test.system_ids)
    about = {row.id: row for row in labels.fetch(campaign.store, recipe, status="complete")}
    rows = [about[number] for number in known.ids.tolist()]
    trials = plan([row.picked_by or UNKNOWN for row in rows], sizes, seeds)
    n_test = int((bounds.classify(test.energy_ev) != "beyond").sum())
    if not n_test:
        raise InputError("There are no finished labels of a frozen test set below the energy limit to measure with.")
    parent = distilled_parent(campaign)
    if parent is None:
        raise InputError("Pickers are compared from the distilled student; distil one with `nci distill`.")
    prior = load_terms(campaign, parent, "a replay")
    settings = FitSettings(members=1, seed=campaign.settings.seed)
    seconds = np.array([row.cpu_seconds for row in rows], dtype=float)  # NaN where one was not timed
    found: list[dict[str, Any]] = []
    for k, trial in enumerate(trials):
        if should_stop is not None and should_stop():
            raise CancelledError("The comparison was stopped.")
        chosen, n = known.take(trial.rows), len(trial.rows)
        if progress is not None:
            progress(k / len(trials), f"fit {k + 1} of {len(trials)}: {trial.picker or 'random'}, {n} labels")
        labelled = observations(campaign, chosen.system_ids, chosen.positions, chosen.energy_ev)
        model = finetune(labelled, prior, settings=settings, run=FitRun(should_stop=should_stop))
        predicted = energies_and_std(campaign, model, test.system_ids, test.positions)[0]
        errors = summaries(predicted, test.energy_ev, bounds)
        spent = float(seconds[trial.rows].sum()) / 60.0
        found.append(
            {
                "picker": trial.picker,
                "seed": trial.seed,
                "n": n,
                "cpu_minutes": None if np.isnan(spent) else spent,
                "mae_cm1": {name: item.mae_cm1 for name, item in errors.items()},
            }
        )
    return {
        "recipe": campaign.recipe.name,
        "n_labels": len(known),
        "n_test": n_test,
        "seeds": len({trial.seed for trial in trials} - {None}),
        "trials": found,
    }


def run_replay(context: JobContext) -> dict[str, Any]:
    """The job; it takes no payload."""
    campaign = Campaign.open(context.campaign_dir)
    return replay(campaign, progress=context.progress, should_stop=context.should_stop)
