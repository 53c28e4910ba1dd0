"""Students of different teachers, fine-tuned on the same labels."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.bench.fits import fitted_row, split_key
from nci_core.bench.peer_mace import SCALE, pretrained
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results, errors
from nci_core.bench.splits import Split, random_split
from nci_core.bench.variants import BEST, MIXTURE, NO_WALL, Variant
from nci_core.errors import NCIError
from nci_core.fitting import Lesson, Observation
from nci_core.fitting.objective import label_weights
from nci_core.fitting.observations import SUMS
from nci_core.potentials.ensemble import Ensemble
from nci_core.systems.configurations import Configurations
from nci_core.teachers.mace import MaceTeacher
from nci_core.teachers.mixture import learn
from nci_core.teachers.registry import find_teacher
from nci_core.teachers.weights import TeacherWeights

FloatArray = npt.NDArray[np.float64]
Say = Callable[[str], None]
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.3)
#: Beside the problem's own teachers, which are there already.
OTHERS = ("gfn2-xtb",)
#: GFN2-xTB's wall is too soft: the same teacher where it only teaches what lies outside.
SOFT_WALL = TeacherWeights(teacher="gfn2-xtb", wall=0.0)
WEIGHED = f"{SOFT_WALL.teacher}{NO_WALL}"
#: Shares of labels with which the mixture of the problem's own teachers is compared.
MIXED = (0.01, 0.02, 0.05, 0.1)
#: A network that was itself trained on the first teacher's total energies: what a distilled MLIP is worth here.
MACE = "MACE trained on"


def other_teacher(problem: Problem, name: str) -> Lesson:
    """Labels of another teacher at the configurations of the problem's own; computed here.

    Raises TeacherError when it cannot run.
    """
    own = problem.teachers[0].observations[0].configurations
    found = find_teacher(name).evaluate(own)
    return Lesson(name, [Observation(own, found.energy, found.channels)])


def without_wall(lesson: Lesson) -> Lesson:
    """The same teacher, whose energies above zero weigh nothing."""
    weighed = [replace(each, weights=SOFT_WALL.shares(each.energies, each.bounds)) for each in lesson.observations]
    return Lesson(WEIGHED, weighed)


def mixture(problem: Problem, split: Split, seed: int) -> tuple[Lesson, dict[str, Any]]:
    """The problem's own teachers mixed by the labels of a split, and errors (cm⁻¹) of energies on what it holds out.

    Teachers have no energies at the reference's places. Their distilled students stand in for them there; those are
    within 0.1 cm⁻¹ of their teachers, which are 27 from the labels.
    """
    names = [lesson.teacher for lesson in problem.teachers]
    own = [lesson.observations[0] for lesson in problem.teachers]
    at = problem.dimer.at(problem.positions)
    each = zip(names, problem.teachers, own, strict=True)
    there = {name: _channels(problem.taught_by(lesson), at, list(seen.channels)) for name, lesson, seen in each}
    train = {name: {channel: values[split.train] for channel, values in parts.items()} for name, parts in there.items()}
    labels = problem.energies[split.train]
    found = learn(train, labels, label_weights(labels))
    mixed = found.channels({name: dict(seen.channels) for name, seen in zip(names, own, strict=True)})
    missed = {}
    for name, parts in {**there, "mixture": found.channels(there)}.items():
        predicted = np.sum(list(parts.values()), axis=0)[split.test]
        missed[name] = errors(predicted, problem.energies[split.test], problem.bounds)["mae_cm1"]
    observation = replace(own[0], energies=np.sum(list(mixed.values()), axis=0), channels=mixed)
    return Lesson(f"mixture {split.name} {seed}", [observation]), {"energies_mae_cm1": missed, "shares": found.shares}


def _said(more: dict[str, Any], model: Ensemble) -> dict[str, Any]:
    return more


def _channels(problem: Problem, at: Configurations, names: Sequence[str]) -> dict[str, FloatArray]:
    """What the student distilled from a problem's teacher says of the teacher's channels, name → (m,) in eV."""
    found = problem.distilled().channels(at)
    return {name: np.sum([found[term] for term in SUMS.get(name, (name,))], axis=0) for name in names}


def mace_teacher(problem: Problem, quick: bool) -> Lesson:
    """Labels of a MACE model that has learned the first teacher's energies: a `.model` file as users bring them."""
    first = problem.teachers[0]
    own = first.observations[0].configurations
    # The file is our own; its energies are eV × SCALE.
    network = MaceTeacher(str(pretrained(problem, quick=quick)), device="cpu", trusted=True)
    energies = network.evaluate(own).energy / SCALE
    return Lesson(f"{MACE} {first.teacher}", [Observation(own, energies)])


