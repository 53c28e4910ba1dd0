"""Students of different teachers, fine-tuned on the same labels."""

import time
from collections.abc import Callable, Sequence

from nci_core.bench.fits import MEMBERS, measure
from nci_core.bench.problem import Problem, TeacherLabels
from nci_core.bench.rows import Results, Row
from nci_core.bench.splits import random_split
from nci_core.errors import NCIError
from nci_core.fitting import FitSettings, finetune
from nci_core.potentials.ensemble import Ensemble
from nci_core.teachers.registry import find_teacher

Say = Callable[[str], None]
FRACTIONS = (0.01, 0.02, 0.05)
#: Beside the problem's own teacher, which is there already.
OTHERS = ("gfn2-xtb",)


def other_teacher(problem: Problem, name: str) -> TeacherLabels:
    """Labels of another teacher at the configurations of the problem's own; computed here.

    Raises TeacherError when it cannot run.
    """
    own = problem.teacher
    assert own is not None
    found = find_teacher(name).evaluate(problem.dimer, own.positions)
    return TeacherLabels(name, own.positions, found.energy, {})


def teachers(
    problem: Problem,
    results: Results,
    *,
    seeds: Sequence[int],
    quick: bool,
    say: Say,
    others: Sequence[str] = OTHERS,
) -> None:
    """The same labels after each teacher, and after none; a teacher that cannot run is named and left out."""
    if problem.teacher is None:
        say("No teacher's labels are known, so teachers cannot be compared.")
        return
    problems = {problem.teacher.teacher: problem, "none": problem}
    for name in others:
        try:
            labels = other_teacher(problem, name)
        except NCIError as error:
            say(f"Teacher {name} is left out: {error}")
            continue
        problems[name] = Problem(problem.dimer, problem.positions, problem.energies, problem.folder, labels)
    for name, own in problems.items():
        for fraction in (0.02,) if quick else FRACTIONS:
            for seed in seeds[:1] if quick else seeds:
                _row(own, results, name, fraction, seed, say)


def _row(problem: Problem, results: Results, name: str, fraction: float, seed: int, say: Say) -> None:
    split = random_split(len(problem.energies), fraction, seed)
    key = {
        "benchmark": "teachers",
        "model": f"teacher {name}",
        "strategy": "random",
        "split": split.name,
        "n_labels": len(split.train),
        "seed": seed,
    }
    if results.has(**key):
        return
    prior: Ensemble | None = None if name == "none" else problem.distilled(seed=seed)
    start = time.process_time()
    R, E = problem.positions[split.train], problem.energies[split.train]
    model = finetune(problem.dimer, R, E, prior, settings=FitSettings(seed=seed, members=MEMBERS))
    seconds = time.process_time() - start
    found = measure(problem, model, split.test)
    results.add(Row(**key, **found, seconds=seconds))
    say(f"{split.name}, teacher {name}, seed {seed}: {found['mae_cm1']:.3f} cm⁻¹")
