"""A student's terms and a teacher's channels: what people call them, and in which order they stand."""

from collections.abc import Iterable

import pandas as pd

from nci_core.visible import visible

#: Name of a term or channel → what people read, in the order of a perturbation theory. `repulsion` is that of students
#: and teachers of before: all of Hartree–Fock.
NAMES = {
    "electrostatics": "electrostatics",
    "repulsion": "repulsion",
    "exchange": "exchange",
    "exchange_induction": "exchange + induction",
    "induction": "induction",
    "dispersion": "dispersion",
}
#: Energies in tables of curves that are no terms.
NO_TERMS = ("energy_ev", "std_ev", "earlier_ev", "distilled_ev", "teacher_ev", "label_ev")
TERMS_HELP = (
    "What the student's energy is the sum of, as in a perturbation theory (SAPT): electrostatics and exchange, which "
    "end where densities do, induction, and damped dispersion."
)
#: Longest name that is shown; those of others may be anything.
LONGEST = 40


def name_of(term: str) -> str:
    """What people read of a term or channel.

    >>> name_of("exchange_induction"), name_of("my_term")
    ('exchange + induction', 'my term')
    """
    return NAMES.get(term, visible(term.replace("_", " "))[:LONGEST])


def in_order(terms: Iterable[str]) -> list[str]:
    """Known terms first, in the usual order; then the others as they come.

    >>> in_order(["mine", "dispersion", "exchange"])
    ['exchange', 'dispersion', 'mine']
    """
    places = {name: k for k, name in enumerate(NAMES)}
    return sorted(terms, key=lambda name: places.get(name, len(places)))


def terms_in(curve: pd.DataFrame) -> list[str]:
    """The terms that a curve of a student has a column NAME_ev of, as in `store.tables.cut_table`."""
    columns = [str(column) for column in curve if str(column).endswith("_ev") and column not in NO_TERMS]
    return in_order(column.removesuffix("_ev") for column in columns)
