"""Transfer: how a student does on hosts that it has not seen, in this campaign and in the stored measurements."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import one_from
from app.data import transfer as data
from app.figures.transfer import parity_figure, size_figure, training_figure
from app.session import Context
from app.tables import energies_in
from app.text import Markdown, plain
from app.views.benchmark_table import Column, draw, energies
from nci_core.bench.targets import STORED
from nci_core.bench.transfer_rows import (
    ATLAS_FILE,
    DIRECT,
    FILE,
    FLAKES_FILE,
    OF_TEACHER,
    AtlasRow,
    FlakeRow,
    TransferRow,
    over_seeds,
    read,
    reference_note,
    short_reference,
    teacher_claim,
)
from nci_core.campaign.exchange.archive import data_folder
from nci_core.campaign.systems import System
from nci_core.units import CM1_EV
from nci_core.visible import visible

#: Column → error of the stored rows.
ERRORS = {"MAE, attractive": "mean", "± sd": "sd", "MAE": "mae_cm1", "Mean error": "bias_cm1"}
COUNTS = {"Own labels": Column("n_labels"), "Attractive": Column("n_attractive"), "Seeds": Column("seeds")}
WITHIN = {"Within 2 sd (%)": Column("within_2", ".0f", 100.0)}


def show(context: Context) -> None:
    """The page."""
    st.title("Transfer")
    st.caption(
        "A student learns on some molecules and is asked about others. Errors here are of molecules without any label "
        "of their own, unless a table says so.",
        help="nci bench transfer repeats the stored measurements; docs/transfer.md says what they are.",
    )
    _this_campaign(context)
    _stored(context, data_folder() / STORED)


def _this_campaign(context: Context) -> None:
    """Unseen systems of the open campaign by the student in use."""
    st.subheader("In this campaign")
    if not context.several:
        st.info(
            "This campaign has one system, so there is none to transfer to. Add one with the role transfer: "
            "`nci system add CAMPAIGN --transfer HOST`.",
            icon=":material/info:",
        )
        return
    if context.model is None:
        st.info("There is no student yet; distil one on the page Label & train.", icon=":material/info:")
        return
    systems, rows = context.campaign.systems, cached.whole(context)
    trained, unseen = context.campaign.training_systems, context.campaign.transfer_systems
    if not unseen:
        st.info(
            "Every system of this campaign is trained on. One with the role transfer is only tested on.",
            icon=":material/info:",
        )
        return
    points = data.judged(rows, systems)
    there = points[points["system_id"].isin([system.id for system in unseen])]
    _maps(unseen)
    if there.empty:
        names = ", ".join(plain(system.name) for system in unseen)
        st.info(
            f"Nothing is known to judge {names} by: test configurations have neither a label nor a teacher's energy "
            "beside a prediction. `nci teach` computes the teacher's energies.",
            icon=":material/info:",
        )
        return
    st.markdown(_against(context, there, trained))
    errors = data.by_system(points, systems, trained)
    charts(
        context,
        Drawn(
            parity_figure(there, context.unit, context.colours),
            "transfer-parity",
            lambda: energies_in(there, context.unit),
        ),
        Drawn(size_figure(errors, context.unit, context.colours), "transfer-size"),
        note="Left: unseen systems. Right: all of them; the ones trained on show what is lost by transfer.",
    )
    _errors(context, errors)


def _against(context: Context, points: pd.DataFrame, trained: Sequence[System]) -> Markdown:
    """What the student was trained on, and what it is judged by: never two kinds of energies without saying so."""
    words = []
    for column, mine in points.groupby("reference"):
        names = ", ".join(plain(name) for name in dict.fromkeys(mine["system"]))
        what = (
            f"labels by {plain(context.campaign.recipe.name)}"
            if column == "label_ev"
            else f"energies of the teacher {plain(context.campaign.teacher)}, **which are not CCSD(T)**"
        )
        words.append(f"{names}: {what}")
    learnt = ", ".join(plain(system.name) for system in trained) or "nothing"
    return f"Trained on {learnt}. Judged by {'; '.join(words)}."


def _maps(unseen: Sequence[System]) -> None:
    """A button for each unseen system that opens its map."""
    with st.container(horizontal=True):
        for system in unseen:
            pressed = st.button(
                f"Map of {plain(system.name)}",
                icon=":material/travel_explore:",
                key=f"transfer_map_{system.id}",
                on_click=_draw_system,
                args=(system.name,),
            )
            if pressed and "pages" in st.session_state:
                st.switch_page(st.session_state["pages"]["explore"], query_params={"system": system.name})


def _draw_system(name: str) -> None:
    """Before the run that follows: a list in the sidebar can be changed only before it is drawn."""
    st.session_state["drawn_system"] = name


def _errors(context: Context, errors: pd.DataFrame) -> None:
    unit = context.unit
    shown = errors.assign(
        trained=errors["trained"].map({True: "trained on", False: "unseen"}),
        reference=errors["reference"].map(data.REFERENCES),
    )
    for name in ("mae_attractive", "mae", "bias"):
        shown[f"{name}_cm1"] = shown[f"{name}_ev"] / CM1_EV
    columns = {
        "System": Column("system"),
        "": Column("trained"),
        "Heavy atoms": Column("heavy_atoms"),
        "Judged by": Column("reference"),
        "Points": Column("n"),
        "Attractive": Column("n_attractive"),
    }
    own = {"MAE, attractive": "mae_attractive_cm1", "MAE": "mae_cm1", "Mean error": "bias_cm1"}
    st.caption(f"Energies in {unit.label}, test configurations below the limit. 95% are expected within 2 sd.")
    draw(shown, columns | energies(own, unit, unit.digits + 1) | WITHIN, key="transfer-systems")


def _stored(context: Context, folder: Path) -> None:
    """What `nci bench transfer` has measured."""
    rows = read(folder / FILE, TransferRow)
    published = read(folder / ATLAS_FILE, AtlasRow)
    depths = read(folder / FLAKES_FILE, FlakeRow)
    st.subheader("Measured before")
    if not (rows or published or depths):
        st.info(
            "No measurements of transfer are stored with this installation. `nci bench transfer` makes them.",
            icon=":material/info:",
        )
        return
    if rows:
        _hosts(context, rows)
    if published:
        _atlas(context, published)
    if depths:
        _flakes(context, depths)


def _shown(names: Sequence[str]) -> dict[str, str]:
    return {name: visible(name) for name in names}


def _hosts(context: Context, rows: list[TransferRow]) -> None:
    left, right = st.columns([1, 2])
    references = list(dict.fromkeys(row.reference for row in sorted(rows, key=lambda row: not row.labels)))
    short = {name: visible(short_reference(name)) for name in references}
    named = short if len(set(short.values())) == len(short) else _shown(references)
    against = one_from(left, "Judged by", named, key="transfer_reference")
    mine = [row for row in rows if row.reference == against]
    hosts = list(dict.fromkeys(row.host for row in sorted(mine, key=lambda row: -row.heavy_atoms)))
    host = one_from(right, "Unseen molecule", _shown(hosts), key="transfer_host")
    chosen = over_seeds(row for row in mine if row.host == host)
    if against.startswith(OF_TEACHER):
        st.caption("Judged by a teacher's energies: this is how the shape carries over, and nothing of CCSD(T).")
    elif note := reference_note(mine):
        st.caption(plain(note))
    zero = [entry for entry in chosen if entry["n_labels"] == 0]
    if zero:
        figure = training_figure(zero, context.unit, context.colours)
        charts(context, Drawn(figure, "transfer-training"), title=f"Transfer to {host}")
    claim = teacher_claim(mine, host)
    if claim:
        st.markdown(plain(claim))
    table = pd.DataFrame(chosen)
    table["training"] = table["training"].map(" + ".join)
    columns = {"Teacher": Column("teacher"), "Trained on": Column("training")} | COUNTS
    _table(context, table, columns, "transfer-hosts", ERRORS)


def _atlas(context: Context, rows: list[AtlasRow]) -> None:
    st.markdown("**Published dimers**: every molecule was left out once, with all geometries of its formula.")
    st.caption(
        "Taught on all hosts: the teacher, which is cheap, was computed for the molecules without labels as well. "
        "A label is what costs hours."
    )
    columns = {
        "Teacher": Column("teacher"),
        "Taught on": Column("taught"),
        "Molecules": Column("host_class"),
        "Left out": Column("hosts"),
    }
    table = pd.DataFrame(over_seeds(rows))
    table.loc[table["teacher"] == DIRECT, "taught"] = ""
    _table(context, table, columns | COUNTS, "transfer-atlas", {"Teacher itself": "teacher_mae_cm1", **ERRORS})


def _table(
    context: Context,
    table: pd.DataFrame,
    columns: dict[str, Column],
    key: str,
    errors: Mapping[str, str],
) -> None:
    unit = context.unit
    st.caption(f"Energies in {unit.label}; mean ± standard deviation over seeds.")
    table["sd"] = table["sd"].where(table["seeds"] > 1)  # one seed has no spread
    draw(table, columns | energies(errors, unit, unit.digits + 1) | WITHIN, key=key)


def _flakes(context: Context, rows: list[FlakeRow]) -> None:
    unit = context.unit
    st.markdown("**Towards graphene**: the minimum over the centre of growing flakes.")
    table = pd.DataFrame([row.model_dump() for row in rows])
    group = table.assign(training=table["training"].map(" + ".join)).groupby(
        ["reference", "teacher", "training", "host"], sort=False
    )
    means = group[["carbons", "height_angstrom", "depth_cm1", "std_cm1"]].mean().reset_index()
    means["reference"] = means["reference"].map(short_reference)
    columns = {
        "Flake": Column("host"),
        "Teacher": Column("teacher"),
        "Reference": Column("reference"),
        "Carbon atoms": Column("carbons", ".0f"),
        "Height (Å)": Column("height_angstrom", ".2f"),
    }
    columns |= energies({"Depth": "depth_cm1", "± 1 sd": "std_cm1"}, unit, unit.digits)
    columns |= {"Trained on": Column("training")}
    st.caption(
        f"Energies in {unit.label}. Published depths over graphene are not compared here; a flake is not a sheet."
    )
    draw(means, columns, key="transfer-flakes")
