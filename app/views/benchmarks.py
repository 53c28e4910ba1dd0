"""Benchmarks: what the project's own measurements on a published reference say. The rows are stored, not made here."""

from typing import Any

import pandas as pd
import streamlit as st

from app.chart import Drawn, charts
from app.choices import one_of, some_of
from app.figures.benchmarks import efficiency_figure
from app.session import Context
from app.tables import grid, with_numbers
from app.text import plain
from app.views.benchmark_minima import show_minima
from app.views.benchmark_recipes import show_recipes
from nci_core.bench import minimum_rows, recipe_rows
from nci_core.bench.claims import claim_rows, claims
from nci_core.bench.rows import Row
from nci_core.bench.targets import NAMES, OURS, STORED, check_targets, groups, stored_rows
from nci_core.campaign.exchange.archive import data_folder
from nci_core.units import CM1_EV

PARTS = {
    "curve": "Learning curves",
    "active": "Which labels",
    "hard": "Extrapolation",
    "teachers": "Teachers",
    "calibration": "Error bars",
    "peers": "Other methods",
    "speed": "Speed",
    "recipes": "Recipes",
    "minima": "Known minima",
}
HELP = (
    "Errors on points of a published He–benzene reference that no fit and no choice of labels has seen, below "
    "1000 cm⁻¹, mean ± standard deviation over seeds. What was looked at when settings were chosen: see "
    "docs/results.md. `nci bench all --data FILE` repeats everything."
)
#: The same of the parts that are about labels, not about students.
LABEL_PARTS = {
    "recipes": "What a label of each recipe costs, and how far it is from published energies. No student takes part.",
    "minima": "Labels at the minima of well-known dimers, beside published energies. No student takes part.",
}
#: Their files, and what draws them.
LABEL_PAGES = {"recipes": (recipe_rows.FILE, show_recipes), "minima": (minimum_rows.FILE, show_minima)}
MARKS = {True: "✓ met", False: "✕ not met", None: "— not measured"}


