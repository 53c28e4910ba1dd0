"""Where a fit runs: asked for, or measured; no test needs a GPU."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.errors import InputError
from nci_core.fitting import FitSettings, Observation, devices, finetune
from nci_core.fitting.devices import START_SECONDS, STEPS, choose, some_of
from nci_core.fitting.priors import general_prior
from nci_core.fitting.problem import Problem
from nci_core.potentials import Student, StudentConfig
from nci_core.potentials.device import resolve_device
from nci_core.potentials.environments import pair_kinds
from nci_core.potentials.pairs import pair_sites
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
PARAMETERS = 10


def around(count: int, host: str = "ethylene") -> Observation:
    turn = np.linspace(0.0, 6.0, count)
    dimer = Dimer(builtin_monomer(host), Monomer.atom("He"))
    return Observation(dimer.at(np.column_stack([np.cos(turn), np.sin(turn), 3.0 + 0.0 * turn])), np.zeros(count))


class Machine:
    """A machine with a GPU: seconds of a step by labels on each device, and what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, core: float, gpu: float, launch: float) -> None:
        self.core, self.gpu, self.launch = core, gpu, launch
        self.asked: list[tuple[str, int]] = []
        monkeypatch.setattr(devices, "resolve_device", lambda name: resolve_device("cpu") if name else None)
        monkeypatch.setattr(devices, "device_name", lambda where: "a GPU")

    def pose(self, some: list[Observation], settings: FitSettings) -> Problem:
        self.asked.append((settings.device, sum(map(len, some))))
        return Problem("finetune", None, None, np.array([]), [], None)  # type: ignore[arg-type]

    def seconds(self, problem: Problem, students: int) -> float:
        device, count = self.asked[-1]
        return self.core * count if device == "cpu" else self.launch + self.gpu * count

    def choose(self, count: int, device: str = "auto") -> devices.Choice:
        settings = FitSettings(device=device)
        return choose([around(count)], settings, PARAMETERS, self.pose, has_gpu=lambda: True, seconds=self.seconds)


@pytest.fixture(autouse=True)
def no_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Problem, "to", lambda self, device: self)


def test_few_labels_do_not_even_start_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, core=5e-5, gpu=1e-7, launch=4e-3)
    found = machine.choose(200)
    assert found.why == "about 0.8 s there, sooner than a GPU is ready"
    assert machine.asked == [("cpu", 200)]
    assert 200 * 5e-5 * STEPS < START_SECONDS


def test_many_labels_go_where_a_step_is_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = Machine(monkeypatch, core=5e-5, gpu=1e-7, launch=4e-3)
    # Few and many labels on the GPU: 4.05 and 4.82 ms, so 14 ms for 100,000.
    assert fast.choose(100_000).why == "a step takes 14 ms on the GPU and 5e+03 ms on a core"
    assert fast.asked == [("cpu", 512), ("cuda", 512), ("cuda", 8192)]
    slow = Machine(monkeypatch, core=5e-5, gpu=1e-4, launch=4e-3)
    found = slow.choose(2000)
    assert "on the GPU" in found.why
    assert slow.asked[0] == ("cpu", 512)


def test_who_asks_for_a_device_gets_it_or_a_sentence() -> None:
    with pytest.raises(InputError, match="finds no CUDA device here; choose auto or cpu"):
        choose([around(5)], FitSettings(device="cuda"), PARAMETERS, lambda some, own: None)  # type: ignore[arg-type, return-value]
    found = choose([around(5)], FitSettings(device="cpu"), PARAMETERS, lambda some, own: None)  # type: ignore[arg-type, return-value]
    assert (found.device, found.why) == ("cpu", "asked for")


def test_a_model_says_where_it_was_fitted() -> None:
    seen = [around(5)]
    model = finetune(seen, settings=FitSettings(restarts=2, members=1, max_iterations=2))
    record = model.metadata["fit"]
    assert (record["device"], record["device_name"]) == ("cpu", "processor, one core")
    assert record["device_why"] == "there is no GPU here"
    assert 0.0 < record["memory_gb"] < 0.5


def test_a_sample_has_its_share_of_every_host() -> None:
    parts = some_of([around(900), around(90, "benzene"), around(1)], 100)
    assert [len(part) for part in parts] == [90, 9, 1]


def test_a_fit_ends_at_the_same_optimum_where_every_array_is_a_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of a GPU, on a processor: formulas of torch, curvatures in one product."""
    dimer, random = Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), np.random.default_rng(1)
    turn = random.normal(size=(40, 3))
    R = turn / np.linalg.norm(turn, axis=1)[:, None] * random.uniform(3.5, 5.5, 40)[:, None]
    kinds, config = pair_kinds([dimer]), StudentConfig()
    prior = general_prior(kinds, config)
    truth = Student(kinds, config, prior.unwhiten(torch.tensor(0.3 * random.normal(size=prior.mean.numel()))))
    seen = [Observation(dimer.at(R), truth.energies(dimer.at(R)))]
    settings = FitSettings(device="cpu", restarts=3, members=3, averaged=2, max_iterations=40)
    here = finetune(seen, settings=settings)
    pair_sites.cache_clear()
    for name in ("fitting.objective", "fitting.tiles", "potentials.pairs"):
        monkeypatch.setattr(f"nci_core.{name}.place", lambda x, device: torch.tensor(np.asarray(x)))
    there = finetune(seen, settings=settings)
    monkeypatch.undo()
    pair_sites.cache_clear()
    one, other = here.energies_and_std(dimer.at(R)), there.energies_and_std(dimer.at(R))
    # The same steps; sums in another order move an optimum by rounding times its condition.
    np.testing.assert_allclose(to_cm1(one[0]), to_cm1(other[0]), rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(to_cm1(one[1]), to_cm1(other[1]), rtol=1e-6, atol=1e-6)
    assert here.metadata["fit"]["iterations"] == there.metadata["fit"]["iterations"]
