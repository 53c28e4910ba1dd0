"""Energies: bring energies of one's own, see what they look like before they are stored, and what came in earlier."""

import hashlib
from typing import Any

import pandas as pd
import streamlit as st

from app import actions, predictor
from app.chart import Drawn, charts
from app.figures.own_energies import energy_against_distance, points_in_space
from app.figures.scales import scale_for
from app.session import Context, errors_shown
from app.text import plain
from app.views.energy_choices import choose
from app.views.energy_sets import MESSAGE, show_sets
from nci_core.campaign import expected_energies
from nci_core.campaign.energy_files import Checked, EnergyFile, check, open_file
from nci_core.campaign.own_energies import LONGEST_METHOD, LONGEST_NAME
from nci_core.datasets.energy_tables.points import axes_of, missing, origin_of
from nci_core.datasets.energy_tables.table import MOST_BYTES, MOST_ROWS
from nci_core.files import MB
from nci_core.store.base import SetKind
from nci_core.store.versions import data_version, model_version
from nci_core.units import from_cm1, to_cm1

SUFFIXES = ["csv", "tsv", "txt", "dat", "xyz", "extxyz"]
KINDS: dict[SetKind, str] = {
    "test": "An outside test set: it only measures errors",
    "labels": "Labels of a named method: a student may learn them",
}
#: Rows of the preview, and rows with problems that are listed.
PREVIEW, PROBLEMS = 50, 200
SPACE_HEIGHT, HEIGHT = 330, 250
EXAMPLE = (
    "# Positions of the probe in the campaign's frame, interaction energies below zero where bound.\n"
    "x / Angstrom,y / Angstrom,z / Angstrom,E / cm-1\n{rows}"
)


def show(context: Context) -> None:
    """The page."""
    st.title(
        "Energies",
        help="Energies computed or published elsewhere, of a method with a name of its own. They stand beside the "
        "campaign's labels and are never mixed with them.",
    )
    if message := st.session_state.pop(MESSAGE, None):
        st.success(plain(message), icon=":material/check_circle:")
    if context.read_only:
        st.info("This is a read-only demonstration, so nothing can be imported.", icon=":material/lock:")
    else:
        with errors_shown():
            _bring(context)
    show_sets(context)


def _bring(context: Context) -> None:
    round_number = st.session_state.setdefault("energies_upload", 0)
    left, right = st.columns([2.2, 1], vertical_alignment="bottom", gap="medium")
    sent = left.file_uploader(
        "A table (CSV, TSV, text) or extended xyz with REF_interaction_energy",
        SUFFIXES,
        key=f"energies-file-{round_number}",
        max_upload_size=int(MOST_BYTES / MB),
        help=f"At most {MOST_BYTES / MB:g} MB and {MOST_ROWS:,} energies. Frames of extended xyz, also those of the "
        "NCI Atlas, are superposed onto the campaign's molecule.",
    )
    with right:
        st.download_button(
            "Example table",
            lambda: _example(context),
            f"{context.campaign.dimer.name}-example.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="energies-example",
            help="A few rows with columns and units that are understood at once.",
        )
    if sent is None:
        st.caption(
            "Columns may be x, y, z and E, or R, θ, φ and E, or R and one column for each angle. They are guessed from "
            "the header, and you choose. Nothing is stored before you press *Import*."
        )
        return
    content = sent.getvalue()
    key = hashlib.sha256(content).hexdigest()[:16]
    file = _file(context.folder, str(sent.name), key, context, content)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        choices = choose(context, file, key) if file.table else file.guess()
        if file.table:
            _preview(file)
            if choices is None or missing(file.table, choices):
                what = "the unit of energy, which the header does not say" if choices is None else "a column for each"
                st.info(f"Choose {what}.", icon=":material/arrow_upward:")
                return
        version = data_version(context.campaign.store)
        checked = _checked(context.folder, key, choices.model_dump_json(), version, context, file)
        right_unit = _judge(context, checked)
        _import(context, checked, right_unit, key)
    with right:
        _draw(context, checked)


@st.cache_data(show_spinner=False, max_entries=4)
def _file(folder: str, name: str, digest: str, _context: Context, _content: bytes) -> EnergyFile:
    return open_file(_context.campaign, name, _content)


@st.cache_data(show_spinner="Reading …", max_entries=8)
def _checked(folder: str, digest: str, choices: str, version: Any, _context: Context, _file: EnergyFile) -> Checked:
    from nci_core.datasets.energy_tables import Choices

    return check(_context.campaign, _file, Choices.model_validate_json(choices))


def _preview(file: EnergyFile) -> None:
    table = file.table
    assert table is not None
    comma = ", decimal commas" if table.decimal_comma else ""
    with st.expander(f"The file: {len(table.rows):,} rows, separated by {plain(table.separator + comma)}"):
        shown = pd.DataFrame(table.rows[:PREVIEW], columns=list(table.columns), index=list(table.lines[:PREVIEW]))
        st.dataframe(shown.rename_axis("line"), height=220, key="energies-preview")


