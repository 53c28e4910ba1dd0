"""What the pickable plots show: maps in the host's coordinates, parity, and radial cuts."""

from typing import Any

import numpy as np
import pandas as pd

from app.arrays import FloatArray
from app.components.plot_content import Bins, Hover, Line, PlotContent
from app.data.cuts import Cut
from app.data.terms import name_of, terms_in
from app.figures.scales import Scale, SignedScale
from app.theme import Palette
from nci_core.systems import Monomer
from nci_core.systems.map_places import map_axes, map_xy
from nci_core.units import CM1_EV, EnergyUnit, from_cm1

#: More points than this are drawn as squares until one zooms in.
MOST_POINTS = 30_000
#: Squares along the longer axis of such a map.
N_BINS = 90
#: Cuts are drawn up to this energy.
CUT_TOP_CM1 = 300.0
#: Column → what people read.
ENERGIES = {"teacher_ev": "teacher", "student_ev": "student", "label_ev": "CCSD(T)"}


def energies_of(rows: pd.DataFrame) -> dict[str, str]:
    """ENERGIES of a table; where its energies are a set of people's own, that set's name is in the labels' place."""
    own = rows["reference"].dropna() if "reference" in rows else []
    return ENERGIES | ({"label_ev": str(own.iloc[0])} if len(own) else {})


def hover_lines(rows: pd.DataFrame, columns: dict[str, str], unit: EnergyUnit) -> list[Hover]:
    """Tooltip lines of energy columns (eV → the unit shown), then region and direction; for tables also the place."""
    lines = []
    for column, name in columns.items():
        if column in rows:
            lines.append(Hover(name, _shown(rows, column, unit), unit.label, unit.digits))
        if column == "label_ev" and "label_std_ev" in rows and rows["label_std_ev"].notna().any():
            std = _shown(rows, "label_std_ev", unit)
            lines.append(Hover(f"± {name}", std, unit.label, unit.digits, spread=True))
    for column, name in (("region", "region"), ("sector", "direction")):
        codes, categories = pd.factorize(rows[column])
        lines.append(Hover(name, codes, names=tuple(str(c) for c in categories)))
    return lines + [Hover(letter, rows[letter].to_numpy(dtype=float), "Å", table_only=True) for letter in "xyz"]


def _kinds(rows: pd.DataFrame) -> dict[str, Any]:
    return {"labelled": rows["label_ev"].notna().to_numpy(), "test": (rows["split"] == "test").to_numpy()}


def map_content(
    host: Monomer,
    rows: pd.DataFrame,
    values: FloatArray,
    scale: Scale,
    unit: EnergyUnit,
    *,
    view: str,
    colours: str,
    hover: dict[str, str],
    before: FloatArray | None = None,
    bar: bool = True,
    compact: bool = False,
    window: dict[str, list[float]] | None = None,
    within: FloatArray | None = None,
) -> PlotContent:
    """A map of configurations coloured by `values` (in the unit shown).

    Args:
        host: drawn under the points.
        rows: configuration table.
        values: (m,) colours.
        scale: of the colours.
        unit: of the tooltip's energies.
        view: key of `app.coordinates.VIEWS`.
        colours: name of the palette's scale.
        hover: energy column → name.
        before: (m,) colours before, for the slider.
        bar: draw the colour bar.
        compact: short axis labels.
        window: the part in sight, {"x": [from, to], "y": [from, to]}, where points are too many.
        within: (k, 2) places that the axes must hold; default, those of the rows.
    """
    xy = map_xy(host, rows[["x", "y", "z"]].to_numpy(dtype=float), view)
    axes = map_axes(host, view)
    drawn, bins = np.vstack([xy if within is None else within, axes.atoms]), None
    if not len(drawn):
        drawn = np.array([[0.0, 0.0], [5.0, 5.0]])
    x, y = np.stack([drawn.min(axis=0), drawn.max(axis=0)], axis=1).tolist()
    if len(rows) > MOST_POINTS:
        sight = np.array([window["x"], window["y"]] if window else [x, y])
        inside = ((xy >= sight[:, 0]) & (xy <= sight[:, 1])).all(axis=1)
        if inside.sum() > MOST_POINTS:
            bins = aggregate(xy[inside], values[inside], np.ptp(sight, axis=1).max() / N_BINS)
            inside[:] = False
        rows, xy, values = rows[inside], xy[inside], values[inside]
        before = None if before is None else before[inside]
    return PlotContent(
        ids=rows.index.to_numpy(),
        x=xy[:, 0],
        y=xy[:, 1],
        **_kinds(rows),
        values=values,
        before=before,
        scale=scale,
        colours=colours,
        title=unit.label if bar else "",
        hover=hover_lines(rows, hover, unit),
        x_label=axes.x_short if compact else axes.x_label,
        y_label=axes.y_short if compact else axes.y_label,
        host={"atoms": axes.atoms.round(4).tolist(), "symbols": list(axes.symbols), "bonds": axes.bonds},
        view=view if before is None else f"{view} compared",
        equal=view != "unrolled",
        bins=bins,
        extent=(*x, *y),
    )


