"""What labels cost, and how far they are from published energies: the part Recipes of the page Benchmarks."""

from collections.abc import Sequence

import streamlit as st

from app.chart import Drawn, charts
from app.choices import as_written, one_of, some_of
from app.figures.recipes import recipes_figure
from app.session import Context
from app.text import Markdown, plain
from app.views.benchmark_table import Column, draw, energies, frame
from nci_core.bench.recipe_errors import (
    BY,
    FACTOR_FILE,
    GROUPS_FILE,
    GroupErrors,
    is_part,
    overview,
    read_factor,
    read_groups,
)
from nci_core.bench.recipe_rows import FILE, TARGET_CM1, TARGET_MINUTES, RecipeRow, pareto, read_recipe_rows
from nci_core.bench.targets import STORED
from nci_core.campaign.exchange.archive import data_folder
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import DEFAULT
from nci_core.units import CM1_EV

#: Column → the row's error.
ERRORS = {
    "MAE, attractive": "mae_attractive_cm1",
    "MAE": "mae_cm1",
    "Well": "well_cm1",
    "Tail": "tail_cm1",
    "Wall": "wall_cm1",
}
#: Column → figure of a group, energies of the chosen unit; then shares, then costs.
GROUP_ERRORS = {"MAE": "mae_cm1", "Median": "median_cm1", "Largest": "max_cm1", "Mean error": "mean_cm1"}
GROUP_ERRORS |= {"Mean σ": "mean_std_cm1"}
GROUP_REST = {
    "Relative (%)": Column("relative", ".1f", 100.0),
    "Within 1 σ (%)": Column("within_1", ".0f", 100.0),
    "Within 2 σ (%)": Column("within_2", ".0f", 100.0),
    "CPU min": Column("cpu_minutes", ".2f"),
    "GB": Column("memory_gb", ".1f"),
}
#: What the tables of published dimers can be split by, and the words on the switch.
SPLITS = {
    "probe and region": "Probe and region",
    "host class": "Kind of host",
    "heavy atoms of the host": "Size of host",
    "distance": "Distance",
}
DIMERS, BENZENE = "Many molecules", "Helium over benzene"


def show_recipes(context: Context) -> None:
    """Draw error against cost, and the tables."""
    path = data_folder() / STORED / GROUPS_FILE
    groups = read_groups(path) if path.is_file() else []
    both = as_written([DIMERS, BENZENE])
    if groups and one_of(st, "Against", both, key="benchmark_reference", first=DIMERS) == DIMERS:
        _dimers(context, groups)
    else:
        _benzene(context)


def _benzene(context: Context) -> None:
    """Labels of the embedded campaign against the published surface of its dimer."""
    unit = context.unit
    st.subheader(BENZENE)
    st.caption(
        "Labels at positions around benzene, from the wall to the tail, against a published CCSD(T) surface at the "
        "basis-set limit.",
        help="The five factors of composite were fitted to points of this very surface. Published rows lie on the "
        "reference's own points: compare them with ours on attractive points only.",
    )
    line = (
        f"Line: no other recipe is both cheaper and closer. Dotted: at most {TARGET_CM1 * CM1_EV * unit.per_ev:.3g} "
        f"{unit.label} on attractive points for at most {TARGET_MINUTES:g} CPU minutes per label."
    )
    _overview(context, read_recipe_rows(data_folder() / STORED / FILE), line, target=(TARGET_CM1, TARGET_MINUTES))


