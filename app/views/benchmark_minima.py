"""Labels at published minima of small complexes: the part Known minima of the page Benchmarks."""

import streamlit as st

from app.session import Context
from app.text import plain
from app.views.benchmark_table import Column, draw, energies, frame
from nci_core.bench.minimum_rows import FILE, read_minima
from nci_core.bench.targets import STORED
from nci_core.campaign.exchange.archive import data_folder

#: Column → energy of a minimum.
ENERGIES = {"Published": "published_cm1", "Ours": "energy_cm1", "±": "std_cm1", "Difference": "difference_cm1"}
#: What stands after the energies.
SOURCES = {"Published by": Column("method"), "Geometry": Column("geometry"), "Source": Column("source")}


def show_minima(context: Context) -> None:
    """One table."""
    rows = frame(read_minima(data_folder() / STORED / FILE))
    rows["difference_cm1"] = rows["energy_cm1"] - rows["published_cm1"]
    rows.loc[~rows["checked"], "dimer"] += " †"
    recipes = sorted(rows["recipe"].unique())
    one = len(recipes) == 1
    unit = context.unit
    st.caption(
        f"Interaction energies at published minima in {unit.label}"
        + (f", ours by the recipe {plain(recipes[0])}" if one else "")
        + ". Published values are of different methods, and ours stand for CCSD(T) with frozen cores."
        + ("" if rows["checked"].all() else " † Quoted for this source, not read in it."),
        help="nci bench minima computes ours again.",
    )
    columns = {"Dimer": Column("dimer")} | ({} if one else {"Recipe": Column("recipe")})
    columns |= energies(ENERGIES, unit, unit.digits) | {"CPU min": Column("cpu_minutes", ".2f")} | SOURCES
    draw(rows, columns, key="benchmark-minima")
    for dimer, failure in rows.loc[rows["failure"] != "", ["dimer", "failure"]].itertuples(index=False):
        st.caption(f"{plain(dimer)}: {plain(failure)}")
