"""Labels at published minima of small complexes: the part Known minima of the page Benchmarks."""

import pandas as pd
import streamlit as st

from app.session import Context
from app.tables import grid, scaled
from app.text import plain
from nci_core.bench.minimum_rows import FILE, read_minima
from nci_core.bench.targets import STORED
from nci_core.campaign.exchange.archive import data_folder
from nci_core.units import CM1_EV


def show_minima(context: Context) -> None:
    """One table."""
    rows = read_minima(data_folder() / STORED / FILE)
    unit = context.unit
    factor = CM1_EV * unit.per_ev
    table = pd.DataFrame(
        {
            "Dimer": [row.dimer + ("" if row.checked else " †") for row in rows],
            "Recipe": [row.recipe for row in rows],
            "Published": scaled((row.published_cm1 for row in rows), factor),
            "Ours": scaled((row.energy_cm1 for row in rows), factor),
            "±": scaled((row.std_cm1 for row in rows), factor),
            "Difference": scaled(
                (None if row.energy_cm1 is None else row.energy_cm1 - row.published_cm1 for row in rows), factor
            ),
            "CPU min": [row.cpu_minutes for row in rows],
            "Published by": [row.method for row in rows],
            "Geometry": [row.geometry for row in rows],
            "Source": [row.source for row in rows],
        }
    ).dropna(axis="columns", how="all")
    recipes = {row.recipe for row in rows}
    if len(recipes) == 1:
        table = table.drop(columns="Recipe")
    st.caption(
        f"Interaction energies at published minima in {unit.label}"
        + (f", ours by the recipe {plain(min(recipes))}" if len(recipes) == 1 else "")
        + ". Published values are of different methods, and ours stand for CCSD(T) with frozen cores."
        + ("" if all(row.checked for row in rows) else " † Quoted for this source, not read in it."),
        help="nci bench minima computes ours again.",
    )
    specs = {name: f".{unit.digits}f" for name in ("Published", "Ours", "±", "Difference") if name in table}
    specs |= {"CPU min": ".2f"} if "CPU min" in table else {}
    grid(table, specs, key="benchmark-minima")
    for row in rows:
        if row.failure:
            st.caption(f"{plain(row.dimer)}: {plain(row.failure)}")
