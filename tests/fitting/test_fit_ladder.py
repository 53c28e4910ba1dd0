"""The ladder of recipes, with students as the truth: what cheap labels are worth, and what must not change."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.errors import InputError
from nci_core.fitting import FitRun, FitSettings, Observation, Rung, finetune, finetune_ladder
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.priors import general_prior, recipe_change
from nci_core.potentials import (
    DiagonalPrior,
    Ensemble,
    PairKind,
    Student,
    StudentConfig,
    load_checkpoint,
    save_checkpoint,
)
from nci_core.potentials.parameters import layout
from nci_core.selection.i_optimal import whitened_jacobian
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
CONFIG = StudentConfig(network=False)
KINDS = (PairKind("C", "He"), PairKind("H", "He"))
QUICK = FitSettings(members=3, restarts=2, averaged=2, max_iterations=40)


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    return Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))


def student(shift: float, together: float) -> Student:
    """General physics, its angular terms moved by `shift` of their widths, its C₈ and C₁₀ by `together` of themselves.

    C₆ is known from the monomers, and recipes hardly differ in it.
    """
    prior = general_prior(KINDS, CONFIG)
    noise = torch.randn(prior.mean.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    theta = prior.mean + shift * prior.width * noise
    theta[:, layout(CONFIG).slices["ln_C"]] += together
    return Student(KINDS, CONFIG, theta)


@pytest.fixture(scope="module")
def truths() -> tuple[Student, Student, Ensemble]:
    """Cheap recipe, costly recipe (15% more C₈ and C₁₀, all atoms alike), and a distilled student off by more."""
    cheap, costly = student(0.15, 0.0), student(0.15, 0.15)
    return cheap, costly, Ensemble((student(0.0, -0.1),), metadata={"stage": "distill"})


@pytest.fixture(scope="module")
def places(dimer: Dimer, shell: Callable[..., FloatArray]) -> FloatArray:
    return np.asarray(shell(dimer.a, 160, nearest=(2.6, 5.0)))


def rungs(dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray) -> tuple[Rung, Rung]:
    cheap, costly, _ = (one if isinstance(one, Ensemble) else Ensemble((one,)) for one in truths)
    first, second = places[:60], places[:5]
    return (
        Rung("cheap", [Observation(dimer.at(first), cheap.energies(dimer.at(first)))]),
        Rung("costly", [Observation(dimer.at(second), costly.energies(dimer.at(second)))]),
    )


def test_five_costly_labels_do_better_after_cheap_ones(
    dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray
) -> None:
    cheap, costly = rungs(dimer, truths, places)
    truth, held_out = Ensemble((truths[1],)), places[60:]
    reference = truth.energies(dimer.at(held_out))

    def mae(model: Ensemble) -> float:
        return float(np.abs(to_cm1(model.energies(dimer.at(held_out)) - reference)).mean())

    alone = finetune_ladder([costly], truths[2], settings=QUICK)
    climbed = finetune_ladder([cheap, costly], truths[2], settings=QUICK)
    apart = np.abs(to_cm1(Ensemble((truths[0],)).energies(dimer.at(held_out)) - reference)).mean()
    assert mae(climbed) < 0.5 * mae(alone), "the cheap labels are used"
    assert mae(climbed) < 0.25 * apart, "and the costly ones correct them"
    assert [rung["labels"] for rung in climbed.metadata["ladder"]] == [60, 5]
    assert 0.5 < climbed.metadata["ladder"][-1]["share"] <= 1.0
    again = finetune_ladder([cheap, costly], truths[2], settings=QUICK)
    assert again.energies(dimer.at(held_out)).tolist() == climbed.energies(dimer.at(held_out)).tolist()


def test_cheap_labels_that_lie_do_little_harm(
    dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray
) -> None:
    """A cheap recipe without any dispersion: plain fine-tuning is among the starting points and wins by evidence."""
    cheap, costly = rungs(dimer, truths, places)
    (said,) = cheap.observations
    lying = replace(cheap, observations=[replace(said, energies=np.abs(said.energies) + 0.01)])
    climbed = finetune_ladder([lying, costly], truths[2], settings=QUICK)
    assert climbed.metadata["ladder"][-1]["share"] < 0.2


def test_one_recipe_is_plain_fine_tuning(
    dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray
) -> None:
    _, costly = rungs(dimer, truths, places)
    plain = finetune(costly.observations, truths[2], settings=QUICK)
    one = finetune_ladder([costly], truths[2], settings=QUICK)
    assert all(torch.equal(a.theta, b.theta) for a, b in zip(plain.members, one.members, strict=True))
    assert one.prior is not None
    assert isinstance(one.prior, DiagonalPrior)


def test_the_correlated_prior_is_kept_and_selected_with(
    dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray, tmp_path: Path
) -> None:
    cheap, costly = rungs(dimer, truths, places)
    model = finetune_ladder([cheap, costly], truths[2], settings=QUICK)
    read = load_checkpoint(save_checkpoint(model, tmp_path / "model.pt"))
    assert read.prior is not None
    assert read.prior.root is not None
    assert torch.equal(read.prior.root, model.prior.root)  # type: ignore[union-attr, arg-type]
    widths = read.prior.root.square().sum(1).sqrt()
    torch.testing.assert_close(widths, read.prior.width.flatten())
    # What the cheap labels fixed is not free any more: the prior's spread of the energies is far below that of
    # independent parameters of the same widths.
    _, J = whitened_jacobian(read, dimer.at(places[60:]))
    _, free = whitened_jacobian(replace(read, prior=read.prior.independent()), dimer.at(places[60:]))
    assert np.linalg.norm(J) < 0.5 * np.linalg.norm(free)


def test_recipes_change_all_elements_alike(dimer: Dimer) -> None:
    assert float(torch.linalg.eigvalsh(recipe_change(KINDS, CONFIG)).min()) > 0.0
    own, common = 0.1, 0.2
    covariance = recipe_change(KINDS, CONFIG, {"ln_C": (own, common)})
    C = layout(CONFIG).slices["ln_C"].start
    H = C + CONFIG.size
    both, alone = float(covariance[C, H]), float((covariance[C, C] * covariance[H, H]).sqrt())
    # Both kinds have the same general width of ln C, so what they share of their variance is the squares' ratio.
    assert both / alone == pytest.approx(common**2 / (own**2 + common**2))


def test_a_ladder_goes_on_where_it_stopped(
    dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray, tmp_path: Path
) -> None:
    from nci_core.errors import CancelledError

    pair, seen = rungs(dimer, truths, places), []  # type: tuple[Rung, Rung], list[dict[str, Any]]
    with pytest.raises(CancelledError):
        finetune_ladder(
            pair,
            truths[2],
            settings=QUICK,
            run=FitRun(
                seen.append,
                lambda: bool(seen) and seen[-1]["member"] >= seen[-1]["members"] // 2 + 1,
                FitMemory(tmp_path / "fit.pt"),
            ),
        )
    resumed: list[int] = []
    run = FitRun(memory=FitMemory(tmp_path / "fit.pt", resumed.append))
    again = finetune_ladder(pair, truths[2], settings=QUICK, run=run)
    assert len(resumed) == 2, "both rungs were begun"
    whole = finetune_ladder(pair, truths[2], settings=QUICK)
    np.testing.assert_allclose(
        again.energies(dimer.at(places)), whole.energies(dimer.at(places)), rtol=1e-9, atol=1e-12
    )


def test_what_cannot_be_climbed_is_one_sentence(
    dimer: Dimer, truths: tuple[Student, Student, Ensemble], places: FloatArray
) -> None:
    _, costly = rungs(dimer, truths, places)
    with pytest.raises(InputError, match="at least one recipe"):
        finetune_ladder([], truths[2])
    with pytest.raises(InputError, match="at least one cheap label energy"):
        finetune_ladder([Rung("cheap", [Observation(dimer.at(np.empty((0, 3))), np.empty(0))]), costly], truths[2])
