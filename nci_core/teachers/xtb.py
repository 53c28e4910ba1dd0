"""GFN1-xTB and GFN2-xTB through tblite: seconds for hundreds of points, with forces.

Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017), DOI 10.1021/acs.jctc.7b00118; Bannwarth, Ehlert,
Grimme, J. Chem. Theory Comput. 15, 1652 (2019), DOI 10.1021/acs.jctc.8b01176. GFN2-xTB is good beyond 3.5 Å and
overbinds the wall of He–benzene by some 150 cm⁻¹; GFN1-xTB has a false well beside the hydrogens.
"""

from functools import partial

from ase.calculators.calculator import Calculator

from nci_core.errors import TeacherError
from nci_core.teachers.registry import OpenTeacher, TeacherOptions
from nci_core.teachers.supermolecular import SupermolecularTeacher

#: tblite's accuracy factor: 1 converges energies to 1e-6 Hartree, 0.2 cm⁻¹, too coarse here.
ACCURACY = 1e-3


class XTBTeacher(SupermolecularTeacher):
    """Interaction energies and forces of "GFN1-xTB" or "GFN2-xTB"; elements up to radon."""

    def __init__(self, method: str = "GFN2-xTB") -> None:
        super().__init__(partial(_tblite, method), method.lower())


def _tblite(method: str) -> Calculator:
    try:
        from tblite.ase import TBLite
    except ImportError:
        raise TeacherError(
            f"Teacher {method.lower()} needs the package tblite; install it with pip install tblite."
        ) from None
    return TBLite(method=method, accuracy=ACCURACY, verbosity=0)


def _open(method: str, rest: str, options: TeacherOptions) -> XTBTeacher | None:
    return None if rest else XTBTeacher(method)


open_gfn1: OpenTeacher = partial(_open, "GFN1-xTB")
open_gfn2: OpenTeacher = partial(_open, "GFN2-xTB")
