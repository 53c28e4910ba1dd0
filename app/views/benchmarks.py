"""Benchmarks: what the project's own measurements on a published reference say. The rows are stored, not made here."""

from itertools import product
from typing import Any

import pandas as pd
import streamlit as st

from app.chart import Drawn, charts
from app.choices import one_of, some_of
from app.figures.benchmarks import efficiency_figure
from app.session import Context
from app.text import plain
from app.views.benchmark_devices import show_devices
from app.views.benchmark_minima import show_minima
from app.views.benchmark_recipes import show_recipes
from app.views.benchmark_table import Column, draw, energies, frame
from nci_core.bench import device_rows, minimum_rows, recipe_rows
from nci_core.bench.claims import stored_claims
from nci_core.bench.rows import Row
from nci_core.bench.targets import OURS, STORED, check_targets, groups, stored_rows
from nci_core.campaign.exchange.archive import data_folder

PARTS = {
    "curve": "Learning curves",
    "active": "Which labels",
    "hard": "Extrapolation",
    "teachers": "Teachers",
    "calibration": "Error bars",
    "peers": "Other methods",
    "speed": "Speed",
    "devices": "Processor and GPU",
    "recipes": "Recipes",
    "minima": "Known minima",
}
HELP = (
    "Errors on points of a published He–benzene reference that no fit and no choice of labels has seen, below "
    "1000 cm⁻¹, mean ± standard deviation over seeds. What was looked at when settings were chosen: see "
    "docs/results.md. nci bench all --data FILE repeats everything."
)
#: The parts that are not about errors of students: the same of them.
LABEL_HELP = {
    "recipes": "What a label of each recipe costs, and how far it is from published energies. No student takes part.",
    "minima": "Labels at the minima of well-known dimers, beside published energies. No student takes part.",
    "devices": "What a processor core and a GPU take for the same work.",
}
#: Their files, and what draws them.
LABEL_PARTS = {
    "recipes": (recipe_rows.FILE, show_recipes),
    "minima": (minimum_rows.FILE, show_minima),
    "devices": (device_rows.FILE, show_devices),
}
#: Parts with a figure: what its lines differ by, and which of them is thick.
CURVES = {"curve": ("model", OURS), "active": ("strategy", "i-optimal")}
#: Column → what an entry is of, and its errors.
WORDS = {"Model": "model", "Labels chosen": "strategy", "Held out": "split", "Labels": "n_labels", "Seeds": "n"}
ERRORS = {"MAE": "mean", "± sd": "sd", "Median": "median", "Worst": "worst"}
ERRORS |= {"Well": "well", "Tail": "tail", "Wall": "wall", "RMSE": "rmse", "Largest": "max"}
#: How long what takes.
SPEEDS = {
    "Model": Column("model"),
    "What": Column("strategy"),
    "Labels": Column("n_labels"),
    "Seconds": Column("seconds", ".4f"),
    "Per second": Column("per_second", ",.0f"),
}
#: Shares of errors within error bars, mean over seeds; over all energies also what the flag finds.
CALIBRATION = {
    "Held out": Column("split"),
    "Labels": Column("n_labels"),
    "Region": Column("region"),
    "Within 1 sd (%)": Column("before_1", ".0f", 100.0),
    "Within 2 sd (%)": Column("before_2", ".0f", 100.0),
    "calibrated, 1 sd (%)": Column("after_1", ".0f", 100.0),
    "calibrated, 2 sd (%)": Column("after_2", ".0f", 100.0),
    "AUROC": Column("auroc", ".2f"),
    "Flagged, large (%)": Column("large_and_flagged", ".0f", 100.0),
    "Flagged, small (%)": Column("small_and_flagged", ".0f", 100.0),
}
OF_FLAGS = ("auroc", "large_and_flagged", "small_and_flagged")
MARKS = {True: "✓ met", False: "✕ not met"}


