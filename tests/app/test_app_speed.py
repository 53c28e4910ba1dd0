"""What keeps the dashboard fast, checked without a clock: what is read, shared and sent."""

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import synthetic
from sqlalchemy import event

from app import cached
from app.components import plot
from app.components.plot_encoding import encode
from app.figures import points
from app.figures.scales import SignedScale
from app.session import Context
from app.theme import palette
from app.warm import warm
from nci_core.campaign import Campaign
from nci_core.store import picks, versions
from nci_core.units import unit


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return synthetic.build(tmp_path / "he-ethylene", n=60, n_labels=10, n_test=10, n_rounds=1)


def _statements(campaign: Campaign, act: object) -> int:
    seen: list[str] = []

    def note(connection, cursor, statement, *rest: object) -> None:  # type: ignore[no-untyped-def]
        seen.append(statement)

    event.listen(campaign.store.engine, "before_cursor_execute", note)
    act()  # type: ignore[operator]
    event.remove(campaign.store.engine, "before_cursor_execute", note)
    return len([text for text in seen if text.lstrip().startswith("SELECT")])


def test_versions_are_counted_once_for_each_write(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "SETTLED_SECONDS", 0.0)
    first = versions.pick_version(campaign.store)
    assert _statements(campaign, lambda: versions.pick_version(campaign.store)) == 0
    picks.add(campaign.store, [1], picked_by="ada", round_number=1)
    assert _statements(campaign, lambda: versions.pick_version(campaign.store)) == 1
    assert versions.pick_version(campaign.store) != first


def test_every_one_of_many_quick_writes_is_seen(campaign: Campaign) -> None:
    """Faster than a file's time can tell: what was written just now is counted again."""
    seen = [versions.pick_version(campaign.store)]
    for number in range(1, 21):
        picks.add(campaign.store, [number], picked_by="ada", round_number=1)
        seen.append(versions.pick_version(campaign.store))
    assert len(set(seen)) == 21


def test_a_write_of_another_connection_is_seen(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "SETTLED_SECONDS", 0.0)
    before = versions.pick_version(campaign.store)
    other = Campaign.open(campaign.folder)
    picks.add(other.store, [2], picked_by="bob", round_number=1)
    other.store.close()
    assert versions.pick_version(campaign.store) != before


def of(campaign: Campaign) -> Context:
    """What the table needs to know of who looks at it."""
    system = campaign.systems[0]
    known = SimpleNamespace(folder=str(campaign.folder), campaign=campaign, system=system, scope=None, model=None)
    known.every_system = False
    return cast(Context, known)


def test_a_page_cannot_change_the_table_that_others_see(campaign: Campaign) -> None:
    context = of(campaign)
    mine = cached.table(context)
    mine["region"] = "spoilt"
    mine.loc[mine.index[0], "x"] = 99.0
    again = cached.table(context)
    assert set(again["region"]) <= {"well", "tail", "wall", "beyond"}
    assert again["x"].iloc[0] != 99.0
    assert again["x"].to_numpy().base is cached.table(context)["x"].to_numpy().base


def test_imported_code_is_out_of_the_collectors_search() -> None:
    warm()
    frozen = gc.get_freeze_count()
    assert frozen > 100_000
    warm()
    assert gc.get_freeze_count() <= frozen  # nothing that lives now is frozen by a second call


def test_a_map_of_squares_says_so(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 60)
    rows = cached.table(of(campaign))
    energies, colours = rows["teacher_ev"].to_numpy(), palette("light")
    scale = SignedScale.covering(energies, 1.0, linear_ev=0.001, cap_ev=0.1)
    legends = {}
    for name, window in (("all", None), ("some", {"x": [0.0, 4.0], "y": [0.0, 3.5]})):
        content = points.map_content(
            campaign.systems[0].dimer.a,
            rows,
            energies,
            scale,
            unit("cm1"),
            view="side",
            colours="energy",
            hover={},
            window=window,
        )
        encoded = encode(content, colours)
        legends[name] = plot._legend(encoded, plot.Marks(), ["plain"])
        if name == "all":
            assert content.bins is not None
            assert content.bins.count.sum() == len(rows)
        else:
            assert 0 < len(content.ids) < len(rows)
    assert legends == {"all": [("square", plot.SQUARES)], "some": [("plain", "no label yet")]}
