"""Figures of the benchmarks for a paper: learning curves, active selection, rulers, and where the errors are."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nci_core.bench.active import chosen_labels
from nci_core.bench.problem import FloatArray, Problem
from nci_core.bench.rows import Row
from nci_core.bench.splits import height_and_radius
from nci_core.bench.targets import groups
from nci_core.bench.variants import BEST, Variant
from nci_core.units import to_cm1

#: Colours of Okabe and Ito, distinct for all common kinds of colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = "osD^vP*X"
#: Numbers of I-optimal labels whose errors are mapped, and the seed of that run.
MAPPED, MAPPED_SEED = (20, 40, 80), 0
#: Side of a cell of the error map, Å.
CELL = 0.25
#: Range of colours of the error map, cm⁻¹.
COLOUR_RANGE = (0.003, 30.0)


def curves(axes: Axes, entries: Sequence[dict[str, Any]], by: str) -> None:
    """MAE against labels, a line for each value of `by`; bars are one standard deviation over seeds."""
    for name, colour, marker in zip(sorted({str(e[by]) for e in entries}), cycle(COLOURS), cycle(MARKERS)):
        mine = sorted((e for e in entries if str(e[by]) == name), key=lambda e: e["n_labels"])
        mean, sd = (np.array([e[key] for e in mine]) for key in ("mean", "sd"))
        labels = [e["n_labels"] for e in mine]
        bars = np.minimum(sd, 0.8 * mean), sd
        axes.errorbar(labels, mean, bars, color=colour, marker=marker, ms=4, lw=1.3, capsize=2, label=name)
    seeds = max((int(e["n"]) for e in entries), default=0)
    axes.set(xscale="log", yscale="log", xlabel="CCSD(T) labels", ylabel="MAE below 1000 cm⁻¹ / cm⁻¹")
    axes.set_title(f"mean ± sd over {seeds} seeds", fontsize=9)
    axes.grid(which="both", lw=0.3, alpha=0.5)
    axes.legend(fontsize=8, frameon=False)


def rulers(axes: Axes, rows: Sequence[Row]) -> None:
    """Error with the adaptive ruler over that with the fixed one, each pair of the same split and seed a dot."""
    for distilled, colour in ((True, COLOURS[0]), (False, COLOURS[1])):
        fixed, own = (
            {(r.n_labels, r.seed): r.mae_cm1 for r in rows if r.benchmark == "curve" and r.model == variant.name}
            for variant in (Variant(distilled, "fixed"), Variant(distilled))
        )
        both = sorted(key for key in fixed if fixed[key] and own.get(key))
        ratio = np.array([float(own[key] or 0.0) / float(fixed[key] or 1.0) for key in both])
        n = np.array([key[0] for key in both])
        if len(n):
            axes.plot(n * (1.03 if distilled else 0.97), ratio, "o", ms=4, alpha=0.6, color=colour)
            sizes = np.unique(n)
            name = "distilled" if distilled else "direct"
            axes.plot(sizes, [np.median(ratio[n == k]) for k in sizes], "-", color=colour, label=f"{name}, median")
    axes.axhline(1.0, color="black", lw=0.8)
    axes.set(xscale="log", yscale="log", xlabel="CCSD(T) labels", ylabel="MAE, adaptive ÷ fixed ruler")
    axes.set_title("pairs of the same split and seed; below 1 the adaptive ruler is better", fontsize=9)
    axes.grid(which="both", lw=0.3, alpha=0.5)
    axes.legend(fontsize=8, frameon=False)


def cells(radius: FloatArray, height: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Edges of radius and height (Å), and means of the values in cells of CELL Å, NaN where there is no point.

    >>> cells(np.array([0.1, 0.2]), np.array([0.1, 0.1]), np.array([1.0, 3.0]))[2].tolist()
    [[2.0]]
    """
    edges = [np.arange(0.0, x.max() + CELL, CELL) for x in (radius, height)]
    count, total = (np.histogram2d(radius, height, bins=edges, weights=w)[0] for w in (None, values))
    with np.errstate(invalid="ignore"):
        mean: FloatArray = total / np.where(count > 0, count, np.nan)
    return edges[0], edges[1], mean


def error_maps(problem: Problem) -> Figure:
    """Mean |error| by height and radius after distillation and after MAPPED I-optimal labels; dots are the labels."""
    z, rho = height_and_radius(problem)
    keep = problem.inside
    states: list[tuple[str, FloatArray, list[int]]] = []
    distilled = problem.distilled(seed=MAPPED_SEED)
    states.append(("distilled, no label", distilled.energies(problem.dimer.at(problem.positions)), []))
    for state in chosen_labels(problem, "i-optimal", MAPPED_SEED, MAPPED):
        predicted = state.model.energies(problem.dimer.at(problem.positions))
        states.append((f"{len(state.labelled)} I-optimal labels", predicted, list(state.labelled)))
    figure = Figure(figsize=(3.4 * len(states), 3.6), layout="constrained")
    panels = figure.subplots(1, len(states), sharex=True, sharey=True)
    for axes, (title, predicted, labelled) in zip(panels, states, strict=True):
        error = np.abs(to_cm1(predicted - problem.energies))
        rest = keep.copy()
        rest[labelled] = False
        x, y, mean = cells(rho[rest], z[rest], error[rest])
        drawn = axes.pcolormesh(x, y, np.clip(mean.T, *COLOUR_RANGE), norm="log", cmap="viridis")
        drawn.set_clim(*COLOUR_RANGE)
        axes.plot(rho[labelled], z[labelled], "o", ms=3, mfc="none", mec="black", mew=0.7)
        axes.set_title(f"{title}: {error[rest].mean():.2g} cm⁻¹", fontsize=9)
        axes.set(xlabel="distance from the axis ρ / Å", aspect="equal")
    panels[0].set_ylabel("height over the plane |z| / Å")
    figure.colorbar(drawn, ax=panels, label="mean |error| / cm⁻¹", extend="both")
    return figure


def draw(rows: Sequence[Row], folder: Path, problem: Problem | None = None) -> list[Path]:
    """Write every figure that the rows allow, as SVG and PNG; error maps where there is a problem with a teacher."""
    entries = [entry for entry in groups(rows) if entry.get("mean") is not None]
    learning = [e for e in entries if e["benchmark"] == "curve"]
    active = [e for e in entries if e["benchmark"] == "active" and e["model"] == BEST.name]
    figures: dict[str, Figure] = {}
    for name, chosen, by in (("learning", learning, "model"), ("active", active, "strategy")):
        if len({e["n_labels"] for e in chosen}) > 1:
            figures[name] = Figure(figsize=(5.4, 4.0), layout="constrained")
            curves(figures[name].subplots(), chosen, by)
    if len({e["model"] for e in learning}) > 1:
        figures["rulers"] = Figure(figsize=(5.4, 4.0), layout="constrained")
        rulers(figures["rulers"].subplots(), rows)
    if problem is not None and problem.teachers:
        figures["errors"] = error_maps(problem)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in figures.items():
        for suffix, options in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 150})):
            path = folder / f"{name}.{suffix}"
            figure.savefig(path, **options)
            written.append(path)
    return written
