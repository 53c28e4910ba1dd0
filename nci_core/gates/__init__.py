"""Physics gates: what any potential of a host and a probe atom must satisfy, whatever its errors are.

A potential with small errors on its test points can still be wrong where nobody looked: far out,
between directions, or inside the wall. Each gate asks one such question on a few thousand points.
"""

from nci_core.gates.flexing import flexing_gate
from nci_core.gates.gate import Committee, Gate
from nci_core.gates.invariance import invariance_gates
from nci_core.gates.scans import scan_gates
from nci_core.gates.tail import extrapolated_c6, tail_gates
from nci_core.systems.dimer import Dimer

__all__ = ["Committee", "Gate", "check_potential", "extrapolated_c6"]


def check_potential(model: Committee, dimer: Dimer, *, limit_ev: float, c6_expected: float | None = None) -> list[Gate]:
    """All gates of a potential.

    Args:
        model: what is checked.
        dimer: what it is used for.
        limit_ev: upper end of the range of interest in eV, where the wall is looked at.
        c6_expected: C₆ averaged over directions in eV Å⁶ the fit started from; None leaves that gate out.
    """
    return [
        *tail_gates(model, dimer, c6_expected),
        *scan_gates(model, dimer, limit_ev),
        *invariance_gates(model, dimer),
        *flexing_gate(model, dimer),
    ]
