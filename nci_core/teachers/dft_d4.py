"""Density functionals with D4 dispersion: PBE0-D4 and r²SCAN-D4, counterpoise-corrected, as one channel.

Adamo, Barone, J. Chem. Phys. 110, 6158 (1999), DOI 10.1063/1.478522; Furness et al., J. Phys. Chem. Lett. 11, 8208
(2020), DOI 10.1021/acs.jpclett.0c02405; D4 for r²SCAN: DOI 10.1063/5.0041008. r²SCAN-3c (DOI 10.1063/5.0040021) is the
latter in the basis def2-mTZVPP with other D4 parameters and the geometric counterpoise correction. That needs a
program, mctc-gcp, which pip does not have, so it is not offered: here ghost functions correct for the basis.
"""

import time
from collections.abc import Iterator
from functools import partial

from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import DEFAULT_BASIS, FloatArray, TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.d4 import D4Dispersion
from nci_core.teachers.registry import OpenTeacher, TeacherOptions
from nci_core.units import HARTREE_EV

#: Kind of teacher → the functional's names in PySCF and in dftd4.
FUNCTIONALS = {"pbe0-d4": ("pbe0", "pbe0"), "r2scan-d4": ("r2scan", "r2scan")}


class DensityFunctionalD4(TeacherBase):
    """E of a functional, supermolecular and counterpoise-corrected, plus D4 with its parameters; no forces.

    The two are not given as channels: a functional's energy holds some of the dispersion where densities overlap, so
    that neither part is the student's repulsion or dispersion. All state is made per call.

    Args:
        kind: "pbe0-d4" or "r2scan-d4".
        basis: a published one.
    """

    #: Exchange is in them by construction, and a point costs a minute.
    sane = True

    def __init__(self, kind: str, basis: str = DEFAULT_BASIS) -> None:
        self.kind, self.basis = kind, basis.lower()
        self.name = kind if self.basis == DEFAULT_BASIS else f"{kind}:{self.basis}"

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError if an element has no basis or no D4 parameters."""
        from nci_core.teachers.fitted_dimer import check_basis

        D4Dispersion.check(dimer)
        check_basis(dimer, self.basis)

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield each configuration as it is finished."""
        from nci_core.integrals.density_functional import interaction_energy
        from nci_core.teachers.fitted_dimer import functions_of, teacher_errors

        dimer, positions = configurations.dimer, configurations.R
        functional, parameters = FUNCTIONALS[self.kind]
        start = time.perf_counter()
        with teacher_errors():
            functions = functions_of(dimer, self.basis)
        dispersion = D4Dispersion(dimer, parameters).energies(positions)
        guesses: dict[str, FloatArray] = {}
        for index, position in enumerate(positions):
            with teacher_errors():
                mean_field = interaction_energy(dimer, position, functional, functions, guesses) * HARTREE_EV
            now = time.perf_counter()
            yield finite_point(index, {"total": mean_field + float(dispersion[index])}, None, now - start, self.name)
            start = time.perf_counter()


def _open(kind: str, basis: str, options: TeacherOptions) -> DensityFunctionalD4:
    return DensityFunctionalD4(kind, basis) if basis else DensityFunctionalD4(kind)


open_pbe0: OpenTeacher = partial(_open, "pbe0-d4")
open_r2scan: OpenTeacher = partial(_open, "r2scan-d4")
