"""Errors → plane: filled maps of teacher, earlier student and student minus CCSD(T) in one plane, on one scale."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app import known_errors, selection
from app.arrays import FloatArray
from app.components import plot
from app.data import fields
from app.data.errors import by_region
from app.figures.maps import legend_text
from app.figures.plane import plane_content
from app.figures.scales import SignedScale
from app.session import Context
from app.text import Markdown, plain
from app.views.error_maps import error_scale, student_name
from app.views.plane_choice import KINDS, Numbers, choose_plane
from nci_core.campaign.queries.error_maps import SPACING, ErrorMaps
from nci_core.errors import NCIError
from nci_core.interpolation import REACH
from nci_core.store.schema import Model
from nci_core.systems import surroundings
from nci_core.systems.planes import PlaneGrid

#: How far (Å) the plane reaches beyond the host sideways and upwards.
BESIDE, ABOVE = 3.8, 5.4
HEIGHT = 330
#: How wide panels are beside each other: the first has the numbers of the axis, the last the colour bar.
FIRST, MIDDLE, LAST = 1.0, 0.87, 1.12


class Panel(NamedTuple):
    """A map beside others: its title, its error (eV) on the grid, and the labels near the plane with their errors."""

    title: str
    error_ev: FloatArray
    dots: pd.DataFrame
    column: str


def draw_panel(
    context: Context,
    maps: ErrorMaps,
    panel: Panel,
    scale: SignedScale,
    *,
    view: str,
    group: str,
    key: str,
    file: str,
    first: bool,
    last: bool,
    height: int = HEIGHT,
) -> None:
    """One of several linked maps of errors: the first has the numbers of the axis, the last the colour bar."""
    content = plane_content(
        context.host,
        maps,
        context.convert(panel.error_ev),
        panel.dots,
        panel.column,
        scale,
        context.unit,
        label=f"{panel.title} − CCSD(T)",
        view=view,
        wall=maps.wall,
        colours="signed",
        bar=last,
        y_axis=first,
    )
    selection.draw(
        context,
        content,
        panel.dots.set_index("id"),
        key=key,
        height=height,
        group=group,
        tools=False,
        link_view=True,
        shape=float(np.ptp(maps.v) / np.ptp(maps.u)),
        kinds=(),
        file=file,
    )


def show_plane(
    context: Context, table: pd.DataFrame, rows: pd.DataFrame, split: str, after: Model, before: Model | None
) -> bool:
    """Draw the panels with their controls; `rows` are the labelled ones of the split.

    False, with a sentence, where there is no such map.
    """
    kind, plane = choose_error_plane(context)
    students = {name: row for name, row in (("earlier", before), ("student", after)) if row is not None}
    try:
        maps = known_errors.errors_on(context, plane, split, list(students.values()))
    except NCIError as error:  # too few stored energies, or a model that does not answer
        st.warning(f"{plain(error)} The points alone are below.", icon=":material/info:")
        return False
    # What people read, its name in columns, and its error (eV) on the grid (b, a).
    panels = [("teacher", "teacher", maps.teacher_error(into_wall=1.0))]
    for what, row in students.items():
        panels.append((student_name(row), what, maps.error(maps.model_ids.index(row.id), into_wall=1.0)))
    inside = rows[rows["region"] != "beyond"]
    dots = fields.in_slab(context.host, inside, maps)
    outside = maps.wall > 0
    drawn = [part for _, what, error_ev in panels for part in (error_ev[outside], dots[f"{what}_error_ev"])]
    scale, unit = error_scale(context, np.concatenate(drawn)), context.unit
    group = f"plane-{context.folder}"
    plot.toolbar(context.colours, key=f"plane-tools-{context.folder}", group=group)
    places = st.columns([FIRST, *[MIDDLE] * (len(panels) - 2), LAST], gap="small")
    for number, (place, (name, what, error_ev)) in enumerate(zip(places, panels, strict=True), start=1):
        column = f"{what}_error_ev"
        known = dots[dots[column].notna()]
        title, by_regions = _title(context, name, by_region(inside, {name: f"{what}_ev"}))
        with place:
            st.markdown(title, help=by_regions or None)
            draw_panel(
                context,
                maps,
                Panel(name, error_ev, known, column),
                scale,
                view=kind,
                group=group,
                key=f"plane-{number}-{context.folder}",
                file=f"{context.campaign.name}-error-plane-{number}",
                first=number == 1,
                last=number == len(panels),
            )
    labels = "test points" if split == "test" else "training labels, which the students have seen"
    of_system = f" of {plain(context.system.title)}" if context.several else ""
    st.caption(
        f"Prediction minus CCSD(T), in {unit.label}; MAE over all {len(inside)} {labels}{of_system}. Dots: within "
        f"{fields.NEAR} Å of the plane. {plain(legend_text(scale, unit))} Between the labels CCSD(T) is the best "
        f"student plus its residual, interpolated up to {REACH:g} Å from them. Blank: inside the wall. "
        "Hatched: not known."
    )
    selection.bar(context, table, page="errors")
    return True


def choose_error_plane(context: Context, name: str = "plane") -> tuple[str, PlaneGrid | None]:
    """Its kind, and where it is; None: where the Overview's is. The controls' keys begin with a page's `name`."""
    host = context.host
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    left, right = row.container(width="content"), row.container(width=330)
    kind, value = choose_plane(KINDS, f"{name}_view", numbers(name), left, right, label="Plane")
    if kind == "telling":
        return kind, None
    half = np.abs(surroundings.to_own(host, host.positions)).max(axis=0)
    reach = (float(half[0]) + BESIDE, float(half[1]) + BESIDE if kind == "flat" else float(half[2]) + ABOVE)
    return kind, surroundings.plane(host, kind, value, spacing=SPACING, reach=reach)


def numbers(name: str) -> Numbers:
    """How planes of a page can be moved."""
    return {"upright": (f"{name}_turn", 0, 179), "flat": (f"{name}_height", -8.0, 8.0)}


def _title(context: Context, name: str, errors: pd.DataFrame) -> tuple[Markdown, Markdown]:
    """A potential with its mean absolute error, and for its help the errors of each region, as of `by_region`."""
    if errors.empty:
        return f"**{plain(name)}**", ""
    found = zip(errors["region"], errors["mae_ev"], errors["max_ev"], errors["n"], strict=True)
    lines = [
        f"**{'whole range' if region == 'all' else plain(region)}**: MAE {context.text(mae)}, "
        f"largest {context.text(largest)}, {n:d} points"
        for region, mae, largest, n in found
    ]
    return f"**{plain(name)}** · MAE **{context.text(errors['mae_ev'].iloc[0])}**", "  \n".join(lines)
