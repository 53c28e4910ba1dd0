"""`nci bench speed`: energies, gradients, fits and choices on one core, and on a GPU where there is one."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from ase import Atoms

from nci_core.bench.graphene import flake, over
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Key, Results, Row
from nci_core.bench.splits import random_split
from nci_core.bench.timing import MOST_REPEATS, Timing, timed
from nci_core.errors import ModelError
from nci_core.fitting import FitSettings, finetune
from nci_core.fitting.run import one_core
from nci_core.potentials.agreement import check_pairs
from nci_core.potentials.calculator import NCICalculator
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection.i_optimal import i_optimal
from nci_core.selection.request import Pool, SelectionRequest
from nci_core.systems import Dimer
from nci_core.systems.potential import Potential

FloatArray = npt.NDArray[np.float64]
Say = Callable[[str], None]

#: Batches of positions: single points, and growth from 10² to 10⁶.
BATCHES = (1, 100, 1_000, 10_000, 100_000, 1_000_000)
#: Numbers of labels of the fits that are timed: shares of 2,540, and one more.
LABELS = (25, 51, 127, 254, 1000)
#: The model whose evaluation is timed was fine-tuned to this share of the labels.
FRACTION = 0.1
#: What a quick run leaves out.
QUICK_BATCH, QUICK_LABELS = 1_000, 254
#: I-optimal choice: so many of a pool of this size.
CHOICE, POOL = 20, 10_000
#: A large host: a flake of graphene with so many rings along each edge, 1,092 atoms; positions over it, at heights (Å)
#: from the wall to the tail.
RINGS, OVER_LARGE_HOST, HEIGHTS = 13, 10_000, (2.5, 6.0)
#: Reference positions are moved by this many Å, so that there are as many different ones as wanted.
JITTER = 0.1


#: The best optimum alone: what is left of a model that must be fast.
ONE = "one optimum"


def whole(model: Ensemble) -> str:
    """Name of a model as it is used."""
    return f"mean of {len(model.averaged)} optima"


def students(model: Ensemble) -> dict[str, Potential]:
    """The best optimum and the whole model, on the CPU and on a GPU where there is one."""
    found: dict[str, Potential] = {}
    for device in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
        where = "" if device == "cpu" else f" on {device}"
        placed = model.to(device)
        found[f"{ONE}{where}"] = Ensemble(placed.members[:1])
        found[f"{whole(model)}{where}"] = placed
    return found


def somewhere(problem: Problem, count: int, seed: int = 0) -> FloatArray:
    """(count, 3) positions in Å spread as the reference's are."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, len(problem.positions), count)
    return problem.positions[rows] + random.uniform(-JITTER, JITTER, (count, 3))


class Stopwatch:
    """Makes rows of timings, unless they are there already.

    Args:
        results: where they are kept.
        say: told one sentence a row.
    """

    def __init__(self, results: Results, say: Say) -> None:
        self.results, self.say = results, say

    def row(
        self,
        model: str,
        strategy: str,
        step: Callable[[], object],
        batch: int = 1,
        n_labels: int = 0,
        repeats: int = MOST_REPEATS,
    ) -> None:
        """Time a step that deals with `batch` things and add its row."""
        key = Key("speed", model, strategy, "-", n_labels, 0)
        if self.results.has(key):
            return
        timing: Timing = timed(step, repeats)
        # A GPU works beside this process, whose CPU seconds say nothing about it.
        more = timing.more(batch, wall=model.endswith("cuda"))
        self.results.add(Row(**key._asdict(), seconds=timing.cpu, more=more))
        self.say(f"{model}, {strategy}: {timing.cpu:.3g} CPU s, {more['per_second']:.3g}/s")


def time_potentials(watch: Stopwatch, problem: Problem, potentials: Mapping[str, Potential], most: int) -> None:
    """Rows of energies, with and without gradients, of every potential in batches of 1 to `most` positions.

    A potential that would take more than a minute for the next batch, ten times as large, is not asked for it.
    """
    for name, potential in potentials.items():
        for batch in (b for b in BATCHES if b <= most):
            at = problem.dimer.at(somewhere(problem, batch))
            repeats = 1 if batch > 10_000 else MOST_REPEATS
            watch.row(name, f"energies, batch {batch}", partial(potential.energies, at), batch, repeats=repeats)
            step = partial(potential.energies_and_forces, at)
            watch.row(name, f"energies and gradients, batch {batch}", step, batch, repeats=repeats)
            last = [row.more["wall_seconds"] for row in watch.results.rows if row.model == name][-1]
            if 10.0 * last > 60.0:
                break


