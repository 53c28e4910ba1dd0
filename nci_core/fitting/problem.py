"""What a fit is given: labels, what is believed before them, and where all of it is computed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from nci_core.fitting.memory import fingerprint
from nci_core.fitting.objective import MapObjective, Targets
from nci_core.fitting.settings import FitSettings
from nci_core.fitting.tiles import Tiles
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.prior import Prior


@dataclass(frozen=True)
class Problem:
    """A fit: labels, and what is believed before them.

    Attributes:
        stage: 'distill' or 'finetune', for progress reports.
        seen: features of the labelled configurations.
        targets: labels.
        regions: (m,) that each label is in, for reports of errors.
        priors: one or several; starting points take them in turn.
        config: terms of the student.
        sources: for each prior the number of its teacher; empty: all of one.
        validation: features, energies (m,) in eV and regions of what is reported but never fitted.
    """

    stage: str
    seen: Tiles
    targets: Targets
    regions: npt.NDArray[np.str_]
    priors: Sequence[Prior]
    config: StudentConfig
    sources: tuple[int, ...] = ()
    validation: tuple[Tiles, FloatArray, npt.NDArray[np.str_]] | None = None

    def to(self, device: torch.device) -> "Problem":
        """The same problem with labels and priors where `seen` is."""
        return replace(self, targets=self.targets.to(device), priors=[prior.to(device) for prior in self.priors])

    def fingerprint(self, settings: FitSettings, direct: bool) -> str:
        """Hash of all that decides the fit's result."""
        tensors = [self.targets.mixing, self.targets.energies, self.targets.weights, *self.seen.tensors]
        tensors += [tensor for prior in self.priors for tensor in prior.tensors]
        return fingerprint(tensors, f"{self.stage} {direct} {self.config} {settings.model_dump_json()}")

    def objective(self, k: int) -> MapObjective:
        """The objective with the k-th prior; they take turns."""
        return MapObjective(self.seen, self.targets, self.priors[k % len(self.priors)], self.config)
