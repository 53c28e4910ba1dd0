"""Which teacher a specification stands for now: by file, by weights, by the version of another program."""

import hashlib
import importlib.metadata
from pathlib import Path

import pytest
import torch

from nci_core.teachers import find_teacher
from nci_core.teachers.identity import Identity, calculator_identity, weights_sha256
from nci_core.teachers.mace import MaceTeacher


@pytest.mark.parametrize("spec", ["hf-d4", "hf-d4:cc-pvdz", "hf-mp2", "gfn2-xtb"])
def test_teachers_of_this_program_are_their_names(spec: str) -> None:
    """As the embedded campaigns have them."""
    assert find_teacher(spec).identity() == Identity(spec)


def test_a_calculator_comes_with_the_version_of_its_distribution() -> None:
    found = find_teacher("ase:ase.calculators.lj.LennardJones").identity()
    version = f"ase-{importlib.metadata.version('ase')}"
    assert found == Identity(f"ase:ase.calculators.lj.LennardJones@{version}", {"version": version})
    assert calculator_identity("ase:nobody.knows.This") == Identity("ase:nobody.knows.This")


def test_a_file_is_its_content(tmp_path: Path) -> None:
    path = tmp_path / "x.model"
    names = set()
    for content in (b"one", b"two"):
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        found = MaceTeacher(str(path)).identity()
        assert found == Identity(f"mace:x@{digest[:12]}", {"sha256": digest})
        names.add(found.name)
    assert len(names) == 2


def test_a_foundation_model_is_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    network = torch.nn.Linear(2, 1)
    network.atomic_numbers = torch.tensor([1, 2])
    monkeypatch.setattr("nci_core.teachers.mace.foundation_file", lambda name: None)
    monkeypatch.setattr("nci_core.teachers.mace.read_network", lambda file: network)
    before = MaceTeacher("medium-omat-0", device="cpu").identity()
    digest = weights_sha256(network.double())
    assert before.name.startswith("mace:medium-omat-0@")
    assert before.details["weights_sha256"] != digest, "as they were downloaded, not as they are used"
    assert MaceTeacher("medium-omat-0", device="cpu").identity().name == f"mace:medium-omat-0@{digest[:12]}"
    with torch.no_grad():
        network.weight[0, 0] += 1e-9
    assert MaceTeacher("medium-omat-0", device="cpu").identity().name != f"mace:medium-omat-0@{digest[:12]}"
