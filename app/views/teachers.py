"""Teachers: those of this campaign beside its labels and beside each other, and those that there are."""

import pandas as pd
import streamlit as st

from app import cached, cached_teachers
from app.background import answer, follow, problem, under_way
from app.choices import one_of
from app.data.teachers import differences_table, standings_table
from app.first_steps import command
from app.session import Context
from app.tables import grid
from app.text import code, plain
from app.views import teacher_catalogue, teacher_curve, teacher_lines, teacher_maps
from app.views.begin import no_configurations

PARTS = {
    "table": "Against labels",
    "maps": "Maps",
    "points": "Every point",
    "cuts": "Radial cuts",
    "curve": "Labels saved",
    "catalogue": "Catalogue",
}
AGAINST = {"test": "Frozen test set", "pool": "Training labels"}
SHOWS = {
    "maps": teacher_maps.show,
    "points": teacher_lines.points,
    "cuts": teacher_lines.cuts,
    "curve": teacher_curve.show,
    "catalogue": teacher_catalogue.show,
}


def show(context: Context) -> None:
    """The page."""
    st.title("Teachers", help="Cheap methods that the first student learns from, before any CCSD(T) label.")
    for sentence in cached_teachers.warnings(context):
        st.warning(plain(sentence), icon=":material/warning:")
    part = one_of(st, "Show", PARTS, key="teachers_part")
    if part != "catalogue" and cached.table(context).empty:
        no_configurations(context)
        return
    names = cached_teachers.names(context)
    if not names and part != "catalogue":
        st.info(
            "No teacher has energies of this campaign yet. They are computed on the Label & train page, or with "
            f"{code(command('teach', context.campaign.folder))}.",
            icon=":material/info:",
        )
        return
    if part in SHOWS:
        SHOWS[part](context)
    else:
        _table(context)


def _table(context: Context) -> None:
    """Errors by region, what is absurd, and how far teachers are from each other."""
    found = cached_teachers.comparison(context)
    against = one_of(st, "Labels", AGAINST, key="teachers_against", first=found.against)
    groups = cached_teachers.by_system(context) if context.every_system else {"": found}
    tables = {name: standings_table(each, against, context.unit) for name, each in groups.items()}
    shown = pd.concat({name: rows for name, (rows, _) in tables.items()}, names=["System"])
    specs = next(iter(tables.values()))[1]
    shown = shown.reset_index("System").reset_index(drop=True)
    shown = shown if context.every_system else shown.drop(columns="System")
    if not shown["Labels"].any():
        st.info(
            "No configuration with teacher energies has such a CCSD(T) label yet, so there are no errors to show. "
            "Label some on the Label & train page.",
            icon=":material/info:",
        )
    help_texts = {
        "Distilled": "Whether this campaign's students learn from it.",
        "r": "Correlation with the labels below the energy limit.",
        "s each": "Wall time of one energy, on the machine that computed it.",
    }
    grid(shown, specs, key="teachers-table", help=help_texts)
    st.caption(
        f"Teacher minus CCSD(T) of recipe *{plain(context.campaign.recipe.name)}*, below the energy limit"
        f"{context.whose}: mean absolute errors over all and in each region. Only a mixture has seen labels, those of "
        "the training pool."
    )
    _sanity(context)
    apart, specs = differences_table(found, context.unit)
    if len(apart):
        st.subheader("Where there is no label", help="Mean size of the difference of two teachers, by region.")
        grid(apart, specs, key="teachers-apart")
    else:
        st.caption("There is one teacher only. Add another to compare it with, below the catalogue.")


def _sanity(context: Context) -> None:
    """What physics does not allow in the stored energies."""
    future = cached_teachers.doubts(context)
    doubts = answer(future)
    if doubts is None:
        said = problem(future)
        if said:
            st.caption(plain(said))
        else:
            under_way(future, "Energies are held against what physics allows")
            follow([future])
        return
    for sentence in doubts.values():
        st.markdown(f":material/report: {plain(sentence)}")
    if not doubts:
        st.markdown(
            ":material/check_circle: No stored energy is absurd: all repel where atoms overlap, none attracts more "
            "than dispersion and induction can, none repels far away."
        )
