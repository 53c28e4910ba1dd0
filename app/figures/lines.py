"""What a student says along a line, and what its ruler reads there and round the atoms."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.arrays import FloatArray
from app.data.terms import name_of, terms_in
from app.figures.curves import band
from app.figures.fields import IN_PLANE, bonds, finished
from app.figures.literal import literal
from app.theme import Palette
from nci_core.systems import Monomer
from nci_core.systems.planes import PlaneGrid
from nci_core.units import CM1_EV, EnergyUnit

#: Column of a curve → what people read, its colour in the palette, and its dash; the student's terms are drawn last.
CURVES = {
    "distilled_ev": ("distilled student", "teacher", "dash"),
    "earlier_ev": ("earlier student", "earlier", "dot"),
    "energy_ev": ("student", "student", "solid"),
}
ALONG = {"title_text": "distance along the line (Å)"}
GAP = {"title_text": "ruler − distance (Å)"}
HEIGHT, RULER_HEIGHT = 365, 340
#: (73, 2) unit vectors round a circle.
CIRCLE = np.column_stack([np.cos(np.linspace(0.0, 2.0 * np.pi, 73)), np.sin(np.linspace(0.0, 2.0 * np.pi, 73))])


def _spread(x: pd.Series, middle: pd.Series, half: pd.Series, colour: str, name: str = "") -> list[go.Scatter]:
    """Two traces that enclose a band, none where it has no width; gaps in the data stay gaps."""
    if not float(half.max()) > 0:
        return []
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        go.Scatter(**edge, y=middle - half, showlegend=False, name=f"{name}, lower edge"),
        go.Scatter(
            **edge, y=middle + half, fill="tonexty", fillcolor=band(colour, 0.25), showlegend=bool(name), name=name
        ),
    ]


def _curve(
    x: pd.Series, y: pd.Series, name: str, colour: str, dash: str, hover: str, customdata: pd.DataFrame | None = None
) -> go.Scatter:
    hover, line = f"{hover}<extra>{name}</extra>", {"color": colour, "width": 2.4, "dash": dash}
    return go.Scatter(x=x, y=y, mode="lines", name=name, line=line, hovertemplate=hover, customdata=customdata)


def line_figure(
    curve: pd.DataFrame,
    near: pd.DataFrame,
    unit: EnergyUnit,
    colours: Palette,
    *,
    channels: bool,
    reference: str = "CCSD(T)",
) -> go.Figure:
    """Energies along a line.

    Args:
        curve: distance (Å), energy_ev, std_ev, NAME_ev of each of the student's terms, and where there are such
            models earlier_ev and distilled_ev; NaN beside a nucleus.
        near: rows of `app.data.fields.near_line`: distance, off, teacher_ev, label_ev, label_std_ev, split.
        channels: draw the terms too.
        reference: whose energies label_ev are.
    """
    f, x = unit.per_ev, curve["distance"]
    hover = f"%{{x:.2f}} Å, %{{y:.{unit.digits}f}} {unit.label}"
    figure = go.Figure(_spread(x, curve["energy_ev"] * f, curve["std_ev"] * f, colours.student, "± 1 sd"))
    for column, (name, colour, dash) in CURVES.items():
        if column in curve:
            figure.add_trace(_curve(x, curve[column] * f, name, getattr(colours, colour), dash, hover))
    for term, shown in colours.of_terms(terms_in(curve) if channels else ()).items():
        figure.add_trace(_curve(x, curve[f"{term}_ev"] * f, literal(name_of(term)), shown, "dashdot", hover))
    open_circle = {"symbol": "circle-open", "size": 5, "color": band(colours.teacher, 0.75)}
    points = [("teacher", "teacher_ev", near, open_circle)]
    if "reference" in near:
        points.append((reference, "label_ev", near, {"symbol": "square"}))
    else:
        for split, name, symbol in (("pool", "training", "circle"), ("test", "test set", "diamond")):
            points.append((f"{reference}, {name}", "label_ev", near[near["split"] == split], {"symbol": symbol}))
    for name, column, rows, marker in points:
        rows = rows[rows[column].notna()]
        if len(rows):
            look = {"size": 9, "color": colours.reference, "line": {"width": 1}} | marker
            figure.add_trace(_points(rows, column, name, look, f, hover))
    figure.add_hline(y=0, line={"color": colours.earlier, "width": 1})
    depth = max(-float(np.nanmin(curve["energy_ev"])), 5 * CM1_EV) * f
    well = [-(2.6 if channels else 1.3) * depth, 2.0 * depth]
    y = {"title_text": f"interaction energy ({unit.label})", "range": well}
    return finished(figure, colours, ALONG, y, height=HEIGHT, l=64, t=52)


def _points(
    rows: pd.DataFrame, column: str, name: str, marker: dict[str, object], factor: float, hover: str
) -> go.Scatter:
    """Energies at configurations; a label's bar is how far its recipe is from the basis-set limit."""
    bars = None
    if column == "label_ev" and "label_std_ev" in rows and rows["label_std_ev"].notna().any():
        bars = {"type": "data", "array": rows["label_std_ev"] * factor, "thickness": 1, "width": 3}
        hover += "<br>± %{error_y.array:.2g}"
    return go.Scatter(
        x=rows["distance"],
        y=rows[column] * factor,
        mode="markers",
        name=name,
        error_y=bars,
        customdata=np.column_stack([rows.index.to_numpy(), rows["off"]]),
        marker=marker,
        hovertemplate="configuration %{customdata[0]:.0f}, %{customdata[1]:.2f} Å off the line<br>"
        + hover
        + f"<extra>{name}</extra>",
    )


