"""The map on which a line is drawn: its plane, what lies at it, and the line that comes back."""

import base64
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.components.plot_encoding import LEVELS, encode
from app.data import fields
from app.figures.plane import plane_content
from app.figures.scales import SignedScale
from app.theme import LIGHT
from app.views import line_choice
from app.views.line_map import drawn_line
from nci_core.errors import InputError
from nci_core.systems import Monomer, builtin_monomer, lines, surroundings
from nci_core.systems.lines import Line
from nci_core.units import UNITS


@pytest.fixture(scope="module", params=["ethylene", "benzene"])
def host(request: pytest.FixtureRequest) -> Monomer:
    return builtin_monomer(request.param)


def rows(places: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["x", "y", "z"], index=pd.RangeIndex(11, 11 + len(places), name="id"))
    energies = {"teacher_ev": -0.001, "student_ev": -0.001, "label_ev": np.where(table.index % 2, -0.002, np.nan)}
    return table.assign(split="pool", region="well", sector="face", **energies)


def test_every_named_line_lies_in_the_plane_that_is_shown_with_it(host: Monomer) -> None:
    for name, line in lines.presets(host, 3.2).items():
        kind, value = lines.section_of(host, line)
        grid = surroundings.plane(host, kind, value)
        off = grid.project(np.stack([line.start, line.end]))[:, 2]
        assert np.abs(off).max() < 0.1, name  # the turn is a whole number of degrees
    low = surroundings.to_host(host, np.array([[3.0, 1.0, 2.04], [-2.0, 4.0, 2.0]]))
    assert lines.section_of(host, Line(*low)) == ("flat", 2.0)


def test_what_lies_at_a_plane_is_what_the_images_say(host: Monomer) -> None:
    table = rows(np.random.default_rng(4).uniform(-6, 6, (80, 3)))
    for grid in (surroundings.plane(host, "upright", 40.0), surroundings.plane(host, "flat", 1.5)):
        found = fields.in_slab(host, table, grid, 0.4)
        everywhere = fields.images(host, table)
        at = grid.project(surroundings.to_host(host, fields.own_places(everywhere)))
        expected = everywhere.assign(u=at[:, 0], v=at[:, 1])[np.abs(at[:, 2]) <= 0.4]
        assert len(expected) > 5
        places = [sorted(map(tuple, part[["id", "u", "v"]].round(2).to_numpy())) for part in (found, expected)]
        assert places[0] == places[1]
        assert (found["off"].abs() <= 0.4).all()


def test_a_drawn_line_comes_back_in_the_hosts_frame(host: Monomer) -> None:
    old = Line(np.array([9.0, 8.0, 7.0]), np.array([-9.0, 8.0, 7.0]))
    for kind, value in (("upright", 30.0), ("flat", 2.5)):
        grid = surroundings.plane(host, kind, value)
        drawn = drawn_line(grid, old, {"ends": [[1.0, 2.0], [-3.0, 4.0]], "moved": [True, True]})
        back = grid.project(np.stack([drawn.start, drawn.end]))
        np.testing.assert_allclose(back, [[1.0, 2.0, 0.0], [-3.0, 4.0, 0.0]], atol=1e-12)
        half = drawn_line(grid, old, {"ends": [[1.0, 2.0], [-3.0, 4.0]], "moved": [False, True]})
        np.testing.assert_allclose(half.start, old.start)  # not moved, though it is not in this plane
        np.testing.assert_allclose(half.end, drawn.end)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"ends": [[0, 0], [1, 1]]},
        {"ends": [[0, 0], [1, 1]], "moved": [True]},
        {"ends": [[0, 0], [1, None]], "moved": [True, True]},
        {"ends": [[0, 0], [1, 1e9]], "moved": [True, True]},
        {"ends": "x", "moved": [True, True]},
    ],
)
def test_what_is_no_line_is_refused_in_a_sentence(value: dict[str, Any]) -> None:
    host = builtin_monomer("ethylene")
    with pytest.raises(InputError, match="draw it again"):
        drawn_line(surroundings.plane(host, "flat", 0.0), Line(np.zeros(3), np.ones(3)), value)


def test_typed_ends_show_the_drawn_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {}
    monkeypatch.setattr(line_choice.st, "session_state", state)
    line_choice.take(Line(np.array([1.234, -0.001, 2.0]), np.array([-4.567, 5.0, 6.005])))
    assert state["line_choice"] == line_choice.OWN
    assert [str(state[key]) for key in line_choice.ENDS] == ["1.23", "0.0", "2.0", "-4.57", "5.0", "6.0"]


def test_the_map_carries_the_field_and_tells_labels_apart(host: Monomer) -> None:
    grid = surroundings.plane(host, "upright", 0.0, spacing=2.0, reach=(10.0, 8.0))
    assert (grid.u[0], grid.u[-1], grid.v[-1]) == (-10.0, 10.0, 8.0)
    values = surroundings.to_own(host, grid.points)[..., 2]  # grows upwards
    values[4, 4] = np.nan
    near = fields.in_slab(host, rows(np.random.default_rng(1).uniform(-5, 5, (60, 3))), grid, 0.5)
    scale, unit = SignedScale(10.0, 1.0), UNITS["meV"]
    content = plane_content(host, grid, values, near, "label_ev", scale, unit, label="student", view="upright")
    sent = encode(content, LIGHT)
    ground = sent["ground"]
    level = np.frombuffer(base64.b64decode(ground["level"]), "u1").reshape(ground["rows"], ground["columns"])
    assert level[4, 4] == LEVELS + 1
    assert (np.diff(level[:, 0].astype(int)) > 0).all()
    flags = np.frombuffer(base64.b64decode(sent["flags"]), "u1")
    assert ((flags & 1) == near["label_ev"].notna()).all()
    points = np.frombuffer(base64.b64decode(sent["level"]), "u1")
    assert (points[(flags & 1) == 0] == LEVELS + 1).all()  # no label: grey
