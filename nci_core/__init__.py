"""nci: potentials for weak (non-covalent) interactions at cm⁻¹ accuracy.

Internal units are eV and Å everywhere; :mod:`nci_core.units` converts at the edges.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = ["NCICalculator", "__version__"]

if TYPE_CHECKING:
    from nci_core.potentials.calculator import NCICalculator


def __getattr__(name: str) -> Any:
    # Lazy, because the calculator needs torch and the dashboard process must not load it.
    if name == "NCICalculator":
        from nci_core.potentials.calculator import NCICalculator

        return NCICalculator
    raise AttributeError(f"module 'nci_core' has no attribute {name!r}")
