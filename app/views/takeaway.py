"""A part of the Data page: files that hold the campaign's models, its dataset, all of it, or inputs of labels.

They are made by a process of their own (`app.predictor.packer`), a quick one when its button is clicked.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from app.choices import one_from
from app.data.jobs import model_list
from app.predictor import packer
from app.recipe_choice import chosen_recipe
from app.session import Context, errors_shown
from app.tables import grid
from app.text import Markdown, plain
from app.views.label_systems import ROLES
from app.views.trust import choose_model
from nci_core.campaign.exchange.takeaway import (
    GRID_FILES,
    MARGIN,
    SPACING,
    Packed,
    file_name,
    files_of,
    packed,
    packed_inputs,
)
from nci_core.errors import NCIError
from nci_core.store import configurations, picks
from nci_core.store.schema import Model

#: Sentences on downloads that failed after their click, by the name of the file.
FAILED = "downloads_failed"
#: Suffix of a file that is made when its button is clicked → the button's title, and what the file is.
WORDS = {
    ".pt": ("Checkpoint (.pt)", "For nci and its ASE calculator."),
    ".py": (
        "For NumPy (.py)",
        "One Python file with the parameters inside: energy, standard deviation and gradient, equal to the model "
        "within 1e-10 eV. It needs only NumPy.",
    ),
    ".model": ("For MACE (.model)", "One network for MACE's own tools, as a pickle of MACE's classes."),
    "-lammps.pt": ("For LAMMPS (-lammps.pt)", "One network for LAMMPS's pair_style mace, by MACE's own exporter."),
    ".extxyz": ("Dataset (.extxyz)", "Every configuration with its energies in eV and where they come from."),
    ".zip": (
        "Campaign (.zip)",
        "Settings, configurations, labels with provenance, rounds and models. *New campaign* and `nci import` read it.",
    ),
}


def show(context: Context, table: pd.DataFrame) -> None:
    """The part."""
    failed: dict[str, str] = st.session_state.setdefault(FAILED, {})
    for name in list(failed):
        st.error(f"{plain(name)} could not be made. {plain(failed.pop(name))}", icon=":material/error:")
    models = model_list(context.campaign.store, others=True)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("A student")
        if not models:
            st.info("There is no student yet; distil one on the **Label & train** page.", icon=":material/info:")
        else:
            first = context.model.id if context.model else models[-1].id
            model = choose_model(context, models, "Student", "take_model", first)
            for suffix in files_of(model):
                _quick(context, failed, suffix, model)
            _grid(context, model)
    with right:
        st.subheader("The campaign")
        if table.empty:
            st.info("There are no configurations yet.", icon=":material/info:")
            return
        if context.several:
            _systems(context)
        for suffix in (".extxyz", ".zip"):
            _quick(context, failed, suffix, None)
        _inputs(context)


def _systems(context: Context) -> None:
    """What the files hold of each system."""
    systems = context.campaign.systems
    counts = [configurations.counts(context.campaign.store, system_id=system.id) for system in systems]
    table = pd.DataFrame(counts)[["pool", "test"]].set_axis(["Training pool", "Test set"], axis=1)
    table.insert(0, "System", [system.name for system in systems])
    table.insert(1, "Role", [ROLES[system.role] for system in systems])
    grid(table, key="take-systems")


def _of_system(context: Context) -> dict[str, str]:
    """What says, of several systems, which one a file is of."""
    return {"system": context.system.name} if context.several else {}


def _quick(context: Context, failed: dict[str, str], suffix: str, model: Model | None) -> None:
    """A button that makes its file when it is clicked."""
    title, words = WORDS[suffix]
    of = _of_system(context) if suffix == ".py" else {}
    if of:
        words += f" Of {plain(context.system.name)}, the system chosen in the sidebar."
    name = file_name(suffix, context.campaign.name, *([model.name] if model else []), *of.values())
    place, said = st.columns([1, 1.35], vertical_alignment="center")
    place.download_button(
        title,
        _made(failed, name, packer().ask, context.folder, suffix, model.id if model else None, of),
        name,
        icon=":material/download:",
        width="stretch",
        key=f"take{suffix}",
    )
    said.caption(words)


def _made(failed: dict[str, str], name: str, ask: Callable[..., Any], *arguments: object) -> Callable[[], bytes]:
    """The file's content on demand. It is asked for outside of any run of the page, which says later what failed."""

    def content() -> bytes:
        try:
            made: Packed = ask(packed, arguments)
        except NCIError as error:
            failed[name] = str(error)
            raise
        return made.content

    return content


def _grid(context: Context, model: Model) -> None:
    of = _of_system(context)
    whose = "".join(f" of {plain(name)}" for name in of.values())
    st.markdown(
        f"**Energies on a grid{whose}**", help="A regular grid in the host's frame, with the host in its middle."
    )
    first, second, third = st.columns([1.4, 1, 1], vertical_alignment="bottom")
    kind = one_from(first, "Format", GRID_FILES, key="take_grid")
    spacing = second.number_input("Spacing (Å)", 0.05, 2.0, SPACING, 0.05, key="take_spacing", bind="query-params")
    margin = third.number_input(
        "Margin (Å)",
        1.0,
        20.0,
        MARGIN,
        0.5,
        key="take_margin",
        bind="query-params",
        help="From the outermost atoms to the sides of the box.",
    )
    options = {"spacing": float(spacing), "margin": float(margin)} | of
    key = f"grid-{model.id}-{kind}-{spacing}-{margin}{whose}"
    _prepared("Make the grid", key, packed, (context.folder, kind, model.id, options))


def _inputs(context: Context) -> None:
    basket = picks.basket(context.campaign.store)
    recipe = chosen_recipe(context)
    st.markdown(
        f"**Inputs of the {len(basket)} in the basket**, recipe *{plain(recipe.name)}*",
        help="For PySCF, Molpro, ORCA and Psi4 on another machine. These labels leave the basket and wait for "
        "their results, which `nci label --import-results` brings back.",
    )
    asked = (context.folder, basket, context.person, recipe.name)
    disabled = not basket or context.read_only
    _prepared("Make the inputs", f"inputs-{context.folder}", packed_inputs, asked, disabled=disabled)


def _prepared(
    title: Markdown, key: str, make: Callable[..., Packed], arguments: tuple[object, ...], *, disabled: bool = False
) -> None:
    """A file that takes a while: made first, with what there is to say about it, then downloaded."""
    place, said = st.columns([1, 1.35], vertical_alignment="center")
    kept: dict[str, Packed] = st.session_state.setdefault("files_made", {})
    if place.button(title, icon=":material/build:", width="stretch", disabled=disabled, key=f"make-{title}"):
        with errors_shown(), st.spinner("Making the file …"):
            kept.clear()  # a session keeps one such file
            kept[key] = packer().ask(make, arguments)
    made = kept.get(key)
    if made is not None:
        place.download_button(
            f"Download ({len(made.content) / 1e6:.1f} MB)",
            made.content,
            made.name,
            icon=":material/download:",
            type="primary",
            width="stretch",
            on_click="ignore",
            key=f"download-{title}",
        )
        said.caption(plain(made.said))
