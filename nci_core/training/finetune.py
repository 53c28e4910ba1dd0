"""Fine-tuning a foundation model on interaction energies: several networks, each without a share of the labels."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nci_core.errors import CancelledError, InputError
from nci_core.fitting.left_out import ALONE
from nci_core.fitting.levenberg_marquardt import Descent, minimise
from nci_core.fitting.memory import fingerprint
from nci_core.fitting.observations import Observation, check_observations, systems_of
from nci_core.fitting.reporting import mae_by_region
from nci_core.fitting.run import FitRun, one_core
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.device import resolve_device
from nci_core.potentials.networks.ensemble import Network, NetworkEnsemble
from nci_core.potentials.networks.package import float64
from nci_core.potentials.remembered import system_records
from nci_core.systems.configurations import Configurations
from nci_core.training.epochs import run_epochs, run_lbfgs
from nci_core.training.foundations import REPLAY, Foundation, finished, forget_merged, learning_of, needed, ready
from nci_core.training.memory import TrainingMemory
from nci_core.training.problem import Labels, predicted
from nci_core.training.second_order import NetworkObjective, affordable, flat
from nci_core.training.settings import TrainSettings

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Member:
    """The training of one network.

    Attributes:
        number: which of the ensemble.
        network: being trained.
        labels: what each head is fitted to.
        learnt: the labels among them, and held: those left out, for reports.
    """

    number: int
    network: Network
    labels: tuple[Labels, ...]
    learnt: Labels
    held: Labels

    def errors(self, device: torch.device) -> dict[str, Any]:
        """Mean absolute errors in cm⁻¹ by region, of the labels and of those left out, now."""
        found = {"train_mae_cm1": self.learnt, "validation_mae_cm1": self.held}
        config = self.network.config
        forget_merged(self.network.module)
        return {
            name: mae_by_region(
                predicted(self.network.module, each, config.elements, config.r_max, device) - each.energies,
                each.regions,
            )
            for name, each in found.items()
            if len(each)
        }


def left_out(count: int, settings: TrainSettings, member: int) -> IntArray:
    """Rows of `count` labels that a member of the ensemble never sees: another part of one shuffle for each.

    >>> settings = TrainSettings(left_out=0.25, seeds=4)
    >>> sorted(row for k in range(4) for row in left_out(8, settings, k).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    size = round(settings.left_out * count)
    if settings.left_out and settings.seeds > 1 and count > 1:
        size = max(size, 1)  # or all members are one fit, and their spread says nothing
    order = np.resize(np.random.default_rng(settings.seed).permutation(count), size * (member + 1))
    return np.sort(order[size * member :])


def finetune_network(
    observations: Sequence[Observation],
    foundation: Foundation,
    settings: TrainSettings | None = None,
    run: FitRun | None = None,
    memory: TrainingMemory | None = None,
    replay: Sequence[Observation] = (),
    places: Sequence[Configurations] = (),
    metadata: Mapping[str, Any] | None = None,
) -> NetworkEnsemble:
    """Fit networks that start from a foundation to interaction energies, of all systems at once.

    Each network is trained without a share of the labels. Their mean is the model, and their spread the error bar, made
    so large that it is the error of the labels left out.

    Args:
        observations: the labels, of one recipe.
        foundation: where the networks start; for most methods also the centre of the prior of their weights.
        settings: of the training.
        run: who watches it and may stop it.
        memory: where a training that is stopped remembers how far it came.
        replay: energies that the method `replay` goes on saying, such as a teacher's; by default the foundation's own
            at `places`, or where there are none at the labels'.
        metadata: kept with the model.

    Raises InputError for energies that are not numbers, ModelError for an element that the foundation does not know,
    CancelledError.
    """
    settings, run, memory = settings or TrainSettings(), run or FitRun(), memory or TrainingMemory()
    check_observations(observations, "label")
    if not settings.epochs + settings.steps:
        raise InputError("A network that takes neither epochs nor steps learns nothing; give --epochs or --steps.")
    observations = [each for each in observations if len(each)]
    device = resolve_device(settings.device)
    start = needed(foundation, [*systems_of(observations), *systems_of(replay), *(at.dimer for at in places)])
    start.module.to(device)
    labels = Labels(tuple(observations), settings.sigma_cm1, settings.wall_cm1)
    asked = [Observation(at, np.zeros(len(at))) for at in places] or observations
    replayed = replay_labels(start, replay or asked, settings, said=bool(replay))
    memory.begin(key(start, labels, replayed, settings))
    found, held = [], []
    for number in range(settings.seeds):
        rows = left_out(len(labels), settings, number)
        member = begin(number, start, labels, replayed, rows, settings)
        with one_core(), float64():
            train(member, settings, device, run, memory)
            network = finished(member.network, settings)
        found.append(network)
        held.append(rows)
    about = {
        "stage": "finetune",
        "student": "mace",
        "method": settings.method,
        "labels": len(labels),
        "seed": settings.seed,
        **foundation.record,
        "fit": {"device": device.type, "seeds": settings.seeds, "epochs": settings.epochs, "steps": settings.steps},
        **system_records(systems_of(observations)),
        **(metadata or {}),
    }
    # Nothing was left out that would say how far a network is off at other hosts: as a student of one host.
    model = NetworkEnsemble(tuple(found), 1.0, about, settings.sigma_cm1, ALONE)
    model = replace(model, spread=spread_factor(model, labels, held))
    return model.to("cpu")


def begin(
    number: int, start: Network, labels: Labels, replayed: Labels | None, rows: IntArray, settings: TrainSettings
) -> Member:
    """What one network is trained on, with `rows` of the labels left out."""
    network = ready(start, settings, settings.seed + number)
    head = len(network.config.heads) - 1
    mine = replace(labels, head=head)
    learnt = mine.of(np.setdiff1d(np.arange(len(labels)), rows))
    both = (learnt,) if replayed is None else (replace(replayed, head=network.config.heads.index(REPLAY)), learnt)
    return Member(number, network, both, learnt, mine.of(rows))


def replay_labels(
    start: Network, places: Sequence[Observation], settings: TrainSettings, *, said: bool
) -> Labels | None:
    """What the head that replays is fitted to: energies that are given (`said`), or the foundation's own there."""
    if settings.method != "replay":
        return None
    labels = Labels(tuple(each for each in places if len(each)), settings.replay_sigma_cm1, settings.wall_cm1)
    random = np.random.default_rng(settings.seed)
    labels = labels.of(np.sort(random.permutation(len(labels))[: settings.replayed]))
    if said:
        return labels
    own = [
        replace(each, energies=start.energies(each.configurations), weights=None, channels={})
        for each in labels.observations
    ]
    return replace(labels, observations=tuple(own))


def key(start: Network, labels: Labels, replayed: Labels | None, settings: TrainSettings) -> str:
    """Hash of all that decides the result of a training."""
    parts = [labels, *([] if replayed is None else [replayed])]
    tensors = [torch.as_tensor(values) for each in parts for values in (each.energies, each.roots)]
    tensors += [torch.as_tensor(each.configurations.distances) for part in parts for each in part.observations]
    tensors += [value.detach() for value in start.module.state_dict().values()]
    return fingerprint(tensors, f"{start.config} {settings.model_dump_json()}")


def train(member: Member, settings: TrainSettings, device: torch.device, run: FitRun, memory: TrainingMemory) -> None:
    """Train one network, or go on where an earlier start was stopped; its weights are the result."""
    done = memory.finished.get(member.number)
    if done is not None:
        member.network.module.load_state_dict(done["module"])
        return
    network, module = member.network, member.network.module
    learning, groups = learning_of(module, settings)
    centre = flat([weights.detach() for weights in learning]).clone()
    state = memory.underway(member.number)
    kept: dict[str, Any] = dict(state)

    def report(phase: str, iteration: int, loss: float) -> None:
        if run.should_stop is not None and run.should_stop():
            memory.flush()
            raise CancelledError(f"The training was stopped at network {member.number + 1} of {settings.seeds}.")
        if run.progress is not None:
            head = {"stage": "finetune", "phase": phase, "members": settings.seeds}
            head |= {"member": member.number, "finished": member.number}
            run.progress({**head, "iteration": iteration, "loss": loss, **member.errors(device)})

    def keep(name: str) -> Callable[[int, float, dict[str, Any]], None]:
        def kept_and_said(epoch: int, loss: float, now: dict[str, Any]) -> None:
            kept[name] = now
            memory.keep(member.number, dict(kept))
            report(name, epoch, loss)

        return kept_and_said

    if settings.epochs and "steps" not in kept:
        run_epochs(
            module,
            groups,
            network.config,
            member.labels,
            settings,
            settings.seed + member.number,
            device,
            kept.get("epochs", {}),
            keep("epochs"),
        )
    if settings.steps and affordable(member.labels, learning):
        objective = NetworkObjective(
            module, learning, centre, settings.width, member.labels, network.config.elements, network.config.r_max
        )
        begun = Descent(*kept["steps"]["descent"]) if "steps" in kept else Descent(objective.whitened())
        begun = replace(begun, z=begun.z.to(centre.device))

        def on_step(now: Descent) -> None:
            objective.place(now.z)
            keep("steps")(now.iteration, now.loss, {"descent": tuple(vars(now).values())})

        objective.place(minimise(objective, begun, settings.steps, settings.tolerance, on_step).z)
    elif settings.steps:
        run_lbfgs(module, network.config, member.labels, settings, device, kept.get("lbfgs", {}), keep("lbfgs"))
    forget_merged(module)
    memory.finish(member.number, {"module": module.state_dict()})


def spread_factor(model: NetworkEnsemble, labels: Labels, held: Sequence[IntArray]) -> float:
    """What the members' spread is multiplied by, so that it is the error of labels left out, root mean square.

    A label's error is that of the mean of the networks that have not seen it. Below 1 it is not believed: the spread is
    then as large as the networks differ.
    """
    if len(held) < 2 or not any(map(len, held)):
        return 1.0
    energies = np.concatenate([model.member_energies(each.configurations) for each in labels.observations], axis=1)
    unseen = np.zeros(energies.shape, dtype=bool)
    for k, rows in enumerate(held):
        unseen[k, rows] = True
    rows = np.flatnonzero(unseen.any(axis=0) & (labels.regions != "beyond"))
    if not len(rows):
        return 1.0
    blind = (energies * unseen)[:, rows].sum(axis=0) / unseen[:, rows].sum(axis=0)
    error: FloatArray = blind - labels.energies[rows]
    spread = np.maximum(energies[:, rows].std(axis=0, ddof=1), 1e-12)
    return max(1.0, math.sqrt(float(np.median((error / spread) ** 2)) / 0.4549))
