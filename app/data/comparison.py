"""Two campaigns beside each other, and the teachers of one: tables, and what keeps numbers from being compared."""

from collections.abc import Sequence

import pandas as pd

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.store import labels, teacher_labels, teachers
from nci_core.store.database import Store
from nci_core.store.schema import Model
from nci_core.systems.dimer import same_dimer


def obstacles(
    one: Campaign, other: Campaign, mine_of: Sequence[System] = (), theirs_of: Sequence[System] = ()
) -> list[str]:
    """Why numbers of two campaigns cannot be compared directly, a sentence each; none where they can.

    The numbers are averaged over these systems, or over all training systems.
    """
    found = []
    ours, others = mine_of or one.training_systems, theirs_of or other.training_systems
    same = len(ours) == len(others) and all(any(same_dimer(a.dimer, b.dimer) for b in others) for a in ours)
    if not same:
        first, second = (", ".join(sorted(each.dimer.name for each in systems)) for systems in (ours, others))
        found.append(
            f"The systems differ: {first} and {second}" + (", of another geometry." if first == second else ".")
        )
    if one.recipe.hash != other.recipe.hash:
        found.append(f"The recipes differ: errors are against {one.recipe.name} here and {other.recipe.name} there.")
    mine, theirs = (
        {
            place
            for system in systems
            for place in labels.complete(
                each.store, each.recipe.hash, split="test", system_id=system.id
            ).geometry_hashes
        }
        for each, systems in ((one, ours), (other, others))
    )
    if same and mine != theirs:
        common = len(mine & theirs)
        found.append(f"The test sets differ: {len(mine)} and {len(theirs)} labelled points, {common} in common.")
    if one.settings.bounds != other.settings.bounds:
        found.append("The regions differ: they begin and end at other energies.")
    return found


def learning(rounds: pd.DataFrame, metrics: pd.DataFrame, models: list[Model]) -> pd.DataFrame:
    """One row a model with test errors: model_id, round, n_labels, cpu_minutes so far, and MAE in cm⁻¹ by region."""
    spent = rounds.set_index("number")["cpu_minutes"].cumsum() if len(rounds) else pd.Series(dtype=float)
    rows = []
    for model in models:
        mine = metrics[metrics["model_id"] == model.id].drop_duplicates("region", keep="last")
        mae = mine.set_index("region")["mae_cm1"]
        if "all" not in mae:
            continue
        cost = spent[spent.index <= model.round_number]
        row = {
            "model_id": model.id,
            "kind": model.kind,
            "round": model.round_number,
            "n_labels": model.n_labels,
            "cpu_minutes": float(cost.iloc[-1]) if len(cost) else 0.0,
        }
        rows.append(row | {region: float(mae[region]) for region in ("all", "well", "tail", "wall") if region in mae})
    names = ["model_id", "kind", "round", "n_labels", "cpu_minutes", "all", "well", "tail", "wall"]
    return pd.DataFrame(rows, columns=names)


def teacher_names(store: Store) -> dict[str, str]:
    """Teachers with stored energies: name in the store → what people call it, the specification where it is known."""
    specs = teachers.specs(store)
    return {name: specs.get(name, name) for name in teacher_labels.names(store)}
