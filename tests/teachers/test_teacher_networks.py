"""Adapters of networks whose packages are not installed here: small stand-ins with the names that those packages have.

What is tested is ours: which names are called with what, that energies are supermolecular, what labels are kept under.
"""

import hashlib
import importlib.metadata
import pickle
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from nci_core.errors import TeacherError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers import find_teacher
from nci_core.teachers.catalogue.reading import required_preset
from nci_core.teachers.networks import split_head

POSITIONS = np.array([[0.0, 0.0, 3.2], [3.6, 0.0, 0.5]])
SPECS = {
    "orb:orb-v3-conservative-omol": "He",
    "aimnet2:aimnet2-wb97m-d3_0": None,
    "pet-mad:pet-mad-s-v1.6.0": "He",
    "uma:uma-s-1p2p1": "He",
}


class Recorder(LennardJones):
    """A Lennard-Jones calculator with a fixed range that remembers how it was made."""

    made: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(sigma=2.6, epsilon=0.002, rc=12.0, smooth=True)
        type(self).made = (arguments, options)


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stand-ins for the four packages, and their files in the folder of downloads."""
    checkpoint = tmp_path / "uma.pt"
    checkpoint.write_bytes(b"uma")
    modules: dict[str, dict[str, Any]] = {
        "orb_models.forcefield.pretrained": {
            "ORB_PRETRAINED_MODELS": {"orb-v3-conservative-omol": lambda **options: options}
        },
        "orb_models.forcefield.calculator": {"ORBCalculator": Recorder},
        "aimnet.calculators": {"AIMNet2Calculator": SimpleNamespace, "AIMNet2ASE": Recorder},
        "upet.ase": {"UPETCalculator": Recorder},
        "fairchem.core.calculate.pretrained_mlip": {
            "get_predict_unit": lambda name, **options: (name, options),
            "pretrained_checkpoint_path_from_name": lambda name: str(checkpoint),
        },
        "fairchem.core.units.mlip_unit.api.inference": {"InferenceSettings": SimpleNamespace},
        "fairchem.core.calculate.ase_calculator": {"FAIRChemCalculator": Recorder},
    }
    for name, content in modules.items():
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            path = ".".join(parts[:end])
            if path not in sys.modules:
                monkeypatch.setitem(sys.modules, path, ModuleType(path))
        for key, value in content.items():
            setattr(sys.modules[name], key, value)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "9.9")
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.setenv("NCI_TEACHER_FILES", str(files))
    for spec in SPECS:
        preset = required_preset(spec)
        if preset.weights == "download":
            (files / preset.file_name).write_bytes(spec.encode())
    return files


@pytest.mark.parametrize("spec", [spec for spec, probe in SPECS.items() if probe])
def test_energies_are_supermolecular(spec: str, packages: Path) -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    teacher = pickle.loads(pickle.dumps(find_teacher(spec, device="cpu")))
    labels = teacher.evaluate(dimer.at(np.vstack([POSITIONS, [[0.0, 0.0, 30.0]]])))

    def energy(atoms: Atoms) -> float:
        atoms.calc = Recorder()
        return float(atoms.get_potential_energy())

    apart = energy(dimer.a.atoms()) + energy(Atoms("He"))
    own = [energy(dimer.at(position).atoms(0)) - apart for position in POSITIONS]
    assert np.allclose(labels.energy[:2], own, atol=1e-12)  # the same sums in float64
    assert abs(own[0]) > 1e-4
    assert abs(labels.energy[2]) < 1e-12, "nothing is left beyond the range"
    assert labels.forces is not None
    assert np.abs(labels.forces.force[:2]).max() > 1e-5
    found = teacher.identity()
    assert "@" in found.name
    assert "-9.9-" in found.name
    assert len(found.details["weights_sha256"]) == 64


def test_files_are_those_whose_digest_was_checked(packages: Path) -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    for spec, options in (("orb:orb-v3-conservative-omol", "weights_path"), ("pet-mad:pet-mad-s-v1.6.0", "checkpoint")):
        teacher = find_teacher(spec, device="cpu")
        teacher.check(dimer)
        path = str(packages / required_preset(spec).file_name)
        assert path in str(Recorder.made), options
        assert teacher.identity().details["weights_sha256"] == hashlib.sha256(spec.encode()).hexdigest()


def test_a_file_with_a_published_digest_must_have_it(packages: Path) -> None:
    host = Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne"))
    with pytest.raises(TeacherError, match="does not know Ne"):
        find_teacher("aimnet2:aimnet2-wb97m-d3_0").check(host)
    teacher: Any = find_teacher("aimnet2:aimnet2-wb97m-d3_0", device="cpu")
    with pytest.raises(TeacherError, match="where f0f7c054539ad3261bd36f9b11c56d12f87cb723e25bea7521755bbd3ec24e28 is"):
        _ = teacher.engine


def test_uma_takes_its_task_as_a_head_and_double_precision(packages: Path) -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    teacher = find_teacher("uma:uma-s-1p2p1#omc", device="cpu")
    teacher.check(dimer)
    (unit,), options = Recorder.made
    assert options == {"task_name": "omc"}
    name, settings = unit
    assert name == "uma-s-1p2p1"
    assert settings["inference_settings"].base_precision_dtype == "float64"
    assert not settings["inference_settings"].merge_mole
    assert find_teacher("uma:uma-s-1p2p1").name == "uma:uma-s-1p2p1#omol"


def test_failures_of_a_package_are_one_sentence(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no\nsuch thing")

    monkeypatch.setattr(sys.modules["upet.ase"], "UPETCalculator", broken)
    with pytest.raises(TeacherError, match=r"cannot be loaded \(ValueError: no such thing\)\.$"):
        find_teacher("pet-mad:pet-mad-s-v1.6.0", device="cpu").check(
            Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
        )


def test_packages_that_are_not_there_say_how_to_get_them() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    for spec, said in (
        ("chgnet:0.3.0", "pip install 'nci\\[chgnet\\]'\\.$"),
        ("sevennet:7net-0", "in an environment of its own"),
        ("diep:diep_fold1", "diep"),
    ):
        with pytest.raises(TeacherError, match=said):
            find_teacher(spec, device="cpu").check(dimer)


def test_one_head_is_asked_for() -> None:
    with pytest.raises(TeacherError, match="names the head 'a', and 'b' is asked for"):
        split_head("x#a", "b")
