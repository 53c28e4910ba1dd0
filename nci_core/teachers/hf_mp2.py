"""A teacher with correlation of its own: counterpoise-corrected Hartree–Fock and MP2, in channels."""

import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import DEFAULT_BASIS, TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.registry import TeacherOptions
from nci_core.units import HARTREE_EV

FloatArray = npt.NDArray[np.float64]


class HartreeFockMP2(TeacherBase):
    """HF + MP2 in three channels, density-fitted and counterpoise-corrected (DOI 10.1080/00268977000101561).

    - `electrostatics` and `exchange_induction`: the Hartree–Fock interaction energy, as those of hf-d4.
    - `dispersion`: the interaction energy of MP2 correlation with frozen cores. Unlike D4 it knows how
      dispersion is damped, and where, at the price of a basis that is never large enough.

    Over benzene a point costs about a third more than with hf-d4. No forces; all state is made per call.
    """

    channels: tuple[str, ...] = ("electrostatics", "exchange_induction", "dispersion")

    def __init__(self, basis: str = DEFAULT_BASIS) -> None:
        self.basis = basis.lower()
        self.name = "hf-mp2" if self.basis == DEFAULT_BASIS else f"hf-mp2:{self.basis}"

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError if an element has no basis."""
        from nci_core.teachers.fitted_dimer import check_basis

        check_basis(dimer, self.basis)

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield each configuration as it is finished; the first includes the host's integrals."""
        dimer, positions = configurations.dimer, configurations.R
        from nci_core.integrals.mp2 import correlation_energy
        from nci_core.teachers.fitted_dimer import fitted_dimer, hartree_fock_at, teacher_errors

        start = time.perf_counter()
        with teacher_errors():
            hartree_fock = fitted_dimer(dimer, self.basis)
        host, probe = hartree_fock.frozen
        for index, position in enumerate(positions):
            states, mean_field = hartree_fock_at(hartree_fock, position)
            correlated = [
                correlation_energy(hartree_fock.B, state, cores)
                for state, cores in zip(states, (host + probe, host, probe), strict=True)
            ]
            dispersion = (correlated[0] - correlated[1] - correlated[2]) * HARTREE_EV
            channels = mean_field | {"dispersion": dispersion}
            now = time.perf_counter()
            yield finite_point(index, channels, None, now - start, self.name)
            start = time.perf_counter()


def open_teacher(basis: str, options: TeacherOptions) -> HartreeFockMP2:
    """The teacher of the spec hf-mp2 or hf-mp2:BASIS."""
    return HartreeFockMP2(basis) if basis else HartreeFockMP2()
