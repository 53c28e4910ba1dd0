"""Fitted Hartree–Fock for teachers: one published basis on all atoms, and errors as teachers give them."""

from collections.abc import Iterator
from contextlib import contextmanager

from nci_core.errors import CalculationError, TeacherError
from nci_core.fitted.dimer import FittedDimer
from nci_core.fitted.functions import Functions, load_basis
from nci_core.systems import Dimer


@contextmanager
def teacher_errors() -> Iterator[None]:
    """Give calculations that fail as TeacherError."""
    try:
        yield
    except CalculationError as error:
        raise TeacherError(f"{str(error).rstrip('.')}; or choose another teacher.") from None


def check_basis(dimer: Dimer, basis: str) -> None:
    """Raise TeacherError if an element of the dimer has no functions in a basis."""
    with teacher_errors():
        load_basis(basis, sorted({*dimer.host.symbols, dimer.probe}))


def fitted_dimer(dimer: Dimer, basis: str) -> FittedDimer:
    """The integrals of a dimer in a published basis."""
    return FittedDimer.start(dimer, Functions.named(basis, sorted(set(dimer.host.symbols)), dimer.probe))
