"""The gate of bending and growing molecules: a jump is found, a steep change is none."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.fitting.priors import general_prior
from nci_core.gates.flexing import flexing_gate
from nci_core.potentials import Ensemble, Student, StudentConfig
from nci_core.potentials.environments import pair_kinds
from nci_core.potentials.terms import TERMS
from nci_core.systems import Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer

FloatArray = npt.NDArray[np.float64]
ETHYLENE = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
DISPERSION = StudentConfig().terms.index(TERMS["dispersion"].name)


def stretched(host: Monomer) -> float:
    """How far (Å) the outermost atom is from the middle of the others, less 1.95."""
    return float(np.linalg.norm(host.positions - host.positions.mean(axis=0), axis=1).max()) - 1.95


@dataclass(frozen=True)
class Changed:
    """A student whose dispersion is multiplied by something that depends on the host."""

    model: Ensemble
    factor: Callable[[float], float]

    @property
    def terms(self) -> tuple[str, ...]:
        return self.model.terms

    def member_channels(self, at: Configurations) -> FloatArray:
        channels = self.model.member_channels(at).copy()
        channels[:, DISPERSION] *= self.factor(stretched(at.dimer.a))
        return channels

    def mean_of(self, values: FloatArray) -> FloatArray:
        return self.model.mean_of(values)

    def energies(self, at: Configurations) -> FloatArray:
        return self.mean_of(self.member_channels(at).sum(axis=1))


@pytest.mark.parametrize(
    ("factor", "passes"),
    [
        (lambda by: 1.0, True),
        (lambda by: 1.04 if by > 0.0 else 1.0, False),
        # Coarse steps leave a doubt at a change within 0.1 Å, and finer ones take it away.
        (lambda by: 1.0 + 0.02 * float(np.tanh(by / 0.03)), True),
    ],
    ids=["as it is", "a jump", "a steep change"],
)
def test_a_jump_is_found_and_a_steep_change_is_none(factor: Callable[[float], float], passes: bool) -> None:
    config = StudentConfig()
    kinds = pair_kinds([ETHYLENE])
    model = Ensemble((Student(kinds, config, general_prior(kinds, config).mean),))
    (gate,) = flexing_gate(Changed(model, factor), ETHYLENE)  # type: ignore[arg-type]
    assert gate.passed == passes, gate.value
