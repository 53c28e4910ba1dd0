"""Fitted Hartree–Fock for teachers: one published basis on all atoms, and errors as teachers give them.

The default basis ends at krypton and has no K and Ca; there def2-SVPD stands in, beyond krypton with its effective core
potential. A basis that somebody asks for is used on all atoms or not at all.

Two sets are not one basis: small functions on the host, good ones on the probe, and functions between them, which is
where the correlation of two monomers is. HF + MP2 of He–benzene in "midbond" is 5 cm⁻¹ from aug-cc-pVTZ with functions
between, at a fifth of the time; aug-cc-pVDZ alone is 34 away. "midbond-tz" has triple-zeta functions on the host and
is a fifth as far from that limit as "midbond", at three times its time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nci_core.errors import CalculationError, TeacherError
from nci_core.integrals.basis_names import stand_in
from nci_core.integrals.dimer import FittedDimer
from nci_core.integrals.functions import MIDBOND as MIDBOND_SITE
from nci_core.integrals.functions import (
    Functions,
    autoaux,
    host_label,
    load_auxiliary,
    load_bases,
    probe_label,
    uncontracted,
)
from nci_core.integrals.scf import Solution
from nci_core.systems import Dimer
from nci_core.teachers.base import DEFAULT_BASIS, FloatArray
from nci_core.units import HARTREE_EV


@dataclass(frozen=True)
class HostBases:
    """Names of the bases of a host's atoms, and of what their fitting functions belong to."""

    heavy: str
    hydrogen: str
    fitting: str


#: The sets that are not one basis: the host's part. The probe's and the functions in the middle, exponents in bohr⁻²,
#: are the same.
SETS = {
    "midbond": HostBases("cc-pvdz", "6-31g", "cc-pvdz"),
    "midbond-tz": HostBases("cc-pvtz", "cc-pvdz", "cc-pvtz"),
}
PROBE_BASIS = "aug-cc-pvtz"
BETWEEN = {"s": (0.9, 0.3, 0.1), "p": (0.9, 0.3, 0.1), "d": (0.9, 0.3, 0.1), "f": (0.6, 0.2), "g": (0.35,)}


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
    try:
        functions_of(dimer, basis)
    except CalculationError as error:
        raise TeacherError(f"{str(error).rstrip('.')}, as in hf-d4:def2-svpd, or another teacher.") from None


def functions_of(dimer: Dimer, basis: str) -> Functions:
    """The functions of a dimer in a published basis, or in one of SETS; CalculationError without."""
    elements, probe = sorted(set(dimer.a.symbols)), dimer.b.symbols[0]
    part = SETS.get(basis)
    if part is None:
        return Functions.named(bases_of(dimer, basis), elements, probe)
    names = {element: stand_in(part.hydrogen if element == "H" else part.heavy, element) for element in elements}
    host, own = load_bases(names), load_bases({probe: stand_in(PROBE_BASIS, probe)})[probe]
    found = {host_label(element): each for element, each in host.items()} | {probe_label(probe): own}
    between = uncontracted(BETWEEN)
    auxiliary = {host_label(element): load_auxiliary(part.fitting, element, each) for element, each in host.items()}
    auxiliary |= {probe_label(probe): autoaux(probe, own.shells), MIDBOND_SITE: autoaux(MIDBOND_SITE, between)}
    return Functions(
        {label: each.shells for label, each in found.items()} | {MIDBOND_SITE: between},
        auxiliary,
        {label: each.ecp for label, each in found.items() if each.ecp},
    )


def hartree_fock_at(
    fitted: FittedDimer, position: FloatArray
) -> tuple[tuple[Solution, Solution, Solution], dict[str, float]]:
    """Dimer, host and probe with the probe at position (3,) in Å, and the channels of Hartree–Fock in eV.

    Raises TeacherError where it does not converge.
    """
    with teacher_errors():
        states = fitted.fragments(position)
        electrostatics = fitted.electrostatics(position, *states[1:]) * HARTREE_EV
    energy = (states[0].energy - states[1].energy - states[2].energy) * HARTREE_EV
    return states, {"electrostatics": electrostatics, "exchange_induction": energy - electrostatics}


def fitted_dimer(dimer: Dimer, basis: str) -> FittedDimer:
    """The integrals of a dimer in a published basis, or in one of SETS."""
    return FittedDimer.start(dimer, functions_of(dimer, basis))
