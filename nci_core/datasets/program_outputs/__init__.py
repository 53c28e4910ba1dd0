"""Outputs of Psi4, ORCA and Molpro that people bring: geometries and total energies, and from these interactions.

`calculations` reads what an output prints, `interactions` finds for each dimer of host and probe the energies of the
two alone, by geometry. Unlike `reference.elsewhere.outputs` it knows nothing of the inputs: those are not ours.
"""

from nci_core.datasets.program_outputs.calculations import Calculation, program_of, read_calculations
from nci_core.datasets.program_outputs.interactions import Interactions, Level, interactions

__all__ = ["Calculation", "Interactions", "Level", "interactions", "program_of", "read_calculations"]
