"""What maps, cuts and scenes hold, how they are coloured, and what linear hosts are called."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app import cached
from app.coordinates import views
from app.data.cuts import Cut
from app.data.quantities import QUANTITIES
from app.figures.field_scale import field_scale
from app.figures.points import cut_content, map_content
from app.figures.scales import SignedScale, SizeScale
from app.figures.structure import structure_figure
from app.theme import DARK, LIGHT
from app.views.error_points import through_the_well
from nci_core.campaign.rounds.sampling import cut_directions
from nci_core.regions import sector_words, sectors
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.map_places import map_axes, map_xy
from nci_core.units import CM1_EV, UNITS

CM1 = UNITS["cm1"]


def rows(places: list[list[float]]) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["x", "y", "z"], index=pd.RangeIndex(1, 1 + len(places), name="id"))
    return table.assign(split="pool", region="well", sector="face", label_ev=-0.001)


def test_uncertainty_has_one_side() -> None:
    assert cached.COLOURINGS["std_ev"][1] == "size"
    scale = SizeScale.covering(
        np.linspace(0, 2, 50) * CM1_EV, CM1.per_ev, linear_ev=0.05 * CM1_EV, cap_ev=1000 * CM1_EV
    )
    assert scale.fraction(np.array([0.0, 2.0])).tolist() == [0.0, 1.0]
    assert [text for _, text in scale.ticks()] == ["0", "0.1", "1", "2"]
    for colours in (LIGHT, DARK):
        lightness = [sum(int(stop[k : k + 2], 16) for k in (1, 3, 5)) for stop in colours.size]
        assert lightness == sorted(lightness, reverse=not colours.dark)
    assert np.isnan(SizeScale(1.0, 0.1).fraction(np.array([np.nan]))).all()


def test_panels_reach_as_far_whatever_they_show() -> None:
    host, few, many = builtin_monomer("benzene"), rows([[3.0, 0.0, 3.0]]), rows([[0.0, 0.0, 3.0], [9.0, 0.0, 1.0]])
    within = map_xy(host, many[["x", "y", "z"]].to_numpy(), "side")
    scale = SignedScale.covering(np.zeros(1), CM1.per_ev, linear_ev=CM1_EV, cap_ev=CM1_EV)
    first, second = (
        map_content(host, part, np.zeros(len(part)), scale, CM1, view="side", colours="signed", hover={}, within=within)
        for part in (few, many)
    )
    assert first.extent == second.extent
    assert first.extent is not None
    assert first.extent[:2] == pytest.approx((0.0, 9.0), abs=1e-9)


def test_the_first_cut_goes_through_the_well() -> None:
    table = pd.DataFrame({"origin": ["cut:edge", "cut:face", "sample"], "label_ev": [-0.001, np.nan, -0.9]})
    table = table.assign(student_ev=[-0.002, -0.01, -0.9], teacher_ev=[-0.5, -0.5, -0.9])
    assert through_the_well(table, ["edge", "face", "unknown"]) == "face"


def test_a_teacher_known_at_few_places_is_not_joined() -> None:
    curve = pd.DataFrame({"distance": [3.0, 4.0], "energy_ev": [0.001, -0.001], "std_ev": 0.0})
    labels = pd.DataFrame(columns=["id", "distance", "label_ev", "split"])
    cut = Cut("face", curve, curve[["distance", "energy_ev"]], labels)
    table = rows([[0.0, 0.0, 3.0]]).assign(student_ev=0.0)
    scale = SignedScale.covering(np.zeros(1), CM1.per_ev, linear_ev=CM1_EV, cap_ev=CM1_EV)
    lines = {line.name: line for line in cut_content(cut, table, scale, CM1, LIGHT, distilled=cut).lines}
    assert lines["teacher"].knots
    assert not lines["distilled student"].knots


def test_the_scale_tells_how_deep_the_well_is() -> None:
    one_sign = np.concatenate([np.linspace(-30.0, -20.0, 999), [-87.0]]) * CM1_EV
    both = np.concatenate([np.linspace(-30.0, 30.0, 999), [-87.0]]) * CM1_EV
    for values in (one_sign, both):
        scale = field_scale(values, QUANTITIES["energy"], CM1, LIGHT, cap_ev=1000 * CM1_EV)
        assert scale.fraction(np.array([-80.0]))[0] > scale.fraction(np.array([-87.0]))[0] >= 0.0


@pytest.mark.parametrize("position", [[0.0, 0.0, 3.0], [0.0, 12.0, 0.5]])
def test_everything_drawn_is_in_the_frame_of_a_scene(position: list[float]) -> None:
    figure = structure_figure(Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), position, LIGHT)
    scene = figure.layout.scene
    eye = np.array([scene.camera.eye[k] for k in "xyz"])
    half = np.array([scene.aspectratio[k] for k in "xyz"]) / 2
    for trace in figure.data:
        places = np.stack([np.array(trace[k], dtype=float) for k in "xyz"], axis=1)
        ends = np.array([scene[f"{k}axis"].range for k in "xyz"])
        drawn = (places - ends.mean(axis=1)) / np.ptp(ends, axis=1) * 2 * half
        away = np.linalg.norm(drawn[np.isfinite(drawn).all(axis=1)], axis=1)
        assert (np.degrees(np.arcsin(away / np.linalg.norm(eye))) < 22.5).all()  # half of what the camera sees


def test_linear_hosts_have_sides_and_ends() -> None:
    host = Monomer("n2", ("N", "N"), np.array([[0.0, 0.0, 0.55], [0.0, 0.0, -0.55]]), source="made up")
    assert host.linear
    assert not builtin_monomer("ethylene").linear
    places = np.array([[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0], [2.0, 0.0, 2.0]])
    words = sector_words(host)
    assert [words[name] for name in sectors(host, places)] == ["side", "side", "end", "slanted"]
    assert list(cut_directions(Dimer(host, Monomer.atom("He")))) == ["side", "end"]
    assert list(views(host)) == ["side"]
    np.testing.assert_allclose(map_xy(host, places, "side"), [[3, 0], [3, 0], [0, 4], [2, 2]], atol=1e-12)
    said = map_axes(host, "side")
    assert "plane" not in said.x_label + said.y_label
    assert "molecular axis" in said.y_label


def test_directions_of_a_campaign_are_in_the_words_of_its_host(tmp_path: Path) -> None:
    from app.data.configurations import configuration_table
    from nci_core.campaign import Campaign
    from nci_core.config import CampaignSettings
    from nci_core.store import configurations

    file = tmp_path / "n2.xyz"
    file.write_text("2\nnitrogen\nN 0 0 0.55\nN 0 0 -0.55\n")
    campaign = Campaign.create(tmp_path / "he-n2", CampaignSettings.create(str(file), "He"))
    points = np.array([[3.0, 0.0, 0.0], [0.0, 0.0, 4.0]])
    names = [str(name) for name in sectors(campaign.systems[0].dimer.a, points)]
    configurations.add(
        campaign.store, points, campaign.systems[0].dimer.at(points).geometry_hashes(), system_id=1, sectors=names
    )
    assert configuration_table(campaign, None)["sector"].tolist() == ["side", "end"]
