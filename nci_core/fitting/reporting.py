"""What is told of a fit under way, step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nci_core.errors import CancelledError
from nci_core.fitting.levenberg_marquardt import Descent, OnStep
from nci_core.fitting.objective import Held, MapObjective, Together
from nci_core.fitting.problem import Problem
from nci_core.fitting.run import FitRun
from nci_core.potentials.arrays import FloatArray
from nci_core.units import to_cm1


def shares_by_region(region: npt.NDArray[np.str_]) -> tuple[tuple[str, ...], FloatArray]:
    """Groups of energies whose mean absolute errors are told, and each energy's share (groups, m) in them.

    The range of interest ('lt_limit') and each region (m,) that is not empty.
    """
    chosen = {"lt_limit": region != "beyond", **{name: region == name for name in ("well", "tail", "wall")}}
    groups = {name: rows / rows.sum() for name, rows in chosen.items() if rows.any()}
    return tuple(groups), np.array([*groups.values()]).reshape(len(groups), len(region))


def mae_by_region(error: FloatArray, region: npt.NDArray[np.str_]) -> dict[str, float]:
    """Mean absolute errors in cm⁻¹ in the range of interest and by region (m,), of errors (m,) in eV."""
    names, shares = shares_by_region(region)
    return dict(zip(names, to_cm1(shares @ np.abs(error)).tolist(), strict=True))


class Reporter:
    """Turns optimiser steps into progress dictionaries, and a stop request into CancelledError.

    Args:
        problem: whose.
        total: minimisations of the whole fit.
        run: who watches.
    """

    def __init__(self, problem: Problem, total: int, run: FitRun) -> None:
        self.problem, self.total, self.run = problem, total, run
        self.names, self._shares = shares_by_region(problem.regions)
        self.held_names, self._held_shares = ((), np.empty((0, 0)))  # type: tuple[tuple[str, ...], FloatArray]
        if problem.validation is not None:
            self.held_names, self._held_shares = shares_by_region(problem.validation[2])

    def together(self, objectives: Sequence[MapObjective]) -> Together:
        """Objectives of the problem side by side, which tell what is reported if anybody watches."""
        if self.run.progress is None:
            return Together(objectives)
        like, held = objectives[0].targets.weights, None
        if self.problem.validation is not None:
            seen, energies, _ = self.problem.validation
            held = Held(seen, torch.tensor(energies).to(like), torch.tensor(self._held_shares).to(like))
        return Together(objectives, torch.tensor(self._shares).to(like), held)

    def watch(self, phase: str, first: int = 0) -> OnStep:
        """The callback for minimisations of one phase, by their numbers among `total`, counted from `first`."""

        def on_step(states: Sequence[tuple[int, Descent]]) -> None:
            finished = self.run.memory.finished(range(first, first + self.total))
            if self.run.should_stop is not None and self.run.should_stop():
                raise CancelledError(
                    f"The {self.problem.stage} fit was stopped; {finished} of its {self.total} minimisations were done."
                )
            if self.run.progress is not None:
                head = {"stage": self.problem.stage, "phase": phase, "members": self.total, "finished": finished}
                for number, state in states:
                    now = {"member": number - first, "iteration": state.iteration, "loss": state.loss}
                    self.run.progress({**head, **now, **self.errors(state.told)})

        return on_step

    def errors(self, told: Sequence[float]) -> dict[str, Any]:
        """Mean absolute errors in cm⁻¹ on the labels and on the validation points, by region."""
        values = [float(to_cm1(value)) for value in told]
        count = len(self.names)
        found: dict[str, Any] = {"train_mae_cm1": dict(zip(self.names, values[:count], strict=True))}
        if self.held_names:
            found["validation_mae_cm1"] = dict(zip(self.held_names, values[count:], strict=True))
        return found
