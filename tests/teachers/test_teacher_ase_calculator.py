"""An `ase:` teacher is a calculator class of an installed package, run with consent and not before."""

import sys
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.lj import LennardJones

from nci_core.errors import TeacherError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers import find_teacher
from nci_core.teachers.ase_calculator import CalculatorTeacher
from nci_core.teachers.supermolecular import SupermolecularTeacher

POSITIONS = np.array([[0.0, 0.0, 3.1], [4.6, 0.2, 0.5]])
LENNARD_JONES = "ase.calculators.lj.LennardJones"


def test_a_calculator_of_an_installed_package_teaches_with_consent() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne"))
    with pytest.raises(TeacherError, match="--trust"):
        find_teacher(f"ase:{LENNARD_JONES}").evaluate(dimer.at(POSITIONS))
    found = find_teacher(f"ase:{LENNARD_JONES}", trusted=True).evaluate(dimer.at(POSITIONS))
    assert (
        found.energy.tolist() == SupermolecularTeacher(LennardJones, "lj").evaluate(dimer.at(POSITIONS)).energy.tolist()
    )


@pytest.mark.parametrize("path", ["os.abort", "subprocess.Popen", "builtins.exec", "no.such.Thing", "sys.exit"])
def test_what_no_package_installed_is_refused_before_any_import(path: str) -> None:
    with pytest.raises(TeacherError, match="no installed package holds"):
        find_teacher(f"ase:{path}", trusted=True)


@pytest.mark.parametrize(
    "path", ["", "ase", "ase..lj", "../ase.lj.X", "a b.C", "ase.calculators.lj.LennardJones()", ".x"]
)
def test_what_is_no_class_path_is_refused(path: str) -> None:
    with pytest.raises(TeacherError, match=r"give module\.ClassName|choose one of"):
        find_teacher(f"ase:{path}", trusted=True)


@pytest.mark.parametrize("path", ["numpy.random.rand", "ase.Atoms", "ase.calculators.lj", "ase.calculators.lj.Nothing"])
def test_what_is_no_calculator_class_is_refused(path: str) -> None:
    with pytest.raises(TeacherError, match=r"no ASE calculator class|There is no calculator"):
        find_teacher(f"ase:{path}", trusted=True).check(Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne")))


@pytest.mark.parametrize("name", ["made_up_calculator", "tblite"])
def test_a_file_beside_is_never_imported(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of a folder on the path is no installed package, whether its name is new or an installed one's."""
    marker = tmp_path / "was-run"
    code = f"open({str(marker)!r}, 'w').close()\nfrom ase.calculators.lj import LennardJones as Mine\n"
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(TeacherError, match="no installed package holds"):
        CalculatorTeacher(f"{name}.Mine", trusted=True)
    assert not marker.exists()
