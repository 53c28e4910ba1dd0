"""Errors: where teacher and student differ from CCSD(T), and from each other."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import cached, model_answers, own_energies
from app.choices import one_from, one_of
from app.data.errors import labelled
from app.data.jobs import model_list, model_name
from app.first_steps import command
from app.own_energies import reference_note
from app.session import Context
from app.text import code, plain
from app.views import around, drawn_cut
from app.views.begin import no_configurations
from app.views.error_maps import show_maps
from app.views.error_plane import show_plane
from app.views.error_points import show_cuts, show_parity
from app.views.error_regions import show_regions
from nci_core.store.schema import EnergySet, Model

SETS = {"test": "Frozen test set", "pool": "Training labels"}
SET_HELP = (
    "The test set was set apart before any training and only measures errors. "
    "Errors on training labels say how well the fit reproduces what it has seen. The two are never mixed."
)
#: Instead of a model's id: whichever is in use.
IN_USE = 0
#: Parts that ask the student itself, anywhere in space.
LIVE_PARTS = {"around": around, "line": drawn_cut}
PARTS = {
    "plane": "Plane",
    "maps": "Points on a map",
    "cuts": "Radial cuts",
    "parity": "Every point",
    "regions": "By region",
} | {key: part.TITLE for key, part in LIVE_PARTS.items()}


def show(context: Context) -> None:
    """The page."""
    st.title("Errors", help="Error means prediction minus CCSD(T): negative is too attractive.")
    table = cached.table(context)
    if table.empty:
        no_configurations(context)
        return
    models = model_list(context.campaign.store, others=True)
    if not models:
        st.info(
            "There is no student yet, so only the teacher can be compared. Distil one on the Label & train page, "
            f"or with {code(command('distill', context.campaign.folder))}.",
            icon=":material/info:",
        )
    after, before = _choose_models(context, models)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    part = one_of(row, "Show", PARTS, key="errors_part", first="plane" if after else "maps")
    table = cached.compared(context, after.id, before.id if before else None) if after else table
    if part in LIVE_PARTS:
        if after is not None:
            LIVE_PARTS[part].show(context, cached.drawn(context, table), after, before)
        return
    if part == "cuts":
        show_cuts(context, after, before)
        return
    brought = own_energies.choices(context)
    split = _choose_set(row, table, brought)
    if split in brought:
        table = rows = own_energies.set_rows(context, brought[split], after, before)
        if not context.every_system:
            table = rows = cached.drawn(context, rows)
        st.caption(reference_note(context, brought[split], rows))
    else:
        rows = labelled(table, split)
    of_one_system = part in ("plane", "maps")
    if of_one_system:
        table, rows = cached.drawn(context, table), cached.drawn(context, rows)
    if rows.empty:
        _no_labels(context, split)
    by_plane = part == "plane" and len(rows) > 0 and split not in brought
    if by_plane and after is not None and show_plane(context, table, rows, split, after, before):
        return
    if of_one_system:  # student − teacher needs no label
        show_maps(context, table, rows, after, before)
    elif part == "parity" and len(rows):
        show_parity(context, table, rows, after, before)
    elif len(rows):
        what = brought[split].name if split in brought else SETS[split].lower()
        show_regions(context, table, rows, what, after, before)


def _choose_models(context: Context, models: list[Model]) -> tuple[Model | None, Model | None]:
    if not models:
        return None, None
    by_id = {model.id: model for model in reversed(models)}
    names = {number: model_name(model) for number, model in by_id.items()}
    active = context.model.id if context.model else next(iter(by_id))
    left, right = st.columns(2)
    # Only another student is named in the address: who has chosen none sees the new one after a fit.
    others = {number: name for number, name in names.items() if number != active}
    after = one_from(left, "Student", {IN_USE: f"{names[active]}, in use"} | others, key="errors_after") or active
    distilled = model_answers.distilled_before(context, by_id[after])
    before = one_from(
        right,
        "Compare with",
        {0: "no other student"} | {number: name for number, name in names.items() if number != after},
        key=f"errors_before_{after}",
        first=distilled.id if distilled else 0,
    )
    return by_id[after], by_id.get(before)


def _choose_set(row: DeltaGenerator, table: pd.DataFrame, brought: dict[str, EnergySet]) -> str:
    names = SETS | {key: plain(each.name) for key, each in brought.items()}
    first = "test" if len(labelled(table, "test")) else "pool"
    return one_of(row, "Points", names, key="errors_set", first=first, help=SET_HELP)


def _no_labels(context: Context, split: str) -> None:
    recipe = plain(context.campaign.recipe.name)
    if split not in SETS:
        text = "None of these points can be compared: all are geometries that a fit may have seen."
    elif split == "test":
        text = f"No test configuration has a finished *{recipe}* label yet, so errors cannot be measured."
    else:
        text = f"No training configuration has a finished *{recipe}* label yet. Pick some on the Select page."
    st.info(text, icon=":material/info:")
