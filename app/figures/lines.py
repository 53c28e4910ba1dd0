"""What a student says along a line, and what its ruler reads there and round the atoms."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.coordinates import bonds
from app.theme import Palette, finish
from nci_core.systems import Monomer
from nci_core.units import CM1_EV, EnergyUnit

FloatArray = npt.NDArray[np.float64]

#: Atoms this close (Å) to the plane of a drawing lie in it.
IN_PLANE = 0.3


def faint(colour: str, opacity: float) -> str:
    """#rrggbb with an opacity, as Plotly takes it."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _band(x: pd.Series, low: pd.Series, high: pd.Series, colour: str, name: str) -> list[go.Scatter]:
    """Two traces that enclose a band; gaps in the data stay gaps."""
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        go.Scatter(**edge, y=low, showlegend=False, name=f"{name}, lower edge"),
        go.Scatter(**edge, y=high, fill="tonexty", fillcolor=faint(colour, 0.25), name=name),
    ]


def line_figure(
    curve: pd.DataFrame,
    near: pd.DataFrame,
    unit: EnergyUnit,
    colours: Palette,
    *,
    channels: bool,
    height: int,
    reference: str = "CCSD(T)",
) -> go.Figure:
    """Energies along a line.

    Args:
        curve: distance (Å), energy_ev, std_ev, repulsion_ev, dispersion_ev, and where there are such
            models earlier_ev and distilled_ev; NaN beside a nucleus.
        near: rows of `app.data.fields.near_line`: distance, off, teacher_ev, label_ev, label_std_ev, split.
        channels: draw repulsion and dispersion too.
        reference: whose energies label_ev are.
    """
    figure, f = go.Figure(), unit.per_ev
    hover = f"%{{x:.2f}} Å, %{{y:.{unit.digits}f}} {unit.label}"
    if float(curve["std_ev"].max()) > 0:
        low, high = ((curve["energy_ev"] + sign * curve["std_ev"]) * f for sign in (-1, 1))
        figure.add_traces(_band(curve["distance"], low, high, colours.student, "± 1 sd"))
    drawn = [
        ("distilled_ev", "distilled student", colours.teacher, "dash"),
        ("earlier_ev", "earlier student", colours.earlier, "dot"),
        ("energy_ev", "student", colours.student, "solid"),
    ]
    if channels:
        drawn += [
            ("repulsion_ev", "exchange", colours.repulsion, "dashdot"),
            ("dispersion_ev", "dispersion", colours.dispersion, "dashdot"),
        ]
    for column, name, colour, dash in drawn:
        if column in curve:
            figure.add_trace(
                go.Scatter(
                    x=curve["distance"],
                    y=curve[column] * f,
                    mode="lines",
                    name=name,
                    line={"color": colour, "width": 2.4, "dash": dash},
                    hovertemplate=hover + f"<extra>{name}</extra>",
                )
            )
    taught = near[near["teacher_ev"].notna()]
    _points(figure, taught, "teacher_ev", "teacher", faint(colours.teacher, 0.75), "circle-open", f, hover, size=5)
    known = near[near["label_ev"].notna()]
    if "reference" in near:
        _points(figure, known, "label_ev", reference, colours.reference, "square", f, hover)
    else:
        for split, name, symbol in (("pool", "training", "circle"), ("test", "test set", "diamond")):
            rows = known[known["split"] == split]
            _points(figure, rows, "label_ev", f"{reference}, {name}", colours.reference, symbol, f, hover)
    finish(figure, colours, height=height)
    figure.add_hline(y=0, line={"color": colours.earlier, "width": 1})
    figure.update_xaxes(title_text="distance along the line (Å)", title_standoff=4)
    figure.update_yaxes(title_text=f"interaction energy ({unit.label})", range=_well_range(curve, f, channels))
    figure.update_layout(margin={"l": 64, "r": 8, "t": 52, "b": 46})
    return figure


