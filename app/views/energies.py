"""Energies: bring energies of one's own, see what they look like before they are stored, and what came in earlier."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from app import cached, predictor
from app.arrays import FloatArray
from app.chart import Drawn, charts
from app.choices import one_from
from app.figures.own_energies import energy_against_distance, points_in_space
from app.figures.scales import SignedScale
from app.session import Context, errors_shown
from app.text import plain
from app.views.energy_choices import choose, choose_level
from app.views.energy_import import offer_import
from app.views.energy_sets import MESSAGE, show_sets
from nci_core.campaign.exchange.energy_files import Checked, check
from nci_core.campaign.exchange.energy_sources import MOST_OUTPUT_BYTES, SUFFIXES, EnergyFile, Named, open_files
from nci_core.campaign.queries import expected_energies
from nci_core.datasets.energy_tables import Choices
from nci_core.datasets.energy_tables.points import axes_of, origin_of
from nci_core.datasets.energy_tables.table import MOST_ROWS
from nci_core.files import MB
from nci_core.units import from_cm1, to_cm1

#: Problems that are listed.
PROBLEMS = 200
SPACE_HEIGHT, HEIGHT = 250, 195
EXAMPLE = (
    "# Positions of the probe in the campaign's frame, interaction energies below zero where bound.\n"
    "x / Angstrom,y / Angstrom,z / Angstrom,E / cm-1\n{rows}"
)


def show(context: Context) -> None:
    """The page."""
    st.title(
        "Energies",
        help="Energies from elsewhere, computed or published, under the name of their method. They are never mixed "
        "with the campaign's labels.",
    )
    if message := st.session_state.pop(MESSAGE, None):
        st.success(plain(message), icon=":material/check_circle:")
    if context.read_only:
        st.info("This is a read-only demonstration, so nothing can be imported.", icon=":material/lock:")
    else:
        with errors_shown():
            _bring(_of_system(context) if context.several else context)
    show_sets(context)


def _of_system(context: Context) -> Context:
    """The same with the system whose energies are brought; the one that is drawn at first."""
    systems = {system.name: system for system in context.campaign.systems}
    name = one_from(st, "Energies of", {name: plain(name) for name in systems}, key="energies_system",
                    first=context.system.name, in_address=False)  # fmt: skip
    return replace(context, system=systems[name], every_system=False)


def _bring(context: Context) -> None:
    round_number = st.session_state.setdefault("energies_upload", 0)
    left, right = st.columns([2.2, 1], vertical_alignment="bottom", gap="medium")
    sent = left.file_uploader(
        "Tables, structures or outputs; several files at once if they belong together",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"energies-file-{round_number}",
        max_upload_size=int(MOST_OUTPUT_BYTES / MB),
        help=f"Tables of at most {MOST_ROWS:,} energies; extended xyz with REF_interaction_energy, also of the NCI "
        "Atlas; xyz and one table of their energies; outputs of Psi4, ORCA or Molpro of the dimer and of its parts.",
    )
    with right:
        st.download_button(
            "Example table",
            lambda: _example(context),
            f"{context.dimer.name}-example.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="energies-example",
            help="A few rows whose header states columns and units.",
        )
    if not sent:
        st.caption(
            "A table has x, y, z and E, or R, θ, φ and E, or R and one column for each angle. Its columns are guessed "
            "from the header; you can change them. Structures and outputs are superposed on the campaign's molecule. "
            "Nothing is stored before you press *Import*."
        )
        return
    named = [(str(each.name), each.getvalue()) for each in sent]
    file = _file(context, named)
    key = f"{file.name}-{file.sha256[:16]}"
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        file = choose_level(file, key)
        choices = choose(context, file, key) if file.table else file.guess()
        if choices is None:
            return
        checked = _checked(context, named, file.level, choices)
        right_unit = _judge(context, checked)
        offer_import(context, checked, right_unit, key)
    with right:
        _draw(context, checked)


@cached.by_version(most=4, shared=True, spinner="Reading …")
def _file(context: Context, named: list[Named]) -> EnergyFile:
    return open_files(context.dimer, named)


@cached.by_version(cached.data, most=8, shared=True, spinner="Checking …")
def _checked(context: Context, named: list[Named], level: str, choices: Choices) -> Checked:
    file = _file(context, named)
    return check(context.campaign, context.system, file.at(level) if level else file, choices)


def _draw(context: Context, checked: Checked) -> None:
    """The energies against the distance, and about the molecule with the axes that they are measured from."""
    points, dimer, unit = checked.points, context.dimer, context.unit
    energies, cap = context.convert(points.energy_ev), from_cm1(context.system.bounds.limit_cm1)
    scale = SignedScale.covering(points.energy_ev, unit.per_ev, linear_ev=from_cm1(2.0), cap_ev=cap)
    frame = None
    if checked.file.form == "table":
        frame = (origin_of(dimer.a, checked.choices), axes_of(dimer.a, checked.choices))
    space = points_in_space(
        dimer.a, points.positions, energies, scale, unit, context.colours, frame=frame, height=SPACE_HEIGHT
    )
    charts(context, Drawn(space, "own-energies-in-space"), note="Purple is attractive, orange repulsive.")
    against = energy_against_distance(dimer, points.positions, energies, unit, context.colours, height=HEIGHT)
    charts(context, Drawn(against, "own-energies"))


def _judge(context: Context, checked: Checked) -> bool:
    """Say how many energies there are and whether they can be what they are said to be; returns the latter."""
    points = checked.points
    places, energies = expected_energies.compared(checked)
    found = _expected(context, places)
    right, sentence = expected_energies.sentence(checked, energies, found, context.model)
    said = [checked.describe(), sentence]
    if checked.at_training:
        said.insert(
            1,
            f"{checked.at_training:,} are geometries of training labels; errors of an outside test set leave them out.",
        )
    if checked.at_test:
        said.insert(1, f"{checked.at_test:,} are geometries of the frozen test set, which no fit may learn.")
    (st.success if right else st.warning)(" ".join(map(plain, said)), icon=":material/straighten:")
    if points.problems:
        number, reason = points.problems[0]
        count, place = checked.counted(len(points.problems)), checked.file.place(number)
        label = f":orange[{plain(count)} cannot be used; the first: {plain(place)}, {plain(reason)}]"
        with st.expander(label, icon=":material/rule:"):
            listed = [(checked.file.place(number), reason) for number, reason in points.problems[:PROBLEMS]]
            problems = pd.DataFrame(listed, columns=["Where", "What is wrong"])
            st.dataframe(problems, hide_index=True, height=200)
    return right


@cached.by_version(cached.fits, cached.student, most=16, spinner="Comparing with the student …")
def _expected(context: Context, places: FloatArray) -> FloatArray:
    model = cached.student(context)
    return predictor.ask(expected_energies.expected, context.folder, model, context.system.id, places)


def _example(context: Context) -> str:
    """A table of a few points about the molecule, with the energies of the labels or the teacher there."""
    rows = cached.table(context)  # of the chosen system
    energy = rows["label_ev"].fillna(rows["teacher_ev"])
    some = energy.dropna().sort_values().index[:12]
    numbers = np.column_stack([rows.loc[some, ["x", "y", "z"]], to_cm1(energy[some])])
    lines = "".join("{:.4f},{:.4f},{:.4f},{:.3f}\n".format(*row) for row in numbers)
    return EXAMPLE.format(rows=lines or "0.0,0.0,3.5,-20.0\n0.0,0.0,5.0,-5.0\n")
