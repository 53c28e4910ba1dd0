"""What the part "Around the host" was asked to show, at any place, and the words that explain it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app import model_answers
from app.arrays import FloatArray
from app.data.quantities import STORED, Quantity
from app.figures.field_scale import FieldScale, field_scale
from app.session import Context
from app.text import Markdown, plain
from nci_core.campaign.queries.live import Field
from nci_core.interpolation import REACH
from nci_core.store.schema import Model
from nci_core.systems import Monomer, surroundings
from nci_core.units import from_cm1

#: A labelled configuration this close (Å) to a sphere or a plane is drawn on it.
NEAR = 0.25
#: Models differ by any amount inside the host; there is nothing to learn from that.
WALL_HELP = "The wall begins where the student exceeds the campaign's energy limit; models are not fitted beyond it."
SETS = {"test": "test set", "pool": "training labels", "none": "no dots"}
STORES = {
    ("teacher", "test"): "teacher energies of the test set",
    ("teacher", "pool"): "teacher energies of the training pool",
    ("reference", "test"): "CCSD(T) labels of the test set",
    ("reference", "pool"): "training labels",
}


@dataclass(frozen=True)
class Chosen:
    """The quantity and what it is made of.

    Attributes:
        quantity: what is shown.
        after: the student.
        others: "earlier" and "distilled", None where there is no such model.
        split: set of the dots, and of the stored energies that are interpolated; "none" for no dots.
        labels: its labelled configurations at all their equivalent places, `app.data.fields.images`.
        against: whose energies theirs are.
    """

    context: Context
    quantity: Quantity
    after: Model
    others: dict[str, Model | None]
    split: str
    labels: pd.DataFrame
    against: str = "CCSD(T)"

    @property
    def host(self) -> Monomer:
        """The campaign's host."""
        return self.context.host

    @property
    def limit_ev(self) -> float:
        """Where the wall begins."""
        return float(from_cm1(self.context.campaign.settings.limit_cm1))

    @property
    def column(self) -> str:
        """Header of saved values."""
        return f"{self.quantity.title} ({self.context.unit.label})"

    def base(self, source: str) -> Model:
        """The model between the stored energies of a source: of the teacher the one distilled from it."""
        return (self.others["distilled"] or self.after) if source == "teacher" else self.after

    def ask(self, own: FloatArray) -> tuple[Field, FloatArray]:
        """The student's field and the quantity in eV, shape of `own` without its last axis.

        NaN far from the stored energies of potentials that are known at configurations only.
        """
        points = surroundings.to_host(self.host, own).reshape(-1, 3)
        student = model_answers.field(self.context, self.after, points)

        def term(name: str) -> FloatArray:
            if name == "student":
                found: FloatArray = getattr(student, self.quantity.column)
                return found
            if name in STORED:
                return model_answers.stored(self.context, self.base(name), name, self.split, points)
            model = self.others[name]
            if model is None:
                raise ValueError(f"{self.quantity.title} needs a model that does not exist yet.")
            return model_answers.field(self.context, model, points).energy_ev

        values = term(self.quantity.first)
        if self.quantity.other is not None:
            values = values - term(self.quantity.other)
        return student, values.reshape(own.shape[:-1])

    def outside_wall(self, student: Field, values: FloatArray) -> FloatArray:
        """The values, NaN inside the wall."""
        found: FloatArray = np.where(student.energy_ev.reshape(values.shape) < self.limit_ev, values, np.nan)
        return found

    def scale(self, *values_ev: npt.ArrayLike, areas: FloatArray | None = None) -> FieldScale:
        """One scale for all the values; `areas` are those of the first array's points."""
        parts = [np.asarray(v, dtype=float).reshape(-1) for v in values_ev]
        weights = [np.ones(len(part)) for part in parts]
        if areas is not None:
            weights[0] = areas.reshape(-1)
        unit, colours = self.context.unit, self.context.colours
        return field_scale(
            np.concatenate(parts), self.quantity, unit, colours, cap_ev=self.limit_ev, weights=np.concatenate(weights)
        )

    def dot_column(self, place: st.delta_generator.DeltaGenerator) -> tuple[str, str]:
        """Title and column of the dots, chosen at `place` where there is a choice; no title, no dots."""
        dots = tuple((title.replace("CCSD(T)", self.against), column) for title, column in self.quantity.dots)
        if not dots or self.labels.empty:
            return "", "label_ev"
        if len(dots) == 1:
            return dots[0]
        titles = [title for title, _ in dots]
        title = str(place.selectbox("Colour of the dots", titles, key="around_dots", bind="query-params"))
        return title, dict(dots)[title]

    def flat_words(self, scale: FieldScale, near: pd.DataFrame, title: str) -> Markdown:
        """The caption of a sphere or of planes."""
        words = [plain(scale.note), f"Blank: inside the wall{self._or_far()}."]
        if title and len(near):
            n = near["id"].nunique()
            words.append(
                f"{n:d} labelled configuration{'s' if n != 1 else ''} within {NEAR} Å, as dots: {plain(title)}."
            )
        return " ".join([*words, *self._made()])

    def space_words(self, region: str) -> Markdown:
        """The caption of surfaces drawn in a region."""
        words = [f"Drawn where the student is {plain(region)}."]
        if self.quantity.other is not None:
            words.append(f"Blue: the {plain(self.quantity.first)} is lower, red: higher.")
        return " ".join([*words, *self._made()])

    def _or_far(self) -> Markdown:
        return f", or more than {REACH:g} Å from every stored energy" if self.quantity.stored else ""

    def _made(self) -> list[Markdown]:
        """How potentials that are known at configurations only are made here, with the error of that."""
        if self.quantity.other == "distilled":
            return ["The distilled student is the stand-in for the teacher that is known everywhere."]
        return [self._made_of(source) for source in self.quantity.stored]

    def _made_of(self, source: str) -> Markdown:
        model = self.base(source)
        found = model_answers.left_out(self.context, model, source, self.split)
        name = "distilled student" if model.kind == "distilled" else "student"
        some = f"{found.used:d} of {found.stored:d}" if found.used < found.stored else f"{found.stored:d}"
        made = (
            f"**{STORED[source]}** is the {name} plus its interpolated residual at {some} {STORES[source, self.split]}"
        )
        if not found.judged:
            return f"{made}; they lie too far apart to say how good that is."
        median, alone = (self._size(value) for value in (found.median_ev, found.model_ev))
        worse = found.median_ev >= found.model_ev
        return (
            f"{made}. Median error in five-fold cross-validation ({found.judged:d} energies): {median} "
            f"{self.context.unit.label}, of the {name} alone {alone}"
            + ("; between them, interpolating the residual does not help." if worse else ".")
        )

    def _size(self, value_ev: float) -> Markdown:
        return f"{value_ev * self.context.unit.per_ev:.2g}"