@st.cache_data(show_spinner=False)
def _rows(stamp: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    return [row.model_dump() for row in stored_rows(data_folder() / STORED)]


def _stamp() -> tuple[tuple[str, int], ...]:
    paths = [data_folder() / STORED / f"{name}.jsonl" for name in NAMES]
    return tuple((path.name, path.stat().st_mtime_ns) for path in paths if path.is_file())


def show(context: Context) -> None:
    """The page."""
    st.title("Benchmarks")
    stamp = _stamp()
    if not stamp:
        st.info(
            "No benchmark results are stored with this installation. `nci bench all --data FILE` makes them.",
            icon=":material/info:",
        )
        return
    rows = [Row.model_validate(row) for row in _rows(stamp)]
    there = [name for name in PARTS if any(row.benchmark == name for row in rows)]
    there += [name for name, (file, _) in LABEL_PAGES.items() if (data_folder() / STORED / file).is_file()]
    part = one_of(st, "Show", some_of(PARTS, there), key="benchmark_part")
    st.caption(LABEL_PARTS.get(part, HELP.replace("`", "")))
    if part in LABEL_PARTS:
        LABEL_PAGES[part][1](context)
        return
    _targets(context, rows)
    mine = [row for row in rows if row.benchmark == part]
    entries = [entry for entry in groups(mine) if entry.get("mean") is not None]
    if part in ("curve", "active") and entries:
        by = "model" if part == "curve" else "strategy"
        figure = efficiency_figure(
            entries, by, context.unit, context.colours, emphasised=OURS if part == "curve" else "i-optimal"
        )
        charts(context, Drawn(figure, f"benchmark-{part}"))
    if part == "calibration":
        _calibration(mine)
    elif part == "speed":
        _speed(mine)
    else:
        _errors(context, entries)
    _claims(rows)


def _targets(context: Context, rows: list[Row]) -> None:
    found = pd.DataFrame([entry for entry in check_targets(rows) if entry["met"] is not None])
    if found.empty:
        return
    label, factor = context.unit.label, CM1_EV * context.unit.per_ev
    with st.expander(f"**{found['met'].sum()} of {len(found)}** accuracy targets met", icon=":material/flag:"):
        table = pd.DataFrame(
            {
                "Labels": found["target"],
                f"Target, at most ({label})": found["at_most"] * factor,
                f"MAE ({label})": found["mean"] * factor,
                "± sd": found["sd"] * factor,
                "Seeds": found["seeds"].astype(int),
                "Worst ÷ median seed": found["worst_to_median"],
                "": found["met"].map(MARKS),
            }
        )
        digits = context.unit.digits + 1
        specs = dict.fromkeys(table.columns[1:4], f".{digits}f") | {"Worst ÷ median seed": ".2f"}
        st.dataframe(with_numbers(table, specs), hide_index=True, key="benchmark-targets", height="content")


def _errors(context: Context, entries: list[dict[str, Any]]) -> None:
    label, factor = context.unit.label, CM1_EV * context.unit.per_ev
    columns = {"MAE": "mean", "± sd": "sd", "Median": "median", "Worst": "worst"}
    columns |= {"Well": "well", "Tail": "tail", "Wall": "wall", "RMSE": "rmse", "Largest": "max"}
    words = {"Model": "model", "Labels chosen": "strategy", "Held out": "split", "Labels": "n_labels", "Seeds": "n"}
    found = pd.DataFrame(entries, columns=[*words.values(), *columns.values()])
    table = found.set_axis([*words, *columns], axis="columns").astype({"Seeds": int} | dict.fromkeys(columns, float))
    table[list(columns)] *= factor
    # What is the same in all rows is said once, and energies have their unit once: so the table is not cut off.
    same = [name for name in table.columns[1:5] if len(table) > 1 and table[name].nunique() == 1]
    said = "".join(f" {name}: {plain(table[name].iloc[0])}." for name in same)
    st.caption(f"Energies in {label}.{said}")
    specs = dict.fromkeys(columns, f".{context.unit.digits + 1}f")
    grid(table.drop(columns=same), specs, key="benchmark-errors")


def _calibration(rows: list[Row]) -> None:
    records = []
    for row in rows:
        for region in ("all", "well", "tail", "wall"):
            before, after = row.more.get(f"before {region}"), row.more.get(f"after {region}")
            if before and after:
                records.append(
                    {
                        "Held out": row.split,
                        "Labels": row.n_labels,
                        "Region": "whole range" if region == "all" else region,
                        "Within 1 sd (%)": before[0],
                        "Within 2 sd (%)": before[1],
                        "calibrated, 1 sd (%)": after[0],
                        "calibrated, 2 sd (%)": after[1],
                        "AUROC": row.more.get("auroc") if region == "all" else None,
                        "Flagged, large (%)": row.more.get("large_and_flagged") if region == "all" else None,
                        "Flagged, small (%)": row.more.get("small_and_flagged") if region == "all" else None,
                    }
                )
    if not records:
        return
    st.caption(
        "68% and 95% are expected. Calibrated: error bars times a factor that leave-one-out errors of the training "
        "labels give. AUROC: chance that a point with an error above 1 cm⁻¹ has the larger error bar; 0.5 is a guess. "
        "Flagged: share of errors above 1 cm⁻¹ (large) and below (small) that carry the out-of-range flag, "
        "± 2 sd wider than 1 cm⁻¹."
    )
    table = pd.DataFrame(records).groupby(["Held out", "Labels", "Region"], sort=False).mean().reset_index()
    shares = [name for name in table if name.endswith("(%)")]
    table[shares] *= 100.0
    specs = dict.fromkeys(shares, ".0f") | {"AUROC": ".2f"}
    grid(table, specs, key="benchmark-calibration")


def _speed(rows: list[Row]) -> None:
    table = pd.DataFrame(
        {
            "Model": [row.model for row in rows],
            "What": [row.strategy for row in rows],
            "Labels": [row.n_labels for row in rows],
            "Seconds": [row.seconds for row in rows],
            "Per second": [row.more.get("per_second") for row in rows],
        }
    )
    specs = {"Seconds": ".4f", "Per second": ",.0f"}
    grid(table, specs, key="benchmark-speed")


def _claims(rows: list[Row]) -> None:
    told = [claim for claim in claim_rows(claims(rows)) if claim["verdict"] != "not measured"]
    if not told:
        return
    with st.expander("The paper's claims, measured here", icon=":material/fact_check:"):
        for claim in told:
            st.markdown(
                f"**{plain(claim['claim'])}** (paper: {plain(claim['paper'])}): *{plain(claim['verdict'])}*.  \n"
                f"{plain(claim['measured'])}."
            )
