"""The objective, its derivatives and the priors."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from nci_core.errors import InputError
from nci_core.fitting import FitSettings
from nci_core.fitting.levenberg_marquardt import minimise_all
from nci_core.fitting.objective import MapObjective, Together, label_weights, make_targets
from nci_core.fitting.observations import Observation, check_observations
from nci_core.fitting.priors import general_prior
from nci_core.fitting.quadratic import ByResiduals
from nci_core.fitting.tiles import CPU_SIZE, Part, Tiles, observe
from nci_core.potentials import DiagonalPrior, PairKind, Student, StudentConfig
from nci_core.potentials.pairs import PairFeatures
from nci_core.potentials.parameters import layout
from nci_core.potentials.prior import FullPrior
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.free_atoms import FREE_ATOMS, pair_c6
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]
KINDS = (PairKind("C", "He"), PairKind("H", "He"))


def problem(channels: bool, shell: Callable[..., FloatArray]) -> MapObjective:
    host, config = builtin_monomer("ethylene"), StudentConfig()
    prior = general_prior(KINDS, config)
    R = shell(host, 30)
    random = np.random.default_rng(4)
    labels = {"repulsion": random.uniform(0, 0.1, 30), "dispersion": -random.uniform(0, 0.02, 30)}
    seen = [Observation(Dimer(host, Monomer.atom("He")).at(R), sum(labels.values()), labels)]
    targets = make_targets(seen, config.terms, 0.3, 100.0, apart=channels)
    return MapObjective(observe(seen, KINDS), targets, prior, config)


@pytest.mark.parametrize("channels", [False, True])
def test_normal_equations_are_the_derivative_of_the_loss(channels: bool, shell: Callable[..., FloatArray]) -> None:
    objective = problem(channels, shell)
    generator = torch.Generator().manual_seed(1)
    z = 0.3 * torch.randn(objective.prior.mean.numel(), generator=generator, dtype=torch.float64)
    loss, g, H = objective.normal_equations(z)
    assert objective.loss(z) == pytest.approx(loss, rel=1e-12)
    for column in range(0, len(z), 17):
        step = torch.zeros_like(z)
        step[column] = 1e-5
        slope = (objective.loss(z + step) - objective.loss(z - step)) / 2e-5
        # A loss of about 1e6 is known to 1e-10, over a step of 1e-5; g is half the gradient.
        assert slope / 2 == pytest.approx(float(g[column]), rel=1e-5, abs=1e-3)
    assert torch.allclose(H, H.T)
    assert float(torch.linalg.eigvalsh(H)[0]) >= 1.0 - 1e-6


def test_steps_are_the_same_by_labels_and_by_parameters(shell: Callable[..., FloatArray]) -> None:
    objective = problem(True, shell)
    z = torch.full((objective.prior.mean.numel(),), 0.1, dtype=torch.float64)
    few, many = objective.about(z[None]), Together([objective]).by_parameters(z[None], [0])
    assert isinstance(few, ByResiduals)
    damping = torch.tensor([100.0], dtype=torch.float64)
    assert few.loss.item() == pytest.approx(many.loss.item(), rel=1e-12)
    step = many.step(damping)
    # H has a condition of about 1e6 with this damping.
    torch.testing.assert_close(few.step(damping), step, rtol=0.0, atol=1e-8 * float(step.abs().max()))
    assert few.log_determinant().item() == pytest.approx(many.log_determinant().item(), rel=1e-9)


def test_chunks_do_not_matter(shell: Callable[..., FloatArray]) -> None:
    objective = problem(True, shell)
    (x,) = objective.seen
    halves = [
        PairFeatures.of(x.atoms, [array[..., rows] for array in x.arrays]) for rows in (slice(0, 11), slice(11, None))
    ]
    split = MapObjective(halves, objective.targets, objective.prior, objective.config)
    z = torch.full((objective.prior.mean.numel(),), 0.1, dtype=torch.float64)
    for one, two in zip(objective.normal_equations(z), split.normal_equations(z), strict=True):
        # The same sums in another order.
        np.testing.assert_allclose(np.asarray(one), np.asarray(two), rtol=1e-9, atol=1e-6)


def test_weights_by_energy_and_by_channel() -> None:
    energies = from_cm1(np.array([-50.0, 0.0, 100.0, 300.0]))
    np.testing.assert_allclose(label_weights(energies), [1.0, 1.0, 0.5, 0.1])
    parts = {"exchange": energies[2:], "dispersion": -energies[2:]}
    seen = Observation(
        Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at(np.full((2, 3), 4.0)), np.zeros(2), parts
    )
    targets = make_targets([seen], ("exchange", "dispersion"), 0.5, 100.0, apart=True)
    # The last row is the total, which is zero here: where channels cancel, it counts in full.
    np.testing.assert_allclose(targets.weights.numpy() * from_cm1(0.5) ** 2, [[0.5, 0.1], [0.5, 0.1], [1.0, 1.0]])
    assert targets.mixing.tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    np.testing.assert_allclose(targets.energies[-1].numpy(), np.zeros(2), atol=1e-15)


def test_noise_falls_with_the_number_of_labels() -> None:
    noise = [FitSettings().noise_cm1(n) for n in (10, 30, 200, 1000)]
    assert noise == sorted(noise, reverse=True)


def test_settings_reject_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="restart"):
        FitSettings.model_validate({"restart": 3})
    assert all(field.description for field in FitSettings.model_fields.values())


@pytest.mark.parametrize(
    ("positions", "energies", "message"),
    [
        ([[0, 0, 3]], [0.1, 0.2], "1 positions for 2 label energies"),
        (np.empty((0, 3)), [], "at least one label energy"),
        ([[0, 0, 3], [0, 0, 4]], [0.1, np.nan], "Row 1 of the label data is not a number"),
    ],
)
def test_bad_labels_are_one_sentence(positions: FloatArray, energies: FloatArray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_observations(
            [Observation(Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at(positions), np.array(energies))],
            "label",
        )


def test_c6_of_pairs_against_accurate_values() -> None:
    # He–Ar 9.5 and Ne–Kr 27.3 hartree bohr⁶ (DOI 10.1063/1.468222 and later work); the rule is good to about 5%.
    assert pair_c6(FREE_ATOMS["He"], FREE_ATOMS["Ar"]) == pytest.approx(9.5, rel=0.05)
    assert pair_c6(FREE_ATOMS["Ne"], FREE_ATOMS["Kr"]) == pytest.approx(27.3, rel=0.05)


@pytest.mark.parametrize("probe", ["He", "Ne", "Ar", "Kr", "Xe", "Be", "Mg"])
def test_general_prior_is_a_van_der_waals_well_for_any_pair(probe: str) -> None:
    elements = (*sorted(FREE_ATOMS), "Og")
    config = StudentConfig(network=False)
    kinds = [PairKind(element, probe) for element in elements]
    prior = general_prior(kinds, config)
    assert bool(torch.isfinite(prior.mean).all())
    assert bool((prior.width > 0).all())
    where = layout(config).slices
    r = np.linspace(2.0, 9.0, 300)
    student = Student(tuple(kinds), config, prior.mean)
    for element in ("H", "C", "O", "Ne", "Ar", "I", "Rn"):
        # A fictitious even-electron "host" of two atoms, the second far away, shows the pair curve.
        energies = student.energies(
            Dimer(_pair_host(element), Monomer.atom(probe)).at(np.column_stack([0 * r, 0 * r, -r]))
        )
        depth, place = to_cm1(-energies.min()), r[energies.argmin()]
        assert 5.0 < depth < 1000.0, element
        assert 2.5 < place < 5.0, element
    unknown, known = elements.index("Og"), elements.index("C")
    assert bool((prior.width[unknown, where["a"]] > prior.width[known, where["a"]]).all())


def _pair_host(element: str):  # type: ignore[no-untyped-def]
    from nci_core.systems import Monomer

    # Two O atoms would be the O₂ that no host may be.
    return Monomer(element, (element, "C" if element == "O" else element), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1e3]]))


def test_fits_are_the_same_where_formulas_are_evaluated_by_torch(
    shell: Callable[..., FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = problem(True, shell)
    z = torch.full((objective.prior.mean.numel(),), 0.1, dtype=torch.float64)
    expected = objective.normal_equations(z)
    # As on a GPU: every array is a tensor.
    monkeypatch.setattr("nci_core.fitting.objective.place", lambda x, device: torch.as_tensor(x, device=device))
    seen = [
        PairFeatures.of(x.atoms.each(torch.as_tensor), [torch.as_tensor(array) for array in x.arrays])
        for x in objective.seen
    ]
    there = MapObjective(seen, objective.targets, objective.prior, objective.config)
    for one, two in zip(there.normal_equations(z), expected, strict=True):
        # The same sums in another order.
        np.testing.assert_allclose(np.asarray(one), np.asarray(two), rtol=1e-9, atol=1e-6)


def test_objectives_side_by_side_are_those_alone(shell: Callable[..., FloatArray]) -> None:
    """Labels and priors differ; by residuals, and with so many labels (30 three times) by parameters too."""
    one, config = problem(True, shell), StudentConfig()
    shifted = replace(one.targets, energies=one.targets.energies + 1e-4)
    wide = replace(one.prior, width=2.0 * one.prior.width) if isinstance(one.prior, DiagonalPrior) else one.prior
    full = FullPrior(one.prior.mean, torch.diag(one.prior.width.flatten()))
    other = MapObjective(one.seen, shifted, wide, config)
    generator = torch.Generator().manual_seed(2)
    z = 0.1 * torch.randn(3, one.prior.mean.numel(), generator=generator, dtype=torch.float64)
    for third in (MapObjective(one.seen, one.targets, full, config), other):
        objectives = [one, other, third]
        together = Together(objectives)
        by_parameters, by_residuals = together.by_parameters(z, [0, 1, 2]), together.by_residuals(z, [0, 1, 2])
        for k, objective in enumerate(objectives):
            loss, g, H = objective.normal_equations(z[k])
            # A sum of 90 squares in whatever order.
            assert by_parameters.loss[k].item() == pytest.approx(loss, rel=1e-12)
            torch.testing.assert_close(by_parameters.g[k], g, rtol=1e-11, atol=1e-9 * float(g.abs().max()))
            torch.testing.assert_close(by_parameters.H[k], H, rtol=1e-11, atol=1e-12 * float(H.abs().max()))
            rho = by_residuals.rho[k] @ by_residuals.J[k] + z[k]
            torch.testing.assert_close(rho, g, rtol=1e-11, atol=1e-9 * float(g.abs().max()))
        # Any rows of them: who has ended is left out.
        torch.testing.assert_close(together.about(z[[2]], [2]).g[0], by_residuals.g[2], rtol=1e-11, atol=1e-9)


def test_many_labels_are_seen_tile_by_tile_and_nothing_of_them_is_kept(
    shell: Callable[..., FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    dimer, config = Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), StudentConfig()
    R = shell(dimer.a, 700)
    seen = [Observation(dimer.at(R), np.zeros(700))]
    kept = observe(seen, KINDS, students=8)
    assert [x.r.shape[1] for x in kept] == [512, 188]
    assert all(a is b for a, b in zip(kept, kept, strict=True))
    monkeypatch.setattr("nci_core.fitting.tiles.KEPT_BYTES", 1e3)
    made = observe(seen, KINDS, students=40)
    assert len(made) == 700
    sizes = [x.r.shape[1] for x in made]
    assert max(sizes) * 40 * 6 <= CPU_SIZE
    assert sum(sizes) == 700
    assert all(a is not b for a, b in zip(made, made, strict=True))
    prior, targets = general_prior(KINDS, config), make_targets(seen, config.terms, 0.3, 100.0, apart=False)
    z = torch.full((1, prior.mean.numel()), 0.1, dtype=torch.float64)
    one, two = (Together([MapObjective(each, targets, prior, config)]).about(z, [0]) for each in (kept, made))
    # The same sums, tile by tile in another order.
    torch.testing.assert_close(one.g, two.g, rtol=1e-9, atol=1e-9 * float(one.g.abs().max()))
    assert Tiles([Part(kept.parts[0].sites, R[:0], 10)]).parts == []


def test_the_host_waits_once_a_step(shell: Callable[..., FloatArray]) -> None:
    """As on a GPU, every array is a tensor: what would wait for a device is counted, `.item()` and its like."""
    objective = problem(False, shell)
    seen = [
        PairFeatures.of(x.atoms.each(torch.as_tensor), [torch.as_tensor(array) for array in x.arrays])
        for x in objective.seen
    ]
    waits: list[int] = []

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default):
                waits[-1] += 1
            return func(*args, **(kwargs or {}))

    together = Together([MapObjective(seen, objective.targets, objective.prior, objective.config)] * 3)
    starts = [torch.full((objective.prior.mean.numel(),), 0.1 * k, dtype=torch.float64) for k in range(3)]
    with pytest.MonkeyPatch.context() as patch, Counting():
        patch.setattr("nci_core.fitting.objective.place", lambda x, device: torch.as_tensor(x, device=device))
        patch.setattr("nci_core.potentials.arrays.place", lambda x, device: torch.as_tensor(x, device=device))
        waits.append(0)
        minimise_all(together, starts, 4, 1e-9, lambda states: waits.append(0))
    # `tolist` of a tensor on a CPU reads memory and is not counted: it is the one wait, and there is no other.
    assert waits == [0] * len(waits)
    assert len(waits) == 6
