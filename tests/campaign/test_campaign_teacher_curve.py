"""Learning curves after each teacher, a stored mixture, weights by region: what is fitted, kept and said."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small
from typer.testing import CliRunner

from nci_core.campaign import Campaign
from nci_core.campaign.rounds import teacher_curve as curve
from nci_core.campaign.rounds.learning import distill_campaign
from nci_core.campaign.rounds.mixing import MIXTURE, mix
from nci_core.campaign.rounds.origins import lesson
from nci_core.cli.main import app
from nci_core.errors import CancelledError, InputError
from nci_core.store import configurations, jobs, models, teacher_curves, teacher_labels
from nci_core.store.teachers import stored_name
from nci_core.teachers.weights import TeacherWeights


@pytest.fixture
def copied(finished: Campaign, tmp_path: Path) -> Iterator[Campaign]:
    """The finished campaign with a second teacher, whose attraction is 30% larger; the truth lies halfway."""
    campaign = Campaign.open(shutil.copytree(finished.folder, tmp_path / "copy"))
    rows = configurations.fetch(campaign.store)
    positions = np.array([[row.x_angstrom, row.y_angstrom, row.z_angstrom] for row in rows])
    parts = small.channels(campaign.systems[0].dimer, positions, 1.3)
    ids = [row.id for row in rows]
    teacher_labels.record(campaign.store, "strong", ids, sum(parts.values()), parts, seconds=1.0)
    yield campaign
    campaign.store.close()


def test_a_plan_leaves_a_choice_of_labels_and_has_an_end() -> None:
    trials = curve.plan(["a", "b"], 20, (5, 10, 15), 2)
    assert {(t.teacher, t.n) for t in trials} == {(t, n) for t in ("a", "b", "none") for n in (5, 10)}
    assert len(trials) == 12
    for n_labels, sizes, seeds in ((8, (5,), 1), (20, (), 1), (20, (5,), 0), (1000, (5, 10, 20), 50)):
        with pytest.raises(InputError):
            curve.plan(["a", "b"], n_labels, sizes, seeds)


def test_curves_are_fitted_and_what_is_finished_is_not_fitted_again(
    copied: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = copied.folder / curve.KEPT

    def first_is_kept() -> bool:
        return kept.exists()

    with pytest.raises(CancelledError):
        curve.teacher_curve(copied, sizes=(4,), seeds=1, should_stop=first_is_kept)
    assert len(kept.read_bytes().splitlines()) == 1
    said: list[str] = []
    found = curve.teacher_curve(copied, sizes=(4,), seeds=1, progress=lambda share, message: said.append(message))
    assert not kept.exists(), "all are made"
    assert [(t["teacher"], t["n"], t["seed"]) for t in found["trials"]] == [
        ("formula", 4, 0),
        ("strong", 4, 0),
        ("none", 4, 0),
    ]
    assert all(np.isfinite(t["mae_cm1"]["all"]) for t in found["trials"])
    assert said[-1] == "fit 3 of 3: without a teacher, 4 labels"
    assert found["teachers"].keys() == {"formula", "strong"}
    assert curve.plan(["formula"], found["n_labels"], (4,), 1)
    curve.Kept(kept).add("key", curve.Trial("formula", 4, 0), {"all": 1.0})
    kept.write_bytes(b"damaged\n" + kept.read_bytes())
    assert curve.Kept(kept).get("key", curve.Trial("formula", 4, 0)) == {"all": 1.0}
    assert curve.Kept(kept).get("other", curve.Trial("formula", 4, 0)) is None


def test_the_mixture_is_nearer_than_its_teachers_and_can_be_distilled(copied: Campaign) -> None:
    found = mix(copied, ["formula", "strong"])
    assert found["better"]
    assert found["errors"][MIXTURE]["test"] < 0.01 * found["errors"]["formula"]["test"], "labels are such a mixture"
    assert found["n_labels"] == 14
    name = stored_name(copied.store, MIXTURE)
    assert name == found["name"]
    again = mix(copied, ["formula", "strong"])
    assert again == found
    assert sum(each.startswith(MIXTURE) for each in teacher_labels.names(copied.store)) == 1
    done = distill_campaign(copied, teachers=[MIXTURE])
    row = models.get(copied.store, done["model_id"])
    assert [each["name"] for each in row.settings["origin"]["teachers"]] == [name]
    with pytest.raises(InputError, match="not of mixtures"):
        mix(copied, [MIXTURE, "formula"])
    with pytest.raises(InputError, match="no energies of teacher absent"):
        mix(copied, ["formula", "absent"])


def test_energies_weigh_by_region_in_a_distillation(copied: Campaign) -> None:
    plain, used = lesson(copied, "strong")
    assert [each.weights for each in plain.observations] == [None], "by default nothing changes"
    assert used.weights is None
    weights = TeacherWeights(teacher="strong", wall=0.0, tail=0.5)
    (observation,) = lesson(copied, "strong", None, weights)[0].observations
    region = observation.bounds.classify(observation.energies)
    assert observation.weights is not None
    assert set(observation.weights[region == "tail"]) == {0.5}
    assert set(observation.weights[(region == "wall") | (region == "beyond")]) == {0.0}


def test_commands_say_what_was_found(copied: Campaign) -> None:
    folder = str(copied.folder)
    words = ["teacher", "mix", "--campaign", folder, "--teacher", "formula", "--teacher", "strong"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "The mixture beats the best single teacher." in " ".join(shown.stdout.split())
    shown = CliRunner().invoke(app, ["teacher", "compare", "--campaign", folder, "--sizes", "4"])
    assert "--curve only" in str(shown.exception)
    trials = [
        {"teacher": name, "n": 4, "seed": seed, "mae_cm1": {"all": error + 0.01 * seed}}
        for name, error in (("formula", 3.0), ("none", 1.0))
        for seed in range(3)
    ]
    result = {"n_labels": 14, "n_test": 5, "seeds": 3, "teachers": {"formula": 9}, "trials": trials}
    teacher_curves.keep(copied.store, result)
    shown = CliRunner().invoke(app, ["teacher", "compare", "--campaign", folder])
    assert "Teacher formula hurts: with 4 labels" in " ".join(shown.output.split())
    assert "no teacher" in shown.output
    assert jobs.fetch(copied.store, kind=teacher_curves.KIND)[0].state == "complete"
    assert teacher_curves.warnings(copied.store, ("formula",)) == [
        teacher_curves.latest(copied.store).harms[0].sentence
    ]  # type: ignore[union-attr]
