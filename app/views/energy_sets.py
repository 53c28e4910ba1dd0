"""The energies that were imported: errors of the student in use, and what can be done with each set."""

from typing import Any

import pandas as pd
import streamlit as st

from app import actions
from app.data import own_energies
from app.data.jobs import model_name
from app.session import Context, context, errors_shown
from app.tables import grid
from app.text import Markdown, plain
from nci_core.rounding import number_text
from nci_core.store import energy_sets, models

#: Where a sentence waits for the run that follows.
MESSAGE = "energies_message"


def show_sets(context: Context) -> None:
    """The list; nothing where there is none."""
    table = own_energies.set_list(context.campaign, context.model.id if context.model else None)
    if table.empty:
        if context.read_only:
            st.caption("No energies have been imported into this campaign yet.")
        return
    st.subheader("Imported energies")
    unit = context.unit
    error = f"MAE in use ({unit.label})"
    own = f"MAE of its own ({unit.label})"
    shown = pd.DataFrame(
        {
            "Name": table["name"],
            "System": table["system"],
            "Method": table["method"],
            "As": table["kind"],
            "Energies": table["n"],
            "Held out": table["held_out"],
            error: table["mae_ev"] * unit.per_ev,
            own: table["own_mae_ev"] * unit.per_ev,
            "Compared": table["n_measured"],
            "File": table["file"],
            "By": table["person"],
            "On": table["when"].map(lambda when: f"{when:%Y-%m-%d}"),
        }
    )
    if not context.several:
        shown = shown.drop(columns="System")
    if shown["Held out"].isna().all():  # no labels among them
        shown = shown.drop(columns=["Held out", own])
    grid(
        shown,
        dict.fromkeys((error, own), f".{unit.digits}f") | {"Held out": ".0f"},
        key="energy-sets",
        column_config={
            error: st.column_config.NumberColumn(
                help="Mean absolute error of the student in use, below the energy limit."
            ),
            own: st.column_config.NumberColumn(
                help="Of the newest student fitted to this set, on the points held out from every fit."
            ),
            "Compared": st.column_config.NumberColumn(help="Points the error is averaged over."),
        },
    )
    for number in table.index:
        _one(context, int(number), table.loc[number])
    if _any_under_way(context):
        _follow()


def _one(context: Context, number: int, row: pd.Series) -> None:
    doing = own_energies.under_way(context.campaign, number, str(row["name"]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"energy-set-{number}"):
        st.markdown(f"**{plain(row['name'])}**")
        if doing:
            st.markdown(f":gray[:material/hourglass_top: {plain(doing)}]")
        elif row["n_measured"]:
            error = number_text(row["mae_ev"] * context.unit.per_ev, f".{context.unit.digits}f")
            st.markdown(f"student in use: {error} {context.unit.label}")
            if pd.notna(row["own_mae_ev"]):
                mine = number_text(row["own_mae_ev"] * context.unit.per_ev, f".{context.unit.digits}f")
                st.markdown(f"its own student: {mine} {context.unit.label}")
        elif (
            not context.read_only
            and context.model is not None
            and st.button("Evaluate the students", key=f"evaluate-set-{number}", type="tertiary")
        ):
            _do(lambda: actions.evaluate_energies(context.campaign, energy_set=number))
        if st.button("Show errors", icon=":material/difference:", key=f"errors-of-{number}", type="tertiary"):
            page = st.session_state.get("pages", {}).get("errors")
            if page is not None:
                where = {"errors_part": "Points on a map", "errors_set": plain(row["name"])}
                if pd.notna(row["own_id"]):
                    where["errors_after"] = model_name(models.get(context.campaign.store, int(row["own_id"])))
                st.switch_page(page, query_params=where)
        if context.read_only:
            return
        if "labels" in str(row["kind"]) and st.button(
            "Fine-tune on these",
            icon=":material/model_training:",
            key=f"learn-{number}",
            type="tertiary",
            help=_learns(row),
        ):
            _do(
                lambda: actions.learn_energies(context.campaign, str(row["name"])),
                "The fit is in the queue: its curves appear on the Label & train page, its errors here.",
            )
        if st.button(
            "Compute the teacher there",
            icon=":material/school:",
            key=f"teach-{number}",
            type="tertiary",
            help="The teacher's own energies at these points instead of interpolated ones; this may take long.",
        ):
            _do(
                lambda: actions.teach_outside(context.campaign),
                "The teacher's energies are in the queue; follow them on the Label & train page.",
            )
        with st.popover("Remove", icon=":material/delete:", type="tertiary"):
            st.markdown(f"Remove **{plain(row['name'])}** with all its energies and the errors against it?")
            if st.button("Remove it", key=f"remove-{number}", type="primary"):
                _do(lambda: actions.remove_energies(context.campaign, number), "The energies were removed.")


def _learns(row: pd.Series) -> Markdown:
    """What the fit learns, and what measures it."""
    start = "A new student for this method, starting from the distilled one; it does not replace the student in use. "
    if pd.isna(row["held_out"]) or not row["held_out"]:
        return start + "No energy of this set is held out, so its errors can be measured only on another set."
    learnt = int(row["n"] - row["held_out"])
    return start + f"It learns {learnt:,} energies; {int(row['held_out']):,} (seed {int(row['seed'])}) measure it."


def _do(action: Any, message: str = "") -> None:
    with errors_shown():
        action()
        if message:
            st.session_state[MESSAGE] = message
        st.rerun()


@st.fragment(run_every=2.0)
def _follow() -> None:
    """Look whether evaluations and fits have ended; then the page is drawn anew."""
    with errors_shown():
        if not _any_under_way(context()):
            st.rerun()


def _any_under_way(context: Context) -> bool:
    rows = energy_sets.fetch(context.campaign.store)
    return any(own_energies.under_way(context.campaign, row.id, row.name) for row in rows)
