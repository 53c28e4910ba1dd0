"""What the Overview draws, packed for the browser: maps of errors on one plane, and the curve of test errors."""

import base64
import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.arrays import FloatArray
from app.data.fields import in_slab
from app.figures.scales import SignedScale, error_scale
from app.theme import Palette
from nci_core.campaign.queries.error_maps import ErrorMaps
from nci_core.systems import Monomer
from nci_core.systems.surroundings import bond_pairs
from nci_core.units import EnergyUnit

#: Test labels this close (Å) to the plane, or with an equivalent place that is, are drawn on it.
NEAR = 0.25
#: Pixels that the picture takes at least; the page scrolls in a lower window.
LEAST_HEIGHT = 430


def _packed(values: npt.ArrayLike, kind: str = "<f4") -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def error_text(value_ev: float, unit: EnergyUnit) -> str:
    """A mean absolute error in two significant digits, or three above ten.

    >>> from nci_core.units import UNITS, CM1_EV
    >>> [error_text(v * CM1_EV, UNITS["cm1"]) for v in (17.242, 0.0323, 128.4)]
    ['17.2 cm⁻¹', '0.032 cm⁻¹', '128 cm⁻¹']
    """
    value = value_ev * unit.per_ev
    if not np.isfinite(value):
        return "not known"
    digits = 3 if value >= 10 else 2
    decimals = max(0, digits - 1 - int(np.floor(np.log10(value)))) if value > 0 else 0
    return f"{value:.{decimals}f} {unit.label}"


def _dots(maps: ErrorMaps, host: Monomer) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Places (m, 2) on the plane of test labels near it, at all equivalent places, and which label each is, (m,)."""
    at = in_slab(host, pd.DataFrame(maps.test_positions, columns=list("xyz")), maps, NEAR)
    at = at[(at["u"].abs() < maps.u[-1]) & (at["v"].abs() < maps.v[-1])]
    return at[["u", "v"]].to_numpy(dtype=float), at["id"].to_numpy()


def _scale(maps: ErrorMaps, rows: list[int], unit: EnergyUnit, limit_ev: float) -> SignedScale:
    """One scale for the teacher and for all students that are shown, whatever the slider's place."""
    values = [maps.error(row).ravel() for row in rows]
    values += [maps.teacher_error().ravel()] if maps.against == "labels" else []
    return error_scale(np.concatenate(values), unit, cap_ev=limit_ev)


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
    """Everything `app.components.overview` needs.

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
    rows = {model: row for row, model in enumerate(maps.model_ids)} if maps else {}
    shown = course[course["model_id"].isin(list(rows))] if maps else course
    distilled = shown[shown["kind"] == "distilled"]
    places, which = _dots(maps, host) if maps else (np.empty((0, 2)), np.empty(0, dtype=np.int64))
    factor = unit.per_ev

    def drawn(values_ev: FloatArray, at_tests_ev: FloatArray) -> dict[str, Any]:
        assert maps is not None
        errors = (at_tests_ev - maps.test_ev)[which] * factor
        return {
            "packed": _packed(values_ev * factor),
            "dots": [None if not np.isfinite(e) else round(float(e), 6) for e in errors],
        }

    def student(row: pd.Series) -> dict[str, Any]:
        found = (
            drawn(maps.error(rows[row.model_id], into_wall=1.0), maps.test_models_ev[rows[row.model_id]])
            if maps
            else {}
        )
        return found | _numbers(row.mae_ev, row.n, unit, among)

    fixed: list[dict[str, Any]] = []
    if maps is not None:
        if maps.against == "labels":
            fixed.append(
                {"title": f"Teacher ({teacher_name})"}
                | drawn(maps.teacher_error(into_wall=1.0), maps.test_teacher_ev)
                | _numbers(*teacher, unit, among)
            )
        if 0 < len(distilled) < len(shown):
            fixed.append({"title": "Distilled student"} | student(distilled.iloc[-1]))
    moving = [
        {"title": _title(row), "round": _round(row), "spent": _spent(row), "cells": _cells(row, unit)} | student(row)
        for row in (shown.iloc[k] for k in range(len(shown)))
    ]
    scale = _scale(maps, [rows[i] for i in shown["model_id"]], unit, limit_ev) if maps and len(shown) else None
    active = np.flatnonzero(shown["active"].to_numpy(dtype=bool))
    content: dict[str, Any] = {
        "maps": _grid(maps, host, places) if scale else None,
        "fixed": fixed,
        "frames": moving,
        "start": int(active[-1]) if len(active) else max(len(moving) - 1, 0),
        "scale": {
            "limit": scale.limit if scale else 1.0,
            "linear": scale.linear if scale else 1.0,
            "ticks": scale.ticks() if scale else [],
            "stops": list(colours.signed),
            "unit": unit.label,
        },
        "curve": _curve(shown, teacher[0], unit, colours),
        "columns": ["Round", "Labels", "CPU min", f"mean |error| ({unit.label})"],
        "worth": worth,
        "digits": unit.digits,
        "least": LEAST_HEIGHT,
        "alt": "Maps of the error on one plane of the molecule" if scale else "Error on the frozen test set",
        "file": f"{name}-overview",
        "course": hashlib.blake2b(repr(shown["model_id"].tolist()).encode(), digest_size=6).hexdigest(),
    }
    text = json.dumps(content, sort_keys=True)
    return content | {"key": hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}


def _numbers(mae_ev: float, n: int, unit: EnergyUnit, among: int) -> dict[str, str]:
    """The number under a map."""
    if not n:
        return {"number": "error not known", "under": "no labels of the test set"}
    return {
        "number": error_text(mae_ev, unit),
        "under": f"mean |error| on {n:d} test labels" + (f" of {among} systems" if among > 1 else ""),
    }


def _title(row: pd.Series) -> str:
    in_use = " (in use)" if row.active else ""
    return f"{'Distilled student' if row.kind == 'distilled' else 'Student'}, round {row['round']:d}{in_use}"


def _round(row: pd.Series) -> str:
    what = f"{row.n_labels:d} CCSD(T) label{'s' if row.n_labels != 1 else ''}" if row.n_labels else "no labels yet"
    return f"Round {row['round']:d}: {what}"


def _spent(row: pd.Series) -> str:
    if not row.cpu_minutes:
        return "no CPU time spent on labels yet"
    return f"{_minutes(row.cpu_minutes)} CPU minutes spent on labels so far"


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f}" if minutes >= 10 or not minutes else f"{minutes:.1f}"


def _cells(row: pd.Series, unit: EnergyUnit) -> list[str]:
    """The round's line of the table."""
    error = error_text(row.mae_ev, unit).removesuffix(unit.label).strip() if row.n else "—"
    return [str(row["round"]), str(row.n_labels), _minutes(row.cpu_minutes), error]


def _grid(maps: ErrorMaps | None, host: Monomer, places: FloatArray) -> dict[str, Any] | None:
    if maps is None:
        return None
    at = maps.project(host.positions).round(3)
    return {
        "nx": len(maps.u),
        "ny": len(maps.v),
        "half": [float(maps.u[-1]), float(maps.v[-1])],
        "wall": _packed(np.where(np.isnan(maps.wall), -1.0, maps.wall)),
        "atoms": [[*place, symbol] for place, symbol in zip(at.tolist(), host.symbols, strict=True)],
        "bonds": [list(pair) for pair in bond_pairs(host)],
        "dots": places.round(3).tolist(),
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
