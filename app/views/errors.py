"""Errors: where teacher and student differ from CCSD(T), and from each other."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import asked, cached
from app.data.errors import labelled
from app.data.jobs import model_list, model_name
from app.first_steps import distil
from app.session import Context
from app.text import code, plain
from app.views import around, drawn_cut
from app.views.error_maps import show_maps
from app.views.error_plane import show_plane
from app.views.error_points import show_cuts, show_parity
from app.views.error_regions import show_regions
from app.views.explore import no_configurations
from nci_core.store.schema import Model

SETS = {"test": "Frozen test set", "pool": "Training labels"}
SET_HELP = (
    "The test set was set apart before any training and only measures errors. "
    "Errors on training labels say how well the fit reproduces what it has seen. The two are never mixed."
)
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
    models = model_list(context.campaign.store)
    if not models:
        st.info(
            "There is no student yet, so only the teacher can be compared. Distil one on the Label & train page, "
            f"or with {code(distil(context.campaign.folder))}.",
            icon=":material/info:",
        )
    after, before = _choose_models(context, models)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    part = row.segmented_control(
        "Show",
        list(PARTS),
        format_func=PARTS.__getitem__,
        default="plane" if after else "maps",
        required=True,
        key="errors_part",
        bind="query-params",
        label_visibility="collapsed",
    )
    table = cached.table(context, after.id) if after else table
    if before is not None:
        earlier = cached.table(context, before.id)
        table = table.assign(earlier_ev=earlier["student_ev"], earlier_error_ev=earlier["student_error_ev"])
    if part in LIVE_PARTS:
        if after is not None:
            LIVE_PARTS[part].show(context, table, after, before)
        return
    if part == "cuts":
        show_cuts(context, after, before)
        return
    split = _choose_set(row, table)
    rows = labelled(table, split)
    if part == "plane" and after is not None and len(rows) and show_plane(context, table, rows, split, after, before):
        return
    if rows.empty:
        _no_labels(context, split)
        if part in ("plane", "maps"):  # student − teacher needs no label
            show_maps(context, table, rows, after, None)
        return
    if part in ("plane", "maps"):
        show_maps(context, table, rows, after, before)
    elif part == "parity":
        show_parity(context, table, rows, after, before)
    else:
        show_regions(context, table, rows, SETS[split], after, before)


def _choose_models(context: Context, models: list[Model]) -> tuple[Model | None, Model | None]:
    if not models:
        return None, None
    by_id = {model.id: model for model in reversed(models)}
    ids = list(by_id)
    active = context.model.id if context.model else ids[0]
    left, right = st.columns(2)
    after = left.selectbox(
        "Student",
        ids,
        index=ids.index(active),
        format_func=lambda i: model_name(by_id[i]),
        key="errors_after",
        bind="query-params",
        help=f"In use now: {plain(model_name(context.model))}." if context.model else None,
    )
    others = [0, *[i for i in ids if i != after]]
    distilled = asked.distilled_before(context, by_id[after])
    before = right.selectbox(
        "Compare with",
        others,
        index=others.index(distilled.id) if distilled else 0,
        format_func=lambda i: model_name(by_id[i]) if i else "no other student",
        key=f"errors_before_{after}",
        bind="query-params",
    )
    return by_id[after], by_id.get(before)


def _choose_set(row: DeltaGenerator, table: pd.DataFrame) -> str:
    split = row.segmented_control(
        "Points",
        list(SETS),
        format_func=SETS.__getitem__,
        default="test" if len(labelled(table, "test")) else "pool",
        required=True,
        key="errors_set",
        bind="query-params",
        help=SET_HELP,
        label_visibility="collapsed",
    )
    return str(split or "test")


def _no_labels(context: Context, split: str) -> None:
    recipe = plain(context.campaign.recipe.name)
    if split == "test":
        text = f"No test configuration has a finished *{recipe}* label yet, so errors cannot be measured."
    else:
        text = f"No training configuration has a finished *{recipe}* label yet. Pick some on the Select page."
    st.info(text, icon=":material/info:")