def time_single_points(watch: Stopwatch, problem: Problem, model: Ensemble) -> None:
    """Energy, forces and uncertainty of one geometry through ASE, at another position each time."""
    host = problem.dimer.a
    atoms = Atoms([*host.symbols, problem.dimer.b.symbols[0]], np.vstack([host.positions, problem.positions[:1]]))
    atoms.calc = NCICalculator(model)
    places = iter(np.resize(somewhere(problem, 1000), (1_000_000, 3)))

    def step() -> None:
        atoms.positions[-1] = next(places)
        atoms.get_potential_energy()
        atoms.get_forces()
        _ = atoms.calc.results["energy_uncertainty"]

    watch.row(whole(model), "ASE single point", step)


def time_fits(watch: Stopwatch, problem: Problem, model: Ensemble, most: int) -> None:
    """Fine-tuning of a distilled student with default settings, against the number of labels."""
    order = np.random.default_rng(0).permutation(np.flatnonzero(problem.inside))
    for n in LABELS:
        if n > min(most, len(order)):
            continue
        step = partial(finetune, [problem.observation(order[:n])], model, settings=FitSettings(device="cpu"))
        watch.row("student", "fine-tuning", step, n, n, repeats=3)


def time_large_host(watch: Stopwatch, problem: Problem, model: Ensemble, count: int) -> None:
    """Over a flake of a thousand atoms: the first energy, for which the host is prepared, and many of each.

    Without a row for a model that does not know carbon and hydrogen.
    """
    dimer, one = Dimer(flake(RINGS), problem.dimer.b), Ensemble(model.members[:1])
    try:
        check_pairs(one, dimer)
    except ModelError:
        return
    atoms = len(dimer.a.symbols)
    at = dimer.at(over(dimer.a, count, HEIGHTS))
    watch.row(ONE, f"first energy, {atoms} atoms", partial(one.energies, dimer.at(at.R[:1])), repeats=1)
    for name, potential in ((ONE, one), (whole(model), model)):
        watch.row(name, f"energies, {atoms} atoms, batch {count}", partial(potential.energies, at), count, repeats=2)


def time_choice(watch: Stopwatch, problem: Problem, model: Ensemble) -> None:
    """I-optimal choice from a pool, derivatives of the model included."""
    request = SelectionRequest([Pool(problem.dimer.at(somewhere(problem, POOL)))], CHOICE, ensemble=model)
    watch.row("student", f"I-optimal {CHOICE} of {POOL}", partial(i_optimal, request), CHOICE, repeats=5)


def speed(
    problem: Problem,
    results: Results,
    *,
    quick: bool = False,
    say: Say = print,
    others: Mapping[str, Potential] | None = None,
) -> list[Row]:
    """Time the student and others in one run, on one core; rows go to `results` as they are found, and are returned.

    `seconds` are CPU seconds of the fastest repeat. `more` has `batch`, `per_second` (by the clock on a GPU),
    `wall_seconds`, `repeats`, `rss_mb` (the most this process has held so far) and the machine's `load`.

    Args:
        problem: dimer and positions, with a teacher to distil.
        results: rows that are there are not measured again.
        quick: leaves out more than a thousand positions and a thousand labels.
        say: told one sentence a row.
        others: more potentials of the same dimer by name, for example a MACE model.
    """
    watch = Stopwatch(results, say)
    with one_core():
        distilled = problem.distilled(members=FitSettings().members).to("cpu")
        rows = random_split(len(problem.energies), FRACTION, 0).train
        model = finetune([problem.observation(rows)], distilled, settings=FitSettings(device="cpu"))
        potentials = {**students(model), **(others or {})}
        time_single_points(watch, problem, model)
        time_choice(watch, problem, model)
        time_large_host(watch, problem, model, QUICK_BATCH if quick else OVER_LARGE_HOST)
        time_fits(watch, problem, distilled, QUICK_LABELS if quick else LABELS[-1])
        time_potentials(watch, problem, potentials, QUICK_BATCH if quick else BATCHES[-1])
    return [row for row in results.rows if row.benchmark == "speed"]