def _points(
    figure: go.Figure,
    rows: pd.DataFrame,
    column: str,
    name: str,
    colour: str,
    symbol: str,
    factor: float,
    hover: str,
    size: int = 9,
) -> None:
    if rows.empty:
        return
    # A label's bar is how far its recipe is from the basis-set limit.
    std = rows["label_std_ev"] * factor if column == "label_ev" and "label_std_ev" in rows else None
    if std is not None and std.notna().any():
        bars = {"error_y": {"type": "data", "array": std, "thickness": 1, "width": 3}}
        hover += "<br>± %{error_y.array:.2g}"
    else:
        bars = {}
    figure.add_trace(
        go.Scatter(
            x=rows["distance"],
            y=rows[column] * factor,
            mode="markers",
            name=name,
            **bars,
            customdata=np.column_stack([rows.index.to_numpy(), rows["off"]]),
            marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 1}},
            hovertemplate="configuration %{customdata[0]:.0f}, %{customdata[1]:.2f} Å off the line<br>"
            + hover
            + f"<extra>{name}</extra>",
        )
    )


def _well_range(curve: pd.DataFrame, factor: float, channels: bool) -> list[float]:
    depth = max(-float(np.nanmin(curve["energy_ev"])), 5 * CM1_EV)
    return [-(2.6 if channels else 1.3) * depth * factor, 2.0 * depth * factor]


