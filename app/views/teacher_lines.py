"""Teachers → every point against its label, and along the campaign's radial cuts."""

import streamlit as st

from app import cached, cached_teachers
from app.chart import Drawn, charts
from app.choices import as_written, one_of
from app.data.teachers import along_cut, with_teachers
from app.figures.teachers import cut_figure, parity_figure
from app.session import Context
from app.text import plain
from nci_core.units import from_cm1

#: Up to which energy points are drawn → what people read.
SPANS = {"bound": "Well, tail and low wall", "whole": "Whole range"}
#: Where the low wall ends, cm⁻¹.
LOW_CM1 = 50.0


def points(context: Context) -> None:
    """Each labelled configuration: the teachers' energies over that of the label."""
    table, energies = cached.table(context), cached_teachers.energies(context)
    rows = table[table["label_ev"].notna() & (table["region"] != "beyond")].join(energies)
    columns = with_teachers(rows, energies, cached_teachers.names(context))
    if rows.empty or not columns:
        st.info("No configuration has both a CCSD(T) label and a teacher's energy yet.", icon=":material/info:")
        return
    span = one_of(st, "Energies", SPANS, key="teachers_span", first="whole")
    limit = context.campaign.bounds.limit_cm1
    top = from_cm1(LOW_CM1 if span == "bound" else limit)
    figure = parity_figure(rows, columns, context.unit, context.colours, top_ev=top)
    charts(context, Drawn(figure, "teachers-points"))
    count = int((rows["label_ev"] < top).sum())
    st.caption(
        f"{count} labels of recipe *{plain(context.campaign.recipe.name)}*{context.whose}: filled the frozen test set, "
        "open training labels. On the dashed line a teacher agrees with CCSD(T); below it, its energy is too low."
    )


def cuts(context: Context) -> None:
    """The teachers, the student in use and the labels along one of the cuts."""
    names = cached.cut_names(context)
    if not names:
        st.info("This campaign has no radial cuts.", icon=":material/info:")
        return
    name = one_of(st, "Cut", as_written(names), key="teachers_cut")
    table, energies = cached.drawn(context, cached.table(context)), cached_teachers.energies(context)
    along = along_cut(table, energies, context.system, name)
    columns = with_teachers(along, energies, cached_teachers.names(context))
    found = cached.cut(context, name, context.model.id if context.model else None)
    figure = cut_figure(along, columns, found, context.unit, context.colours)
    charts(context, Drawn(figure, f"teachers-{name}"))
    where = f" of {plain(context.system.title)}" if context.several else ""
    st.caption(f"Teachers are known at the sampled places{where} only, and joined by straight lines.")
