"""MACE as a peer: what it is trained on and told, what is kept, and that fine-tuning begins where training ended."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase.io import read
from peer_problem import he_h2, labelled, made_problem, places

from nci_core.bench import peer_mace
from nci_core.bench.peer_mace import (
    APART,
    SCALE,
    PeerMACE,
    Schedule,
    command,
    finetuned,
    pretrained,
    train,
    write_frames,
)
from nci_core.errors import ModelError
from nci_core.fitting.objective import label_weights

R = places(60, 3)
LABELS = labelled(R)
E = LABELS.energies


def test_frames_hold_the_labels_and_the_host_alone(tmp_path: Path) -> None:
    write_frames(tmp_path / "labels.xyz", he_h2(), R, E)
    frames = read(tmp_path / "labels.xyz", ":", format="extxyz")
    assert len(frames) == 61
    assert np.allclose([f.info["REF_energy"] / SCALE for f in frames[:60]], E, rtol=1e-7)
    assert np.allclose([f.info["config_weight"] for f in frames[:60]], label_weights(E), rtol=1e-7)
    assert frames[60].info["REF_energy"] == 0.0
    assert he_h2().at(frames[60].positions[-1:]).distances.min() > APART - 1
    assert not {"energy", "forces"} & {key for f in frames for key in (*f.info, *f.arrays)}


def test_the_learning_rate_ends_where_it_should() -> None:
    options = Schedule(50, 0.01, 0.1).options()
    assert options["lr"] * options["lr_scheduler_gamma"] ** 50 == pytest.approx(0.001)
    assert 50 % options["eval_interval"] == 0


def test_flags_have_no_value() -> None:
    told = command({"ema": True, "plot": False, "lr": 0.1})
    assert told[-3:] == ["--ema", "--plot=False", "--lr=0.1"]


def test_a_training_that_fails_says_what_mace_said_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = subprocess.CompletedProcess([], 1, "", "Traceback\nRuntimeError: no room\n\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: said)
    with pytest.raises(ModelError, match=r"trained no model; the last it said was: RuntimeError: no room\.$"):
        train(LABELS, tmp_path / "a.model", Schedule(1, 0.01), seed=0)
    assert not list(tmp_path.iterdir())


def test_without_a_teacher_there_is_nothing_to_begin_with(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No teacher's labels of he-hydrogen"):
        pretrained(made_problem(tmp_path, teacher=False))


def test_what_was_trained_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[str] = []

    def fake(*args: object, parent: Path | None = None, **_: object) -> float:
        path = args[1]
        assert isinstance(path, Path)
        trained.append(f"{path.name} from {parent.name if parent else 'nothing'}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a network")
        return 12.34

    monkeypatch.setattr(peer_mace, "train", fake)
    problem = made_problem(tmp_path)
    for _ in range(2):
        found = finetuned(problem, LABELS, "random-0.1-0", seed=0, quick=True)
        assert found.fit_seconds == 12.3
    assert trained == ["teacher-quick.model from nothing", "random-0.1-0-quick.model from teacher-quick.model"]
    finetuned(problem, LABELS, "random-0.1-0", seed=0)
    assert len(trained) == 4, "a quick network stands in for no other"


@pytest.mark.slow
def test_training_and_finetuning(tmp_path: Path) -> None:
    """40 to 60 s: a network learns, fine-tuning begins with its weights, and gradients belong to the energies."""
    first, second = tmp_path / "first.model", tmp_path / "second.model"
    seconds = train(LABELS, first, Schedule(30, 0.02), seed=1)
    assert seconds > 1
    parent = PeerMACE(first)
    weights = label_weights(E)
    left = (weights * (parent.energies(LABELS.configurations) - E) ** 2).sum()
    assert left < 0.2 * (weights * E**2).sum()
    assert abs(parent.energies(he_h2().at([[0.0, 0.0, 20.0]]))[0]) < 1e-9

    train(LABELS, second, Schedule(1, 1e-12), seed=1, parent=first)
    child = PeerMACE(second)
    assert np.allclose(
        child.energies(LABELS.configurations), parent.energies(LABELS.configurations), rtol=1e-5, atol=1e-8
    )

    h, point = 1e-4, R[:1]
    energies, forces = parent.energies_and_forces(he_h2().at(point))
    steps = np.vstack([point + h * np.eye(3), point - h * np.eye(3)])
    around = parent.energies(he_h2().at(steps))
    assert np.isclose(energies[0], parent.energies(he_h2().at(point))[0])
    assert np.allclose(-forces.force[0], (around[:3] - around[3:]) / (2 * h), rtol=1e-4, atol=1e-7)
