"""Errors → plane: filled maps of teacher, earlier student and student minus CCSD(T) in one plane, on one scale."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from app import known_errors, selection
from app.arrays import FloatArray
from app.components import plot
from app.components.plot_content import Hover
from app.data import fields
from app.data.errors import by_region
from app.figures.maps import legend_text
from app.figures.plane import plane_content
from app.figures.scales import SignedScale
from app.session import Context
from app.text import Markdown, plain
from app.views.error_maps import error_scale, student_name
from app.views.plane_choice import KINDS, PlaneKeys, choose_plane
from nci_core.campaign.queries.error_maps import ErrorMaps
from nci_core.errors import NCIError
from nci_core.interpolation import REACH
from nci_core.store.schema import Model
from nci_core.systems import surroundings
from nci_core.systems.planes import PlaneGrid

#: Labelled configurations this close (Å) to the plane are drawn on it.
NEAR = 0.25
#: How far (Å) the plane reaches beyond the host sideways and upwards, and how far apart its points are.
BESIDE, ABOVE, SPACING = 3.8, 5.4, 0.2
HEIGHT = 330
KEYS = PlaneKeys("plane_view", "plane_turn", "plane_height", 8.0)
#: How wide panels are beside each other: the first has the numbers of the axis, the last the colour bar.
FIRST, MIDDLE, LAST = 1.0, 0.87, 1.12


@dataclass(frozen=True)
class Panel:
    """One potential: what people read, its name in columns, and its error (eV) on the grid (b, a)."""

    name: str
    what: str
    error_ev: FloatArray

    @property
    def column(self) -> str:
        """Of errors at configurations, eV."""
        return f"{self.what}_error_ev"


def show_plane(
    context: Context, table: pd.DataFrame, rows: pd.DataFrame, split: str, after: Model, before: Model | None
) -> bool:
    """Draw the panels with their controls; `rows` are the labelled ones of the split.

    False, with a sentence, where there is no such map.
    """
    kind, plane = _choose_plane(context)
    students = [row for row in (before, after) if row is not None]
    try:
        maps = known_errors.errors_on(context, plane, split, students)
    except NCIError as error:  # too few stored energies, or a model that does not answer
        st.warning(f"{plain(error)} The points alone are below.", icon=":material/info:")
        return False
    names = ["earlier", "student"][-len(students) :]
    panels = [Panel("teacher", "teacher", maps.teacher_error(into_wall=1.0))] + [
        Panel(student_name(row), name, maps.error(maps.model_ids.index(row.id), into_wall=1.0))
        for row, name in zip(students, names, strict=True)
    ]
    inside = rows[rows["region"] != "beyond"]
    dots = fields.in_slab(context.host, inside, maps, NEAR)
    outside = maps.wall > 0
    drawn = [part for panel in panels for part in (panel.error_ev[outside], dots[panel.column])]
    scale = error_scale(context, np.concatenate(drawn))
    group = f"plane-{context.folder}"
    plot.toolbar(context.colours, key=f"plane-tools-{context.folder}", group=group)
    widths = [FIRST, *[MIDDLE] * (len(panels) - 2), LAST][: len(panels)]
    for number, (column, panel) in enumerate(zip(st.columns(widths, gap="small"), panels, strict=True)):
        with column:
            st.markdown(_title(context, panel, inside), help=_by_region(context, panel, inside))
            _draw(context, maps, kind, panel, dots, scale, number, len(panels))
    st.caption(_caption(context, split, len(inside), scale))
    selection.bar(context, table, page="errors")
    return True


def _choose_plane(context: Context) -> tuple[str, PlaneGrid | None]:
    """Its kind, and where it is; None: where the Overview's is."""
    host = context.host
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    kind, value = choose_plane(
        list(KINDS),
        KEYS,
        row.container(width="content"),  # made first, so that it stands first
        row.container(width=330),
        label="Plane",
    )
    if kind == "telling":
        return kind, None
    half = np.abs(surroundings.to_own(host, host.positions)).max(axis=0)
    reach = (float(half[0]) + BESIDE, float(half[1]) + BESIDE if kind == "flat" else float(half[2]) + ABOVE)
    return kind, surroundings.plane(host, kind, value, spacing=SPACING, reach=reach)


def _title(context: Context, panel: Panel, rows: pd.DataFrame) -> Markdown:
    summary = by_region(rows, {panel.name: f"{panel.what}_ev"})
    if summary.empty:
        return f"**{plain(panel.name)}**"
    return f"**{plain(panel.name)}** · MAE **{context.text(summary['mae_ev'].iloc[0])}**"


def _by_region(context: Context, panel: Panel, rows: pd.DataFrame) -> Markdown | None:
    """The errors of each region, on hover."""
    summary = by_region(rows, {panel.name: f"{panel.what}_ev"})
    found = zip(summary["region"], summary["mae_ev"], summary["max_ev"], summary["n"], strict=True)
    lines = [
        f"**{'whole range' if region == 'all' else plain(region)}**: MAE {context.text(mae)}, "
        f"largest {context.text(largest)}, {n:d} points"
        for region, mae, largest, n in found
    ]
    return "  \n".join(lines) or None


def _draw(
    context: Context,
    maps: ErrorMaps,
    kind: str,
    panel: Panel,
    dots: pd.DataFrame,
    scale: SignedScale,
    number: int,
    count: int,
) -> None:
    known, unit = dots[dots[panel.column].notna()], context.unit
    key = f"plane-{number}-{context.folder}"
    content = plane_content(
        context.host,
        maps,
        context.convert(panel.error_ev),
        known,
        panel.column,
        scale,
        unit,
        label=f"{panel.name} − CCSD(T)",
        view=kind,
        wall=maps.wall,
        colours="signed",
        hover=[Hover("error", context.convert(known[panel.column].to_numpy(dtype=float)), unit.label, unit.digits)],
        bar=number == count - 1,
        y_axis=number == 0,
    )
    span = np.ptp(maps.v) / np.ptp(maps.u)
    selection.draw(
        context,
        content,
        known.set_index("id"),
        key=key,
        height=HEIGHT,
        group=f"plane-{context.folder}",
        tools=False,
        link_view=True,
        shape=float(span),
        kinds=(),
        file=f"{context.campaign.name}-error-plane-{number + 1}",
    )


def _caption(context: Context, split: str, count: int, scale: SignedScale) -> Markdown:
    labels = "test points" if split == "test" else "training labels, which the students have seen"
    drawn = f" of {plain(context.system.title)}" if context.several else ""
    return (
        f"Prediction minus CCSD(T), in {context.unit.label}; MAE over all {count} {labels}{drawn}. Dots: within "
        f"{NEAR} Å of the plane. {plain(legend_text(scale, context.unit))} Between the labels CCSD(T) is the best "
        f"student plus its residual, interpolated up to {REACH:g} Å from them. Blank: inside the wall. "
        "Hatched: not known."
    )
