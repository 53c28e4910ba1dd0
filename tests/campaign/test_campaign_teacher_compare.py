"""nci teacher compare: stored energies beside labels."""

import json

import numpy as np
import small_campaign as small
from typer.testing import CliRunner

from nci_core.campaign import Campaign
from nci_core.campaign.queries.teacher_compare import compare_teachers
from nci_core.cli.main import app
from nci_core.store import labels, teacher_labels
from nci_core.units import to_cm1


def _invoke(campaign: Campaign, *more: str) -> str:
    found = CliRunner().invoke(app, ["teacher", "compare", "--campaign", str(campaign.folder), *more])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_errors_are_those_of_stored_energies_against_labels(finished: Campaign) -> None:
    (mine,) = compare_teachers(finished).standings
    known = labels.complete(finished.store, finished.recipe.hash, split="test")
    of = {row.configuration_id: row.energy_ev for row in teacher_labels.fetch(finished.store, mine.name)}
    error = to_cm1(np.array([of[number] for number in known.configuration_ids.tolist()]) - known.energy_ev)
    inside = to_cm1(known.energy_ev) < finished.bounds.limit_cm1
    assert mine.judged["test"].regions["all"].bias_cm1 == float(error[inside].mean())
    assert mine.count == len(of)
    assert mine.per_second is not None
    assert np.isclose(mine.per_second, 100.0), "every point of the test's teacher says 0.01 s"
    assert mine.judged.keys() == {"test", "pool"}, "apart, as everywhere"


def test_the_command_prints_tables_and_json(finished: Campaign) -> None:
    shown = " ".join(_invoke(finished).split())
    assert "Against the frozen test set of recipe quick" in shown
    assert "There is one teacher only" in shown
    assert "Against training labels" in _invoke(finished, "--labels", "pool")
    found = json.loads(_invoke(finished, "--json"))
    assert [each["spec"] for each in found["standings"]] == ["formula"]
    assert found["differences"] == []


def test_what_cannot_be_compared_is_one_sentence(sampled: Campaign) -> None:
    words = ["teacher", "compare", "--campaign", str(sampled.folder)]
    for more, said in ((["--labels", "others"], "choose one of test, pool"), ([], "run `nci teach` first")):
        failed = CliRunner().invoke(app, [*words, *more])
        assert said in str(failed.exception)


def test_two_teachers_differ_where_there_is_no_label(finished: Campaign, tmp_path: object) -> None:
    import shutil
    from pathlib import Path

    campaign = Campaign.open(shutil.copytree(finished.folder, Path(str(tmp_path)) / "copy"))
    rows = teacher_labels.fetch(campaign.store, campaign.teacher)
    ids = [row.configuration_id for row in rows]
    shifted = [row.energy_ev - 0.001 for row in rows]
    teacher_labels.record(campaign.store, "other", ids, shifted, {"total": shifted}, seconds=0.0)
    found = compare_teachers(campaign)
    assert [(each.spec, each.used, each.per_second is None) for each in found.standings] == [
        ("formula", True, False),
        ("other", False, True),
    ]
    (pair,) = found.differences
    assert np.isclose(pair.regions["all"].bias_cm1, to_cm1(-0.001))
    assert small.pool(campaign), "there are places without a label"
    campaign.store.close()
