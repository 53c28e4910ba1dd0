"""The default teacher: counterpoise-corrected Hartree–Fock and D4 dispersion, in channels."""

import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import DEFAULT_BASIS, TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.d4 import D4Dispersion
from nci_core.teachers.registry import TeacherOptions

FloatArray = npt.NDArray[np.float64]


class HartreeFockD4(TeacherBase):
    """HF + D4 in three channels.

    - `electrostatics`: first order, of the unperturbed monomers in the dimer's functions.
    - `exchange_induction`: the rest of the density-fitted Hartree–Fock interaction energy with counterpoise
      correction (Boys, Bernardi, Mol. Phys. 19, 553 (1970), DOI 10.1080/00268977000101561).
    - `dispersion`: D4 with the parameters for Hartree–Fock.

    No forces. All state is made per call, so that any number of processes may run side by side.
    """

    channels: tuple[str, ...] = ("electrostatics", "exchange_induction", "dispersion")

    def __init__(self, basis: str = DEFAULT_BASIS) -> None:
        self.basis = basis.lower()
        self.name = "hf-d4" if self.basis == DEFAULT_BASIS else f"hf-d4:{self.basis}"

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError if an element has no basis or no D4 parameters."""
        from nci_core.teachers.fitted_dimer import check_basis

        D4Dispersion.check(dimer)
        check_basis(dimer, self.basis)

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield each configuration as it is finished; the first includes the host's integrals."""
        dimer, positions = configurations.dimer, configurations.R
        from nci_core.teachers.fitted_dimer import fitted_dimer, hartree_fock_at, teacher_errors

        start = time.perf_counter()
        with teacher_errors():
            hartree_fock = fitted_dimer(dimer, self.basis)
        dispersion = D4Dispersion(dimer).energies(positions)
        for index, position in enumerate(positions):
            _, mean_field = hartree_fock_at(hartree_fock, position)
            channels = mean_field | {"dispersion": float(dispersion[index])}
            now = time.perf_counter()
            yield finite_point(index, channels, None, now - start, self.name)
            start = time.perf_counter()


def open_teacher(basis: str, options: TeacherOptions) -> HartreeFockD4:
    """The teacher of the spec hf-d4 or hf-d4:BASIS."""
    return HartreeFockD4(basis) if basis else HartreeFockD4()
