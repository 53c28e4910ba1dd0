"""What the Overview draws, packed for the browser: maps of errors on one plane, and the curve of test errors."""

import base64
import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.arrays import FloatArray
from app.data.fields import in_slab
from app.figures.scales import SignedScale, error_scale
from app.theme import Palette
from nci_core.campaign.queries.error_maps import ErrorMaps
from nci_core.rounding import short
from nci_core.systems import Monomer
from nci_core.systems.surroundings import bond_pairs
from nci_core.units import EnergyUnit

#: Test labels this close (Å) to the plane, or with an equivalent place that is, are drawn on it.
NEAR = 0.25
#: Pixels that the picture takes at least; the page scrolls in a lower window.
LEAST_HEIGHT = 430


def _packed(values: npt.ArrayLike) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode()


def error_text(value_ev: float, unit: EnergyUnit) -> str:
    """A mean absolute error with its unit."""
    return f"{short(value_ev * unit.per_ev)} {unit.label}" if np.isfinite(value_ev) else "not known"


def _maps(
    maps: ErrorMaps, host: Monomer, models: list[int], unit: EnergyUnit, limit_ev: float
) -> tuple[dict[int | None, dict[str, Any]], SignedScale, dict[str, Any]]:
    """The maps of these students, and by None the teacher's where errors are against labels; their scale; the plane.

    One scale for all of them, whatever the slider's place; with the plane the test labels near it.
    """
    shown: dict[int | None, tuple[Callable[..., FloatArray], FloatArray]] = {}
    for model in models:
        row = maps.model_ids.index(model)
        shown[model] = partial(maps.error, row), maps.test_models_ev[row]
    if maps.against == "labels":
        shown[None] = maps.teacher_error, maps.test_teacher_ev
    at = in_slab(host, pd.DataFrame(maps.test_positions, columns=list("xyz")), maps, NEAR)
    at = at[(at["u"].abs() < maps.u[-1]) & (at["v"].abs() < maps.v[-1])]
    panels = {
        model: {
            "packed": _packed(error(into_wall=1.0) * unit.per_ev),
            "dots": [
                round(float(e), 6) if np.isfinite(e) else None
                for e in (at_tests_ev - maps.test_ev)[at["id"].to_numpy()] * unit.per_ev
            ],
        }
        for model, (error, at_tests_ev) in shown.items()
    }
    scale = error_scale(np.concatenate([error().ravel() for error, _ in shown.values()]), unit, cap_ev=limit_ev)
    atoms = maps.project(host.positions).round(3)
    plane = {
        "nx": len(maps.u),
        "ny": len(maps.v),
        "half": [float(maps.u[-1]), float(maps.v[-1])],
        "wall": _packed(np.where(np.isnan(maps.wall), -1.0, maps.wall)),
        "atoms": [[*place, symbol] for place, symbol in zip(atoms.tolist(), host.symbols, strict=True)],
        "bonds": [list(pair) for pair in bond_pairs(host)],
        "dots": at[["u", "v"]].to_numpy(dtype=float).round(3).tolist(),
    }
    return panels, scale, plane


