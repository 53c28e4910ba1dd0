"""Fits: Levenberg–Marquardt, distillation from a teacher, fine-tuning on reference labels."""

from nci_core.fitting.distillation import Lesson, distill, distill_all
from nci_core.fitting.finetuning import finetune
from nci_core.fitting.ladder import Rung, finetune_ladder
from nci_core.fitting.observations import Observation
from nci_core.fitting.run import FitRun
from nci_core.fitting.settings import FitSettings

__all__ = [
    "FitRun",
    "FitSettings",
    "Lesson",
    "Observation",
    "Rung",
    "distill",
    "distill_all",
    "finetune",
    "finetune_ladder",
]