def ruler_along(curve: pd.DataFrame, probe: float, colours: Palette) -> go.Figure:
    """Ruler minus distance for the nearest atom of each element along a line.

    `curve`: distance (Å), and for each element E the columns `E r`, `E q` and `E sd` in Å; `probe` marks
    the position on the line (Å) that is drawn elsewhere.
    """
    figure, x = go.Figure(), curve["distance"]
    hover = "%{x:.2f} Å: distance %{customdata[0]:.3f}, ruler %{customdata[1]:.3f} Å"
    elements = [column.removesuffix(" r") for column in curve if column.endswith(" r")]
    hues = (colours.student, colours.teacher, colours.dispersion, colours.exchange)
    for k, element in enumerate(elements):
        colour, gap = hues[k % len(hues)], curve[f"{element} q"] - curve[f"{element} r"]
        figure.add_traces(_spread(x, gap, curve[f"{element} sd"], colour))
        dash, more = ("solid", "dash", "dot", "dashdot")[k % 4], curve[[f"{element} r", f"{element} q"]]
        figure.add_trace(_curve(x, gap, f"nearest {element}", colour, dash, hover, customdata=more))
    figure.add_hline(y=0, line={"color": colours.earlier, "width": 1})
    figure.add_vline(x=probe, line={"color": colours.pick, "width": 1.5, "dash": "dot"})
    return finished(figure, colours, ALONG, GAP, height=RULER_HEIGHT, l=70, t=40)


def shapes_figure(
    host: Monomer,
    plane: PlaneGrid,
    stretch: FloatArray,
    probe: FloatArray,
    enlarged: float,
    labels: tuple[str, str],
    colours: Palette,
) -> go.Figure:
    """Places of equal ruler length round each atom in a plane through the centre, beside circles of equal distance.

    Drawn at 0.8 Å with deviations enlarged so many times; atoms off the plane are points only.
    `stretch` (n, 73) is distance over ruler length of each atom in the directions of CIRCLE: above one it reaches
    farther. `probe` is (1, 3) in the host's frame, `labels` are of the plane's axes.
    """
    size, atoms = 0.8, plane.project(host.positions)
    figure = go.Figure(bonds(host, atoms, {"color": colours.grid, "width": 3}))
    in_plane = np.abs(atoms[:, 2]) < IN_PLANE
    for i in np.flatnonzero(in_plane):
        bent = 1.0 + enlarged * (stretch[i] - 1.0)
        dots = {"color": colours.earlier, "width": 1, "dash": "dot"}
        even_look = {"name": "equal distance", "line": dots, "hoverinfo": "skip"}
        bent_look = {
            "name": f"equal ruler {i}",
            "line": {"color": colours.student, "width": 2},
            "fill": "toself",
            "fillcolor": band(colours.student, 0.14),
            "customdata": 100.0 * (stretch[i] - 1.0),
            "hovertemplate": f"{host.symbols[i]}{i + 1} reaches %{{customdata:+.1f}}% farther this way<extra></extra>",
        }
        for radius, look in ((np.ones(len(CIRCLE)), even_look), (bent, bent_look)):
            x, y = (atoms[i, :2] + size * radius[:, None] * CIRCLE).T
            figure.add_scatter(x=x, y=y, mode="lines", **look)
    figure.add_scatter(
        x=atoms[:, 0],
        y=atoms[:, 1],
        mode="text",
        text=[symbol if near else "·" for symbol, near in zip(host.symbols, in_plane, strict=True)],
        textfont={"color": colours.text, "size": 12},
        hoverinfo="skip",
        name="atoms",
    )
    at = plane.project(probe)
    figure.add_scatter(
        x=at[:, 0],
        y=at[:, 1],
        mode="markers",
        marker={"size": 14, "color": colours.pick, "line": {"color": colours.text, "width": 1}},
        hovertemplate="the probe<extra></extra>",
        name="probe",
    )
    figure.update_layout(showlegend=False)
    x, y = ({"title_text": label, "constrain": "domain"} for label in labels)
    return finished(figure, colours, x, y | {"scaleanchor": "x"}, height=RULER_HEIGHT, l=56, t=8)


def lengths_figure(atoms: pd.DataFrame, colours: Palette) -> go.Figure:
    """Ruler minus distance of each atom for one place of the probe, nearest first.

    `atoms`: columns atom, distance, ruler, sd, all but the first in Å.
    """
    gap = atoms["ruler"] - atoms["distance"]
    figure = go.Figure(
        go.Bar(
            x=gap,
            y=[f"{row.atom}, {row.distance:.2f} Å " for row in atoms.itertuples()],
            orientation="h",
            marker={"color": [colours.student if v < 0 else colours.earlier for v in gap]},
            error_x={"array": atoms["sd"], "color": colours.text, "thickness": 1, "width": 2},
            customdata=np.column_stack([atoms["ruler"], 100.0 * gap / atoms["distance"]]),
            hovertemplate="%{y}: ruler %{customdata[0]:.3f} Å (%{customdata[1]:+.1f}%)<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": colours.text, "width": 1})
    widest = max(float((np.abs(gap) + atoms["sd"]).max()), 0.05) * 1.1
    x = GAP | {"range": [-widest, widest], "nticks": 5}
    y = {"autorange": "reversed", "showgrid": False, "ticks": ""}
    return finished(figure, colours, x, y, height=RULER_HEIGHT, l=40, t=8)
