"""What the part "Around the host" was asked to show, at any place, and the words that explain it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app import model_answers
from app.arrays import FloatArray
from app.data.fields import NEAR
from app.data.quantities import STORED, Quantity
from app.figures.field_scale import FieldScale, field_scale
from app.session import Context
from app.text import Markdown, plain
from nci_core.interpolation import REACH
from nci_core.sampling.inside import enclosed
from nci_core.store.schema import Model
from nci_core.units import from_cm1

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
        students: "student", and "earlier" and "distilled" where there is such a model.
        split: set of the dots, and of the stored energies that are interpolated; "none" for no dots.
        labels: its labelled configurations at all their equivalent places, `app.data.fields.images`.
        against: whose energies theirs are.
    """

    context: Context
    quantity: Quantity
    students: Mapping[str, Model]
    split: str
    labels: pd.DataFrame
    against: str

    @property
    def limit_ev(self) -> float:
        """Where the wall begins."""
        return float(from_cm1(self.context.system.bounds.limit_cm1))

    def base(self, source: str) -> Model:
        """The model between the stored energies of a source: of the teacher the one distilled from it."""
        return self.students.get("distilled" if source == "teacher" else "student", self.students["student"])

    def ask(self, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The student's energy and the quantity in eV at places (…, 3) in the host's frame.

        The quantity is NaN far from the stored energies of potentials that are known at configurations only; the energy
        is infinite inside a cage, where no probe gets.
        """

        def of(name: str, column: str) -> FloatArray:
            if name in STORED:
                found = model_answers.stored(self.context, self.base(name), name, self.split, places)
            else:
                found = model_answers.field(self.context, self.students[name], places).columns[column]
            return found.reshape(places.shape[:-1])

        values = of(self.quantity.first, self.quantity.column)
        if self.quantity.other is not None:
            values = values - of(self.quantity.other, self.quantity.column)
        inside = enclosed(self.context.host, places.reshape(-1, 3)).reshape(places.shape[:-1])
        return np.where(inside, np.inf, of("student", "energy_ev")), values

    def outside_wall(self, places: FloatArray) -> FloatArray:
        """The quantity, NaN inside the wall."""
        energy_ev, values_ev = self.ask(places)
        return np.where(energy_ev < self.limit_ev, values_ev, np.nan)

    def scale(self, values_ev: FloatArray, weights: npt.ArrayLike = 1.0) -> FieldScale:
        """One scale for all the values, in any order; `weights` are the areas that they stand for."""
        unit, colours = self.context.unit, self.context.colours
        return field_scale(values_ev, self.quantity, unit, colours, cap_ev=self.limit_ev, weights=weights)

    def choose_dots(self, place: st.delta_generator.DeltaGenerator) -> tuple[str, str]:
        """Title and column of the dots, chosen at `place` where there is a choice; no title, no dots."""
        dots = {title.replace("CCSD(T)", self.against): column for title, column in self.quantity.dots}
        if not dots or self.labels.empty:
            return "", "label_ev"
        title = next(iter(dots))
        if len(dots) > 1:
            title = str(place.selectbox("Colour of the dots", list(dots), key="around_dots", bind="query-params"))
        return title, dots[title]

    def flat_words(self, scale: FieldScale, near: pd.DataFrame, title: str) -> Markdown:
        """The caption of a sphere or of planes."""
        far = f", or more than {REACH:g} Å from every stored energy" if self.quantity.stored else ""
        words = [plain(scale.note), f"Blank: inside the wall{far}."]
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
        median, alone = (value * self.context.unit.per_ev for value in (found.median_ev, found.model_ev))
        return (
            f"{made}. Median error in five-fold cross-validation ({found.judged:d} energies): {median:.2g} "
            f"{self.context.unit.label}, of the {name} alone {alone:.2g}"
            + ("; between them, interpolating the residual does not help." if median >= alone else ".")
        )
