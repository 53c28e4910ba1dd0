"""Teachers → maps: filled maps of teachers and the student in one plane on one colour scale, with the labels in it."""

import numpy as np
import streamlit as st

from app import cached, cached_teachers, known_errors, selection
from app.arrays import FloatArray
from app.choices import one_of
from app.components import plot
from app.data import fields
from app.data.errors import by_region, labelled
from app.figures.maps import legend_text
from app.session import Context
from app.text import plain
from app.views.error_maps import error_scale
from app.views.error_plane import Panel, choose_error_plane, draw_panel
from nci_core.errors import NCIError

#: More maps than this beside each other cannot be read.
MOST = 4
HEIGHT = 320
SPLITS = {"test": "Frozen test set", "pool": "Training labels"}
STUDENT = "student in use"


def show(context: Context) -> None:
    """Each chosen teacher minus CCSD(T), and the student."""
    model = context.model
    if model is None:
        st.info(
            "Maps take a student, which gives the shape between the energies; distil one first.", icon=":material/info:"
        )
        return
    names = {spec: name for name, spec in cached_teachers.names(context).items()}
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    table = cached.drawn(context, cached.table(context))
    first = "test" if len(labelled(table, "test")) else "pool"
    split = one_of(row, "Labels", SPLITS, key="teachers_split", first=first)
    first_ones = list(names)[: MOST - 1]
    many = {"selection_mode": "multi", "default": first_ones, "key": "teachers_drawn"}
    chosen = row.pills("Teachers", list(names), format_func=plain, **many)
    kind, plane = choose_error_plane(context, "teachers")
    try:
        maps = known_errors.errors_on(context, plane, split, [model])
    except NCIError as error:
        st.warning(plain(error), icon=":material/info:")
        return
    if not chosen:
        st.info("Choose a teacher to draw.", icon=":material/info:")
        return
    points = maps.points.reshape(-1, 3)
    asked = np.isfinite(maps.reference_ev).reshape(-1)
    panels: list[tuple[str, str, FloatArray]] = []
    for spec in list(chosen)[: MOST - 1]:
        there = np.full(len(points), np.nan)
        try:
            there[asked] = cached_teachers.field(context, model, names[spec], points[asked])
        except NCIError as error:
            st.caption(plain(error))
            continue
        panels.append((spec, names[spec], there.reshape(maps.reference_ev.shape) - maps.reference_ev))
    panels.append((STUDENT, "student_ev", maps.error(maps.model_ids.index(model.id), into_wall=1.0)))
    rows = labelled(table, split)
    rows = rows[rows["region"] != "beyond"].join(cached_teachers.energies(context))
    rows = rows.assign(**{f"{column}_error": rows[column] - rows["label_ev"] for _, column, _ in panels})
    dots, outside = fields.in_slab(context.host, rows, maps), maps.wall > 0
    parts = [part for _, column, error in panels for part in (error[outside], dots[f"{column}_error"])]
    scale, group = error_scale(context, np.concatenate(parts)), f"teacher-planes-{context.folder}"
    plot.toolbar(context.colours, key=f"teacher-plane-tools-{context.folder}", group=group)
    widths = [1.0, *[0.87] * max(len(panels) - 2, 0), 1.12][-len(panels) :]
    for number, (place, (title, column, error)) in enumerate(zip(st.columns(widths, gap="small"), panels, strict=True)):
        known = dots[dots[f"{column}_error"].notna()]
        errors = by_region(rows, {title: column})
        with place:
            mae = f" · MAE **{context.text(errors['mae_ev'].iloc[0])}**" if len(errors) else ""
            st.markdown(f"**{plain(title)}**{mae}")
            draw_panel(
                context,
                maps,
                Panel(title, error, known.rename(columns={f"{column}_error": "shown_ev"}), "shown_ev"),
                scale,
                view=kind,
                group=group,
                key=f"teacher-plane-{number}-{context.folder}",
                file=f"{context.campaign.name}-teacher-plane-{number + 1}",
                first=number == 0,
                last=number == len(panels) - 1,
                height=HEIGHT,
            )
    labels = "test labels" if split == "test" else "training labels, which the student has seen"
    st.caption(
        f"Energy minus CCSD(T), in {context.unit.label}; MAE over {len(rows)} {labels}. Dots: labels within "
        f"{fields.NEAR} Å of the plane. {plain(legend_text(scale, context.unit))} Between their stored energies "
        "teachers are interpolated on the student. Blank: inside the wall. Hatched: not known."
    )
    selection.bar(context, table, page="teachers")
