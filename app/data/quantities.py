"""What maps round a host show: energies and their parts, and what two potentials differ by."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.data.terms import in_order, name_of

#: Potentials known at configurations only; between them a model plus its interpolated residual stands for them.
STORED = {"teacher": "Teacher", "reference": "CCSD(T)"}


@dataclass(frozen=True)
class Quantity:
    """What a map shows: a potential, or `first` − `other`.

    Attributes:
        title: what people read.
        help: one sentence on what it means.
        column: of `Field.columns`, what is shown of a model.
        first, other: "student", "earlier", "distilled", "teacher" or "reference"; no `other`, no difference.
        dots: (title, column) of the errors or energies of labelled configurations that share the colour scale.
    """

    title: str
    help: str
    column: str = "energy_ev"
    first: str = "student"
    other: str | None = None
    dots: tuple[tuple[str, str], ...] = ()

    @property
    def stored(self) -> tuple[str, ...]:
        """Which of the two are known at configurations only."""
        return tuple(name for name in (self.first, self.other) if name in STORED)

    @property
    def is_energy(self) -> bool:
        """Whether it is a whole interaction energy."""
        return self.other is None and self.column == "energy_ev"


_STUDENT_ERROR, _TEACHER_ERROR = (
    ("student − CCSD(T)", "student_error_ev"),
    ("teacher − CCSD(T)", "teacher_error_ev"),
)
_ERRORS = (_STUDENT_ERROR, _TEACHER_ERROR)
QUANTITIES: dict[str, Quantity] = {
    "energy": Quantity(
        "Student energy",
        "The student's interaction energy; dots are CCSD(T) energies.",
        dots=(("CCSD(T) energy", "label_ev"),),
    ),
    "teacher": Quantity(
        "Teacher energy",
        "The distilled student, corrected by interpolating its differences from stored teacher energies.",
        first="teacher",
        dots=(("teacher energy", "teacher_ev"),),
    ),
    "reference": Quantity(
        "CCSD(T) energy",
        "The student, corrected by interpolating its differences from CCSD(T) labels.",
        first="reference",
        dots=(("CCSD(T) energy", "label_ev"),),
    ),
    "student_error": Quantity(
        "Student − CCSD(T)",
        "The student's error, interpolated between labels of one set.",
        other="reference",
        dots=(_STUDENT_ERROR,),
    ),
    "teacher_error": Quantity(
        "Teacher − CCSD(T)",
        "The teacher's error, both interpolated between stored energies of one set.",
        first="teacher",
        other="reference",
        dots=(_TEACHER_ERROR,),
    ),
    "student_teacher": Quantity(
        "Student − teacher",
        "What the labels changed and what distilling missed; the teacher interpolated between stored energies.",
        other="teacher",
        dots=(("student − teacher", "student_teacher_ev"),),
    ),
    "std": Quantity(
        "Student uncertainty (±1 sd)",
        "How far the members of the student disagree; dots show the size of its true error where there is a label.",
        column="std_ev",
        dots=(("size of student − CCSD(T)", "student_size_ev"),),
    ),
    "earlier": Quantity(
        "Student − earlier student",
        "What changed since the model chosen under 'Compare with'; dots are errors against CCSD(T).",
        other="earlier",
        dots=_ERRORS,
    ),
    "distilled": Quantity(
        "Student − distilled student",
        "What the CCSD(T) labels changed. The distilled student reproduces the teacher without labels and, unlike "
        "it, is known everywhere. Dots are errors against CCSD(T).",
        other="distilled",
        dots=_ERRORS,
    ),
}
#: Term of a student → what it is.
TERMS = {
    "electrostatics": "Of the undisturbed charge distributions, which attract where they overlap: never positive.",
    "exchange": "What keeps electrons of one kind apart: never negative.",
    "induction": "The dipole that the molecule's field induces in the probe: never positive.",
    "dispersion": "Of fluctuations that go together, damped where densities overlap: never positive.",
}


def quantities(terms: Sequence[str]) -> dict[str, Quantity]:
    """All quantities, with those of a student's terms by their names."""
    other = "One of the terms that the student's energy is the sum of."
    return QUANTITIES | {
        f"term {name}": Quantity(f"Student {name_of(name)}", TERMS.get(name, other), column=f"{name}_ev")
        for name in in_order(terms)
    }
