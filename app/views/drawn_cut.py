"""A part of the Errors page: energies along any line, and what the ruler reads there."""

import numpy as np
import pandas as pd
import streamlit as st

from app import model_answers, own_energies
from app.chart import Drawn, charts
from app.choices import one_of
from app.data import fields
from app.data.own_energies import against
from app.data.terms import TERMS_HELP
from app.figures.lines import line_figure
from app.session import Context
from app.text import plain
from app.views.line_choice import choose
from app.views.line_map import show_map
from app.views.line_ruler import show_ruler
from nci_core.store.schema import Model
from nci_core.systems import lines
from nci_core.systems.lines import Line

#: The name of this part of the page.
TITLE = "Any line"
PANELS = {"energy": "Energies", "ruler": "Ruler"}
#: Points on a line, and the shortest line (Å) that is drawn.
STEPS, SHORTEST = 241, 0.1


def show(context: Context, table: pd.DataFrame, after: Model, before: Model | None) -> None:
    """Controls, the map to draw on, the figures and their data."""
    left, middle, right = st.columns([1.3, 1, 2.2], vertical_alignment="bottom")
    panel = one_of(middle, "Show along it", PANELS, key="line_panel", titled=True)
    body = st.container()
    # The typed ends stand below: they come with the first line that is drawn, and must not push the map away then.
    line = choose(context, table, left, right, st.container())
    if line is None:
        return
    with body:
        place = body
        if panel == "energy":
            drawing, place = st.columns([1, 1.25], gap="medium")
            with drawing:
                show_map(context, table, line, after)
        with place:
            if line.length < SHORTEST:
                st.warning(f"The two ends are closer than {SHORTEST} Å; move them apart.", icon=":material/straighten:")
                return
            curve = _curve(context, line, after, before)
            if curve["energy_ev"].isna().all():
                st.warning("The whole line lies on a nucleus; move it away.", icon=":material/straighten:")
            elif panel == "energy":
                _energies(context, table, line, curve, after)
            else:
                show_ruler(context, line, curve, after)


def _curve(context: Context, line: Line, after: Model, before: Model | None) -> pd.DataFrame:
    """Distance along the line, place (Å) and energies (eV); the latter are NaN beside a nucleus."""
    distance = np.linspace(0.0, line.length, STEPS)
    points = line.at(distance)
    clear = lines.clear_of_nuclei(context.host, points)
    energies = pd.DataFrame(model_answers.field(context, after, points[clear]).columns, index=np.flatnonzero(clear))
    distilled = model_answers.distilled_before(context, after)
    if before is not None and distilled is not None and before.id == distilled.id:
        before = None
    for column, model in (("earlier_ev", before), ("distilled_ev", distilled)):
        if model is not None:
            energies[column] = model_answers.field(context, model, points[clear]).energy_ev
    places = pd.DataFrame(np.column_stack([distance, points]), columns=["distance", "x", "y", "z"])
    return places.join(energies)


def _energies(context: Context, table: pd.DataFrame, line: Line, curve: pd.DataFrame, after: Model) -> None:
    widths = [1, 0.8, 1.2] if own_energies.choices(context) else [1.3, 1]
    left, *middle, right = st.columns(widths, vertical_alignment="bottom")
    brought = own_energies.choose_points(context, middle, "line_points")
    if brought is not None:
        table = own_energies.set_rows(context, brought, after, None)
    channels = left.toggle(
        "Terms of the student",
        key="line_channels",
        bind="query-params",
        help=TERMS_HELP,
    )
    tolerance = right.slider(
        "Points within (Å)",
        0.05,
        1.0,
        0.15,
        0.05,
        key="line_tolerance",
        bind="query-params",
        help="Symmetry-equivalent positions count too. Each energy belongs to its configuration, not to the line.",
    )
    near = fields.near_line(context.host, table, line, tolerance)
    what = against(table)
    figure = line_figure(curve, near, context.unit, context.colours, channels=channels, reference=what)
    start, end = (", ".join(f"{v:.2f}" for v in p).replace("-", "−") for p in (line.start, line.end))
    labels = int(near["label_ev"].notna().sum())
    charts(
        context,
        Drawn(figure, "line", lambda: _numbers(context, curve, near)),
        note=f"From ({start}) to ({end}) Å. {len(near)} configurations within {tolerance:.2f} Å, {labels} with an "
        f"energy of {plain(what)}. Between its points the distilled student stands for the teacher.",
    )


def _numbers(context: Context, curve: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """What is drawn, first the student along the line, then the configurations near it."""
    names = ["distance", "off", "x", "y", "z", "split", "teacher_ev", "student_ev", "label_ev", "label_std_ev"]
    points = near[[name for name in names if name != "label_std_ev" or near[name].notna().any()]]
    points = points.rename_axis("configuration").reset_index().assign(what="configuration")
    rows = pd.concat([curve.assign(what="line"), points])
    energies = [str(column) for column in rows if str(column).endswith("_ev")]
    rows[energies] = rows[energies].astype(float) * context.unit.per_ev
    renamed = {c: f"{c.removesuffix('_ev')} ({context.unit.label})" for c in energies}
    return rows.rename(columns=renamed | {c: f"{c} (Å)" for c in ("distance", "x", "y", "z", "off")})
