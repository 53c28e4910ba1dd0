"""Rigid monomers, dimers of them, and the geometry they share."""

from nci_core.systems.dimer import Dimer
from nci_core.systems.hosts import BUILTIN_HOSTS, builtin_host
from nci_core.systems.local_axes import LocalAxes
from nci_core.systems.monomer import Monomer
from nci_core.systems.reading.structure_file import host_from_file
from nci_core.systems.symmetry import point_group_operations

__all__ = [
    "BUILTIN_HOSTS",
    "Dimer",
    "LocalAxes",
    "Monomer",
    "builtin_host",
    "host_from_file",
    "point_group_operations",
]
