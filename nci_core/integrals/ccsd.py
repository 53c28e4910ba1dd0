"""Closed-shell CCSD: Purvis and Bartlett, DOI 10.1063/1.443164; equations in `amplitude_equations.py`."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nci_core.integrals.amplitude_equations import AmplitudeEquations, energy
from nci_core.integrals.diis import DIIS
from nci_core.integrals.orbital_integrals import OrbitalIntegrals
from nci_core.integrals.products import multiply

#: Single precision is left below this change of the amplitudes, if the last iteration did not reduce it by a third:
#: an iteration gains a factor of three to five, and ends at its rounding errors, some 1e-7 of the amplitudes.
SINGLE_ENDS, SLOW = 1e-5, 2 / 3


@dataclass(frozen=True)
class Amplitudes:
    """t1 (o, v) and t2 (o, v, o, v) as i, a, j, b, their energy in Hartree, and how it was found."""

    t1: Tensor
    t2: Tensor
    energy: float
    cycles: int
    converged: bool


class _Packing:
    """Amplitudes as one vector: t1, and t2 for i ≥ j, since t_ij^ab = t_ji^ba.

    Products of such vectors count each amplitude once: for i = j those of a ≠ b, which stand there twice, are scaled.
    """

    def __init__(self, o: int, v: int, device: torch.device) -> None:
        self.o, self.v = o, v
        self.i, self.j = torch.tril_indices(o, o, device=device)
        self.scale = torch.full((v, v), 0.5**0.5, dtype=torch.float64, device=device).fill_diagonal_(1.0)

    def pack(self, t1: Tensor, t2: Tensor) -> Tensor:
        lower = t2.transpose(1, 2)[self.i, self.j]
        lower[self.i == self.j] *= self.scale
        return torch.cat([t1.reshape(-1), lower.reshape(-1)])

    def unpack(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        o, v = self.o, self.v
        t1, lower = vector[: o * v].reshape(o, v), vector[o * v :].reshape(-1, v, v)
        lower = lower.clone()
        lower[self.i == self.j] /= self.scale
        t2 = vector.new_empty(o, o, v, v)
        t2[self.j, self.i], t2[self.i, self.j] = lower.transpose(1, 2), lower
        return t1, t2.transpose(1, 2).contiguous()


def solve(
    integrals: OrbitalIntegrals,
    energy_tol: float,
    amplitude_tol: float,
    max_cycle: int,
    work_bytes: float,
    kept_bytes: float,
) -> Amplitudes:
    """CCSD from the amplitudes of MP2.

    What is left of the equations is computed in single precision, which halves an iteration's time, until the
    amplitudes are converged or that precision does not carry further; then in double precision, once at least, for
    rounding is up to 4e-8 hartree of benzene. The amplitudes, their extrapolation and the energy are in double
    precision throughout.

    Args:
        integrals: in float64.
        energy_tol: change of the energy in the last iteration, Hartree; amplitude_tol: norm of the amplitudes' change.
        max_cycle: iterations before it counts as not converging.
        work_bytes, kept_bytes: as of `AmplitudeEquations`.
    """
    x, o, v = integrals.sizes
    device = integrals.ov.device
    one, two = integrals.differences()
    ov = integrals.ov.reshape(x, o * v)
    coulomb = multiply(ov.T, ov).reshape(o, v, o, v)
    precision = torch.float32
    equations = AmplitudeEquations(integrals.to(precision), work_bytes, kept_bytes)
    packing, diis = _Packing(o, v, device), DIIS(device)
    t1, t2 = torch.zeros_like(one), -coulomb / two
    found, size, converged, cycle = energy(coulomb, t1, t2), float("inf"), False, 0
    for cycle in range(1, max_cycle + 1):
        r1, r2 = equations.residual(t1.to(precision), t2.to(precision))
        change = packing.pack(-r1 / one, -r2 / two)
        vector = packing.pack(t1, t2).add_(change)
        last_size, size = size, float(change.norm())
        t1, t2 = packing.unpack(diis.extrapolate(vector, change) if cycle > 1 else vector)
        before, found = found, energy(coulomb, t1, t2)
        settled = abs(found - before) < energy_tol and size < amplitude_tol
        if settled and precision == torch.float64:
            converged = True
            break
        if precision != torch.float64 and (settled or SLOW * last_size < size < SINGLE_ENDS):
            precision, diis = torch.float64, DIIS(device)
            del equations  # its memory is needed
            equations = AmplitudeEquations(integrals, work_bytes, kept_bytes)
    return Amplitudes(t1, t2, found, cycle, converged)
