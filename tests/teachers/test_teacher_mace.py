"""The MACE teacher on a model that MACE's own command has trained."""

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nci_core.errors import TeacherError
from nci_core.systems import Dimer, Monomer
from nci_core.teachers import find_teacher
from nci_core.teachers.mace import BATCH_SIZE, UNSAFE_LOAD, MaceTeacher


class Moved:
    """A class that a pickle names."""


POSITIONS = np.array([[3.1, 0.0, 0.2], [0.5, 0.3, 3.6], [2.0, 2.0, 2.5]])


@pytest.fixture(scope="module")
def teacher(mace_file: Path) -> MaceTeacher:
    found = find_teacher(f"mace:{mace_file}", trusted=True, device="cpu")
    assert isinstance(found, MaceTeacher)
    return found


def test_batches_equal_mace_s_own_calculator(teacher: MaceTeacher, mace_file: Path, he_h2: Dimer) -> None:
    labels = teacher.evaluate(he_h2.at(POSITIONS))
    program = """
import sys, numpy as np
from ase import Atoms
from ase.io import read
from mace.calculators import MACECalculator
calculator = MACECalculator(model_paths=sys.argv[1], device="cpu", default_dtype="float64")
rows = []
for atoms in read("frames.xyz", ":"):
    parts = [atoms, atoms[:-1], atoms[-1:]]
    for part in parts:
        part.calc = calculator
    e = [part.get_potential_energy() for part in parts]
    rows.append([e[0] - e[1] - e[2], *atoms.get_forces()[-1]])
np.savetxt("own.txt", rows, fmt="%.17g")
"""
    from ase.io import write

    folder = mace_file.parent
    write(
        folder / "frames.xyz",
        [he_h2.at(p).atoms(0) for p in POSITIONS],
        format="extxyz",
        columns=["symbols", "positions"],
    )
    command = [sys.executable, "-c", program, str(mace_file)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    own = np.loadtxt(folder / "own.txt")
    # The same float64 network: only the order of sums differs.
    assert np.allclose(labels.energy, own[:, 0], rtol=0, atol=1e-10)
    assert labels.forces is not None
    assert np.allclose(labels.forces.force, own[:, 1:], rtol=0, atol=1e-10)
    assert np.abs(labels.forces.force).max() > 1e-4


def test_force_is_minus_the_gradient(teacher: MaceTeacher, he_h2: Dimer) -> None:
    h = 1e-4
    steps = np.vstack([POSITIONS[0] + h * np.eye(3), POSITIONS[0] - h * np.eye(3)])
    e = teacher.evaluate(he_h2.at(steps)).energy
    forces = teacher.evaluate(he_h2.at(POSITIONS[:1])).forces
    assert forces is not None
    # Central differences err by h² f''' ~ 1e-8 eV/Å.
    assert np.allclose(forces.force[0], -(e[:3] - e[3:]) / (2 * h), atol=1e-6)


def test_beyond_the_cutoff_there_is_no_interaction(teacher: MaceTeacher, he_h2: Dimer) -> None:
    labels = teacher.evaluate(he_h2.at(np.array([[0.0, 0.0, 9.0]])))
    assert abs(labels.energy[0]) < 1e-10


def test_more_points_than_a_batch_come_in_order(teacher: MaceTeacher, he_h2: Dimer) -> None:
    positions = np.column_stack([np.linspace(2.5, 6.5, BATCH_SIZE + 3), np.zeros((BATCH_SIZE + 3, 2))])
    seen: list[tuple[int, int]] = []
    indices: list[int] = []
    labels = teacher.evaluate(
        he_h2.at(positions), progress=lambda *p: seen.append(p), on_point=lambda p: indices.append(p.index)
    )
    assert seen[-1] == (len(positions), len(positions))
    assert indices == list(range(len(positions)))
    single = teacher.evaluate(he_h2.at(positions[-1:]))
    assert np.isclose(labels.energy[-1], single.energy[0], atol=1e-10)


def test_torch_and_the_environment_are_left_alone(mace_file: Path, he_h2: Dimer) -> None:
    before = os.environ.get(UNSAFE_LOAD)
    MaceTeacher(str(mace_file), trusted=True, device="cpu").evaluate(he_h2.at(POSITIONS))
    assert torch.get_default_dtype() == torch.float32
    assert os.environ.get(UNSAFE_LOAD) == before


def test_a_local_file_needs_consent_or_its_digest(mace_file: Path, he_h2: Dimer) -> None:
    with pytest.raises(TeacherError, match="pickle, which can run any code"):
        MaceTeacher(str(mace_file)).check(he_h2)
    digest = hashlib.sha256(mace_file.read_bytes()).hexdigest()
    MaceTeacher(str(mace_file), sha256=digest).check(he_h2)
    with pytest.raises(TeacherError, match="not the expected"):
        MaceTeacher(str(mace_file), sha256="0" * 64, trusted=True).check(he_h2)


def test_code_in_a_file_does_not_run_without_consent(tmp_path: Path, he_h2: Dimer) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    path = tmp_path / "evil.model"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(TeacherError):
        MaceTeacher(str(path)).check(he_h2)
    assert not (tmp_path / "ran").exists()


def test_a_missing_element_is_named(teacher: MaceTeacher) -> None:
    from nci_core.systems import builtin_monomer

    with pytest.raises(TeacherError, match=r"does not know C, Ne;"):
        teacher.check(Dimer(builtin_monomer("benzene"), Monomer.atom("Ne")))


def test_a_file_that_is_no_model(tmp_path: Path, he_h2: Dimer) -> None:
    path = tmp_path / "text.model"
    path.write_text("not a model")
    with pytest.raises(TeacherError, match="cannot be read as a MACE model"):
        MaceTeacher(str(path), trusted=True).check(he_h2)
    torch.save({"a": 1}, path)
    with pytest.raises(TeacherError, match="holds no MACE model but a dict"):
        MaceTeacher(str(path), trusted=True).check(he_h2)
    with pytest.raises(TeacherError, match="There is no file"):
        MaceTeacher(str(tmp_path / "absent.model"))


def test_an_unknown_head_is_named(mace_file: Path, he_h2: Dimer) -> None:
    with pytest.raises(TeacherError, match=r"has no head 'omol'; choose one of"):
        MaceTeacher(str(mace_file), trusted=True, head="omol").check(he_h2)


@pytest.mark.parametrize("name", ["medium-omat-0", "polar-1-m", "omol"])
def test_a_failed_download_says_what_to_do(
    name: str, he_h2: Dimer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv("NCI_TEACHER_FILES", str(tmp_path))
    monkeypatch.setattr("urllib.request.OpenerDirector.open", no_network)
    with pytest.raises(TeacherError, match=r"could not be downloaded from https.*\(no route to host\).* put it into"):
        find_teacher(f"mace:{name}").check(he_h2)


def test_a_known_lack_of_an_element_is_said_before_anything_is_fetched(he_h2: Dimer) -> None:
    with pytest.raises(TeacherError, match=r"mace:off-small does not know He;"):
        find_teacher("mace:off-small").check(he_h2)


def test_an_unknown_foundation_model(he_h2: Dimer) -> None:
    with pytest.raises(TeacherError, match="Unknown MACE foundation model 'huge'"):
        find_teacher("mace:huge").check(he_h2)


def test_a_file_of_another_version_is_refused_in_one_sentence(
    tmp_path: Path, he_h2: Dimer, mace_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(Moved(), tmp_path / "old.model")
    monkeypatch.delattr(sys.modules[__name__], "Moved")  # as a class that another version has and this one has not
    with pytest.raises(TeacherError, match=r"another version of MACE or e3nn than .*mace-torch 0\.3.*'Moved'"):
        MaceTeacher(str(tmp_path / "old.model"), trusted=True).check(he_h2)
    teacher = MaceTeacher(str(mace_file), trusted=True, device="cpu")
    del teacher.engine.network.interactions  # what an older checkpoint may lack
    with pytest.raises(TeacherError, match=r"another version of MACE or e3nn .*interactions"):
        teacher.evaluate(he_h2.at(POSITIONS))


def test_the_head_is_part_of_the_specification(mace_file: Path, he_h2: Dimer) -> None:
    teacher = find_teacher(f"mace:{mace_file}#Default", trusted=True)
    teacher.check(he_h2)
    assert teacher.identity().name.endswith("#Default")
    with pytest.raises(TeacherError, match="has no head 'omol'"):
        find_teacher(f"mace:{mace_file}#omol", trusted=True).check(he_h2)
