"""Epochs of MACE's own training loop on supermolecular differences, that can be stopped and go on.

`mace.tools.train.train_one_epoch` takes every step, with MACE's optimiser, schedule and moving average; L-BFGS is its
own as well. Only the loop over the epochs is ours: `mace.tools.train.train` does not keep the moving average with its
checkpoints and repeats the epoch that it goes on from, so a training that was interrupted would end elsewhere, and
what it measures between epochs are total energies.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch

from nci_core.potentials.networks.network import NetworkConfig
from nci_core.potentials.networks.package import mace_package
from nci_core.training.foundations import arguments
from nci_core.training.problem import Labels, Loader, SupermolecularLoss
from nci_core.training.settings import TrainSettings

#: No forces, virials or stresses: labels are energies.
OUTPUT = {"energy": True, "forces": False, "virials": False, "stress": False}
#: Called after each epoch with its number, the loss and the state to go on from.
OnEpoch = Callable[[int, float, dict[str, Any]], None]


class _Losses:
    """Takes the place of MACE's log of steps."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def log(self, step: dict[str, Any]) -> None:
        """Keep the loss of a step."""
        self.values.append(float(step["loss"]))


def run_epochs(
    module: Any,
    groups: dict[str, Any],
    config: NetworkConfig,
    labels: Sequence[Labels],
    settings: TrainSettings,
    seed: int,
    device: torch.device,
    begun: dict[str, Any],
    on_epoch: OnEpoch,
) -> None:
    """Train a network for the epochs of the settings; afterwards its weights are the moving average.

    `begun` is the state that an earlier start gave to `on_epoch`, empty for a new training. While `on_epoch` is called
    the network has its averaged weights.
    """
    from mace.tools.train import train_one_epoch
    from torch_ema import ExponentialMovingAverage

    tools = mace_package().tools.scripts_utils
    options = arguments(settings)
    optimizer = tools.get_optimizer(options, groups)
    schedule = tools.LRScheduler(optimizer, options)
    average = ExponentialMovingAverage(module.parameters(), decay=settings.averaging)
    first = 0
    if begun:
        first = int(begun["epoch"])
        module.load_state_dict(begun["module"])
        optimizer.load_state_dict(begun["optimizer"])
        schedule.load_state_dict(begun["schedule"])
        average.load_state_dict(begun["average"])
    loader = Loader(labels, settings.batch, seed, config.elements, config.r_max, device)
    for epoch in range(first, settings.epochs):
        losses = _Losses()
        loader.epoch = epoch
        train_one_epoch(
            model=module,
            loss_fn=SupermolecularLoss(),
            data_loader=loader,
            optimizer=optimizer,
            epoch=epoch,
            output_args=OUTPUT,
            max_grad_norm=None,  # the loss has no unit: a norm says nothing
            ema=average,
            logger=losses,
            device=device,
            distributed=False,
        )
        schedule.step()
        state = {
            "epoch": epoch + 1,
            "module": copy.deepcopy(module.state_dict()),
            "optimizer": copy.deepcopy(optimizer.state_dict()),
            "schedule": schedule.state_dict(),
            # Without the weights that it has put aside, which are in "module".
            "average": copy.deepcopy(average.state_dict() | {"collected_params": None}),
        }
        with average.average_parameters():
            on_epoch(epoch + 1, sum(losses.values) / len(losses.values), state)
    average.copy_to(module.parameters())


def run_lbfgs(
    module: Any,
    config: NetworkConfig,
    labels: Sequence[Labels],
    settings: TrainSettings,
    device: torch.device,
    begun: dict[str, Any],
    on_epoch: OnEpoch,
) -> None:
    """MACE's L-BFGS on all labels, for networks whose Jacobian is too large; `begun` and `on_epoch` as above."""
    from mace.tools.train import train_one_epoch

    optimizer = torch.optim.LBFGS(
        [p for p in module.parameters() if p.requires_grad], history_size=50, max_iter=20, line_search_fn="strong_wolfe"
    )
    first = 0
    if begun:
        first = int(begun["epoch"])
        module.load_state_dict(begun["module"])
        optimizer.load_state_dict(begun["optimizer"])
    loader = Loader(labels, max(settings.batch, 64), 0, config.elements, config.r_max, device)
    for epoch in range(first, -(-settings.steps // 20)):
        losses = _Losses()
        train_one_epoch(
            model=module,
            loss_fn=SupermolecularLoss(),
            data_loader=loader,
            optimizer=optimizer,
            epoch=epoch,
            output_args=OUTPUT,
            max_grad_norm=None,
            ema=None,
            logger=losses,
            device=device,
            distributed=False,
        )
        state = {
            "epoch": epoch + 1,
            "module": copy.deepcopy(module.state_dict()),
            "optimizer": copy.deepcopy(optimizer.state_dict()),
        }
        on_epoch(epoch + 1, losses.values[-1], state)
