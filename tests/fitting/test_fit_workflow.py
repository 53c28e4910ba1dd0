"""Distillation and fine-tuning on a synthetic truth, where the answer is known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.errors import CancelledError, InputError, ModelError
from nci_core.fitting import FitRun, FitSettings, Observation, distill, finetune
from nci_core.fitting.members import DISPLACEMENT, error_bar_factor
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.priors import change_prior, general_prior
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig, load_checkpoint, save_checkpoint
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]
CONFIG = StudentConfig(network=False)
KINDS = (PairKind("C", "He"), PairKind("H", "He"))
QUICK = FitSettings(members=3, restarts=1, max_iterations=40)


def synthetic(seed: int, near: Student | None = None, distance: float = 0.5) -> Student:
    """A potential drawn from the general prior, or near another one as fine-tuning expects it."""
    prior = (general_prior if near is None else change_prior)(KINDS, CONFIG)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(prior.mean.shape, generator=generator, dtype=torch.float64)
    centre = prior.mean if near is None else near.theta
    return Student(KINDS, CONFIG, centre + distance * prior.scale * prior.width * noise)


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    return Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))


@pytest.fixture(scope="module")
def teacher() -> Student:
    return synthetic(1)


@pytest.fixture(scope="module")
def truth(teacher: Student) -> Student:
    return synthetic(2, teacher, 0.5)


@pytest.fixture(scope="module")
def points(dimer: Dimer, truth: Student, shell: Callable[..., FloatArray]) -> FloatArray:
    """300 positions below 1000 cm⁻¹."""
    R = shell(dimer.a, 600, nearest=(2.3, 6.0))
    return R[to_cm1(truth.energies(dimer.at(R))) < 1000.0][:300]


@pytest.fixture(scope="module")
def distilled(dimer: Dimer, teacher: Student, points: FloatArray) -> Ensemble:
    channels = teacher.channels(dimer.at(points))
    return distill([Observation(dimer.at(points), teacher.energies(dimer.at(points)), channels)], CONFIG, QUICK)


def mae(model: Ensemble, truth: Student, dimer: Dimer, R: FloatArray) -> float:
    return float(to_cm1(np.abs(model.energies(dimer.at(R)) - truth.energies(dimer.at(R)))).mean())


def test_distillation_recovers_both_channels(
    distilled: Ensemble, teacher: Student, dimer: Dimer, points: FloatArray
) -> None:
    learnt, taught = distilled.channels(dimer.at(points)), teacher.channels(dimer.at(points))
    for name in learnt:
        # The teacher has the student's form, so it is recovered to less than the assumed noise of 0.3.
        assert to_cm1(np.abs(learnt[name] - taught[name])).mean() < 0.3
    assert distilled.metadata["stage"] == "distill"
    assert distilled.prior is not None


def test_distillation_of_totals(teacher: Student, dimer: Dimer, points: FloatArray) -> None:
    energies = teacher.energies(dimer.at(points))
    model = distill([Observation(dimer.at(points), energies, {"total": energies})], CONFIG, QUICK)
    assert mae(model, teacher, dimer, points) < 0.3


def test_finetuning_recovers_the_truth_from_few_labels(
    distilled: Ensemble, teacher: Student, truth: Student, dimer: Dimer, points: FloatArray
) -> None:
    labels = points[:30]
    energies = truth.energies(dimer.at(labels))
    tuned = finetune([Observation(dimer.at(labels), energies)], distilled, settings=QUICK)
    direct = finetune([Observation(dimer.at(labels), energies)], None, CONFIG, QUICK)
    rest = points[30:]
    before = mae(distilled, truth, dimer, rest)
    # Measured on other points: 4 cm⁻¹ before, 1.0 after, 1.1 by a direct fit.
    assert mae(tuned, truth, dimer, rest) < 0.5 * before
    assert mae(tuned, truth, dimer, rest) < mae(direct, truth, dimer, rest)
    assert tuned.metadata["labels"] == 30


def test_spread_covers_the_error_and_shrinks_with_labels(
    distilled: Ensemble, truth: Student, dimer: Dimer, points: FloatArray
) -> None:
    rest, spreads = points[60:], []
    for m in (10, 60):
        tuned = finetune(
            [Observation(dimer.at(points[:m]), truth.energies(dimer.at(points[:m])))], distilled, settings=QUICK
        )
        error, std = (
            np.abs(tuned.energies(dimer.at(rest)) - truth.energies(dimer.at(rest))),
            tuned.std(dimer.at(rest)),
        )
        # 0.67 is right. With fewer labels than parameters the bars are mostly the prior's, and this truth lies
        # half a prior width from its teacher in every parameter; one pair of members adds a factor of two.
        assert 0.05 < np.median(error) / np.median(std) < 2.0
        spreads.append(np.median(std))
    assert spreads[1] < spreads[0]


def test_error_bars_never_shrink_below_what_the_priors_say() -> None:
    for scale in (0.01, 0.3, 1.0, 4.0):
        # Members displaced by DISPLACEMENT × s stand for a posterior widened by max(1, s).
        assert error_bar_factor(scale) * DISPLACEMENT * scale == pytest.approx(max(1.0, scale))


def test_small_kappa_keeps_to_the_teacher(
    distilled: Ensemble, truth: Student, dimer: Dimer, points: FloatArray
) -> None:
    energies = truth.energies(dimer.at(points[:20]))
    settings = [QUICK.model_copy(update={"members": 1, "kappa": kappa}) for kappa in (0.01, 1.0)]
    loyal, free = (finetune([Observation(dimer.at(points[:20]), energies)], distilled, settings=s) for s in settings)
    assert distilled.prior is not None
    assert loyal.prior is not None
    assert loyal.prior.scale == 0.01
    start, width = distilled.members[0].theta, loyal.prior.width
    far = [float(((model.members[0].theta - start) / width).norm()) for model in (loyal, free)]
    # Measured 0.6 against 1.3 prior widths.
    assert far[0] < 0.75 * far[1]


def test_fits_are_reproducible(truth: Student, dimer: Dimer, points: FloatArray, tmp_path: Any) -> None:
    energies = truth.energies(dimer.at(points[:20]))
    one, two = (finetune([Observation(dimer.at(points[:20]), energies)], None, CONFIG, QUICK) for _ in range(2))
    other = finetune([Observation(dimer.at(points[:20]), energies)], None, CONFIG, QUICK.model_copy(update={"seed": 5}))
    assert all(torch.equal(a.theta, b.theta) for a, b in zip(one.members, two.members, strict=True))
    assert not torch.equal(one.members[1].theta, other.members[1].theta)
    loaded = load_checkpoint(save_checkpoint(one, tmp_path / "m.pt"))
    assert (loaded.energies(dimer.at(points)) == one.energies(dimer.at(points))).all()


def test_progress_tells_enough_for_live_curves(truth: Student, dimer: Dimer, points: FloatArray) -> None:
    events: list[dict[str, Any]] = []
    energies = truth.energies(dimer.at(points))
    held = [Observation(dimer.at(points[40:]), energies[40:])]
    seen = [Observation(dimer.at(points[:40]), energies[:40])]
    finetune(seen, None, CONFIG, QUICK, FitRun(events.append), held)
    assert {e["stage"] for e in events} == {"finetune"}
    assert {e["phase"] for e in events} == {"search", "spread"}
    # Number 1 is for an optimum that the search did not finish.
    assert {e["member"] for e in events} - {1} == {0, 2, 3}
    first = [e for e in events if e["member"] == 0]
    assert [e["iteration"] for e in first] == list(range(len(first)))
    assert first[-1]["loss"] < first[0]["loss"]
    for key in ("train_mae_cm1", "validation_mae_cm1"):
        assert first[-1][key]["lt_limit"] < first[0][key]["lt_limit"]
    assert "well" in first[-1]["validation_mae_cm1"] or "tail" in first[-1]["validation_mae_cm1"]


def test_validation_points_choose_nothing(truth: Student, dimer: Dimer, points: FloatArray) -> None:
    energies = truth.energies(dimer.at(points[:20]))
    held = [Observation(dimer.at(points[20:]), np.zeros(len(points) - 20))]
    seen = [Observation(dimer.at(points[:20]), energies)]
    without, with_ = (finetune(seen, None, CONFIG, QUICK, validation=v) for v in ([], held))
    assert torch.equal(without.members[0].theta, with_.members[0].theta)


def test_a_stop_request_ends_the_fit(truth: Student, dimer: Dimer, points: FloatArray) -> None:
    calls = iter([False] * 5 + [True])
    seen = [Observation(dimer.at(points), truth.energies(dimer.at(points)))]
    with pytest.raises(CancelledError, match="finetune fit was stopped; 0 of its 4 minimisations were done"):
        finetune(seen, None, CONFIG, QUICK, FitRun(should_stop=lambda: next(calls)))


def test_a_stopped_fit_goes_on_where_it_was(truth: Student, dimer: Dimer, points: FloatArray, tmp_path: Path) -> None:
    energies = truth.energies(dimer.at(points[:20]))
    undisturbed: list[dict[str, Any]] = []
    whole = finetune([Observation(dimer.at(points[:20]), energies)], None, CONFIG, QUICK, FitRun(undisturbed.append))
    path, starts = tmp_path / "fit.pt", 0
    seen: list[dict[str, Any]] = []
    resumed: list[int] = []
    while starts < 100:
        starts += 1
        calls = iter([False] * 7)
        memory = FitMemory(path, resumed.append)
        part: list[dict[str, Any]] = []
        try:
            run = FitRun(part.append, lambda calls=calls: next(calls, True), memory)
            again = finetune([Observation(dimer.at(points[:20]), energies)], None, CONFIG, QUICK, run)
            break
        except CancelledError:
            seen += part
    seen += part
    assert starts > 2
    assert len(resumed) == starts - 1
    assert resumed == sorted(resumed)
    # The same steps, so the same parameters; the last bits of matrix products depend on where arrays lie in memory.
    for a, b in zip(whole.members, again.members, strict=True):
        assert torch.allclose(a.theta, b.theta, rtol=1e-6, atol=1e-8), float((a.theta - b.theta).abs().max())
    assert again.metadata["fit"]["iterations"] == whole.metadata["fit"]["iterations"]
    once = {(e["member"], e["iteration"]): e["loss"] for e in seen}
    assert once == pytest.approx({(e["member"], e["iteration"]): e["loss"] for e in undisturbed}, rel=1e-6)
    assert len(seen) < len(undisturbed) + 2 * starts
    assert memory.seconds_before > 0
    memory.forget()
    assert not path.exists()


@pytest.mark.parametrize("damage", ["other labels", "other seed", "not a file of ours", "cut short"])
def test_what_another_fit_remembers_is_not_used(
    damage: str, truth: Student, dimer: Dimer, points: FloatArray, tmp_path: Path
) -> None:
    energies, path = truth.energies(dimer.at(points[:20])), tmp_path / "fit.pt"
    calls = iter([False] * 7)
    run = FitRun(should_stop=lambda: next(calls, True), memory=FitMemory(path))
    with pytest.raises(CancelledError):
        finetune([Observation(dimer.at(points[:20]), energies)], None, CONFIG, QUICK, run)
    assert path.is_file()
    settings = QUICK
    if damage == "other labels":
        energies = energies * 1.01
    elif damage == "other seed":
        settings = QUICK.model_copy(update={"seed": 3})
    else:
        path.write_bytes(b"nothing" if damage == "not a file of ours" else path.read_bytes()[:200])
    resumed: list[int] = []
    seen = [Observation(dimer.at(points[:20]), energies)]
    one = finetune(seen, None, CONFIG, settings, FitRun(memory=FitMemory(path, resumed.append)))
    two = finetune(seen, None, CONFIG, settings)
    assert not resumed
    assert all(torch.equal(a.theta, b.theta) for a, b in zip(one.members, two.members, strict=True))


def test_one_label_is_enough_not_to_fail(dimer: Dimer) -> None:
    model = finetune(
        [Observation(dimer.at([[0.0, 0.0, 3.5]]), np.array([from_cm1(-40.0)]))],
        settings=FitSettings(members=2, restarts=1),
    )
    # One label against a prior of a few cm⁻¹: met to about its noise.
    assert to_cm1(model.members[0].energies(dimer.at([[0.0, 0.0, 3.5]]))[0]) == pytest.approx(-40.0, abs=0.5)


def test_misfits_between_prior_and_dimer_are_named(distilled: Ensemble) -> None:
    water = Monomer("water", ("O", "H", "H"), np.array([[0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]]))

    def of(dimer: Dimer) -> list[Observation]:
        return [Observation(dimer.at([[0.0, 0.0, 3.5]]), np.zeros(1))]

    with pytest.raises(ModelError, match="has not learnt O of host 'water'"):
        finetune(of(Dimer(water, Monomer.atom("He"))), distilled)
    with pytest.raises(ModelError, match="was fitted for the probe He, but the probe here is Ne"):
        finetune(of(Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne"))), distilled)
    with pytest.raises(ModelError, match="cannot change"):
        finetune(of(Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))), distilled, StudentConfig())


def test_channels_must_add_up(dimer: Dimer) -> None:
    parts = {"repulsion": np.array([1.0]), "dispersion": np.array([-0.5])}
    with pytest.raises(InputError, match="do not add up"):
        distill([Observation(dimer.at([[0.0, 0.0, 3.5]]), np.zeros(1), parts)])


def test_labels_that_weigh_nothing_leave_error_bars_as_they_are(
    truth: Student, dimer: Dimer, points: FloatArray
) -> None:
    at = dimer.at(points[:20])
    weights = np.where(np.arange(20) < 5, 0.0, 1.0)
    model = finetune([Observation(at, truth.energies(at), weights=weights)], None, CONFIG, QUICK)
    best, *_, displaced = model.members
    assert not torch.equal(best.theta, displaced.theta)
    assert (model.std(dimer.at(points[20:])) > 0.0).all()
