"""What the student said of each label before it had seen it: the fairest test of its energies and error bars.

Selection asks for labels where the student is unsure, so these are harder points than a test set of the same size.
"""

import pandas as pd

from nci_core.calibration import Calibration, calibrate, z_scores
from nci_core.regions import SystemBounds
from nci_core.store import models
from nci_core.store.database import Store
from nci_core.store.tables import asked_table, computed_table, predictions_table


def blind_predictions(store: Store, recipe_hash: str) -> pd.DataFrame:
    """The finished, trusted labels of one recipe that a model predicted without having seen them, by label id.

    The model is the newest one that was stored before the label was finished, or else the newest distilled one, which
    no label has taught. A model counts as having seen what had been computed, by any recipe it was fitted to, before it
    was stored: rather an older model than one that may have known. A label that was tried again was known from the
    moment it was first asked for.

    Returns:
        By configuration id: system_id; split; round_number, of the round that paid for the label, missing for test
        labels; model_id; predicted_ev and std_ev, the model's; computed_ev and computed_std_ev, the label and the
        standard error of its recipe, which z = (predicted − computed)/std does not count. Unknown errors are NaN.
    """
    students = [row for row in models.fetch(store) if row.recipe_hash in (None, recipe_hash)]
    made = pd.DataFrame(
        {
            "model_id": [row.id for row in students],
            "made_at": pd.to_datetime([row.created_at for row in students], utc=True),
            "distilled": [row.kind == "distilled" for row in students],
            "ladder": [[str(rung["recipe"]) for rung in row.settings.get("ladder", [])] for row in students],
        }
    ).astype({"model_id": "int64"})
    made = made.sort_values("made_at", ascending=False, kind="stable")
    table = made.merge(predictions_table(store, recipe_hash), on="model_id")
    table = table.merge(computed_table(store, recipe_hash), on="configuration_id")
    distilled = table["distilled"].astype(bool)
    known = (table["retried"] & (table["asked_at"] <= table["made_at"])) | _learnt(
        table, asked_table(store, but=recipe_hash)
    )
    before = (table["made_at"] < table["finished_at"]) & (distilled | ~known)
    best = table.assign(before=before)[before | distilled].sort_values("before", ascending=False, kind="stable")
    found = best.drop_duplicates("configuration_id").sort_values("label_id").set_index("configuration_id")
    return found.assign(z=z_scores(*found[["predicted_ev", "std_ev", "computed_ev"]].to_numpy().T))


def _learnt(table: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Whether each row's model may have learnt a label of another recipe there: one that was `asked` for by then."""
    rungs = table[["model_id", "ladder"]].drop_duplicates("model_id").explode("ladder").dropna()
    if asked.empty or rungs.empty:
        return pd.Series(False, table.index)
    elsewhere = asked.merge(rungs, left_on="recipe", right_on="ladder")
    since = elsewhere.groupby(["model_id", "configuration_id"])["asked_at"].min()
    rows = pd.MultiIndex.from_frame(table[["model_id", "configuration_id"]])
    return pd.Series(since.reindex(rows).array, table.index) <= table["made_at"]


def judge(found: pd.DataFrame, bounds: SystemBounds) -> Calibration | None:
    """How these errors compare with their error bars, over all energies below the limit; None without any."""
    predicted, std, computed = found[["predicted_ev", "std_ev", "computed_ev"]].to_numpy(dtype=float).T
    rows = bounds.of(found["system_id"])
    return next((item for item in calibrate(predicted, std, computed, rows) if item.region == "all"), None)
