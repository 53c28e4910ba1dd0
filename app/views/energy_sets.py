"""The energies that were imported: errors of the student in use, and what can be done with each set."""

from collections.abc import Callable
from functools import partial
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
#: Column of `set_list` → header; the errors are shown in the unit that was chosen.
HEADERS = {
    "name": "Name",
    "system": "System",
    "method": "Method",
    "kind": "As",
    "n": "Energies",
    "std_ev": "±",
    "held_out": "Held out",
    "mae_ev": "MAE in use",
    "own_mae_ev": "MAE of its own",
    "n_measured": "Compared",
    "file": "File",
    "person": "By",
    "when": "On",
}
ERRORS = ("std_ev", "mae_ev", "own_mae_ev")
HELP = {
    "std_ev": "Median standard deviation that the energies themselves have.",
    "mae_ev": "Mean absolute error of the student in use, below the energy limit.",
    "own_mae_ev": "Of the newest student fitted to this set, on the points held out from every fit.",
    "n_measured": "Points the error is averaged over.",
}


def show_sets(context: Context) -> None:
    """The list; nothing where there is none."""
    table = own_energies.set_list(context.campaign, context.model.id if context.model else None)
    if table.empty:
        if context.read_only:
            st.caption("No energies have been imported into this campaign yet.")
        return
    st.subheader("Imported energies")
    unit = context.unit
    headers = HEADERS | {name: f"{HEADERS[name]} ({unit.label})" for name in ERRORS}
    left_out = [] if context.several else ["system"]
    if table["held_out"].isna().all():  # no labels among them
        left_out += ["held_out", "own_mae_ev"]
    if table["std_ev"].isna().all():
        left_out.append("std_ev")
    shown = table.assign(**{name: table[name] * unit.per_ev for name in ERRORS}, when=table["when"].dt.date.map(str))
    grid(
        shown[list(headers)].drop(columns=left_out).rename(columns=headers),
        {headers[name]: f".{unit.digits}f" for name in ERRORS} | {"Held out": ".0f"},
        key="energy-sets",
        column_config={headers[name]: st.column_config.NumberColumn(help=words) for name, words in HELP.items()},
    )
    doing = {number: own_energies.under_way(context.campaign, number, name) for number, name in table["name"].items()}
    for number, words in doing.items():
        _one(context, number, table.loc[number], words)
    if any(doing.values()):
        _follow()


def _one(context: Context, number: int, row: pd.Series, doing: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"energy-set-{number}"):
        st.markdown(f"**{plain(row['name'])}**")
        if doing:
            st.markdown(f":gray[:material/hourglass_top: {plain(doing)}]")
        elif row["n_measured"]:
            for whose, name in (("student in use", "mae_ev"), ("its own student", "own_mae_ev")):
                if pd.notna(row[name]):
                    error = number_text(row[name] * context.unit.per_ev, f".{context.unit.digits}f")
                    st.markdown(f"{whose}: {error} {context.unit.label}")
        elif not context.read_only and context.model is not None:
            evaluate = partial(actions.evaluate_energies, context.campaign, energy_set=number)
            _button("Evaluate the students", evaluate, key=f"evaluate-set-{number}")
        if st.button("Show errors", icon=":material/difference:", key=f"errors-of-{number}", type="tertiary"):
            page = st.session_state.get("pages", {}).get("errors")
            if page is not None:
                where = {"errors_part": "Points on a map", "errors_set": plain(row["name"])}
                if pd.notna(row["own_id"]):
                    where["errors_after"] = model_name(models.get(context.campaign.store, int(row["own_id"])))
                st.switch_page(page, query_params=where)
        if context.read_only:
            return
        if "labels" in str(row["kind"]):
            _button(
                "Fine-tune on these",
                partial(actions.learn_energies, context.campaign, str(row["name"])),
                "The fit is in the queue: its curves appear on the Label & train page, its errors here.",
                icon=":material/model_training:",
                key=f"learn-{number}",
                help=_learns(row),
            )
        _button(
            "Compute the teacher there",
            partial(actions.teach_outside, context.campaign),
            "The teacher's energies are in the queue; follow them on the Label & train page.",
            icon=":material/school:",
            key=f"teach-{number}",
            help="The teacher's own energies at these points instead of interpolated ones; this may take long.",
        )
        with st.popover("Remove", icon=":material/delete:", type="tertiary"):
            st.markdown(f"Remove **{plain(row['name'])}** with all its energies and the errors against it?")
            remove = partial(actions.remove_energies, context.campaign, number)
            _button("Remove it", remove, "The energies were removed.", key=f"remove-{number}", type="primary")


def _learns(row: pd.Series) -> Markdown:
    """What the fit learns, and what measures it."""
    start = "A new student for this method, starting from the distilled one; it does not replace the student in use. "
    if pd.isna(row["held_out"]) or not row["held_out"]:
        return start + "No energy of this set is held out, so its errors can be measured only on another set."
    learnt = int(row["n"] - row["held_out"])
    return start + f"It learns {learnt:,} energies; {int(row['held_out']):,} (seed {int(row['seed'])}) measure it."


def _button(label: Markdown, action: Callable[[], Any], message: str = "", **looks: Any) -> None:
    """A button that does something; the page is drawn anew then, with a message above."""
    if not st.button(label, **{"type": "tertiary"} | looks):
        return
    with errors_shown():
        action()
        if message:
            st.session_state[MESSAGE] = message
        st.rerun()


@st.fragment(run_every=2.0)
def _follow() -> None:
    """Look whether evaluations and fits have ended; then the page is drawn anew."""
    with errors_shown():
        now = context().campaign
        if not any(own_energies.under_way(now, row.id, row.name) for row in energy_sets.fetch(now.store)):
            st.rerun()
