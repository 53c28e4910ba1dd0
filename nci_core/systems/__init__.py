"""Rigid monomers, dimers of them, and the geometry they share."""

from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.library import builtin_monomer
from nci_core.systems.local_axes import LocalAxes
from nci_core.systems.monomer import Monomer
from nci_core.systems.poses import RigidForces
from nci_core.systems.reading.structure_file import host_from_file
from nci_core.systems.symmetry import point_group_operations

__all__ = [
    "Configurations",
    "Dimer",
    "LocalAxes",
    "Monomer",
    "RigidForces",
    "builtin_monomer",
    "host_from_file",
    "point_group_operations",
]
