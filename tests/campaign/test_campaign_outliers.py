"""Every training label of the embedded campaigns, judged by every student that had not seen it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import data_folder, import_campaign
from nci_core.campaign.rounds.outliers import StudentJudge, new_to
from nci_core.store import evaluations, labels, models
from nci_core.store.schema import Model
from nci_core.units import CM1_EV, to_cm1


@pytest.fixture(scope="module", params=["he-ethylene", "he-benzene"])
def embedded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    folder: Path = tmp_path_factory.mktemp("embedded") / request.param
    campaign = import_campaign(data_folder() / request.param, folder)
    yield campaign
    campaign.store.close()


def predictions(campaign: Campaign, model: Model) -> dict[int, tuple[float, float]]:
    rows = evaluations.predictions(campaign.store, model.id)
    return {row.configuration_id: (row.energy_ev, row.std_ev or 0.0) for row in rows}


def judge_of(campaign: Campaign, model: Model, known: Any, unseen: Any) -> StudentJudge:
    return StudentJudge(
        dict.fromkeys(known, campaign.systems[0].bounds), known, unseen, by_region=model.kind != "distilled"
    )


def test_no_good_label_is_set_aside(embedded: Campaign) -> None:
    """In the order in which they came, with the test set known beforehand and without one."""
    came = sorted(labels.finished(embedded.store, embedded.recipe.hash), key=lambda row: str(row.finished_at))
    judged, flagged, n_test = 0, [], 0
    for with_test in (True, False):
        for model in models.fetch(embedded.store):
            known = predictions(embedded, model)
            unseen = {row.configuration_id: (row.energy_ev, True) for row in came if row.split == "test"}
            n_test, unseen = len(unseen), unseen if with_test else {}
            for row in came:
                if row.split == "test" or not new_to(model, row) or row.configuration_id not in known:
                    continue
                judge = judge_of(embedded, model, known, dict(unseen))
                # One that no label could be judged by does not count.
                judged += judge.doubt(row.configuration_id, 1e3) is not None
                doubt = judge.doubt(row.configuration_id, row.energy_ev)
                flagged += [(model.name, doubt.sentence)] if doubt else []
                unseen[row.configuration_id] = (row.energy_ev, False)
    print(f"{embedded.name}: {judged} judgements, {len(flagged)} set aside; {n_test} test labels")
    assert flagged == []
    assert judged > (600 if embedded.name == "he-ethylene" else 50)


def test_a_gross_error_is_found_and_how_small_one_may_be(embedded: Campaign) -> None:
    """The smallest shift of each label that is noticed, by the region where the student puts it."""
    finished = labels.finished(embedded.store, embedded.recipe.hash)
    for model in models.fetch(embedded.store):
        known = predictions(embedded, model)
        unseen = {r.configuration_id: (r.energy_ev, True) for r in finished if r.split == "test"}
        judge = judge_of(embedded, model, known, unseen)
        found: dict[str, list[float]] = {}
        for number in judge.unseen:
            energy = known[number][0]
            region = str(embedded.systems[0].bounds.classify(np.array([energy]))[0])
            shifts = np.geomspace(0.1, 1e4, 150)  # steps of 8%
            seen = next((each for each in shifts if judge.doubt(number, energy + each * CM1_EV) is not None), None)
            if region == "beyond":
                assert seen is None
                continue
            assert seen is not None
            found.setdefault(region, []).append(seen)
            assert seen > 4 * to_cm1(known[number][1]), "within its own error bar a student has no say"
        if model.n_labels >= 60:  # fine-tuned to a few tenths of a cm⁻¹ (README)
            assert np.median(found["well"]) < 3.0
        medians = {region: f"{np.median(values):.2g}" for region, values in sorted(found.items())}
        print(f"{embedded.name}, {model.name} ({model.n_labels} labels): noticed from cm⁻¹ {medians}")
