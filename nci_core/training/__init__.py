"""Fine-tuning networks on interaction energies: MACE's own training loop, then least squares to second order."""

from nci_core.training.finetune import finetune_network
from nci_core.training.foundations import Foundation, open_foundation
from nci_core.training.memory import TrainingMemory
from nci_core.training.settings import METHODS, TrainSettings

__all__ = ["METHODS", "Foundation", "TrainSettings", "TrainingMemory", "finetune_network", "open_foundation"]
