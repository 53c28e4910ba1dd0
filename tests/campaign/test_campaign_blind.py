"""Labels beside what a model that had not seen them predicted: never one that may have."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_campaign as small
from sqlalchemy import update

from nci_core.campaign import Campaign
from nci_core.campaign.queries.blind import blind_predictions, judge
from nci_core.campaign.rounds.sampling import batch
from nci_core.store import configurations, evaluations, label_history, labels, models
from nci_core.store.schema import Label, Model
from nci_core.units import from_cm1

#: Minutes after this everything happens.
START = datetime(2026, 1, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.fixture
def campaign(tmp_path: Path, host: Path) -> Campaign:
    made = small.make(tmp_path / "blind", host)
    places = np.array([[0.0, 0.0, z] for z in (3.0, 3.4, 3.8, 4.2)])
    configurations.add_together(
        made.store, [batch(made.systems[0], made.systems[0].dimer.at(places), origin="sample", seed=1)]
    )
    return made


@pytest.fixture
def fitted(campaign: Campaign) -> Callable[..., int]:
    """Stores a model at some minute that predicts −model id cm⁻¹ everywhere; its id."""

    def fit(minute: float, kind: str = "finetuned", ladder: tuple[str, ...] = (), std: float | None = 0.5) -> int:
        settings = {"ladder": [{"recipe": name} for name in ladder]} if ladder else {}
        number = len(models.fetch(campaign.store))
        recipe_hash = None if kind == "distilled" else campaign.recipe.hash
        row = Model(name=f"m{number}", kind=kind, path=f"models/m{number}.pt", sha256="0", recipe_hash=recipe_hash)  # type: ignore[arg-type]
        row.settings, row.created_at = settings, at(minute)
        made = models.add(campaign.store, row)
        ids = [1, 2, 3, 4]
        spread = None if std is None else from_cm1(np.full(4, std))
        evaluations.record_predictions(campaign.store, made.id, ids, from_cm1(np.full(4, -float(made.id))), spread)
        return made.id

    return fit


def label(campaign: Campaign, number: int, minute: float, cm1: float = -1.0, recipe: str | None = None) -> int:
    """A label that was asked for half a minute before it was finished."""
    chosen = campaign.find_recipe(recipe)
    row = labels.request(campaign.store, [number], recipe=chosen.name, recipe_hash=chosen.hash, round_number=1)[0]
    values = {"status": "complete", "energy_ev": from_cm1(cm1), "finished_at": at(minute)}
    with campaign.store.write() as session:
        session.execute(update(Label).where(Label.id == row.id).values(created_at=at(minute - 0.5), **values))
    return row.id


def said(campaign: Campaign) -> dict[int, int]:
    """Configuration → the model whose prediction is shown."""
    return blind_predictions(campaign.store, campaign.recipe.hash)["model_id"].to_dict()


def test_the_newest_model_before_the_label_predicts_it(campaign: Campaign, fitted: Callable[..., int]) -> None:
    distilled, first, second = fitted(0, "distilled"), fitted(20), fitted(40)
    label(campaign, 1, 10), label(campaign, 2, 30), label(campaign, 3, 50)
    assert said(campaign) == {1: distilled, 2: first, 3: second}
    found = blind_predictions(campaign.store, campaign.recipe.hash).loc[2]
    assert (found["round_number"], found["split"]) == (1, "pool")
    assert found["z"] == pytest.approx((-first + 1.0) / 0.5)


def test_a_label_older_than_every_model_is_predicted_by_a_distilled_one(
    campaign: Campaign, fitted: Callable[..., int]
) -> None:
    label(campaign, 1, 1)
    fitted(5)
    assert said(campaign) == {}
    distilled = fitted(6, "distilled")
    fitted(7)
    assert said(campaign) == {1: distilled}


def test_a_label_tried_again_counts_as_known_since_it_was_first_asked_for(
    campaign: Campaign, fitted: Callable[..., int]
) -> None:
    distilled = fitted(0, "distilled")
    first = label(campaign, 1, 10)
    fitted(20)  # it saw the first calculation
    labels.quarantine(campaign.store, first, "doubtful")
    assert said(campaign) == {}, "a label that is set aside is no truth"
    label_history.begin_retry(campaign.store, first, "ada")
    with campaign.store.write() as session:
        done = {"status": "complete", "energy_ev": from_cm1(-2.0), "finished_at": at(30)}
        session.execute(update(Label).where(Label.id == first).values(**done))
    assert said(campaign) == {1: distilled}


def test_a_model_that_learnt_the_cheap_label_has_seen_the_configuration(
    campaign: Campaign, fitted: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    distilled = fitted(0, "distilled")
    cheap = Label(configuration_id=1, system_id=1, recipe="cheap", recipe_hash="c", status="waiting", created_at=at(1))
    with campaign.store.write() as session:
        session.add(cheap)
    label(campaign, 1, 30)
    plain = fitted(10)
    assert said(campaign) == {1: plain}
    fitted(20, ladder=("cheap", campaign.recipe.name))
    assert said(campaign) == {1: plain}
    assert distilled != plain


def test_error_bars_are_judged_on_blind_predictions(campaign: Campaign) -> None:
    errors = np.array([0.3, -0.5, 0.9, 1.4, -1.6, 0.1, 0.6, -0.2, 2.3, 0.0])
    rows = pd.DataFrame(
        {"predicted_ev": from_cm1(errors - 4.0), "std_ev": from_cm1(1.0), "computed_ev": from_cm1(-4.0), "system_id": 1}
    )
    found = judge(rows, campaign.bounds)
    assert found is not None
    assert (found.n, round(found.n * found.within_1), round(found.n * found.within_2)) == (10, 7, 9)
    assert found.verdict == "fair"
    assert judge(rows[:0], campaign.bounds) is None