def taught(
    problem: Problem, others: Sequence[str], quick: bool, say: Say, wanted: Callable[[str], bool] = lambda name: True
) -> dict[str, Problem]:
    """Name → problem: all teachers together, each alone, others, none. One that cannot run is named and left out.

    Those that nothing is `wanted` of any more are not made again.
    """
    found = {" + ".join(lesson.teacher for lesson in problem.teachers): problem}
    lessons = list(problem.teachers) if len(problem.teachers) > 1 else []
    if not quick:
        makers: list[tuple[str, Callable[[], Lesson]]] = [
            *((name, lambda name=name: other_teacher(problem, name)) for name in others),
            (f"{MACE} {problem.teachers[0].teacher}", lambda: mace_teacher(problem, quick)),
        ]
        for name, make in makers:
            if not (wanted(name) or (name == SOFT_WALL.teacher and wanted(WEIGHED))):
                continue
            try:
                lessons.append(make())
            except NCIError as error:
                say(f"Teacher {name} is left out: {error}")
        lessons += [without_wall(each) for each in lessons if each.teacher == SOFT_WALL.teacher]
    found |= {lesson.teacher: problem.taught_by(lesson) for lesson in lessons}
    return found | {"none": problem}


def teachers(
    problem: Problem,
    results: Results,
    *,
    seeds: Sequence[int],
    quick: bool,
    say: Say,
    others: Sequence[str] = OTHERS,
) -> None:
    """The same labels after each teacher, and after none."""
    if not problem.teachers:
        say("No teacher's labels are known, so teachers cannot be compared.")
        return
    fractions, chosen = ((0.02,), seeds[:1]) if quick else (FRACTIONS, seeds)
    splits = [(random_split(len(problem.energies), part, seed), seed) for part in fractions for seed in chosen]

    def wanted(name: str) -> bool:
        return not all(results.has(split_key("teachers", f"teacher {name}", split, seed)) for split, seed in splits)

    for name, own in taught(problem, others, quick, say, wanted).items():
        for split, seed in splits:
            key = split_key("teachers", f"teacher {name}", split, seed)
            variant = Variant(False) if name == "none" else BEST
            row = fitted_row(own, results, key, variant, split)
            if row is not None:
                say(f"{split.name}, teacher {name}, seed {seed}: {row.mae_cm1:.3f} cm⁻¹")
    _mixtures(problem, results, seeds=seeds, quick=quick, say=say)


def _mixtures(problem: Problem, results: Results, *, seeds: Sequence[int], quick: bool, say: Say) -> None:
    """Students of the mixture, whose shares are learnt anew from the labels of each split; a row says them."""
    own = [lesson.observations[0] for lesson in problem.teachers]
    alike = [np.array_equal(each.configurations.R, own[0].configurations.R) for each in own]
    if len(own) < 2 or not all(alike):
        return
    name = f"teacher {MIXTURE} {' + '.join(lesson.teacher for lesson in problem.teachers)}"
    for fraction in (0.02,) if quick else MIXED:
        for seed in seeds[:1] if quick else seeds:
            split = random_split(len(problem.energies), fraction, seed)
            key = split_key("teachers", name, split, seed)
            if results.has(key):
                continue
            taught, more = mixture(problem, split, seed)
            row = fitted_row(problem.taught_by(taught), results, key, BEST, split, partial(_said, more))
            if row is not None:
                say(f"{split.name}, {name}, seed {seed}: {row.mae_cm1:.3f} cm⁻¹")
