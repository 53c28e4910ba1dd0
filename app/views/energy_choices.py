"""How a table of energies is read: its columns, units and frame, guessed first and then chosen by the person."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.choices import one_from, one_of
from app.session import Context
from app.text import Markdown, code, plain
from nci_core.campaign.exchange.energy_sources import EnergyFile
from nci_core.datasets.energy_tables import Choices
from nci_core.datasets.energy_tables.choices import (
    ENERGY_UNITS,
    LAYOUTS,
    LENGTH_UNITS,
    NAMED,
    NEEDED,
    OPTIONAL,
    Layout,
    Role,
)
from nci_core.datasets.energy_tables.points import WORDS, missing
from nci_core.systems import Monomer

#: Field of Choices → label, options in words and help of its list.
LISTS: dict[str, tuple[str, Mapping[str, str], str | None]] = {
    "bound": (
        "Bound energies",
        {"negative": "negative", "positive": "positive"},
        "An interaction energy is below zero where the two attract; a binding energy is above.",
    ),
    "length_unit": ("Unit of length", LENGTH_UNITS, None),
    "angle_unit": ("Unit of angles", {"degrees": "degrees", "radians": "radians"}, None),
    "axes": (
        "Directions of the axes",
        {"campaign": "as in the campaign", "principal": "along the principal axes"},
        "Principal axes: x along the longest direction of the molecule, z along its thinnest, which is perpendicular "
        "to a flat one. The drawing shows them.",
    ),
    "origin": (
        "Measured from",
        {"coordinates": "0, 0, 0", "mass": "centre of mass", "centre": "centre of the atoms"},
        None,
    ),
    "polar": (
        "θ is measured from",
        {name: f"the {name} axis" for name in "zxy"},
        "φ turns about this axis, from the next one: about z from x towards y.",
    ),
}
#: What is not asked where a layout has no lengths, angles or frame.
WITHOUT: dict[Layout, tuple[str, ...]] = {"cartesian": ("angle_unit", "polar"), NAMED: ("length_unit", "angle_unit")}
#: No column has it.
NONE = "one value for all rows"
NAMES = ("longest", "middle", "thinnest")
SYMBOLS: dict[Role, str] = {"r": "R", "theta": "θ", "phi": "φ", "energy": "E"}
#: Rows of the preview.
PREVIEW = 50


def choose_level(file: EnergyFile, key: str) -> EnergyFile:
    """The file, and where it has energies of several methods or bases, at the one that is chosen."""
    if file.note:
        st.warning(plain(file.note), icon=":material/rule:")
    if len(file.levels) < 2:
        return file
    return file.at(str(st.selectbox("Level of theory", list(file.levels), key=f"level-{key}")))


def choose(context: Context, file: EnergyFile, key: str) -> Choices | None:
    """The choices of a table, drawn with what was guessed; None while the unit of energy or a column is not chosen.

    They are open where something must be chosen, else folded under a sentence of what was understood. `key` is of the
    file, so that another starts anew.
    """
    table, guessed = file.table, file.guess()
    assert table is not None
    # The choice of this run is known before its widget is drawn, so that the table folds once nothing is open.
    unit = "energy_unit" in guessed.model_fields_set or st.session_state.get(f"unit-{key}") is not None
    is_open = not unit or bool(missing(table, guessed))
    said = st.empty()
    with st.expander("How the table is read", expanded=is_open, icon=":material/table_view:"):
        choices = _choices(context, file, guessed, key)
        comma = ", decimal commas" if table.decimal_comma else ""
        st.caption(f"{len(table.rows):,} rows, separated by {plain(table.separator + comma)}:")
        shown = pd.DataFrame(table.rows[:PREVIEW], columns=list(table.columns), index=list(table.lines[:PREVIEW]))
        st.dataframe(shown.rename_axis("line"), height=180, key="energies-preview")
    if choices is None or missing(table, choices):
        what = "the unit of energy, which the header does not say" if choices is None else "a column for each quantity"
        said.info(f"Choose {what}.", icon=":material/arrow_downward:")
        return None
    said.markdown(understood(choices))
    return choices


def understood(choices: Choices) -> Markdown:
    """What is read, in one sentence."""
    roles = [role for role in NEEDED[choices.layout] if role in choices.columns]
    columns = ", ".join(f"{SYMBOLS.get(role, role)} from {code(choices.columns[role])}" for role in roles)
    length = "" if choices.layout == NAMED else f", lengths in {plain(LENGTH_UNITS[choices.length_unit])}"
    energy = f"energies in {plain(ENERGY_UNITS[choices.energy_unit])}, bound ones {plain(choices.bound)}"
    return f"Read as {columns}; {energy}{length}."


def _choices(context: Context, file: EnergyFile, guessed: Choices, key: str) -> Choices | None:
    """What is chosen; None while the unit of energy is not."""
    layout: Layout = NAMED
    if guessed.layout != NAMED:
        layout = one_of(
            st, "The table holds", LAYOUTS, key=f"layout-{key}", first=guessed.layout, titled=True, in_address=False
        )
    columns, angles = _columns(file, guessed, layout, key)
    first, *others = st.columns(4)
    unit = first.selectbox(
        "Unit of energy",
        list(ENERGY_UNITS),
        index=list(ENERGY_UNITS).index(guessed.energy_unit) if "energy_unit" in guessed.model_fields_set else None,
        placeholder="choose",
        format_func=ENERGY_UNITS.__getitem__,
        key=f"unit-{key}",
        help="Taken from the header where it says so.",
    )
    chosen = _lists(others, ("bound", "length_unit", "angle_unit"), layout, guessed, key)
    if layout != NAMED:
        chosen |= _lists(st.columns([1.2, 1, 1]), ("axes", "origin", "polar"), layout, guessed, key)
        st.caption(said(context.host, chosen["axes"], chosen.get("polar", "z"), layout))
    found = {"layout": layout, "columns": columns, "energy_unit": unit} | angles | chosen
    return None if unit is None else Choices.model_validate(found)


def _columns(file: EnergyFile, guessed: Choices, layout: Layout, key: str) -> tuple[dict[Role, str], dict[str, float]]:
    """The column of each quantity, and the angles that one value for all rows has."""
    assert file.table is not None
    known = guessed.columns if guessed.layout == layout else {}
    roles = NEEDED[layout]
    columns: dict[Role, str] = {}
    angles: dict[str, float] = {}
    places = st.columns(len(roles) + (layout == "wide"))
    for place, role in zip(places, roles, strict=False):
        options = [*([NONE] if role in OPTIONAL else []), *file.table.columns]
        first = known.get(role)
        picked = place.selectbox(
            f"Column of {'E' if role == 'energy' else WORDS[role]}",
            options,
            index=options.index(first) if first in options else (0 if role in OPTIONAL else None),
            placeholder="choose",
            key=f"column-{role}-{layout}-{key}",
        )
        if role in OPTIONAL and picked == NONE:
            angles[role] = place.number_input(f"{WORDS[role]} of all rows", value=0.0, key=f"value-{role}-{key}")
        elif picked:
            columns[role] = str(picked)
    if layout == "wide":
        angles["phi"] = places[-1].number_input("φ of all columns", value=0.0, key=f"value-phi-wide-{key}")
    return columns, angles


def _lists(
    places: Sequence[DeltaGenerator], names: Sequence[str], layout: Layout, guessed: Choices, key: str
) -> dict[str, str]:
    """Draw those of LISTS that a layout has side by side; what is chosen in each."""
    chosen = {}
    for place, name in zip(places, [name for name in names if name not in WITHOUT.get(layout, ())], strict=False):
        label, words, about = LISTS[name]
        first = getattr(guessed, name)
        chosen[name] = one_from(place, label, words, key=f"{name}-{key}", first=first, in_address=False, help=about)
    return chosen


def said(host: Monomer, axes: str, polar: str, layout: Layout) -> Markdown:
    """The frame in words: which way the axes point in this molecule, and where θ and φ begin."""
    centred = host.positions - host.centre
    extent = np.linalg.norm(centred @ host.axes.T, axis=0)
    own = host.axes if axes == "principal" else np.eye(3)
    words = []
    for letter, direction in zip("xyz", own, strict=True):
        along = np.abs(host.axes @ direction)
        k = int(along.argmax())
        alone = not np.isclose(extent[k], np.delete(extent, k), rtol=0.01).any()
        if along[k] > 0.99 and alone:
            flat = k == 2 and extent[2] < 1e-3
            what = "is perpendicular to the plane of" if flat else f"is the {NAMES[k]} direction of"
            words.append(f"{letter} {what} {plain(host.name)}")
    text = ", ".join(words) + "." if words else ""
    if layout == "cartesian":
        return text
    follows = {"z": "x towards y", "x": "y towards z", "y": "z towards x"}[polar]
    return f"{text} θ = 0 on the {plain(polar)} axis; φ turns about it, from {plain(follows)}."