def overview_content(
    host: Monomer,
    maps: ErrorMaps | None,
    course: pd.DataFrame,
    teacher: tuple[float, int],
    unit: EnergyUnit,
    colours: Palette,
    *,
    limit_ev: float,
    teacher_name: str,
    worth: str,
    name: str,
    among: int = 1,
) -> dict[str, Any]:
    """Everything `app/components/overview.js` needs.

    Args:
        host: drawn on every map.
        maps: None where nothing can be drawn: then the curve alone is.
        course: `app.data.overview.course`, one row for each place of the slider.
        teacher: its test error in eV and the number of labels.
        unit: of all numbers.
        colours: of the theme.
        limit_ev: the campaign's energy limit.
        teacher_name: of the drawn teacher.
        worth: a sentence on what the labels themselves are worth.
        name: of saved files.
        among: systems that errors are averaged over.
    """
    shown = course[course["model_id"].isin(maps.model_ids)] if maps else course
    rows = [row for _, row in shown.iterrows()]
    panels: dict[int | None, dict[str, Any]] = {}
    scale, plane = SignedScale(1.0, 1.0), None
    if maps and rows:
        panels, scale, plane = _maps(maps, host, shown["model_id"].tolist(), unit, limit_ev)

    def student(row: pd.Series) -> dict[str, Any]:
        return panels.get(row.model_id, {}) | _numbers(row.mae_ev, row.n, unit, among)

    fixed: list[dict[str, Any]] = []
    if None in panels:
        fixed.append({"title": f"Teacher ({teacher_name})"} | panels[None] | _numbers(*teacher, unit, among))
    distilled = [row for row in rows if row.kind == "distilled"]
    if panels and 0 < len(distilled) < len(rows):
        fixed.append({"title": "Distilled student"} | student(distilled[-1]))
    active = [place for place, row in enumerate(rows) if row.active]
    content: dict[str, Any] = {
        "maps": plane,
        "fixed": fixed,
        "frames": [_said(row, unit) | student(row) for row in rows],
        "start": active[-1] if active else max(len(rows) - 1, 0),
        "scale": {
            "limit": scale.limit,
            "linear": scale.linear,
            "ticks": scale.ticks(),
            "stops": list(colours.signed),
            "unit": unit.label,
        },
        "curve": _curve(shown, teacher[0], unit, colours),
        "columns": ["Round", "Labels", "CPU min", f"mean |error| ({unit.label})"],
        "worth": worth,
        "digits": unit.digits,
        "least": LEAST_HEIGHT,
        "alt": "Maps of the error on one plane of the molecule" if plane else "Error on the frozen test set",
        "file": f"{name}-overview",
        "course": "-".join(map(str, shown["model_id"])),
    }
    text = json.dumps(content, sort_keys=True)
    return content | {"key": hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}


def _numbers(mae_ev: float, n: int, unit: EnergyUnit, among: int) -> dict[str, str]:
    """The number under a map."""
    if not n:
        return {"number": "error not known", "under": "no labels of the test set"}
    of = f" of {among} systems" if among > 1 else ""
    return {"number": error_text(mae_ev, unit), "under": f"mean |error| on {n:d} test labels{of}"}


def _said(row: pd.Series, unit: EnergyUnit) -> dict[str, Any]:
    """What stands beside the map of a round's student, and the round's line of the table."""
    number, n, minutes = row["round"], row.n_labels, row.cpu_minutes
    labels = f"{n:d} CCSD(T) label{'s' if n != 1 else ''}" if n else "no labels yet"
    spent = f"{minutes:.0f}" if minutes >= 10 or not minutes else f"{minutes:.1f}"
    error = error_text(row.mae_ev, unit).removesuffix(unit.label).strip() if row.n else "—"
    title = f"{'Distilled student' if row.kind == 'distilled' else 'Student'}, round {number:d}"
    return {
        "title": title + (" (in use)" if row.active else ""),
        "round": f"Round {number:d}: {labels}",
        "spent": f"{spent} CPU minutes spent on labels so far" if minutes else "no CPU time spent on labels yet",
        "cells": [str(number), str(n), spent, error],
    }


def _curve(shown: pd.DataFrame, teacher_ev: float, unit: EnergyUnit, colours: Palette) -> dict[str, Any] | None:
    """Test error against labels; None where no error is known."""
    y = shown["mae_ev"].to_numpy(dtype=float) * unit.per_ev
    if not (y > 0).any():
        return None
    return {
        "title": "Error on the frozen test set",
        "x": shown["n_labels"].astype(int).tolist(),
        "y": [float(v) if v > 0 else None for v in y],
        "teacher": float(teacher_ev * unit.per_ev) if teacher_ev > 0 else None,
        "x_label": "CCSD(T) labels that the student was fitted to",
        "y_label": f"mean |error| ({unit.label})",
        "colour": colours.student,
        "teacher_colour": colours.teacher,
    }
