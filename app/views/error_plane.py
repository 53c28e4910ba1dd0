"""Errors → plane: filled maps of teacher, earlier student and student minus CCSD(T) in one plane, on one scale."""

from dataclasses import dataclass

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
from app.session import Context
from app.text import Markdown, plain
from app.views.error_maps import error_scale, student_name
from app.views.plane_choice import KINDS, Numbers, choose_plane
from nci_core.errors import NCIError
from nci_core.interpolation import REACH
from nci_core.store.schema import Model
from nci_core.systems import surroundings
from nci_core.systems.planes import PlaneGrid

#: How far (Å) the plane reaches beyond the host sideways and upwards, and how far apart its points are.
BESIDE, ABOVE, SPACING = 3.8, 5.4, 0.2
HEIGHT = 330
NUMBERS: Numbers = {"upright": ("plane_turn", 0, 179), "flat": ("plane_height", -8.0, 8.0)}
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
    students = {name: row for name, row in (("earlier", before), ("student", after)) if row is not None}
    try:
        maps = known_errors.errors_on(context, plane, split, list(students.values()))
    except NCIError as error:  # too few stored energies, or a model that does not answer
        st.warning(f"{plain(error)} The points alone are below.", icon=":material/info:")
        return False
    panels = [Panel("teacher", "teacher", maps.teacher_error(into_wall=1.0))] + [
        Panel(student_name(row), name, maps.error(maps.model_ids.index(row.id), into_wall=1.0))
        for name, row in students.items()
    ]
    inside = rows[rows["region"] != "beyond"]
    dots = fields.in_slab(context.host, inside, maps.plane)
    outside = maps.wall > 0
    drawn = [part for panel in panels for part in (panel.error_ev[outside], dots[panel.column])]
    scale, unit = error_scale(context, np.concatenate(drawn)), context.unit
    group = f"plane-{context.folder}"
    plot.toolbar(context.colours, key=f"plane-tools-{context.folder}", group=group)
    widths = [FIRST, *[MIDDLE] * (len(panels) - 2), LAST]
    for number, (place, panel) in enumerate(zip(st.columns(widths, gap="small"), panels, strict=True), start=1):
        known = dots[dots[panel.column].notna()]
        content = plane_content(
            context.host,
            maps.plane,
            context.convert(panel.error_ev),
            known,
            panel.column,
            scale,
            unit,
            label=f"{panel.name} − CCSD(T)",
            view=kind,
            wall=maps.wall,
            colours="signed",
            bar=number == len(panels),
            y_axis=number == 1,
        )
        title, by_regions = _title(context, panel, inside)
        with place:
            st.markdown(title, help=by_regions or None)
            selection.draw(
                context,
                content,
                known.set_index("id"),
                key=f"plane-{number}-{context.folder}",
                height=HEIGHT,
                group=group,
                tools=False,
                link_view=True,
                shape=float(np.ptp(maps.v) / np.ptp(maps.u)),
                kinds=(),
                file=f"{context.campaign.name}-error-plane-{number}",
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


def _choose_plane(context: Context) -> tuple[str, PlaneGrid | None]:
    """Its kind, and where it is; None: where the Overview's is."""
    host = context.host
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    left, right = row.container(width="content"), row.container(width=330)
    kind, value = choose_plane(KINDS, "plane_view", NUMBERS, left, right, label="Plane")
    if kind == "telling":
        return kind, None
    half = np.abs(surroundings.to_own(host, host.positions)).max(axis=0)
    reach = (float(half[0]) + BESIDE, float(half[1]) + BESIDE if kind == "flat" else float(half[2]) + ABOVE)
    return kind, surroundings.plane(host, kind, value, spacing=SPACING, reach=reach)


def _title(context: Context, panel: Panel, rows: pd.DataFrame) -> tuple[Markdown, Markdown]:
    """A potential with its mean absolute error, and for its help the errors of each region."""
    summary = by_region(rows, {panel.name: f"{panel.what}_ev"})
    if summary.empty:
        return f"**{plain(panel.name)}**", ""
    found = zip(summary["region"], summary["mae_ev"], summary["max_ev"], summary["n"], strict=True)
    lines = [
        f"**{'whole range' if region == 'all' else plain(region)}**: MAE {context.text(mae)}, "
        f"largest {context.text(largest)}, {n:d} points"
        for region, mae, largest, n in found
    ]
    return f"**{plain(panel.name)}** · MAE **{context.text(summary['mae_ev'].iloc[0])}**", "  \n".join(lines)
