"""Rigid hosts, probe atoms, and the geometry they share."""

from nci_core.systems.dimer import Dimer
from nci_core.systems.frames import LocalFrames, local_frames
from nci_core.systems.hosts import BUILTIN_HOSTS, Host, builtin_host
from nci_core.systems.reading.structure_file import host_from_file
from nci_core.systems.symmetry import point_group_operations

__all__ = [
    "BUILTIN_HOSTS",
    "Dimer",
    "Host",
    "LocalFrames",
    "builtin_host",
    "host_from_file",
    "local_frames",
    "point_group_operations",
]
