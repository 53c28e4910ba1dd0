"""What teachers there are: presets with elements, level of theory, licence, weights and advice. Loads nothing heavy.

One TOML file a family; `[defaults]` are fields that its presets share. A preset says what is known of a teacher before
anything is installed or downloaded; specifications that no preset names work all the same.
"""

from nci_core.teachers.catalogue.preset import Preset, elements_of
from nci_core.teachers.catalogue.reading import families, find_preset, presets

__all__ = ["Preset", "elements_of", "families", "find_preset", "presets"]