def aggregate(xy: FloatArray, values: FloatArray, size: float) -> Bins:
    """Mean value and count of points (m, 2) in squares of one size; NaN where no value is known."""
    cells = pd.DataFrame(np.floor(xy / size).astype(np.int64), columns=["x", "y"]).assign(value=values)
    found = cells.groupby(["x", "y"])["value"].agg(["size", "mean"]).reset_index()
    x, y, count, mean = (found[name].to_numpy() for name in ("x", "y", "size", "mean"))
    return Bins(x * size, y * size, size, count, mean)


def parity_content(
    rows: pd.DataFrame, column: str, scale: SignedScale, unit: EnergyUnit, *, reference: str = "CCSD(T)"
) -> PlotContent:
    """Error of one energy column against the energy of a reference, with the student's ± 1 sd as bars."""
    rows = rows[rows[column].notna() & rows["label_ev"].notna()]
    label = _shown(rows, "label_ev", unit)
    error = _shown(rows, column, unit) - label
    return PlotContent(
        ids=rows.index.to_numpy(),
        x=label,
        y=error,
        **_kinds(rows),
        values=error,
        scale=scale,
        title=unit.label,
        hover=[Hover("error", error, unit.label, unit.digits), *hover_lines(rows, energies_of(rows), unit)],
        x_label=f"{reference} interaction energy ({unit.label})",
        y_label=f"error ({unit.label})",
        view=f"parity {unit.key}",
        y_linear=scale.linear,
        error=_shown(rows, "std_ev", unit) if column == "student_ev" else None,
        zero=True,
    )


def cut_content(
    cut: Cut,
    rows: pd.DataFrame,
    scale: SignedScale,
    unit: EnergyUnit,
    colours: Palette,
    *,
    earlier: Cut | None = None,
    distilled: Cut | None = None,
    channels: bool = False,
) -> PlotContent:
    """A radial cut: teacher, student ± 1 sd, its terms, and the labels on it as points to pick.

    A teacher that is known at a few places only is drawn as these; the curve through them is the distilled student's.
    """
    labels = cut.labels.set_index("id")
    known = rows.reindex(labels.index)
    energy = _shown(labels, "label_ev", unit)
    return PlotContent(
        ids=labels.index.to_numpy(),
        x=labels["distance"].to_numpy(dtype=float),
        y=energy,
        **_kinds(labels),
        values=_shown(known, "student_ev", unit) - energy,
        scale=scale,
        hover=hover_lines(known, energies_of(known), unit),
        x_label="distance from the host's centre (Å)",
        y_label=f"interaction energy ({unit.label})",
        view=f"cut {cut.name} {unit.key}",
        y_linear=10.0 * scale.linear,
        lines=_cut_lines(cut, unit, colours, earlier, distilled, channels),
        zero=True,
        extent=_cut_extent(cut, unit, channels),
    )


def _cut_extent(cut: Cut, unit: EnergyUnit, channels: bool) -> tuple[float, float, float, float] | None:
    """From a little inside the wall to where the well has died away, and from below the well to the wall."""
    parts = (cut.student, cut.teacher, cut.labels.rename(columns={"label_ev": "energy_ev"}))
    known = pd.concat([part[["distance", "energy_ev"]].astype(float) for part in parts]).dropna()
    if known.empty:
        return None
    depth = max(-float(known["energy_ev"].min()), 5.0 * CM1_EV)
    inside = known[known["energy_ev"] < from_cm1(CUT_TOP_CM1)]
    start = float((inside if len(inside) else known)["distance"].min())
    low = (3.0 if channels else 1.4) * depth
    return start, min(float(known["distance"].max()), 9.0), -low * unit.per_ev, from_cm1(CUT_TOP_CM1) * unit.per_ev


def _cut_lines(
    cut: Cut, unit: EnergyUnit, colours: Palette, earlier: Cut | None, distilled: Cut | None, channels: bool
) -> list[Line]:
    """The curves that are known, the student with its error bars above the others."""
    now, past = cut.student, {"width": 1.6, "dash": (6, 4)}
    std = np.nan_to_num(_shown(now, "std_ev", unit))
    energy = _shown(now, "energy_ev", unit)
    drawn: list[tuple[str, pd.DataFrame | None, str, str, dict[str, Any]]] = [
        ("teacher", cut.teacher, "energy_ev", colours.teacher, {"width": 1.6, "dash": (3, 3), "knots": cut.few}),
        ("distilled student", distilled.student if distilled else None, "energy_ev", colours.teacher, past),
        ("earlier student", earlier.student if earlier else None, "energy_ev", colours.earlier, past),
        ("student ± 1 sd", now, "energy_ev", colours.student, {"low": energy - std, "high": energy + std}),
    ]
    for term, colour in colours.of_terms(terms_in(now) if channels else ()).items():
        drawn.append((name_of(term), now, f"{term}_ev", colour, {"width": 1.6, "dash": (2, 3)}))
    return [
        Line(name, table["distance"].to_numpy(dtype=float), _shown(table, column, unit), colour, **look)
        for name, table, column, colour, look in drawn
        if table is not None and len(table)
    ]


def _shown(rows: pd.DataFrame, column: str, unit: EnergyUnit) -> FloatArray:
    """A column of energies, (m,) in the unit shown."""
    values: FloatArray = rows[column].to_numpy(dtype=float) * unit.per_ev
    return values