def _dimers(context: Context, groups: list[GroupErrors]) -> None:
    """Labels at published dimers of many hosts."""
    rows = overview(groups)
    probes = list(dict.fromkeys(group.group for group in groups if group.by == "probe"))
    sets = sorted({name for group in groups for name in group.reference.split(", ")})
    most = max((row.n for row in rows), default=0)
    st.subheader(DIMERS)
    st.caption(
        f"{most:,} geometries of published dimers of {plain(', '.join(probes))} with molecules of many kinds, whose "
        f"CCSD(T) energies are near the basis-set limit ({plain(', '.join(sets))}).",
        help="`nci bench recipes` with --data, --recipe and --labels repeats it. Attractive: below zero. Well: at "
        "least half as deep as the deepest geometry of its dimer. Tail: less deep, further out. Wall: repulsive, or "
        "less deep and further in.",
    )
    line = "Line: no other recipe is both cheaper and closer on attractive geometries."
    _overview(context, rows, line, plain(_left_out(context)))
    recipes = [name for name in dict.fromkeys(group.recipe for group in groups) if not is_part(name)]
    there = [name for name in SPLITS if name in BY and any(group.by == name for group in groups)]
    first = recipes.index(DEFAULT) if DEFAULT in recipes else 0
    st.subheader("One recipe, where it is good and where not")
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    recipe = left.selectbox("Recipe", recipes, index=first, key="benchmark_recipe", bind="query-params")
    by = one_of(right, "Errors by", some_of(SPLITS, there), key="benchmark_split", titled=True, in_address=False)
    chosen = [g for g in groups if g.recipe == recipe and g.by in ("all", by or there[0]) and (g.n or g.failed)]
    _group_table(context, chosen)


def _left_out(context: Context) -> str:
    """That a recipe has seen labels that are shown, and how it does where it has not; empty if nothing is stored."""
    path = data_folder() / STORED / FACTOR_FILE
    if not path.is_file():
        return ""
    try:
        found = read_factor(path)
    except InputError as error:
        return str(error)
    unit = context.unit
    errors = [
        f"{group.n} {group.group} ones are {group.mae_cm1 * CM1_EV * unit.per_ev:.{unit.digits}f} {unit.label} off"
        + (f" ({group.of_repulsion:.1%} of Hartree–Fock's repulsion)" if group.of_repulsion else "")
        for group in found.left_out
        if group.mae_cm1 is not None
    ]
    return (
        f"One factor of {DEFAULT} was fitted to labels of {found.probe}, these among them. With each host by a fit to "
        f"the others, {' and '.join(errors)}."
    )


def _group_table(context: Context, groups: Sequence[GroupErrors]) -> None:
    rows, unit = frame(groups), context.unit
    sigma = "σ: the standard error that a label states; 68% of all errors should be within 1 σ, 95% within 2."
    st.caption(  # the unit once, so that the table is not cut off
        f"Energies in {unit.label}. Mean error: positive where the attraction is too weak. Relative: to the published "
        f"energy. {sigma if rows['mean_std_cm1'].notna().any() else ''}"
    )
    counts = {"Group": Column("group"), "Labels": Column("n")}
    failed = {"Failed": Column("failed")} if rows["failed"].any() else {}
    columns = counts | failed | energies(GROUP_ERRORS, unit, unit.digits) | GROUP_REST
    draw(rows, columns, key="benchmark-recipe-groups")


def _overview(
    context: Context, rows: list[RecipeRow], *said: Markdown, target: tuple[float, float] | None = None
) -> None:
    """Error against cost, what is said of it, and the table of both."""
    front, unit = pareto(rows), context.unit
    charts(context, Drawn(recipes_figure(rows, front, unit, context.colours, target=target), "benchmark-recipes"))
    for sentence in said:
        if sentence:
            st.caption(sentence)
    st.caption(
        f"Mean absolute errors in {unit.label}. CPU minutes and memory of a label. What stands after a colon is a "
        "part of that recipe alone, or the recipe without its factors."
    )
    table = frame(rows)
    table["best"] = table["recipe"].isin(front).map({True: "✓", False: ""})
    columns = {"Recipe": Column("recipe"), "Best": Column("best")}
    columns |= {"Labels": Column("n"), "attractive": Column("n_attractive")}
    columns |= energies(ERRORS, unit, unit.digits) | {
        "CPU min": Column("cpu_minutes", ".2f"),
        "GB": Column("rss_gb", ".1f"),
    }
    draw(table, columns, key="benchmark-recipes")
