"""Errors, Overview, History, Compare and reports of two and of five systems: whose numbers and drawings are shown."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from pages import run_page, text

from app.data.comparison import obstacles
from app.data.configurations import configuration_table
from app.data.errors import TOGETHER, by_system, labelled
from app.report import build_report
from nci_core.campaign import Campaign
from nci_core.systems import Dimer
from nci_core.units import UNITS

#: Parts that ask no model: those of the made-up campaign have no files.
PARTS = ("maps", "cuts", "parity", "regions")


@pytest.fixture
def campaign(several: Campaign) -> Campaign:
    return several


def _titles(campaign: Campaign) -> list[str]:
    return [system.title for system in campaign.systems]


def test_transfer_systems_are_in_no_average(campaign: Campaign) -> None:
    rows = labelled(configuration_table(campaign, None), "test")
    groups = by_system(rows, campaign.systems)
    assert list(groups) == [TOGETHER, *_titles(campaign)]
    assert set(groups[TOGETHER]["system"]) == {system.name for system in campaign.training_systems}
    assert len(rows) - len(groups[TOGETHER]) == sum(len(groups[each.title]) for each in campaign.transfer_systems)


@pytest.mark.parametrize("part", PARTS)
def test_errors_are_of_the_drawn_system(campaign: Campaign, part: str) -> None:
    for system in (campaign.systems[1], campaign.systems[-1]):
        at = run_page("errors", errors_part=part, drawn_system=system.name)
        assert not at.exception
        assert not at.error
        if part == "regions":
            assert f"of {system.title}" in text(at).replace("\\", "")
            assert "System" not in at.dataframe[0].value


@pytest.mark.parametrize("part", PARTS)
def test_errors_of_all_systems(campaign: Campaign, part: str) -> None:
    at = run_page("errors", errors_part=part, every_system=True)
    assert not at.exception
    assert not at.error
    if part == "regions":
        shown = at.dataframe[0].value
        assert list(shown["System"].unique()) == [TOGETHER, *_titles(campaign)]
        points = shown[(shown["Region"] == "whole range") & (shown["Potential"] == "student")].set_index("System")
        trained = [system.title for system in campaign.training_systems]
        assert points["Points"][TOGETHER] == points["Points"][trained].sum()


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("page", ["overview", "history", "compare"])
def test_other_pages_say_whose_errors_they_show(campaign: Campaign, page: str, every: bool) -> None:
    if page == "compare":
        shutil.copytree(campaign.folder, campaign.folder.parent / "another")
    last = campaign.systems[-1]
    at = run_page(page, campaign="several", drawn_system=last.name, every_system=every)
    assert not at.exception
    assert not at.error
    assert f"of {TOGETHER if every else last.title}" in text(at).replace("\\", "")
    if page == "history" and every:
        shown = next(table for table in at.dataframe if "System" in table.value).value
        assert shown["System"].tolist() == [TOGETHER, *_titles(campaign)]


@pytest.mark.parametrize("part", ["blind", "trust", "compare"])
def test_history_parts(campaign: Campaign, part: str) -> None:
    for every in (False, True):
        at = run_page("history", history_part=part, drawn_system=campaign.systems[1].name, every_system=every)
        assert not at.exception


def test_teachers_of_all_systems(campaign: Campaign) -> None:
    at = run_page("teachers", every_system=True)
    assert not at.exception
    assert not at.error
    assert "System" in at.dataframe[0].value


def test_report_has_every_system(campaign: Campaign) -> None:
    said = build_report(campaign, None, UNITS["cm1"], lambda _: [])
    for system in campaign.systems:
        assert f"<h3>{system.title}</h3>" in said
        assert f"and {system.dimer.a.name} (rigid" in said
    assert TOGETHER in said


def test_campaigns_are_compared_by_the_systems_shown(campaign: Campaign) -> None:
    first, second, *_ = campaign.systems
    assert obstacles(campaign, campaign) == []
    assert obstacles(campaign, campaign, (first,), (first,)) == []
    assert obstacles(campaign, campaign, (first,), (second,))[0].startswith("The systems differ")
    elsewhere = f"The systems differ: {first.dimer.name} and {first.dimer.name}, of another geometry."
    for shift, said in ((5e-4, []), (5e-3, [elsewhere])):
        host = replace(first.dimer.a, positions=first.dimer.a.positions + np.array([0.0, 0.0, shift]))
        moved = replace(first, dimer=Dimer(host, first.dimer.b))
        assert obstacles(campaign, campaign, (first,), (moved,)) == said
