"""Errors → maps: teacher and student minus CCSD(T) side by side, or before and after under a slider."""

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import selection
from app.choices import as_written, one_of
from app.components import plot
from app.coordinates import views, views_help
from app.data.own_energies import against
from app.figures import scales
from app.figures.maps import Frame, Panel, frame_of, legend_text, panel_content
from app.figures.points import MOST_POINTS
from app.figures.scales import SignedScale
from app.places import MapPlaces
from app.session import Context
from app.text import plain
from nci_core.store.models import OTHER_METHOD
from nci_core.store.schema import Model
from nci_core.units import from_cm1

HEIGHT = 370
AGAINST, SLIDER, TEACHER = "Errors side by side", "Before ↔ after", "Student − teacher"


def student_name(model: Model) -> str:
    """A model in the title of a panel."""
    if (other := model.settings.get(OTHER_METHOD)) is not None:
        return f"student of {other['set']}"
    return "distilled student" if model.kind == "distilled" else f"student of round {model.round_number}"


def layouts(
    table: pd.DataFrame, rows: pd.DataFrame, after: Model | None, before: Model | None
) -> dict[str, list[Panel]]:
    """The maps that can be drawn, by what people read; `rows` are the labelled ones of one split."""
    found = {}
    if len(rows):
        panels = [Panel("teacher", rows, "teacher_error_ev")]
        if before is not None:
            panels.append(Panel(f"before: {student_name(before)}", rows, "earlier_error_ev"))
        if after is not None:
            name = f"after: {student_name(after)}" if before is not None else "student"
            panels.append(Panel(name, rows, "student_error_ev"))
        found[AGAINST] = [panel for panel in panels if rows[panel.column].notna().any()]
    if len(rows) and after is not None and before is not None:
        title = f"Left of the line {student_name(before)}, right of it {student_name(after)}"
        found[SLIDER] = [Panel(title, rows, "student_error_ev", "earlier_error_ev")]
    if after is not None:
        inside = table[table["region"] != "beyond"]
        found[TEACHER] = [Panel("student − teacher", inside, "student_teacher_ev")]
    return found


def show_maps(
    context: Context, table: pd.DataFrame, rows: pd.DataFrame, after: Model | None, before: Model | None
) -> None:
    """Draw them with their controls."""
    there, host = layouts(table, rows, after, before), context.host
    if not there:
        return
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    layout = one_of(controls, "Layout", as_written(there), key="errors_layout")
    view = one_of(controls, "View", views(host), key="errors_view", first="side", help=views_help(host))
    panels = there[layout]
    if not panels:
        return
    group = f"errors-{context.folder}"
    plot.toolbar(context.colours, key=f"error-tools-{context.folder}", group=group)
    share = [1.0] * (len(panels) - 1) + [1.22]  # the last one carries the colour bar
    # The same axes for every panel and both sets of labels.
    everything = pd.concat([table[table["label_ev"].notna()], *(panel.rows for panel in panels)])
    scale = _draw(context, panels, st.columns(share, gap="small"), frame_of(host, everything, view), group)
    what = "Student minus teacher" if layout == TEACHER else f"Prediction minus {plain(against(rows))}"
    what += f" of {plain(context.system.title)}" if context.several else ""
    st.caption(f"{what}, in {context.unit.label}. {plain(legend_text(scale, context.unit))}")
    selection.bar(context, table, page="errors")


def show_before_after(context: Context, rows: pd.DataFrame, after: Model, before: Model, *, height: int) -> None:
    """The map under a slider alone, for another page; `rows` as `cached.compared` gives them, of one split."""
    panels, frame = layouts(rows, rows, after, before)[SLIDER], frame_of(context.host, rows, "side")
    file = f"{context.campaign.name}-errors-before-after"
    _draw(context, panels, [st.container()], frame, f"before-after-{context.folder}", height=height, file=file)


def error_scale(context: Context, errors_ev: npt.ArrayLike) -> SignedScale:
    """The colours of errors (eV, any number of them, NaN left out) on this campaign's pages."""
    return scales.error_scale(errors_ev, context.unit, cap_ev=from_cm1(context.system.bounds.limit_cm1))


def _draw(
    context: Context,
    panels: Sequence[Panel],
    places: Sequence[DeltaGenerator],
    frame: Frame,
    group: str,
    **options: Any,
) -> SignedScale:
    """Draw the panels, each at its place, on one scale; `options` as of `plot.show`."""
    columns = [panel.rows[name] for panel in panels for name in (panel.column, panel.before) if name is not None]
    scale, host = error_scale(context, pd.concat(columns)), context.host
    for number, (place, panel) in enumerate(zip(places, panels, strict=True), start=1):
        key, rows = f"map-{number}-of-{group}", panel.known
        last, window = number == len(panels), selection.window(key)
        with place:
            st.markdown(f"**{plain(panel.title)}** · {len(rows)} points")
            selection.draw(
                context,
                panel_content(host, panel, frame, scale, context.unit, last=last, window=window),
                rows,
                key=key,
                places=MapPlaces(context, rows.index, frame.view),
                group=group,
                tools=False,
                link_view=panel.before is None,
                shape=frame.shape,
                aggregated=len(rows) > MOST_POINTS,
                kinds=(),
                title=panel.title,
                **{"height": HEIGHT, "file": f"{context.campaign.name}-errors-{number}"} | options,
            )
    return scale
