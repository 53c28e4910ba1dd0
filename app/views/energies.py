"""Energies: bring energies of one's own, see what they look like before they are stored, and what came in earlier."""

import hashlib
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import cached, predictor
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
from nci_core.campaign.exchange.energy_sources import FRAMES, MOST_OUTPUT_BYTES, OUTPUTS, TABLES, EnergyFile, open_files
from nci_core.campaign.queries import expected_energies
from nci_core.datasets.energy_tables import Choices
from nci_core.datasets.energy_tables.points import axes_of, origin_of
from nci_core.datasets.energy_tables.table import MOST_ROWS
from nci_core.files import MB
from nci_core.store.versions import data_version, model_version
from nci_core.units import from_cm1, to_cm1

SUFFIXES = [suffix.removeprefix(".") for suffix in (*TABLES, *FRAMES, *OUTPUTS)]
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
        SUFFIXES,
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
    key = hashlib.sha256(b"".join(hashlib.sha256(n.encode() + b"\0" + c).digest() for n, c in named)).hexdigest()[:16]
    file = _file(context.folder, key, context, named)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        file = choose_level(file, key)
        choices = choose(context, file, key) if file.table else file.guess()
        if choices is None:
            return
        version = data_version(context.campaign.store)
        checked = _checked(context.folder, key, file.level, choices.model_dump_json(), version, context, file)
        right_unit = _judge(context, checked)
        offer_import(context, checked, right_unit, key)
    with right:
        _draw(context, checked)


@st.cache_data(show_spinner="Reading …", max_entries=4)
def _file(folder: str, digest: str, _context: Context, _named: list[tuple[str, bytes]]) -> EnergyFile:
    return open_files(_context.system.dimer, _named)


@st.cache_data(show_spinner="Checking …", max_entries=8)
def _checked(
    folder: str, digest: str, level: str, choices: str, version: Any, _context: Context, _file: EnergyFile
) -> Checked:
    return check(_context.campaign, _context.system, _file, Choices.model_validate_json(choices))


def _draw(context: Context, checked: Checked) -> None:
    """The energies against the distance, and about the molecule with the axes that they are measured from."""
    points, dimer, unit = checked.points, context.dimer, context.unit
    energies, cap = context.convert(points.energy_ev), from_cm1(context.campaign.settings.limit_cm1)
    scale = SignedScale.covering(points.energy_ev, unit.per_ev, linear_ev=from_cm1(2.0), cap_ev=cap)
    frame = (origin_of(dimer.a, checked.choices), axes_of(dimer.a, checked.choices))
    space = points_in_space(
        dimer.a,
        points.positions,
        energies,
        scale,
        unit,
        context.colours,
        frame=frame if checked.file.form == "table" else None,
        height=SPACE_HEIGHT,
    )
    charts(context, Drawn(space, "own-energies-in-space"), note="Purple is attractive, orange repulsive.")
    against = energy_against_distance(dimer, points.positions, energies, unit, context.colours, height=HEIGHT)
    charts(context, Drawn(against, "own-energies"))


def _judge(context: Context, checked: Checked) -> bool:
    """Say how many energies there are and whether they can be what they are said to be; returns the latter."""
    points = checked.points
    right, sentence = _plausible(context, checked)
    (st.success if right else st.warning)(f"{plain(_counted(checked))} {plain(sentence)}", icon=":material/straighten:")
    if points.problems:
        number, reason = points.problems[0]
        count, place = checked.counted(len(points.problems)), checked.file.place(number)
        label = f":orange[{plain(count)} cannot be used; the first: {plain(place)}, {plain(reason)}]"
        with st.expander(label, icon=":material/rule:"):
            listed = [(checked.file.place(number), reason) for number, reason in points.problems[:PROBLEMS]]
            problems = pd.DataFrame(listed, columns=["Where", "What is wrong"])
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
    found = _expected(context.folder, model.id if model else None, checked.system.id, version, places.tobytes(), places)
    return expected_energies.sentence(checked, energies, found, model)


@st.cache_data(show_spinner="Comparing with the student …", max_entries=16)
def _expected(folder: str, model_id: int | None, system: int, version: Any, digest: bytes, _places: Any) -> Any:
    return predictor.ask(expected_energies.expected, folder, model_id, system, _places)


def _example(context: Context) -> str:
    """A table of a few points about the molecule, with the energies of the labels or the teacher there."""
    rows = cached.table(context)  # of the chosen system
    energy = rows["label_ev"].fillna(rows["teacher_ev"]) if len(rows) else pd.Series(dtype=float)
    some = rows.loc[energy.dropna().sort_values().index[:12]] if len(rows) else rows
    lines = "".join(
        f"{x:.4f},{y:.4f},{z:.4f},{to_cm1(float(energy[number])):.3f}\n"
        for number, x, y, z in zip(some.index, some.get("x", []), some.get("y", []), some.get("z", []), strict=False)
    )
    return EXAMPLE.format(rows=lines or "0.0,0.0,3.5,-20.0\n0.0,0.0,5.0,-5.0\n")
