"""GFN2-xTB through tblite: seconds for hundreds of points, with forces.

Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 15, 1652 (2019), DOI 10.1021/acs.jctc.8b01176.
Good beyond 3.5 Å; overbinds the wall of He–benzene by some 150 cm⁻¹.
"""

from ase.calculators.calculator import Calculator

from nci_core.errors import TeacherError
from nci_core.teachers.registry import TeacherOptions
from nci_core.teachers.supermolecular import SupermolecularTeacher

#: tblite's accuracy factor: 1 converges energies to 1e-6 Hartree, 0.2 cm⁻¹, too coarse here.
ACCURACY = 1e-3


class GFN2Teacher(SupermolecularTeacher):
    """GFN2-xTB interaction energies and forces; elements up to radon."""

    def __init__(self) -> None:
        super().__init__(_tblite, "gfn2-xtb")


def _tblite() -> Calculator:
    try:
        from tblite.ase import TBLite
    except ImportError:
        raise TeacherError("Teacher gfn2-xtb needs the package tblite; install it with pip install tblite.") from None
    return TBLite(method="GFN2-xTB", accuracy=ACCURACY, verbosity=0)


def open_teacher(rest: str, options: TeacherOptions) -> GFN2Teacher | None:
    """The teacher of the spec gfn2-xtb, which takes nothing more."""
    return None if rest else GFN2Teacher()
