"""Fitted Hartree–Fock for teachers: one published basis on all atoms, and errors as teachers give them.

The default basis ends at krypton and has no K and Ca; there def2-SVPD stands in, beyond krypton with its effective core
potential. A basis that somebody asks for is used on all atoms or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from nci_core.errors import CalculationError, TeacherError
from nci_core.integrals.basis_names import stand_in
from nci_core.integrals.dimer import FittedDimer
from nci_core.integrals.functions import Functions, load_bases
from nci_core.systems import Dimer
from nci_core.teachers.base import DEFAULT_BASIS


@contextmanager
def teacher_errors() -> Iterator[None]:
    """Give calculations that fail as TeacherError."""
    try:
        yield
    except CalculationError as error:
        raise TeacherError(f"{str(error).rstrip('.')}; or choose another teacher.") from None


def bases_of(dimer: Dimer, basis: str) -> dict[str, str]:
    """Name of the basis of each element."""
    elements = sorted({*dimer.a.symbols, dimer.b.symbols[0]})
    return {element: stand_in(basis, element) if basis == DEFAULT_BASIS else basis for element in elements}


def check_basis(dimer: Dimer, basis: str) -> None:
    """Raise TeacherError if an element of the dimer has no functions in a basis."""
    with teacher_errors():
        load_bases(bases_of(dimer, basis))


def fitted_dimer(dimer: Dimer, basis: str) -> FittedDimer:
    """The integrals of a dimer in a published basis."""
    functions = Functions.named(bases_of(dimer, basis), sorted(set(dimer.a.symbols)), dimer.b.symbols[0])
    return FittedDimer.start(dimer, functions)
