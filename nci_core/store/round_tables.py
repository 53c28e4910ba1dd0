"""Rounds and errors on the frozen test set as pandas DataFrames for the app."""

from typing import TYPE_CHECKING, Any

from nci_core.store import evaluations, models, rounds
from nci_core.store.database import Store
from nci_core.store.schema import Round
from nci_core.store.tables import paid_table

if TYPE_CHECKING:
    from pandas import DataFrame


def errors_table(store: Store, recipe_hash: str, *, system_id: int | None = None) -> "DataFrame":
    """Errors on the frozen test set against labels of one recipe, in cm⁻¹: of one system, or of all together.

    Columns: model_id (NaN for the teacher), teacher, region, n, mae_cm1, rmse_cm1, max_cm1, bias_cm1.
    """
    import pandas as pd

    rows = evaluations.metrics(store, recipe_hash, split="test", system_id=system_id)
    names = ["model_id", "teacher", "region", "n", "mae_cm1", "rmse_cm1", "max_cm1", "bias_cm1"]
    table = pd.DataFrame([{name: getattr(row, name) for name in names} for row in rows], columns=names)
    return table.astype({"model_id": float})  # also where there is none


def rounds_table(store: Store, recipe_hash: str) -> "DataFrame":
    """One row a round: number, kind, picked_by, n_labels, n_failed, cpu_minutes, notes, model_id, created_at.

    `model_id` is the round's last model; `n_labels` are the labels of this recipe that the round paid for,
    `n_failed` those that failed, `cpu_minutes` what those of all recipes cost.
    """
    import pandas as pd

    paid = paid_table(store)
    students = [model for model in models.fetch(store) if not models.is_network(model)]
    made: dict[int, int] = {model.round_number: model.id for model in students}
    return pd.DataFrame(
        [_round_record(row, paid[paid["round_number"] == row.number], recipe_hash, made) for row in rounds.fetch(store)]
    )


def _round_record(row: Round, paid: "DataFrame", target: str, made: dict[int, int]) -> dict[str, Any]:
    finished = paid[paid["status"] == "complete"]
    done = finished[finished["recipe_hash"] == target]
    counts = done["picked_by"].fillna("unknown").value_counts()
    who = ", ".join(f"{name} ({n})" for name, n in counts.items()) or row.picked_by or "—"
    seconds = float(finished["cpu_seconds"].fillna(0).astype(float).sum()) if len(finished) else row.cpu_seconds
    return {
        "number": row.number,
        "kind": row.kind,
        "picked_by": who,
        "n_labels": len(done),
        "n_failed": int(((paid["status"] == "error") & (paid["recipe_hash"] == target)).sum()),
        "cpu_minutes": seconds / 60.0,
        "notes": row.notes,
        "model_id": made.get(row.number),
        "created_at": row.created_at,
    }
