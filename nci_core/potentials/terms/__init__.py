"""The student's terms: one file a formula, each with its parameters, its prior and its derivatives.

A new term is a file here and a line in `TERMS`.
"""

from nci_core.potentials.terms.dispersion import Dispersion
from nci_core.potentials.terms.induction import Induction
from nci_core.potentials.terms.repulsion import Electrostatics, Exchange
from nci_core.potentials.terms.term import Block, Evaluated, Slopes, Term

#: Terms by name, which is also that of their channel.
TERMS: dict[str, Term] = {term.name: term for term in (Electrostatics(), Exchange(), Induction(), Dispersion())}

__all__ = ["TERMS", "Block", "Evaluated", "Slopes", "Term"]
