"""A part of the Errors page: potentials all round their host, on a sphere, in a plane, as surfaces in space."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import model_answers, own_energies
from app.choices import one_from, one_of
from app.data import fields
from app.data.errors import labelled
from app.data.own_energies import against
from app.data.quantities import STORED, Quantity, quantities
from app.session import Context
from app.text import plain
from app.views.around_looks import show_planes, show_space, show_sphere
from app.views.around_values import Chosen
from nci_core.errors import InputError
from nci_core.store.schema import Model

#: The name of this part of the page.
TITLE = "Around the host"
LOOKS = {"sphere": "On a sphere", "plane": "In a plane", "space": "Surfaces in space"}
SHOWN = {"sphere": show_sphere, "plane": show_planes, "space": show_space}


def show(context: Context, table: pd.DataFrame, after: Model, before: Model | None) -> None:
    """Controls, the figures and their data."""
    all_three = {"student": after, "earlier": before, "distilled": model_answers.distilled_before(context, after)}
    students = {name: model for name, model in all_three.items() if model is not None}
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    look = one_of(middle, "Look at it", LOOKS, key="around_look", titled=True)
    # What is interpolated near stored energies only makes ragged surfaces.
    known = {None, *students} if look == "space" else {None, *students, *STORED}
    every = quantities(model_answers.terms(context, after))
    there = {key: quantity for key, quantity in every.items() if {quantity.first, quantity.other} <= known}
    key = one_from(
        left,
        "Quantity",
        {key: quantity.title for key, quantity in there.items()},
        key="around_quantity",
        help="  \n".join(f"**{quantity.title}**: {quantity.help}" for quantity in there.values()),
    )
    quantity, brought = there[key], own_energies.choices(context)
    split = _choose_set(right, quantity, {k: row.name for k, row in brought.items()}, in_space=look == "space")
    if split in brought:
        table = rows = own_energies.set_rows(context, brought[split], after, before)
    else:
        rows = labelled(table, split)
    rows = rows[rows["region"] != "beyond"].assign(student_size_ev=rows["student_error_ev"].abs())
    labels = fields.images(context.host, rows)
    chosen = Chosen(context, quantity, students, split, labels, against(table))
    try:
        SHOWN[look](chosen)
    except InputError as error:  # too few stored energies
        st.info(f"{plain(error)} Choose the other set, or label more.", icon=":material/info:")


def _choose_set(place: DeltaGenerator, quantity: Quantity, brought: dict[str, str], *, in_space: bool) -> str:
    """The set of the dots and of interpolated energies; "none" where nothing depends on it.

    `brought`: names of people's own sets, which can be dots.
    """
    if quantity.stored:
        return one_from(
            place,
            "Stored energies of",
            {"test": "Test set", "pool": "Training pool"},
            key="around_stored",
            help="The potential is interpolated between these energies; dots are the labelled ones. Test set and "
            "training pool are never mixed: a student has seen the training labels, so its errors look smaller "
            "there.",
        )
    if not quantity.dots or in_space:
        return "none"
    mine = {key: plain(name) for key, name in brought.items()}
    return one_from(
        place,
        "Dots" if brought else "CCSD(T) dots",
        {"test": "test set", "pool": "training labels"} | mine | {"none": "no dots"},
        key="around_set",
        help=f"Labelled configurations within {fields.NEAR} Å, drawn at all symmetry-equivalent positions and coloured "
        "like the map. Test set and training labels are never shown together.",
    )
