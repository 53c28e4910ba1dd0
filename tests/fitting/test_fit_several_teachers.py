"""Students of several teachers side by side, and the average over optima."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.errors import CancelledError
from nci_core.fitting import FitRun, FitSettings, Lesson, Observation, distill_all, finetune
from nci_core.fitting.memory import FitMemory
from nci_core.potentials import Ensemble, StudentConfig, load_checkpoint, save_checkpoint
from nci_core.systems import Dimer, Monomer, builtin_monomer

FloatArray = npt.NDArray[np.float64]
CONFIG = StudentConfig(network=False)
QUICK = FitSettings(members=3, restarts=3, averaged=2, max_iterations=30)


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    return Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))


@pytest.fixture(scope="module")
def lessons(dimer: Dimer, shell: Callable[..., FloatArray]) -> list[Lesson]:
    """Two teachers: the second attracts a third less."""
    R = shell(dimer.a, 80, nearest=(2.4, 5.0))
    r = dimer.at(R).distances[:, :, 0]
    found = []
    for name, strength in (("strong", 1.0), ("weak", 0.67)):
        channels = {
            "repulsion": 40.0 * np.exp(-3.6 * r).sum(axis=1),
            "dispersion": -strength * (8.0 / (r**6 + 100.0)).sum(axis=1),
        }
        found.append(Lesson(name, [Observation(dimer.at(R), channels["repulsion"] + channels["dispersion"], channels)]))
    return found


@pytest.fixture(scope="module")
def both(dimer: Dimer, lessons: list[Lesson]) -> Ensemble:
    return distill_all(lessons, CONFIG, QUICK)


def test_the_distilled_model_is_the_mean_of_both(dimer: Dimer, lessons: list[Lesson], both: Ensemble) -> None:
    alone = [distill_all([lesson], CONFIG, QUICK) for lesson in lessons]
    R = lessons[0].observations[0].configurations.R[:20]
    each = [student.energies(dimer.at(R)) for student in alone]
    np.testing.assert_allclose(both.energies(dimer.at(R)), np.mean(each, axis=0), rtol=1e-10)
    assert both.metadata["teachers"] == ["strong", "weak"]
    assert both.metadata["source"] == [0, 1, 0, 1, 0, 1]
    assert both.metadata["labels"] == 160
    assert sum(both.weights) == pytest.approx(1.0)
    assert len(both.averaged) == 4
    # Two teachers that differ are two sources of doubt: at least half their distance.
    apart = np.abs(each[0] - each[1]) / 2
    assert (both.std(dimer.at(R)) >= 0.99 * apart).all()


def test_finetuning_averages_the_best_of_each_teacher(
    dimer: Dimer, lessons: list[Lesson], both: Ensemble, tmp_path: Path
) -> None:
    (weak,) = lessons[1].observations
    labels = Observation(weak.configurations[:10], weak.energies[:10])
    read = load_checkpoint(save_checkpoint(both, tmp_path / "both.pt"))
    tuned = finetune([labels], read, settings=QUICK.model_copy(update={"restarts": 6}))
    assert len(tuned.optima) == len(tuned.averaged) == 2
    assert len(tuned.members) == 4
    # One optimum started from each: both meet the labels, and away from them they differ.
    far = weak.configurations.R[10:]
    one, two = (student.energies(dimer.at(far)) for student in tuned.averaged)
    assert np.abs(one - two).max() > 1e-6
    assert tuned.weights[0] >= tuned.weights[1] > 0.0
    np.testing.assert_allclose(
        tuned.energies(dimer.at(far)), tuned.weights[0] * one + tuned.weights[1] * two, rtol=1e-12
    )


def test_distilling_several_goes_on_where_it_stopped(dimer: Dimer, lessons: list[Lesson], tmp_path: Path) -> None:
    path, seen = tmp_path / "fit.pt", []  # type: tuple[Path, list[dict[str, Any]]]

    def in_the_second() -> bool:
        return bool(seen) and seen[-1]["member"] > 5 and seen[-1]["iteration"] == 3

    with pytest.raises(CancelledError):
        distill_all(
            lessons,
            CONFIG,
            QUICK,
            FitRun(seen.append, in_the_second, FitMemory(path)),
        )
    assert {event["members"] for event in seen} == {10}
    rest: list[dict[str, Any]] = []
    resumed: list[int] = []
    memory = FitMemory(path, resumed.append)
    again = distill_all(lessons, CONFIG, QUICK, FitRun(rest.append, memory=memory))
    assert resumed == [5, 0], "the first student is whole, of the second one no minimisation is"
    assert {event["member"] for event in rest if event["iteration"] > 0} == {5, 6, 7, 8, 9}
    assert min(event["iteration"] for event in rest if event["phase"] == "search") == 4, (
        "its minimisations go on where they were"
    )
    assert memory.seconds_before > 0
    whole = distill_all(lessons, CONFIG, QUICK)
    R = lessons[0].observations[0].configurations.R
    np.testing.assert_allclose(again.energies(dimer.at(R)), whole.energies(dimer.at(R)), rtol=1e-6)
