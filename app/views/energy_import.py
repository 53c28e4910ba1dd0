"""The last step of bringing energies: their name, method and purpose, and the button that stores them."""

import streamlit as st

from app import actions
from app.session import Context
from app.text import plain
from app.views.energy_sets import MESSAGE
from nci_core.campaign.exchange.energy_files import Checked
from nci_core.campaign.exchange.own_energies import FEWEST_LEARNT, LONGEST_METHOD, LONGEST_NAME
from nci_core.store.base import SetKind

KINDS: dict[SetKind, str] = {"test": "Outside test set", "labels": "Labels to learn"}
CAPTIONS = ("It only measures errors.", "A student may be fitted to them.")
#: Share of the labels that are held out unless a person says otherwise.
HELD_OUT = 0.2


def offer_import(context: Context, checked: Checked, right_unit: bool, key: str) -> None:
    """Ask for what the files do not say, and import when asked to; `key` is of the files."""
    with st.container(border=True):
        first, second = st.columns([1, 1.6])
        name = first.text_input(
            "Name of the set",
            value=checked.file.name.rsplit(".", 1)[0][:LONGEST_NAME],
            max_chars=LONGEST_NAME,
            key=f"name-{key}",
        )
        method = second.text_input(
            "Method",
            value=checked.file.method[:LONGEST_METHOD],
            max_chars=LONGEST_METHOD,
            key=f"method-{key}-{checked.file.level}",
            placeholder="for example: CCSD(T)/CBS, Smith 2020",
            help="Energies of different methods are different quantities; all errors name it.",
        )
        leave_out = anyway = True
        if checked.points.problems:
            left_out = plain(checked.counted(len(checked.points.problems)))
            leave_out = st.checkbox(f"Leave out the {left_out} that cannot be used", key=f"leave-{key}")
        if not right_unit:
            anyway = st.checkbox("Unit and sign are correct", key=f"anyway-{key}")
        left, right = st.columns([1.7, 1], vertical_alignment="bottom")
        kind = left.radio(
            "Import as",
            list(KINDS),
            format_func=KINDS.__getitem__,
            captions=CAPTIONS,
            horizontal=True,
            key=f"kind-{key}",
        )
        hold_out, seed = _held_out(len(checked.points), key) if kind == "labels" else (0, 0)
        lacking = not name.strip() or not method.strip()
        if not right.button(
            f"Import {len(checked.points):,} energies",
            type="primary",
            icon=":material/upload:",
            disabled=lacking or not leave_out or not anyway,
            key=f"import-{key}",
            width="stretch",
            help="Name the method first." if lacking else None,
        ):
            return
    row = actions.import_energies(
        context.campaign,
        checked,
        name=name,
        method=method,
        kind=kind,
        person=context.person,
        leave_out=leave_out,
        hold_out=hold_out,
        seed=seed,
    )
    st.session_state["energies_upload"] += 1
    evaluated = "The students are being evaluated there; then " if context.model else ""
    st.session_state[MESSAGE] = (
        f"{row.name}: {len(checked.points):,} energies imported. {evaluated}“Show errors” below draws the map."
    )
    st.rerun()


def _held_out(count: int, key: str) -> tuple[int, int]:
    """How many of the labels no fit may see, and the seed that draws them."""
    most = max(count - FEWEST_LEARNT, 0)
    first, second, _ = st.columns([1.2, 1, 1.2])
    number = first.number_input(
        f"Held out of {count:,}",
        0,
        most,
        min(round(HELD_OUT * count), most),
        key=f"hold-out-{key}",
        help="Drawn at random now and kept from every fit, so that errors of a student of this method can be measured. "
        "This cannot be changed later.",
    )
    seed = second.number_input("Random seed", 0, 2**31 - 1, 0, key=f"seed-{key}", help="Draws the points held out.")
    return int(number), int(seed)
