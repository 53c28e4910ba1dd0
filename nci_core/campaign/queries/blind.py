"""What the student said of each label before it had seen it: the fairest test of its energies and error bars.

Selection asks for labels where the student is unsure, so these are harder points than a test set of the same size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import select

from nci_core.calibration import Calibration, calibrate
from nci_core.regions import RegionBounds
from nci_core.store import models
from nci_core.store.base import Split
from nci_core.store.bulk import chunks
from nci_core.store.database import Store
from nci_core.store.labels import trusted
from nci_core.store.schema import Configuration, Label, LabelEvent, Model, Prediction
from nci_core.units import CM1_EV


@dataclass(frozen=True)
class BlindPrediction:
    """A finished label beside the energy that a model without it gave.

    Attributes:
        configuration_id: of which configuration.
        split: "pool" or "test".
        round_number: the round that paid for the label, None for test labels.
        model_id: the model that predicted.
        predicted_ev: its energy.
        std_ev: its standard deviation, None if it has none.
        computed_ev: the label.
        computed_std_ev: the standard error of its recipe, None if nobody knows it; z does not count it.
    """

    configuration_id: int
    split: Split
    round_number: int | None
    model_id: int
    predicted_ev: float
    std_ev: float | None
    computed_ev: float
    computed_std_ev: float | None = None

    @property
    def z(self) -> float:
        """(predicted − computed)/sd; NaN without an error bar."""
        return (self.predicted_ev - self.computed_ev) / self.std_ev if self.std_ev else float("nan")


@dataclass(frozen=True)
class _Computed:
    """A finished label, and since when each recipe knows something of its configuration."""

    configuration_id: int
    split: Split
    round_number: int | None
    energy_ev: float
    recipe_std_cm1: float | None
    finished_at: datetime | None
    known_since: dict[str, datetime | None]


def blind_predictions(
    store: Store,
    recipe_hash: str,
    *,
    round_number: int | None = None,
    configuration_ids: Sequence[int] | None = None,
) -> list[BlindPrediction]:
    """The finished, trusted labels of one recipe that a model predicted without having seen them, by label id.

    Of one round or of some configurations, if named. The model is the newest one that was stored before the label was
    finished, or else the newest distilled one, which no label has taught. A model counts as having seen what
    had been computed, by any recipe it was fitted to, before it was stored: rather an older model than one that may
    have known. A label that was tried again was known from the moment it was first asked for.
    """
    left = {row.configuration_id: row for row in _computed(store, recipe_hash, round_number, configuration_ids)}
    order = list(left)
    students = [model for model in models.fetch(store) if model.recipe_hash in (None, recipe_hash)]
    newest = sorted(students, key=lambda model: model.created_at, reverse=True)
    found: dict[int, BlindPrediction] = {}
    for model in newest:
        _predicted_by(store, model, [row for row in left.values() if _made_before(model, row)], found)
        left = {number: row for number, row in left.items() if number not in found}
    for model in newest:
        if model.kind == "distilled" and left:
            _predicted_by(store, model, list(left.values()), found)
            left = {number: row for number, row in left.items() if number not in found}
    return [found[number] for number in order if number in found]


def judge(found: Sequence[BlindPrediction], bounds: RegionBounds) -> Calibration | None:
    """How these errors compare with their error bars, over all energies below the limit; None without any."""
    numbers = [(row.predicted_ev, row.std_ev, row.computed_ev) for row in found]
    predicted, std, computed = np.array(numbers, dtype=float).reshape(-1, 3).T  # an error bar of None becomes NaN
    return next((item for item in calibrate(predicted, std, computed, bounds) if item.region == "all"), None)


def _made_before(model: Model, label: _Computed) -> bool:
    if label.finished_at is None or model.created_at >= label.finished_at:
        return False
    if model.kind == "distilled":
        return True
    ladder = [str(rung["recipe"]) for rung in model.settings.get("ladder", [])]
    seen = [since for name, since in label.known_since.items() if name in ("", *ladder)]
    return all(since is not None and model.created_at < since for since in seen)


def _predicted_by(store: Store, model: Model, rows: list[_Computed], found: dict[int, BlindPrediction]) -> None:
    """Add what the model predicted of these labels."""
    wanted = {row.configuration_id: row for row in rows}
    query = select(Prediction).where(Prediction.model_id == model.id)
    with store.read() as session:
        for part in chunks(list(wanted)):
            for said in session.scalars(query.where(Prediction.configuration_id.in_(part))):
                row = wanted[said.configuration_id]
                found[row.configuration_id] = BlindPrediction(
                    configuration_id=row.configuration_id,
                    split=row.split,
                    round_number=row.round_number,
                    model_id=model.id,
                    predicted_ev=said.energy_ev,
                    std_ev=said.std_ev,
                    computed_ev=row.energy_ev,
                    computed_std_ev=None if row.recipe_std_cm1 is None else row.recipe_std_cm1 * CM1_EV,
                )


def _computed(
    store: Store, recipe_hash: str, round_number: int | None, configuration_ids: Sequence[int] | None
) -> list[_Computed]:
    columns = (Label.configuration_id, Label.energy_ev, Label.recipe_std_cm1, Label.finished_at, Label.created_at)
    query = select(*columns, Label.round_number, Configuration.split).join(
        Configuration, Configuration.id == Label.configuration_id
    )
    query = query.where(trusted(recipe_hash)).order_by(Label.id)
    if round_number is not None:
        query = query.where(Label.round_number == round_number)
    parts = [None] if configuration_ids is None else list(chunks([int(number) for number in configuration_ids]))
    with store.read() as session:
        rows = [
            row
            for part in parts
            for row in session.execute(query if part is None else query.where(Label.configuration_id.in_(part)))
        ]
        retried = set(
            session.scalars(
                select(LabelEvent.configuration_id).where(
                    LabelEvent.recipe_hash == recipe_hash, LabelEvent.what == "retried"
                )
            )
        )
        others: dict[int, dict[str, datetime | None]] = {}
        elsewhere = select(Label.configuration_id, Label.recipe, Label.created_at)
        for number, recipe, asked_at in session.execute(elsewhere.where(Label.recipe_hash != recipe_hash)):
            others.setdefault(number, {})[recipe] = asked_at
    return [
        _Computed(
            configuration_id=number,
            split=split,
            round_number=of_round,
            energy_ev=energy,
            recipe_std_cm1=std,
            finished_at=finished_at,
            # "" is the label's own recipe; of another one it is enough that it had been asked for.
            known_since={"": asked_at if number in retried else finished_at} | others.get(number, {}),
        )
        for number, energy, std, finished_at, asked_at, of_round, split in rows
        if energy is not None
    ]
