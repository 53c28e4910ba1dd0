"""What labels cost, and how far they are from a published reference: the part Recipes of the page Benchmarks."""

import pandas as pd
import streamlit as st

from app.chart import Drawn, charts
from app.figures.recipes import recipes_figure
from app.session import Context
from app.tables import with_numbers
from app.text import plain
from nci_core.bench.recipe_rows import FILE, TARGET_CM1, TARGET_MINUTES, RecipeRow, pareto, read_recipe_rows
from nci_core.bench.targets import STORED
from nci_core.campaign.archive import data_folder
from nci_core.errors import InputError
from nci_core.units import CM1_EV

#: Region → the row's error in it.
ERRORS = {
    "MAE, attractive": "mae_attractive_cm1",
    "MAE": "mae_cm1",
    "Well": "well_cm1",
    "Tail": "tail_cm1",
    "Wall": "wall_cm1",
}


def recipes_stored() -> bool:
    """Whether this installation has rows of recipes."""
    return (data_folder() / STORED / FILE).is_file()


def show_recipes(context: Context) -> None:
    """Draw error against cost, and the table."""
    try:
        rows = read_recipe_rows(data_folder() / STORED / FILE)
    except InputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    front = pareto(rows)
    unit = context.unit
    figure = recipes_figure(rows, front, unit, context.colours)
    charts(context, Drawn(figure, "benchmark-recipes"))
    st.caption(
        f"Labels over benzene against the published CCSD(T)/CBS surface. Line: no other recipe is both cheaper and "
        f"closer. Dotted: at most {TARGET_CM1 * CM1_EV * unit.per_ev:.{unit.digits}f} {unit.label} on attractive "
        f"points for at most {TARGET_MINUTES:g} CPU minutes per label.",
        help="The five factors of composite were fitted to points of the same reference. Published rows lie on the "
        "reference's own points: compare them with ours on attractive points only.",
    )
    _table(context, rows, front)


def _table(context: Context, rows: list[RecipeRow], front: list[str]) -> None:
    unit = context.unit
    errors = {
        f"{name} ({unit.label})": [
            None if (value := getattr(row, field)) is None else value * CM1_EV * unit.per_ev for row in rows
        ]
        for name, field in ERRORS.items()
    }
    table = pd.DataFrame(
        {
            "Recipe": [row.recipe for row in rows],
            "Best": ["✓" if row.recipe in front else "" for row in rows],
            "Labels": [row.n for row in rows],
            "attractive": [row.n_attractive for row in rows],
        }
        | errors
        | {"CPU min": [row.cpu_minutes for row in rows], "GB": [row.rss_gb for row in rows]}
    )
    digits = f".{unit.digits + 1}f"
    specs = dict.fromkeys(errors, digits) | {"CPU min": ".2f", "GB": ".1f"}
    st.dataframe(with_numbers(table, specs), hide_index=True, placeholder="—", key="benchmark-recipes")
