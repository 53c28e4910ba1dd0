"""Fields and lines round a host: where they are asked, how they are coloured, that figures show what models say."""

import numpy as np
import pandas as pd
import pytest

from app.data import fields
from app.data.quantities import QUANTITIES, quantities
from app.figures.field_scale import field_scale, surface_levels
from app.figures.fields import Dots, Drawing, plane_maps, sphere_map
from app.figures.lines import line_figure, ruler_along
from app.figures.scales import SignedScale
from app.figures.space import iso_figure, sphere_in_space
from app.theme import DARK, LIGHT
from nci_core.systems import Monomer, builtin_monomer, lines, surroundings
from nci_core.systems.isosurface import isosurface
from nci_core.units import CM1_EV, UNITS

CM1 = UNITS["cm1"]
CAP = 1000.0 * CM1_EV


@pytest.fixture(scope="module")
def ethylene() -> Monomer:
    return builtin_monomer("ethylene")


def rows(host: Monomer, places: list[list[float]]) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["x", "y", "z"], index=pd.RangeIndex(11, 11 + len(places), name="id"))
    return table.assign(split="pool", teacher_ev=-0.001, label_ev=-0.002)


def test_own_coordinates_turn_back(ethylene: Monomer) -> None:
    points = np.random.default_rng(0).uniform(-5, 5, (20, 3))
    back = surroundings.to_host(ethylene, surroundings.to_own(ethylene, points))
    np.testing.assert_allclose(back, points, atol=1e-12)