def show(context: Context) -> None:
    """The page."""
    st.title("Benchmarks")
    rows = stored_rows(data_folder() / STORED)
    if not rows:
        st.info(
            "No benchmark results are stored with this installation. `nci bench all --data FILE` makes them.",
            icon=":material/info:",
        )
        return
    there = [name for name in PARTS if any(row.benchmark == name for row in rows)]
    there += [name for name, (file, _) in LABEL_PARTS.items() if (data_folder() / STORED / file).is_file()]
    part = one_of(st, "Show", some_of(PARTS, there), key="benchmark_part")
    st.caption(LABEL_HELP.get(part, HELP))
    if part in LABEL_PARTS:
        LABEL_PARTS[part][1](context)
        return
    _targets(context, rows)
    mine = [row for row in rows if row.benchmark == part]
    entries = [entry for entry in groups(mine) if entry.get("mean") is not None]
    if part in CURVES and entries:
        by, emphasised = CURVES[part]
        figure = efficiency_figure(entries, by, context.unit, context.colours, emphasised=emphasised)
        charts(context, Drawn(figure, f"benchmark-{part}"))
    if part == "calibration":
        _calibration(mine)
    elif part == "speed":
        timed = frame(mine).assign(per_second=[row.more.get("per_second") for row in mine])
        draw(timed, SPEEDS, key="benchmark-speed")
    else:
        _errors(context, entries)
    _claims()


def _targets(context: Context, rows: list[Row]) -> None:
    found = pd.DataFrame([entry for entry in check_targets(rows) if entry["met"] is not None])
    if found.empty:
        return
    unit = context.unit
    with st.expander(f"**{found['met'].sum()} of {len(found)}** accuracy targets met", icon=":material/flag:"):
        errors = {f"Target, at most ({unit.label})": "at_most", f"MAE ({unit.label})": "mean", "± sd": "sd"}
        columns = {"Labels": Column("target")} | energies(errors, unit, unit.digits + 1)
        columns |= {
            "Seeds": Column("seeds"),
            "Worst ÷ median seed": Column("worst_to_median", ".2f"),
            "": Column("met"),
        }
        draw(found.astype({"seeds": int}).assign(met=found["met"].map(MARKS)), columns, key="benchmark-targets")


def _errors(context: Context, entries: list[dict[str, Any]]) -> None:
    unit = context.unit
    columns = {name: Column(field) for name, field in WORDS.items()} | energies(ERRORS, unit, unit.digits + 1)
    table = pd.DataFrame(entries, columns=[column.field for column in columns.values()]).astype({"n": int})
    # What is the same in all rows is said once, and energies have their unit once: so the table is not cut off.
    same = [name for name, field in list(WORDS.items())[1:] if len(table) > 1 and table[field].nunique() == 1]
    said = "".join(f" {name}: {plain(table[WORDS[name]].iloc[0])}." for name in same)
    st.caption(f"Energies in {unit.label}.{said}")
    draw(table, {name: column for name, column in columns.items() if name not in same}, key="benchmark-errors")


def _calibration(rows: list[Row]) -> None:
    records = []
    for row, region in product(rows, ("all", "well", "tail", "wall")):
        before, after = row.more.get(f"before {region}"), row.more.get(f"after {region}")
        if before and after:
            record = {"split": row.split, "n_labels": row.n_labels, "region": region}
            record |= {"before_1": before[0], "before_2": before[1], "after_1": after[0], "after_2": after[1]}
            records.append(record | ({name: row.more.get(name) for name in OF_FLAGS} if region == "all" else {}))
    if not records:
        return
    st.caption(
        "68% and 95% are expected. Calibrated: error bars times a factor that leave-one-out errors of the training "
        "labels give. AUROC: chance that a point with an error above 1 cm⁻¹ has the larger error bar; 0.5 is a guess. "
        "Flagged: share of errors above 1 cm⁻¹ (large) and below (small) that carry the out-of-range flag, "
        "± 2 sd wider than 1 cm⁻¹."
    )
    table = pd.DataFrame(records).replace({"region": {"all": "whole range"}})
    means = table.groupby(["split", "n_labels", "region"], sort=False).mean().reset_index()
    draw(means, CALIBRATION, key="benchmark-calibration")


def _claims() -> None:
    told = stored_claims(data_folder() / STORED)
    if not told:
        return
    with st.expander("The paper's claims, measured here", icon=":material/fact_check:"):
        for claim in told:
            st.markdown(
                f"**{plain(claim['claim'])}** (paper: {plain(claim['paper'])}): *{plain(claim['verdict'])}*.  \n"
                f"{plain(claim['measured'])}."
            )