def ruler_along(curve: pd.DataFrame, probe: float, colours: Palette, *, height: int) -> go.Figure:
    """Ruler minus distance for the nearest atom of each element along a line.

    `curve`: distance (Å), and for each element E the columns `E r`, `E q` and `E sd` in Å; `probe` marks
    the position on the line (Å) that is drawn elsewhere.
    """
    figure = go.Figure()
    elements = [column.removesuffix(" r") for column in curve if column.endswith(" r")]
    hues = (colours.student, colours.teacher, colours.dispersion, colours.repulsion)
    for k, element in enumerate(elements):
        colour, gap = hues[k % len(hues)], curve[f"{element} q"] - curve[f"{element} r"]
        if float(curve[f"{element} sd"].max()) > 0:
            band = _band(curve["distance"], gap - curve[f"{element} sd"], gap + curve[f"{element} sd"], colour, "")
            band[1].showlegend = False
            figure.add_traces(band)
        figure.add_trace(
            go.Scatter(
                x=curve["distance"],
                y=gap,
                mode="lines",
                name=f"nearest {element}",
                customdata=curve[[f"{element} r", f"{element} q"]],
                line={"color": colour, "width": 2.4, "dash": ("solid", "dash", "dot", "dashdot")[k % 4]},
                hovertemplate="%{x:.2f} Å: distance %{customdata[0]:.3f}, ruler %{customdata[1]:.3f} Å"
                + f"<extra>nearest {element}</extra>",
            )
        )
    finish(figure, colours, height=height)
    figure.add_hline(y=0, line={"color": colours.earlier, "width": 1})
    figure.add_vline(x=probe, line={"color": colours.pick, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(title_text="distance along the line (Å)", title_standoff=4)
    figure.update_yaxes(title_text="ruler − distance (Å)", title_standoff=4)
    figure.update_layout(margin={"l": 70, "r": 8, "t": 40, "b": 46})
    return figure


@dataclass(frozen=True)
class AtomShapes:
    """The ruler's shape round n atoms in a plane.

    Attributes:
        directions: (k, 2) unit vectors in the plane.
        stretch: (n, k) distance over ruler length in each direction: above one the atom reaches farther.
        atoms: (n, 2) places in the plane, Å.
        off: (n,) distances of the atoms from the plane through the centre, Å.
        probe: (2,) place of the probe.
    """

    directions: FloatArray
    stretch: FloatArray
    atoms: FloatArray
    off: FloatArray
    probe: FloatArray


def shapes_figure(
    host: Monomer, shapes: AtomShapes, enlarged: float, labels: tuple[str, str], colours: Palette, *, height: int
) -> go.Figure:
    """Places of equal ruler length round each atom in the plane, beside circles of equal distance.

    Drawn at 0.8 Å with deviations enlarged; atoms off the plane are points only.
    """
    figure, size = go.Figure(), 0.8
    for i, j in bonds(host):
        ends = shapes.atoms[[i, j]]
        line = {"color": colours.grid, "width": 3}
        figure.add_trace(go.Scatter(x=ends[:, 0], y=ends[:, 1], mode="lines", line=line, hoverinfo="skip"))
    in_plane = np.abs(shapes.off) < IN_PLANE
    for i in np.flatnonzero(in_plane):
        even = shapes.atoms[i] + size * shapes.directions
        bent = shapes.atoms[i] + size * (1.0 + enlarged * (shapes.stretch[i] - 1.0))[:, None] * shapes.directions
        figure.add_trace(
            go.Scatter(
                x=even[:, 0],
                y=even[:, 1],
                mode="lines",
                line={"color": colours.earlier, "width": 1, "dash": "dot"},
                hoverinfo="skip",
                name="equal distance",
            )
        )
        figure.add_trace(
            go.Scatter(
                x=bent[:, 0],
                y=bent[:, 1],
                mode="lines",
                fill="toself",
                fillcolor=faint(colours.student, 0.14),
                line={"color": colours.student, "width": 2},
                customdata=100.0 * (shapes.stretch[i] - 1.0),
                hovertemplate=f"{host.symbols[i]}{i + 1} reaches %{{customdata:+.1f}}% farther this way<extra></extra>",
                name=f"equal ruler {i}",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=shapes.atoms[:, 0],
            y=shapes.atoms[:, 1],
            mode="text",
            text=[symbol if near else "·" for symbol, near in zip(host.symbols, in_plane, strict=True)],
            textfont={"color": colours.text, "size": 12},
            hoverinfo="skip",
            name="atoms",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[shapes.probe[0]],
            y=[shapes.probe[1]],
            mode="markers",
            marker={"size": 14, "color": colours.pick, "line": {"color": colours.text, "width": 1}},
            hovertemplate="the probe<extra></extra>",
            name="probe",
        )
    )
    finish(figure, colours, height=height)
    figure.update_layout(showlegend=False, margin={"l": 56, "r": 8, "t": 8, "b": 46})
    figure.update_xaxes(title_text=labels[0], title_standoff=4, constrain="domain")
    figure.update_yaxes(title_text=labels[1], title_standoff=4, scaleanchor="x", constrain="domain")
    return figure


def lengths_figure(atoms: pd.DataFrame, colours: Palette, *, height: int) -> go.Figure:
    """Ruler minus distance of each atom for one place of the probe, nearest first.

    `atoms`: columns atom, distance, ruler, sd, all but the first in Å.
    """
    names = [f"{row.atom}, {row.distance:.2f} Å " for row in atoms.itertuples()]
    gap = atoms["ruler"] - atoms["distance"]
    figure = go.Figure(
        go.Bar(
            x=gap,
            y=names,
            orientation="h",
            marker={"color": [colours.student if v < 0 else colours.earlier for v in gap]},
            error_x={"array": atoms["sd"], "color": colours.text, "thickness": 1, "width": 2},
            customdata=np.column_stack([atoms["ruler"], 100.0 * gap / atoms["distance"]]),
            hovertemplate="%{y}: ruler %{customdata[0]:.3f} Å (%{customdata[1]:+.1f}%)<extra></extra>",
        )
    )
    finish(figure, colours, height=height)
    figure.add_vline(x=0, line={"color": colours.text, "width": 1})
    widest = max(float((np.abs(gap) + atoms["sd"]).max()), 0.05) * 1.1
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(title_text="ruler − distance (Å)", title_standoff=4, range=[-widest, widest], nticks=5)
    figure.update_layout(margin={"l": 40, "r": 8, "t": 8, "b": 46})
    return figure