def test_a_sphere_closes_and_its_angles_are_those_of_its_points() -> None:
    grid = surroundings.sphere(6.0)
    assert grid.own.shape == (31, 61, 3)
    np.testing.assert_allclose(np.linalg.norm(grid.own, axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(grid.own[:, 0], grid.own[:, -1], atol=1e-12)
    longitude, latitude, radius = surroundings.angles(3.0 * grid.own[1:-1, :-1].reshape(-1, 3))
    a, b = np.meshgrid(grid.longitude[:-1], grid.latitude[1:-1])
    np.testing.assert_allclose((longitude - a.ravel() + 180) % 360, 180.0, atol=1e-9)
    np.testing.assert_allclose(latitude, b.ravel(), atol=1e-9)
    np.testing.assert_allclose(radius, 3.0, rtol=1e-12)


def test_planes_hold_their_points(ethylene: Monomer) -> None:
    for kind, value in (("flat", 2.5), ("upright", 35.0)):
        grid = surroundings.plane(ethylene, kind, value)
        at = grid.project(grid.points)
        u, v = np.meshgrid(grid.u, grid.v)
        np.testing.assert_allclose(at, np.column_stack([u.ravel(), v.ravel(), 0 * u.ravel()]), atol=1e-9)
    above = surroundings.to_host(ethylene, np.array([[0.0, 0.0, 4.0]]))
    assert grid.project(above)[0, 1] == pytest.approx(4.0)


def test_every_equivalent_place_is_drawn_once(ethylene: Monomer) -> None:
    found = fields.images(ethylene, rows(ethylene, [[1.0, 2.0, 3.0], [0.0, 0.0, 3.0]]))
    assert found["id"].value_counts().to_dict() == {11: 8, 12: 2}
    np.testing.assert_allclose(np.abs(fields.own_places(found)[:8]).round(9), [[1.0, 2.0, 3.0]] * 8)


def test_configurations_near_a_line_are_found_at_equivalent_places(ethylene: Monomer) -> None:
    table = rows(ethylene, [[0.0, 0.1, -3.0], [0.0, 0.0, 5.0], [0.0, 1.0, 4.0], [0.0, 0.0, 9.0]])
    near = fields.near_line(ethylene, table, lines.Line(np.array([0.0, 0.0, 1.5]), np.array([0.0, 0.0, 8.0])), 0.2)
    assert near.index.tolist() == [11, 12]  # below the plane, on the line; not beside it, not behind its end
    assert near["distance"].tolist() == pytest.approx([1.5, 3.5])
    assert near["off"].tolist() == pytest.approx([0.1, 0.0])


def test_one_site_of_each_kind() -> None:
    names = [name for name, _ in surroundings.unique_sites(builtin_monomer("benzene"))]
    assert names == ["C1", "H7", "C1–C2", "C1–H7"]
    others = [name for name, _ in surroundings.unique_sites(builtin_monomer("ethylene"))]
    assert others == [
        "C1",
        "H3",
        "C1–C2",
        "C1–H3",
    ]


def test_preset_lines_go_where_they_say(ethylene: Monomer) -> None:
    ready = lines.presets(ethylene, 3.0)
    up = ready["up over H3"]
    np.testing.assert_allclose((up.end - up.start) / up.length, ethylene.axes[2], atol=1e-12)
    np.testing.assert_allclose(up.at(0.0)[0] - ethylene.positions[2], lines.FIRST * ethylene.axes[2], atol=1e-12)
    across = ready["across along x"]
    np.testing.assert_allclose(across.at([0.0, across.length])[:, 2], 3.0, atol=1e-12)
    for line in ready.values():
        assert lines.clear_of_nuclei(ethylene, line.at(np.linspace(0, line.length, 50))).all()
    assert not lines.clear_of_nuclei(ethylene, ethylene.positions).any()


def test_quantities_say_what_they_are_made_of() -> None:
    made = {key: (q.first, q.other, q.stored) for key, q in QUANTITIES.items()}
    assert made["teacher_error"] == ("teacher", "reference", ("teacher", "reference"))
    assert made["student_error"] == ("student", "reference", ("reference",))
    assert made["student_teacher"] == ("student", "teacher", ("teacher",))
    assert made["reference"] == ("reference", None, ("reference",))
    assert made["distilled"] == ("student", "distilled", ())
    assert [key for key, q in QUANTITIES.items() if q.is_energy] == ["energy", "teacher", "reference"]
    for quantity in quantities(["exchange", "dispersion"]).values():
        assert quantity.column == "energy_ev" or not (quantity.stored or quantity.other)


def test_the_terms_of_a_student_are_quantities_by_their_names() -> None:
    terms = ("dispersion", "mine", "electrostatics", "exchange", "induction")
    found = [quantity for key, quantity in quantities(terms).items() if key not in QUANTITIES]
    assert [(each.title, each.column) for each in found] == [
        ("Student electrostatics", "electrostatics_ev"),
        ("Student exchange", "exchange_ev"),
        ("Student induction", "induction_ev"),
        ("Student dispersion", "dispersion_ev"),
        ("Student mine", "mine_ev"),
    ]
    assert list(quantities(())) == list(QUANTITIES)


def test_differences_are_neutral_at_zero_whatever_their_sign() -> None:
    scale = field_scale(np.array([1.0, 2.0, 3.0]) * CM1_EV, QUANTITIES["distilled"], CM1, LIGHT, cap_ev=CAP)
    assert isinstance(scale.scale, SignedScale)
    assert scale.fraction(np.array([0.0]))[0] == 0.5
    assert {text: fraction for fraction, text in scale.scale.ticks()}["0"] == 0.5


def test_colours_of_one_sign_rise_and_follow_the_area() -> None:
    values = np.concatenate([np.linspace(-80, -40, 10), np.linspace(-25, -20, 90)])
    weights = np.ones(100)
    scale = field_scale(values * CM1_EV, QUANTITIES["energy"], CM1, DARK, cap_ev=CAP, weights=weights)
    assert not isinstance(scale.scale, SignedScale)
    fractions = scale.fraction(np.sort(values))
    assert (np.diff(fractions) >= 0).all()
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    # On a linear scale the 90 values from −25 to −20 would share a twelfth of the colours.
    assert np.ptp(scale.fraction(np.array([-25.0, -20.0]))) > 0.4
    for fraction, text in scale.scale.ticks():
        assert scale.fraction(np.array([float(text.replace("−", "-"))]))[0] == pytest.approx(fraction)


def test_a_constant_field_has_a_scale() -> None:
    scale = field_scale(np.full(9, -3.0 * CM1_EV), QUANTITIES["energy"], CM1, LIGHT, cap_ev=CAP)
    assert np.isfinite(scale.fraction(np.array([-3.0]))).all()


def dots(host: Monomer, scale_value: float) -> Dots:
    repeated = fields.images(host, rows(host, [[0.0, 0.0, 3.2]]))
    return Dots("student − CCSD(T)", "error_ev", repeated.assign(error_ev=scale_value * CM1_EV))


def test_the_maps_show_the_values_and_the_dots_on_one_scale(ethylene: Monomer) -> None:
    grid = surroundings.sphere(6.0)
    values = 5.0 * grid.own[..., 2]
    values[0, 0] = np.nan
    radius = np.full(values.shape, 3.2)
    scale = field_scale(values * CM1_EV, QUANTITIES["distilled"], CM1, LIGHT, cap_ev=CAP)
    flat = sphere_map(ethylene, grid, values, radius, scale, dots(ethylene, 2.5))
    shown = next(trace for trace in flat.data if trace.name == "field")
    np.testing.assert_allclose(shown.z, scale.fraction(values))
    np.testing.assert_allclose(np.asarray(shown.customdata)[..., 0], values)
    marks = next(trace for trace in flat.data if trace.name == "dots")
    np.testing.assert_allclose(marks.y, [90.0, -90.0])
    np.testing.assert_allclose(marks.marker.color, scale.fraction(np.array([2.5, 2.5])))
    solid = sphere_in_space(ethylene, grid, values, radius, scale, dots(ethylene, 2.5))
    surface = next(trace for trace in solid.data if trace.name == "field")
    drawn = np.isfinite(surface.x)
    np.testing.assert_allclose(np.sqrt(surface.x**2 + surface.y**2 + surface.z**2)[drawn], 3.2)
    assert 0.6 < drawn.mean() < 1.0  # the front is open, the rest is there


def test_a_plane_is_blank_where_nothing_is_known(ethylene: Monomer) -> None:
    grid = surroundings.plane(ethylene, "flat", 3.0, spacing=0.8, reach=(4.0, 4.0))
    values = np.where(np.hypot(*np.meshgrid(grid.u, grid.v)) < 2, np.nan, -4.0)
    scale = field_scale(values * CM1_EV, QUANTITIES["energy"], CM1, DARK, cap_ev=CAP)
    beside = surroundings.plane(ethylene, "upright", 0.0, spacing=0.8, reach=(4.0, 4.0))
    none = Dots("", "label_ev", pd.DataFrame())
    drawings = [Drawing(grid, ("x", "y"), values, none), Drawing(beside, ("x", "z"), 2 * values, none)]
    figure = plane_maps(ethylene, drawings, scale)
    first, second = (trace for trace in figure.data if trace.name == "field")
    np.testing.assert_array_equal(np.isnan(first.z), np.isnan(values))
    np.testing.assert_allclose(second.z, scale.fraction(2 * values))
    for axis in ("xaxis", "yaxis"):  # one Å is as long in both, and both reach as far
        assert figure.layout[axis].range == figure.layout[f"{axis}2"].range


def test_iso_surfaces_are_those_of_the_values(ethylene: Monomer) -> None:
    own = surroundings.box(ethylene, spacing=0.5)
    values = 20.0 * np.sin(own[:, 0]) + own[:, 2]
    values[own[:, 1] > 2.0] = np.nan
    scale = field_scale(values * CM1_EV, QUANTITIES["distilled"], CM1, LIGHT, cap_ev=CAP)
    figure = iso_figure(ethylene, own, values, [-8.0, 8.0], scale)
    below, above = (trace for trace in figure.data if trace.type == "mesh3d")
    for trace, level in ((below, -8.0), (above, 8.0)):
        x, y, z = (np.asarray(getattr(trace, letter), dtype=float) for letter in "xyz")
        np.testing.assert_allclose(20.0 * np.sin(x) + z, level, atol=1.0)  # a twentieth of an ångström
        assert y.max() <= 2.0  # open where nothing is known
        assert y.min() < -3.0
        assert len(trace.i) > 100
    assert below.color != above.color


def test_an_iso_surface_is_closed_faces_outwards_and_has_the_right_size() -> None:
    axis = np.linspace(-3.0, 3.0, 31)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    radius = np.linalg.norm(points, axis=1)
    corners, faces = isosurface(points, -radius, -2.0)
    np.testing.assert_allclose(np.linalg.norm(corners, axis=1), 2.0, atol=0.01)
    a, b, c = (corners[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(16 * np.pi, rel=0.01)
    volume = (a * normals).sum() / 6  # of a closed surface that faces outwards
    assert volume == pytest.approx(32 * np.pi / 3, rel=0.02)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    nothing, none = isosurface(points, -radius, 5.0)
    assert len(nothing) == len(none) == 0


def test_levels_of_surfaces_are_taken_by_the_field() -> None:
    values = np.linspace(-82.0, 400.0, 2000)
    levels = surface_levels(QUANTITIES["energy"], values)
    assert levels == sorted(levels)
    assert values.min() < levels[0] < 0 < levels[-1] < values.max()
    assert -40.0 in levels
    sizes = surface_levels(QUANTITIES["earlier"], values)
    assert min(sizes) > 0
    assert surface_levels(QUANTITIES["earlier"], np.zeros(5)) == []


def test_a_box_keeps_its_size_in_bounds(ethylene: Monomer) -> None:
    own = surroundings.box(ethylene, spacing=0.01, most=20_000)
    assert 10_000 < len(own) < 26_000
    half = np.abs(ethylene.positions).max(axis=0) + 4.0
    np.testing.assert_allclose(own.max(axis=0), half)


def test_a_line_shows_band_curves_channels_and_points_in_the_unit() -> None:
    distance = np.linspace(0.0, 4.0, 5)
    curve = pd.DataFrame({"distance": distance, "energy_ev": -0.001, "std_ev": 0.0002, "exchange_ev": 0.0025})
    curve = curve.assign(dispersion_ev=-0.0028, electrostatics_ev=-0.0006, induction_ev=-0.0001, distilled_ev=-0.0011)
    near = pd.DataFrame(
        {
            "distance": [1.0, 2.0],
            "off": [0.0, 0.1],
            "teacher_ev": -0.0012,
            "label_ev": [-0.001, np.nan],
            "split": "test",
        }
    )
    unit = UNITS["meV"]
    figure = line_figure(curve, near, unit, LIGHT, channels=True)
    by_name = {trace.name: trace for trace in figure.data}
    assert by_name["student"].y[0] == pytest.approx(-1.0)
    assert by_name["± 1 sd"].y[0] == pytest.approx(-0.8)
    terms = ["electrostatics", "exchange", "induction", "dispersion"]
    assert [trace.name for trace in figure.data if trace.name in terms] == terms, "in the usual order"
    assert sum(by_name[name].y[0] for name in terms) == pytest.approx(by_name["student"].y[0])
    assert [by_name[name].line.color for name in terms] == [getattr(LIGHT, name) for name in terms]
    assert len(by_name["teacher"].x) == 2
    assert list(by_name["CCSD(T), test set"].x) == [1.0]
    assert "CCSD(T), training" not in by_name
    assert "earlier student" not in by_name
    assert "meV" in figure.layout.yaxis.title.text
    plain = line_figure(curve, near, unit, LIGHT, channels=False)
    assert not {*terms} & {trace.name for trace in plain.data}
    before = curve[["distance", "energy_ev", "std_ev"]].assign(repulsion_ev=0.002, dispersion_ev=-0.003)
    of_before = line_figure(before, near, unit, LIGHT, channels=True)
    assert [trace.name for trace in of_before.data if trace.line.dash == "dashdot"] == ["repulsion", "dispersion"]


def test_the_ruler_along_a_line_is_ruler_minus_distance() -> None:
    along = pd.DataFrame({"distance": [0.0, 1.0], "C r": [3.0, 4.0], "C q": [2.9, 4.1], "C sd": [0.0, 0.0]})
    figure = ruler_along(along, 0.5, DARK)
    (curve,) = (trace for trace in figure.data if trace.name == "nearest C")
    np.testing.assert_allclose(curve.y, [-0.1, 0.1])
