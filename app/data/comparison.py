"""Two campaigns beside each other, and the teachers of one: tables, and what keeps numbers from being compared."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sqlalchemy import select

from app.data.configurations import frame
from nci_core.campaign.campaign import Campaign
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Label, Model, TaughtBy, TeacherLabel


def test_geometries(campaign: Campaign) -> frozenset[str]:
    """Geometry hashes of the test configurations with a label of the target recipe that is not set aside."""
    query = (
        select(Configuration.geometry_hash)
        .join(Label, Label.configuration_id == Configuration.id)
        .where(
            Configuration.split == "test",
            Label.recipe_hash == campaign.recipe.hash,
            Label.status == "complete",
            Label.quarantine.is_(None),
        )
    )
    with campaign.store.read() as session:
        return frozenset(session.scalars(query))


def obstacles(one: Campaign, other: Campaign) -> list[str]:
    """Why numbers of two campaigns cannot be compared directly, a sentence each; none where they can."""
    found = []
    a, b = one.dimer, other.dimer
    same_host = a.host.symbols == b.host.symbols and np.allclose(a.host.positions, b.host.positions, atol=1e-4)
    if not same_host or a.probe != b.probe:
        found.append(
            f"The systems differ: {a.name} and {b.name}" + (", of another geometry." if a.name == b.name else ".")
        )
    if one.recipe.hash != other.recipe.hash:
        found.append(f"The recipes differ: errors are against {one.recipe.name} here and {other.recipe.name} there.")
    mine, theirs = test_geometries(one), test_geometries(other)
    if same_host and mine != theirs:
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
    with store.read() as session:
        names = list(session.scalars(select(TeacherLabel.teacher).distinct().order_by(TeacherLabel.teacher)))
        specs = {row.name: row.spec for row in session.scalars(select(TaughtBy))}
    return {name: specs.get(name, name) for name in names}


def teacher_energies(store: Store, names: Mapping[str, str]) -> pd.DataFrame:
    """Energies in eV, indexed by configuration id, a column for each teacher named as in the store."""
    query = select(
        TeacherLabel.configuration_id.label("id"), TeacherLabel.teacher, TeacherLabel.energy_ev.label("energy_ev")
    ).where(TeacherLabel.teacher.in_(list(names)))
    found = frame(store, query)
    if found.empty:
        return pd.DataFrame(index=pd.Index([], name="id"))
    return found.pivot(index="id", columns="teacher", values="energy_ev").astype(float)
