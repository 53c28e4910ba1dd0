"""Students of different teachers, fine-tuned on the same labels."""

from collections.abc import Callable, Sequence

from nci_core.bench.fits import fitted_row, split_key
from nci_core.bench.peer_mace import SCALE, pretrained
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results
from nci_core.bench.splits import random_split
from nci_core.bench.variants import BEST, Variant
from nci_core.errors import NCIError
from nci_core.fitting import Lesson, Observation
from nci_core.teachers.mace import MaceTeacher
from nci_core.teachers.registry import find_teacher

Say = Callable[[str], None]
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.3)
#: Beside the problem's own teachers, which are there already.
OTHERS = ("gfn2-xtb",)
#: A network that was itself trained on the first teacher's total energies: what a distilled MLIP is worth here.
MACE = "MACE trained on"


def other_teacher(problem: Problem, name: str) -> Lesson:
    """Labels of another teacher at the configurations of the problem's own; computed here.

    Raises TeacherError when it cannot run.
    """
    own = problem.teachers[0].observations[0].configurations
    found = find_teacher(name).evaluate(own)
    return Lesson(name, [Observation(own, found.energy, found.channels)])


def mace_teacher(problem: Problem, quick: bool) -> Lesson:
    """Labels of a MACE model that has learned the first teacher's energies: a `.model` file as users bring them."""
    first = problem.teachers[0]
    own = first.observations[0].configurations
    # The file is our own; its energies are eV × SCALE.
    network = MaceTeacher(str(pretrained(problem, quick=quick)), device="cpu", trusted=True)
    energies = network.evaluate(own).energy / SCALE
    return Lesson(f"{MACE} {first.teacher}", [Observation(own, energies)])


def taught(problem: Problem, others: Sequence[str], quick: bool, say: Say) -> dict[str, Problem]:
    """Name → problem: all teachers together, each alone, others, none. One that cannot run is named and left out."""
    found = {" + ".join(lesson.teacher for lesson in problem.teachers): problem}
    lessons = list(problem.teachers) if len(problem.teachers) > 1 else []
    if not quick:
        makers: list[tuple[str, Callable[[], Lesson]]] = [
            *((name, lambda name=name: other_teacher(problem, name)) for name in others),
            (MACE, lambda: mace_teacher(problem, quick)),
        ]
        for name, make in makers:
            try:
                lessons.append(make())
            except NCIError as error:
                say(f"Teacher {name} is left out: {error}")
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
    for name, own in taught(problem, others, quick, say).items():
        for fraction in (0.02,) if quick else FRACTIONS:
            for seed in seeds[:1] if quick else seeds:
                split = random_split(len(problem.energies), fraction, seed)
                variant = Variant(False) if name == "none" else BEST
                row = fitted_row(own, results, split_key("teachers", f"teacher {name}", split, seed), variant, split)
                if row is not None:
                    say(f"{split.name}, teacher {name}, seed {seed}: {row.mae_cm1:.3f} cm⁻¹")
