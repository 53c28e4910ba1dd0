"""Errors → maps: teacher and student minus CCSD(T) side by side, or before and after under a slider."""

import numpy.typing as npt
import pandas as pd
import streamlit as st

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


def panels_of(
    table: pd.DataFrame, rows: pd.DataFrame, after: Model | None, before: Model | None, layout: str
) -> list[Panel]:
    """The maps to draw; `rows` are the labelled ones of one split."""
    if layout == TEACHER:
        return [Panel("student − teacher", table[table["region"] != "beyond"], "student_teacher_ev")]
    if layout == SLIDER and after is not None and before is not None:
        title = f"Left of the line {student_name(before)}, right of it {student_name(after)}"
        return [Panel(title, rows, "student_error_ev", "earlier_error_ev")]
    found = [Panel("teacher", rows, "teacher_error_ev")]
    if before is not None:
        found.append(Panel(f"before: {student_name(before)}", rows, "earlier_error_ev"))
    if after is not None:
        name = f"after: {student_name(after)}" if before is not None else "student"
        found.append(Panel(name, rows, "student_error_ev"))
    return [panel for panel in found if panel.rows[panel.column].notna().any()]


def _layouts(rows: pd.DataFrame, after: Model | None, before: Model | None) -> list[str]:
    found = [AGAINST] if len(rows) else []
    if len(rows) and after is not None and before is not None:
        found.append(SLIDER)
    return [*found, TEACHER] if after is not None else found


def show_maps(
    context: Context, table: pd.DataFrame, rows: pd.DataFrame, after: Model | None, before: Model | None
) -> None:
    """Draw them with their controls."""
    layouts = _layouts(rows, after, before)
    if not layouts:
        return
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    layout = one_of(controls, "Layout", as_written(layouts), key="errors_layout")
    view = one_of(
        controls,
        "View",
        views(context.host),
        key="errors_view",
        first="side",
        help=views_help(context.host),
    )
    panels = panels_of(table, rows, after, before, layout)
    if not panels:
        return
    scale = _scale(context, panels)
    group = f"errors-{context.folder}"
    plot.toolbar(context.colours, key=f"error-tools-{context.folder}", group=group)
    share = [1.0] * (len(panels) - 1) + [1.22]  # the last one carries the colour bar
    columns = st.columns(share, gap="small")
    # The same axes for every panel and both sets of labels.
    everything = pd.concat([table[table["label_ev"].notna()], *(panel.rows for panel in panels)])
    frame = frame_of(context.host, everything, view)
    for number, (column, panel) in enumerate(zip(columns, panels, strict=True)):
        with column:
            last = number == len(panels) - 1
            _draw(context, panel, scale, frame, number, last=last, group=group)
    what = "Student minus teacher" if layout == TEACHER else f"Prediction minus {plain(against(rows))}"
    what += f" of {plain(context.system.title)}" if context.several else ""
    st.caption(f"{what}, in {context.unit.label}. {plain(legend_text(scale, context.unit))}")
    selection.bar(context, table, page="errors")


def show_before_after(context: Context, rows: pd.DataFrame, after: Model, before: Model, *, height: int) -> None:
    """The map under a slider alone, for another page; `rows` as `cached.compared` gives them, of one split."""
    (panel,) = panels_of(rows, rows, after, before, SLIDER)
    scale, group = _scale(context, [panel]), f"before-after-{context.folder}"
    frame = frame_of(context.host, rows, "side")
    _draw(context, panel, scale, frame, "before-after", last=True, group=group, height=height)


def error_scale(context: Context, errors_ev: npt.ArrayLike) -> SignedScale:
    """The colours of errors (eV, any number of them, NaN left out) on this campaign's pages."""
    return scales.error_scale(errors_ev, context.unit, cap_ev=from_cm1(context.campaign.settings.limit_cm1))


def _scale(context: Context, panels: list[Panel]) -> SignedScale:
    return error_scale(
        context,
        pd.concat([panel.rows[name] for panel in panels for name in (panel.column, panel.before) if name is not None]),
    )


def _draw(
    context: Context,
    panel: Panel,
    scale: SignedScale,
    frame: Frame,
    number: int | str,
    *,
    last: bool,
    group: str,
    height: int = HEIGHT,
) -> None:
    rows, host = panel.known, context.host
    key, places = f"error-map-{number}-{context.folder}", MapPlaces(context, rows.index, frame.view)
    content = panel_content(host, panel, frame, scale, context.unit, last=last, window=selection.window(key))
    st.markdown(f"**{plain(panel.title)}** · {len(rows)} points")
    selection.draw(
        context,
        content,
        rows,
        key=key,
        places=places,
        height=height,
        group=group,
        tools=False,
        link_view=panel.before is None,
        shape=frame.shape,
        aggregated=len(rows) > MOST_POINTS,
        kinds=(),
        file=f"{context.campaign.name}-errors-{number + 1 if isinstance(number, int) else number}",
        title=panel.title,
    )
