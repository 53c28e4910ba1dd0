"""Tables of interaction energies that people bring: text to cells, cells to positions in the host's frame and eV.

`table` reads any separated text, `choices` says what its columns mean (guessed, then confirmed by a person), `points`
turns both into positions and energies and lists every row that cannot be used. `likely` compares energies with
what a teacher or student has there, which tells a wrong unit or sign.
"""

from nci_core.datasets.energy_tables.choices import Choices, guess
from nci_core.datasets.energy_tables.points import Points, read_named, read_points
from nci_core.datasets.energy_tables.table import Table, joined, read_table

__all__ = ["Choices", "Points", "Table", "guess", "joined", "read_named", "read_points", "read_table"]
