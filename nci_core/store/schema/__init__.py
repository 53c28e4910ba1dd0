"""The tables, as typed dataclasses. Energies in eV, lengths in Å, times in UTC or seconds.

The rows that queries return are instances of these classes, detached from the database: read
them freely; changing one changes nothing until a function of this package writes it.
"""

from nci_core.store.schema.choices import NamedSet, Pick, Round, Step
from nci_core.store.schema.jobs import Job, JobEvent
from nci_core.store.schema.labels import EnergySet, Label, LabelEvent, SetEnergy
from nci_core.store.schema.models import CutPoint, Metric, Model, Prediction
from nci_core.store.schema.systems import CampaignInfo, Configuration, StoredSystem, TaughtBy, TeacherLabel

__all__ = [
    "CampaignInfo",
    "Configuration",
    "CutPoint",
    "EnergySet",
    "Job",
    "JobEvent",
    "Label",
    "LabelEvent",
    "Metric",
    "Model",
    "NamedSet",
    "Pick",
    "Prediction",
    "Round",
    "SetEnergy",
    "Step",
    "StoredSystem",
    "TaughtBy",
    "TeacherLabel",
]
