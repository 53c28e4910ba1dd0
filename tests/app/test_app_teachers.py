"""The page Teachers: numbers, what is absurd, learning curves and their warning, the catalogue, empty states."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import run_page, settled, tables, text

from app.data.teachers import catalogue
from app.figures.teachers import curve_figure, looks
from app.theme import palette
from nci_core.campaign import Campaign
from nci_core.campaign.queries.teacher_compare import compare_teachers
from nci_core.jobs import client
from nci_core.store import jobs, teacher_curves, teacher_labels
from nci_core.store.schema import Job
from nci_core.teachers.catalogue import presets
from nci_core.units import CM1_EV, UNITS


def _second_teacher(campaign: Campaign, name: str = "other", shift_ev: float = 0.001) -> None:
    rows = teacher_labels.fetch(campaign.store, campaign.teacher)
    energies = [row.energy_ev + shift_ev for row in rows]
    ids = [row.configuration_id for row in rows]
    teacher_labels.record(campaign.store, name, ids, energies, {"total": energies}, seconds=len(ids) * 0.5)


def _curves(hurting: str) -> dict[str, Any]:
    means = {"hf-d4": 1.0, "none": 2.0, hurting: 9.0}
    trials = [
        {"teacher": name, "n": n, "seed": seed, "mae_cm1": {"all": mean * (1.0 + 0.1 * seed) / n, "well": mean / n}}
        for name, mean in means.items()
        for n in (5, 10)
        for seed in range(3)
    ]
    return {"n_labels": 24, "n_test": 15, "seeds": 3, "teachers": {"hf-d4": 100, hurting: 100}, "trials": trials}


def test_the_table_has_each_teachers_errors_by_region_in_the_unit_shown(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    _second_teacher(campaign)
    at = run_page("teachers", unit="meV")
    assert not at.exception
    shown = next(table for table in tables(at) if "r" in table.columns).set_index("Teacher")
    first, other = compare_teachers(campaign).standings
    assert list(shown.index) == [first.spec, "other"]
    assert list(shown["Distilled"]) == ["yes", "no"]
    factor = CM1_EV * UNITS["meV"].per_ev
    assert shown.loc["other", "MAE (meV)"] == pytest.approx(other.judged["test"].regions["all"].mae_cm1 * factor)
    assert shown.loc[first.spec, "Bias (meV)"] == pytest.approx(first.judged["test"].regions["all"].bias_cm1 * factor)
    assert shown.loc["other", "s each"] == pytest.approx(0.5)
    apart = next(table for table in tables(at) if "Places" in table.columns)
    assert apart["Whole range (meV)"].iloc[0] == pytest.approx(1.0), "shifted by 1 meV everywhere"
    campaign.store.close()


def test_what_physics_forbids_is_said_once_it_is_known(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    _second_teacher(campaign, "wild", shift_ev=-5.0)
    said = text(settled(run_page("teachers")))
    assert "Teacher wild gives" in said
    assert "where dispersion and induction can give" in said or "must repel" in said
    campaign.store.close()


@pytest.mark.parametrize("part", ["points", "cuts", "catalogue", "maps"])
def test_every_part_is_drawn(home: Path, part: str) -> None:
    at = run_page("teachers", teachers_part=part)
    assert not at.exception
    assert not at.error
    assert len(text(at)) > 50


def test_curves_are_drawn_with_a_sentence_where_a_teacher_hurts(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    at = run_page("teachers", teachers_part="curve")
    assert "Nobody has asked yet" in text(at)
    assert not at.button(key="compare_teachers").disabled
    teacher_curves.keep(campaign.store, _curves("gfn2-xtb"))
    at = run_page("teachers", teachers_part="curve")
    assert not at.exception
    warned = [warning.value for warning in at.warning]
    assert any("Teacher gfn2-xtb hurts: with" in each for each in warned)
    assert len(warned) == 1, "the page's own warning is of teachers that the campaign distils"
    figure = curve_figure(teacher_curves.of_result(_curves("x")), UNITS["cm1"], palette("light"))
    lines = {trace.name: np.array(trace.y) for trace in figure.data}
    assert lines["no teacher"] == pytest.approx([2.2 / 5, 2.2 / 10])
    campaign.store.close()


def test_a_teacher_that_the_campaign_distils_and_that_hurts_is_said_on_every_part(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    spec = campaign.teacher_specs[0]
    found = _curves(spec) | {"teachers": {spec: 100}}
    found["trials"] = [each for each in found["trials"] if each["teacher"] != "hf-d4" or spec != "hf-d4"]
    teacher_curves.keep(campaign.store, found)
    expected = bool(teacher_curves.warnings(campaign.store, (spec,)))
    at = run_page("teachers", teachers_part="points")
    assert any(f"Teacher {spec} hurts" in warning.value for warning in at.warning) == expected
    campaign.store.close()


def test_the_button_queues_the_comparison_and_a_demonstration_cannot(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nci_core.campaign.rounds.requests.ensure_engine", lambda *given, **named: None)
    campaign = Campaign.open(home / "he-ethylene")
    at = run_page("teachers", teachers_part="curve")
    at.button(key="compare_teachers").click().run()
    queued: list[Job] = jobs.fetch(campaign.store, kind=teacher_curves.KIND)
    assert [job.state for job in queued] == ["waiting"]
    at = run_page("teachers", teachers_part="curve")
    at.button(key="stop_teachers").click().run()
    assert [job.state for job in jobs.fetch(campaign.store, kind=teacher_curves.KIND)] == ["cancelled"]
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    assert run_page("teachers", teachers_part="curve").button(key="compare_teachers").disabled
    client.cancel_all(campaign.store)
    campaign.store.close()


def test_the_catalogue_has_every_preset_and_what_it_covers() -> None:
    shown = catalogue(["C", "H", "He"])
    assert list(shown["Teacher"]) == [preset.spec for preset in presets()]
    assert set(shown["This system"]) <= {"yes", "no", "not known"}
    assert shown.set_index("Teacher").loc["hf-d4", "This system"] == "yes"
    assert "mace:off-small" not in set(shown["Teacher"]) or (
        shown.set_index("Teacher").loc["mace:off-small", "This system"] == "no"
    ), "MACE-OFF knows no helium"


def test_a_teacher_is_added_after_its_price(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.campaign.rounds.requests.ensure_engine", lambda *given, **named: None)
    campaign = Campaign.open(home / "he-ethylene")
    at = settled(run_page("teachers", teachers_part="catalogue", teachers_add="gfn2-xtb"))
    assert "configurations" in text(at)
    at.button(key="teachers_compute").click().run()
    (job,) = jobs.fetch(campaign.store, kind="teach", states=["waiting"])
    assert (job.payload["teacher"], job.payload["trusted"]) == ("gfn2-xtb", False)
    campaign.store.close()


def test_each_teacher_keeps_its_look() -> None:
    colours = palette("dark")
    assert looks(["a", "b"], colours)["a"] == looks(["a", "b", "c"], colours)["a"]
    assert len({look["colour"] for look in looks(list("abcdef"), colours).values()}) == 6
