"""Two campaigns beside each other: tables, and what keeps numbers from being compared."""

from collections.abc import Sequence

import pandas as pd

from app.data.errors import RANGES
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
    mine, theirs = _tested(one, ours), _tested(other, others)
    if same and mine != theirs:
        common = len(mine & theirs)
        found.append(f"The test sets differ: {len(mine)} and {len(theirs)} labelled points, {common} in common.")
    if _other_bounds(ours, others, same):
        found.append("The regions differ: they begin and end at other energies.")
    return found


def _other_bounds(ours: Sequence[System], others: Sequence[System], same: bool) -> bool:
    """Whether regions begin or end elsewhere: those of each system where they are the same ones, else those of all."""
    if not same:
        return {system.bounds for system in ours} != {system.bounds for system in others}
    return any(a.bounds != next(b.bounds for b in others if same_dimer(a.dimer, b.dimer)) for a in ours)


def _tested(campaign: Campaign, systems: Sequence[System]) -> set[str]:
    """The geometries of some systems whose test labels are finished."""
    found, ids = labels.complete(campaign.store, campaign.recipe.hash, split="test"), {system.id for system in systems}
    return {place for place, of in zip(found.geometry_hashes, found.system_ids.tolist(), strict=True) if of in ids}


def mae_by_region(metrics: pd.DataFrame, owner: str) -> pd.DataFrame:
    """The newest mean absolute errors (cm⁻¹), one row a "teacher" or "model_id" in their order, a column a region."""
    newest = metrics.drop_duplicates([owner, "region"], keep="last")
    mae = newest.pivot(index=owner, columns="region", values="mae_cm1")
    return mae.reindex(index=metrics[owner].unique(), columns=list(RANGES)).astype(float)


def learning(rounds: pd.DataFrame, metrics: pd.DataFrame, models: list[Model]) -> pd.DataFrame:
    """One row a model with test errors: model_id, round, n_labels, cpu_minutes so far, and MAE in cm⁻¹ by region."""
    spent = rounds.reindex(columns=["number", "cpu_minutes"])
    found = pd.DataFrame(
        {
            "model_id": [model.id for model in models],
            "round": [model.round_number for model in models],
            "n_labels": [model.n_labels for model in models],
            "cpu_minutes": [spent.loc[spent["number"] <= each.round_number, "cpu_minutes"].sum() for each in models],
        }
    )
    found = found.astype({"model_id": float})
    mine = metrics[metrics["model_id"].isin(found["model_id"])]
    return found.join(mae_by_region(mine, "model_id"), on="model_id").dropna(subset=["all"])


def teacher_names(store: Store) -> dict[str, str]:
    """Teachers with stored energies: name in the store → what people call it, the specification where it is known."""
    specs = teachers.specs(store)
    return {name: specs.get(name, name) for name in teacher_labels.names(store)}
