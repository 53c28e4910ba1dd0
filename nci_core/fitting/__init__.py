"""Fits: Levenberg–Marquardt, distillation from a teacher, fine-tuning on reference labels."""

from nci_core.fitting.distillation import Lesson, distill, distill_all
from nci_core.fitting.finetuning import finetune
from nci_core.fitting.ladder import Rung, finetune_ladder
from nci_core.fitting.settings import FitSettings

__all__ = ["FitSettings", "Lesson", "Rung", "distill", "distill_all", "finetune", "finetune_ladder"]
