"""Labels that are far from what the student predicts."""

from typing import Any

import numpy as np
import pytest
import small_campaign as small
from doubted_labels import row, use, used

from nci_core.campaign import Campaign
from nci_core.campaign.rounds import quarantine
from nci_core.campaign.rounds.outliers import StudentJudge, set_outliers_aside
from nci_core.labels.results import LabelResult
from nci_core.store import labels, models
from nci_core.store.schema import Label, Model
from nci_core.units import CM1_EV, HARTREE_EV


class TestAgainstTheStudent:
    """A made-up student whose errors are known: 1 cm⁻¹ on every label."""

    @pytest.fixture
    def judged(self, sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> Campaign:
        from nci_core.store import evaluations

        chosen = small.in_range(sampled, small.pool(sampled))[:8]
        small.label(sampled, chosen)
        small.label(sampled, small.test_set(sampled), "test-set")
        name = {"name": "student", "path": "models/student.pt", "sha256": "0", "teacher": "formula"}
        student = models.add(sampled.store, Model(kind="distilled", **name))  # type: ignore[arg-type]
        rows = labels.fetch(sampled.store, sampled.recipe.hash)
        known = np.array([label.energy_ev for label in rows])
        wrong = CM1_EV * np.where(np.arange(len(rows)) % 2, 1.0, -1.0)
        ids = [label.configuration_id for label in rows]
        evaluations.record_predictions(sampled.store, student.id, ids, known + wrong, np.full(len(rows), 0.0))
        return sampled

    def shift(self, campaign: Campaign, number: int, by_cm1: float) -> None:
        with campaign.store.write() as session:
            label = session.get_one(Label, row(campaign, number).id)
            label.energy_ev = (label.energy_ev or 0.0) + by_cm1 * CM1_EV

    def test_the_right_ones_pass_and_a_wrong_one_is_set_aside(self, judged: Campaign) -> None:
        assert set_outliers_aside(judged) == []
        number = used(judged)[3]
        self.shift(judged, number, 60.0)
        assert set_outliers_aside(judged) == [number]
        (item,) = quarantine.doubted(judged)
        assert item.reasons[0]["code"] == "outlier"
        assert number not in used(judged)
        quarantine.accept(judged, number, "ada", "the student has no idea there")
        assert set_outliers_aside(judged) == []
        assert number in used(judged)

    def test_test_labels_are_never_judged_by_a_student(self, judged: Campaign) -> None:
        self.shift(judged, small.test_set(judged)[0], 500.0)
        assert set_outliers_aside(judged) == []

    def test_a_label_is_judged_when_it_comes_in(self, judged: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
        number = used(judged)[0]

        def wrong(*arguments: Any, **options: Any) -> LabelResult:
            found = small.fake_label(*arguments, **options)
            pair = found.fragments["dimer"]
            pair.hf_hartree += 60.0 * CM1_EV / HARTREE_EV
            return found.model_copy(update=LabelResult.interaction(found.fragments))

        labels.quarantine(judged.store, row(judged, number).id, "to be computed again")
        use(monkeypatch, wrong)
        small.run_jobs(judged, quarantine.retry_tightened(judged, [number], start=False))
        assert [r["code"] for r in quarantine.doubted(judged)[0].reasons] == ["outlier"]

    def test_a_student_without_enough_unseen_labels_judges_nothing(self) -> None:
        from nci_core.regions import RegionBounds

        few = dict.fromkeys(range(4), (0.0, True))
        judge = StudentJudge(dict.fromkeys(range(9), RegionBounds()), dict.fromkeys(range(9), (0.0, 0.0)), few)
        assert judge.doubt(8, 1.0) is None
        more = dict.fromkeys(range(6), (0.0, True))
        judge = StudentJudge(dict.fromkeys(range(9), RegionBounds()), dict.fromkeys(range(9), (0.0, 0.0)), more)
        assert judge.doubt(8, 1.0) is not None
        assert judge.doubt(99, 1.0) is None, "of another campaign"
