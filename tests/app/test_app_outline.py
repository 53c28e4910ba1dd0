"""Drawings on a map whose points are too many to be drawn: what is inside them, and what they do."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app import selection
from app.components import plot
from app.components.plot_content import Bins
from app.components.plot_encoding import encode, squares_of
from app.data.configurations import configuration_table
from app.figures import points
from app.figures.scales import SignedScale
from app.places import MapPlaces, Outline
from app.theme import LIGHT
from nci_core.campaign import Campaign
from nci_core.campaign.rounds import basket
from nci_core.errors import InputError
from nci_core.store import selections
from nci_core.systems.map_places import map_xy
from nci_core.units import UNITS


def test_a_drawing_that_crosses_itself_takes_what_lies_in_its_loops() -> None:
    crossed = np.array([[0, 0], [6, 6], [6, 0], [0, 6]], dtype=float)  # two triangles that touch
    inside = Outline(crossed).contains_points(np.array([[1.0, 3.0], [5.0, 3.0], [3.0, 1.0], [3.0, 5.0]]))
    assert inside.tolist() == [True, True, False, False]


@pytest.fixture
def context(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    campaign = Campaign.open(home / "he-ethylene")
    return SimpleNamespace(
        folder=str(campaign.folder),
        campaign=campaign,
        system=campaign.systems[0],
        host=campaign.systems[0].dimer.a,
        every_system=False,
        scope=None,
        model=None,
        read_only=False,
        person="ada",
        colours=LIGHT,
    )


@pytest.mark.parametrize("view", ["side", "top", "unrolled"])
def test_a_drawing_takes_what_the_map_would_draw_there(context: Any, view: str) -> None:
    table = configuration_table(context.campaign, None)
    shown = table.index[table["region"] != "beyond"]
    xy = map_xy(context.campaign.systems[0].dimer.a, table.loc[shown, ["x", "y", "z"]].to_numpy(), view)
    (x0, y0), (x1, y1) = np.quantile(xy, [0.2, 0.7], axis=0) - 1e-4  # some lie on an axis
    expected = shown[((xy > [x0, y0]) & (xy < [x1, y1])).all(axis=1)].tolist()
    assert len(expected) > 5
    places = MapPlaces(context, shown, view)
    assert places.inside([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) == expected
    assert places.where([int(shown[3]), 10**9]).tolist() == [xy[3].tolist()]  # an unknown one has no place


@pytest.mark.parametrize(
    "sent", [None, "x", [[0, 0], [1, 1]], [[0, 0, 0]] * 3, [[0, 0], [1, None], [2, 2]], [[0, 0]] * 2000]
)
def test_what_is_no_drawing_is_refused_in_a_sentence(context: Any, sent: Any) -> None:
    places = MapPlaces(context, configuration_table(context.campaign, None).index, "side")
    with pytest.raises(InputError, match="draw it again"):
        selection.picked({"outline": sent}, places)


def test_a_drawing_replaces_adds_and_takes_out_and_can_be_undone(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = configuration_table(context.campaign, None)
    places = MapPlaces(context, table.index, "side")
    low, high = ([[0, a], [20, a], [20, b], [0, b]] for a, b in ((-1, 3.0), (2.0, 20)))
    both = {"low": set(places.inside(low)), "high": set(places.inside(high))}
    assert both["low"] & both["high"]
    sent: dict[str, Any] = {}
    monkeypatch.setattr(selection, "event_of", lambda key, event: sent)
    told = selection.listener(context, "map", places)

    def now(outline: Any, mode: str) -> set[int]:
        sent.clear()
        sent.update(outline=outline, mode=mode)
        told("picked")
        return set(selections.current(context.campaign.store, "ada"))

    assert now(low, "replace") == both["low"]
    assert now(high, "add") == set(table.index)
    assert now(low, "remove") == both["high"] - both["low"]
    assert now([[50, 50], [51, 50], [50, 51]], "replace") == both["high"] - both["low"]  # round nothing
    selection.history(context).step_back()
    assert set(selections.current(context.campaign.store, "ada")) == set(table.index)


def test_too_many_are_refused_but_can_be_taken_out(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = configuration_table(context.campaign, None)
    ids = table.index.tolist()
    selection.change(context, ids[:30], "replace")
    monkeypatch.setattr(selection, "MOST_SELECTED", 20)
    with pytest.raises(InputError, match="That would select 31 configurations; at most 20"):
        selection.change(context, ids[30:31], "add")
    selection.change(context, ids[:2], "remove")  # still above, but fewer than before
    assert len(selection.selected(context)) == 28
    monkeypatch.setattr(basket, "MOST_IN_BASKET", 3)
    free = table.index[(table["split"] == "pool") & (table["label_state"] == "none")][:5].tolist()
    for mode in ("add", "replace"):
        with pytest.raises(InputError, match="would hold 5 configurations; at most 3"):
            basket.change(context.campaign.store, free, mode, "ada", free=free)
    assert basket.snapshot(context.campaign.store) == []


def test_squares_are_marked_by_what_they_hold() -> None:
    xy = np.array([[0.1, 0.1], [0.2, 0.3], [1.2, 0.1], [-0.3, 2.7]])
    made = points.aggregate(xy, np.zeros(4), 0.5)
    content = plot_of(made)
    marks = plot.Marks(marked=[1, 2, 3], basket=[4], where=lambda ids: xy[np.array(ids) - 1])
    sent = plot._marked(encode(content, LIGHT), marks)
    assert (sent["marked"], sent["basket"], sent["total"]) == ([], [], 3)
    corners = {tuple(np.round([made.x[k], made.y[k]], 6)): n for k, n in sent["squares"]["marked"]}
    assert corners == {(0.0, 0.0): 2, (1.0, 0.0): 1}
    assert len(sent["squares"]["basket"]) == 1
    assert "proposed" not in sent["squares"]
    assert squares_of(encode(content, LIGHT), np.array([[40.0, 40.0]])) == []  # out of sight


def plot_of(bins: Bins) -> Any:
    """A plot of nothing but squares."""
    import pandas as pd

    from nci_core.systems import builtin_monomer

    empty = pd.DataFrame(columns=["x", "y", "z", "label_ev", "split", "region", "sector"], dtype=float)
    content = points.map_content(
        builtin_monomer("ethylene"), empty, np.empty(0), SignedScale(10.0, 1.0), UNITS["cm1"],
        view="side", colours="energy", hover={},
    )  # fmt: skip
    return type(content)(**(vars(content) | {"bins": bins}))
