"""The student potential: terms, one file per formula, and the models made of them."""

from nci_core.potentials.calculator import NCICalculator
from nci_core.potentials.checkpoints import load_checkpoint, save_checkpoint
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.prior import DiagonalPrior, FullPrior, Prior
from nci_core.potentials.student import Student

__all__ = [
    "DiagonalPrior",
    "Ensemble",
    "FullPrior",
    "NCICalculator",
    "PairKind",
    "Prior",
    "Student",
    "StudentConfig",
    "load_checkpoint",
    "save_checkpoint",
]