def _draw(context: Context, checked: Checked) -> None:
    """The energies against the distance, and about the molecule with the axes that they are measured from."""
    points, dimer, unit = checked.points, context.campaign.dimer, context.unit
    energies, cap = context.convert(points.energy_ev), from_cm1(context.campaign.settings.limit_cm1)
    scale = scale_for(points.energy_ev, unit.per_ev, linear_ev=from_cm1(2.0), cap_ev=cap)
    frame = (origin_of(dimer.host, checked.choices), axes_of(dimer.host, checked.choices))
    space = points_in_space(
        dimer.host,
        points.positions,
        energies,
        scale,
        unit,
        context.colours,
        frame=frame if checked.file.table else None,
        height=SPACE_HEIGHT,
    )
    charts(context, Drawn(space, "own-energies-in-space"), note="Purple is attractive, orange repulsive.")
    against = energy_against_distance(dimer, points.positions, energies, unit, context.colours, height=HEIGHT)
    charts(context, Drawn(against, "own-energies"))


def _judge(context: Context, checked: Checked) -> bool:
    """Say how many energies there are and whether they can be what they are said to be; returns the latter."""
    points = checked.points
    st.caption(plain(_counted(checked)))
    right, sentence = _plausible(context, checked)
    (st.success if right else st.warning)(plain(sentence), icon=":material/straighten:")
    if points.problems:
        st.warning(
            f"{len(points.problems):,} rows cannot be used; the first: row {int(points.problems[0][0])}, "
            f"{plain(points.problems[0][1])}.",
            icon=":material/rule:",
        )
        with st.expander("Rows that cannot be used"):
            problems = pd.DataFrame(points.problems[:PROBLEMS], columns=["Row", "What is wrong"])
            st.dataframe(problems, hide_index=True, height=200)
    return right


def _counted(checked: Checked) -> str:
    parts = [checked.describe()]
    if checked.at_test:
        parts.append(f"{checked.at_test:,} are geometries of the frozen test set, which no fit may learn.")
    if checked.at_training:
        parts.append(
            f"{checked.at_training:,} are geometries of training labels; errors of an outside test set leave them out."
        )
    return " ".join(parts)


def _plausible(context: Context, checked: Checked) -> tuple[bool, str]:
    places, energies = expected_energies.compared(checked)
    model = context.model
    version = model_version(context.campaign.store)
    found = _expected(context.folder, model.id if model else None, version, places.tobytes(), places)
    return expected_energies.sentence(checked, expected_energies.judge(checked, energies, found, model))


@st.cache_data(show_spinner="Comparing with the student …", max_entries=16)
def _expected(folder: str, model_id: int | None, version: Any, digest: bytes, _places: Any) -> Any:
    return predictor.ask(expected_energies.expected, folder, model_id, _places)


def _import(context: Context, checked: Checked, right_unit: bool, key: str) -> None:
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
            value=checked.file.method,
            max_chars=LONGEST_METHOD,
            key=f"method-{key}",
            placeholder="for example: CCSD(T)/CBS, Smith 2020",
            help="Energies of different methods are different quantities; all errors name it.",
        )
        kind = st.radio("Import as", list(KINDS), format_func=KINDS.__getitem__, key=f"kind-{key}")
        leave_out = anyway = True
        if checked.points.problems:
            leave_out = st.checkbox(
                f"Leave out the {len(checked.points.problems):,} rows that cannot be used", key=f"leave-{key}"
            )
        if not right_unit:
            anyway = st.checkbox("Unit and sign are right all the same", key=f"anyway-{key}")
        lacking = not name.strip() or not method.strip()
        if st.button(
            f"Import {len(checked.points):,} energies",
            type="primary",
            icon=":material/upload:",
            disabled=lacking or not leave_out or not anyway,
            key=f"import-{key}",
            help="Name the method first." if lacking else None,
        ):
            row = actions.import_energies(
                context.campaign,
                checked,
                name=name,
                method=method,
                kind=kind,
                person=context.person,
                leave_out=leave_out,
            )
            st.session_state["energies_upload"] += 1
            st.session_state[MESSAGE] = (
                f"{row.name}: {len(checked.points):,} energies are imported. The students are being "
                "evaluated there; then “Show errors” below draws the map."
            )
            st.rerun()


def _example(context: Context) -> str:
    """A table of a few points about the molecule, with the energies of the labels or the teacher there."""
    from app import cached

    rows = cached.table(context)
    energy = rows["label_ev"].fillna(rows["teacher_ev"]) if len(rows) else pd.Series(dtype=float)
    some = rows.loc[energy.dropna().sort_values().index[:12]] if len(rows) else rows
    lines = "".join(
        f"{x:.4f},{y:.4f},{z:.4f},{to_cm1(float(energy[number])):.3f}\n"
        for number, x, y, z in zip(some.index, some.get("x", []), some.get("y", []), some.get("z", []), strict=False)
    )
    return EXAMPLE.format(rows=lines or "0.0,0.0,3.5,-20.0\n0.0,0.0,5.0,-5.0\n")
