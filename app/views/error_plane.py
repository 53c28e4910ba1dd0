"""Errors → plane: filled maps of teacher, earlier student and student minus CCSD(T) in one plane, on one scale."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app import asked, linked
from app.components import plot
from app.components.plot_content import Hover
from app.components.plot_encoding import encode
from app.data import fields
from app.data.errors import by_region
from app.data.fields import Plane
from app.figures.maps import legend_text
from app.figures.plane import plane_content
from app.figures.scales import SignedScale
from app.session import Context
from app.text import Markdown, plain
from app.views.error_maps import error_scale, student_name
from nci_core.errors import NCIError
from nci_core.interpolation import REACH
from nci_core.store.schema import Model
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

VIEWS = {"upright": "From the side", "flat": "From above"}
#: Labelled configurations this close (Å) to the plane are drawn on it.
NEAR = 0.25
#: How far (Å) the plane reaches beyond the host sideways and upwards, and its grid points along each axis.
BESIDE, ABOVE, POINTS = 3.8, 5.4, 97
HEIGHT = 330
#: How wide panels are beside each other: the first has the numbers of the axis, the last the colour bar.
FIRST, MIDDLE, LAST = 1.0, 0.87, 1.12


@dataclass(frozen=True)
class Panel:
    """One potential: what people read, its energy and error columns, and its error (eV) on the grid (b, a)."""

    name: str
    energy: str
    column: str
    error_ev: FloatArray


def show_plane(
    context: Context, table: pd.DataFrame, rows: pd.DataFrame, split: str, after: Model, before: Model | None
) -> bool:
    """Draw the panels with their controls; `rows` are the labelled ones of the split.

    False, with a sentence, where there is no such map.
    """
    grid, view = _choose_plane(context)
    try:
        panels = errors_in_plane(context, grid, split, after, before)
    except NCIError as error:  # too few stored energies, or a model that does not answer
        st.warning(f"{plain(error)} The points alone are below.", icon=":material/info:")
        return False
    inside = rows[rows["region"] != "beyond"]
    dots = fields.in_slab(context.campaign.dimer.host, inside, grid, NEAR)
    scale = error_scale(
        context, np.concatenate([np.ravel(part) for panel in panels for part in (panel.error_ev, dots[panel.column])])
    )
    group = f"plane-{context.folder}"
    plot.toolbar(context.colours, key=f"plane-tools-{context.folder}", group=group)
    widths = [FIRST, *[MIDDLE] * (len(panels) - 2), LAST][: len(panels)]
    for number, (column, panel) in enumerate(zip(st.columns(widths, gap="small"), panels, strict=True)):
        with column:
            st.markdown(_title(context, panel, inside), help=_by_region(context, panel, inside))
            _draw(context, grid, view, panel, dots, scale, number, len(panels))
    st.caption(_caption(context, split, len(inside), scale))
    linked.bar(context, table, page="errors")
    return True


def _choose_plane(context: Context) -> tuple[Plane, str]:
    host = context.campaign.dimer.host
    row = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    view = row.segmented_control(
        "Plane",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default="upright",
        required=True,
        key="plane_view",
        bind="query-params",
        label_visibility="collapsed",
    )
    place = row.container(width=330, horizontal=True, vertical_alignment="center", gap="small")
    if view == "flat":
        place.markdown("Height (Å)", width="content")
        value = place.slider(
            "Height above the host (Å)",
            0.0,
            8.0,
            0.0,
            0.1,
            key="plane_height",
            bind="query-params",
            label_visibility="collapsed",
        )
    else:
        place.markdown("Turned by (°)", width="content")
        value = place.slider(
            "Turned by (°)", 0, 180, 0, 5, key="plane_turn", bind="query-params", label_visibility="collapsed"
        )
    half = np.abs(fields.to_own(host, host.positions)).max(axis=0)
    reach = (float(half[0]) + BESIDE, float(half[1]) + BESIDE if view == "flat" else float(half[2]) + ABOVE)
    return fields.plane(host, str(view), float(value), points=POINTS, reach=reach), str(view)


def errors_in_plane(context: Context, grid: Plane, split: str, after: Model, before: Model | None) -> list[Panel]:
    """The panels to draw: teacher, the student to compare with, and the student.

    CCSD(T) is known at labels only. Between those of the split it is the student in use plus its interpolated
    residual; farther away the student in use stands for it, if labels have taught it, and its own error is unknown
    there. NCIError where the split has too few labels or a model cannot be asked.
    """
    host = context.campaign.dimer.host
    points = fields.to_host(host, grid.own).reshape(-1, 3)
    best = context.model or after
    limit_ev = from_cm1(context.campaign.settings.limit_cm1)
    energies = {model.id: asked.field(context, model, points).energy_ev for model in (best, after, before) if model}
    near_labels = asked.stored(context, best, "reference", split, points)
    taught = best.kind != "distilled"
    everywhere = np.where(np.isfinite(near_labels), near_labels, energies[best.id]) if taught else near_labels
    outside = energies[best.id] < limit_ev

    def panel(name: str, what: str, energy_ev: FloatArray, reference_ev: FloatArray) -> Panel:
        error = np.where(outside, energy_ev - reference_ev, np.nan)
        return Panel(name, f"{what}_ev", f"{what}_error_ev", error.reshape(grid.own.shape[:-1]))

    base = asked.distilled_before(context, after) or after
    teacher = asked.stored(context, base, "teacher", "pool", points)
    found = [panel("teacher", "teacher", teacher, everywhere)]
    for model, what in ((before, "earlier"), (after, "student")):
        if model is not None:
            known = near_labels if model.id == best.id else everywhere
            found.append(panel(student_name(model), what, energies[model.id], known))
    return found


def _title(context: Context, panel: Panel, rows: pd.DataFrame) -> Markdown:
    summary = by_region(rows, {panel.name: panel.energy})
    if summary.empty:
        return f"**{plain(panel.name)}**"
    return f"**{plain(panel.name)}** · MAE **{context.text(summary['mae_ev'].iloc[0])}**"


def _by_region(context: Context, panel: Panel, rows: pd.DataFrame) -> Markdown | None:
    """The errors of each region, on hover."""
    summary = by_region(rows, {panel.name: panel.energy})
    found = zip(summary["region"], summary["mae_ev"], summary["max_ev"], summary["n"], strict=True)
    lines = [
        f"**{'whole range' if region == 'all' else plain(region)}**: MAE {context.text(mae)}, "
        f"largest {context.text(largest)}, {n:d} points"
        for region, mae, largest, n in found
    ]
    return "  \n".join(lines) or None


def _draw(
    context: Context,
    grid: Plane,
    view: str,
    panel: Panel,
    dots: pd.DataFrame,
    scale: SignedScale,
    number: int,
    count: int,
) -> None:
    known, unit = dots[dots[panel.column].notna()], context.unit
    key = f"plane-{number}-{context.folder}"
    content = plane_content(
        context.campaign.dimer.host,
        grid,
        context.convert(panel.error_ev),
        known,
        panel.column,
        scale,
        unit,
        label=f"{panel.name} − CCSD(T)",
        view=f"plane {view}",
        colours="signed",
        hover=[Hover("error", context.convert(known[panel.column].to_numpy(dtype=float)), unit.label, unit.digits)],
        bar=number == count - 1,
        y_axis=number == 0,
    )
    span = np.ptp(grid.v) / np.ptp(grid.u)
    plot.show(
        encode(content, context.colours),
        context.colours,
        linked.marks(context, known.set_index("id")),
        key=key,
        height=HEIGHT,
        group=f"plane-{context.folder}",
        tools=False,
        link_view=True,
        shape=float(span),
        kinds=(),
        file=f"{context.campaign.name}-error-plane-{number + 1}",
        on_event=linked.listener(context, key),
    )


def _caption(context: Context, split: str, count: int, scale: SignedScale) -> Markdown:
    labels = "test points" if split == "test" else "training labels, which the student has seen"
    return (
        f"Prediction minus CCSD(T), in {context.unit.label}; MAE over all {count} {labels}. "
        f"Dots: those within {NEAR} Å of the plane. {plain(legend_text(scale, context.unit))} "
        f"Blank: inside the wall, or more than {REACH:g} Å from every label. Farther out, other potentials are "
        "compared with the student in use instead of CCSD(T)."
    )
