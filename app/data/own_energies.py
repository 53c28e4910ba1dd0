"""Energies that people brought: the list of sets, and each as a table like that of the configurations."""

import numpy as np
import pandas as pd

from app.data.configurations import configuration_table, regions
from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import KINDS, PREFIX, error_against, is_blind, measured
from nci_core.store import energy_sets, jobs, models
from nci_core.store.schema import EnergySet
from nci_core.units import from_cm1

#: Characters of a method in titles of axes.
LONGEST_METHOD = 40
#: In the place of a file, for energies that were made here.
COMPUTED = "computed here"


def set_table(campaign: Campaign, row: EnergySet, model_id: int | None) -> pd.DataFrame:
    """The points of a set that errors are over, as `configuration_table` has configurations.

    `label_ev` is the set's energy, and two columns are added: `reference`, the set's name, and `method`, its method.
    """
    points = measured(campaign, row)
    table = configuration_table(campaign, model_id, outside=True)
    table = table.loc[points.configuration_ids].assign(
        label_ev=points.energy_ev,
        label_std_ev=points.std_ev,
        label_state="complete",
        reference=row.name,
        method=row.method,
    )
    return table.assign(region=regions(table, campaign.bounds).astype("str"))


def against(rows: pd.DataFrame) -> str:
    """What `label_ev` of a table is, in titles and captions: energies of a set are named by their method."""
    if "reference" not in rows or rows.empty:
        return "CCSD(T)"
    method, name = str(rows["method"].iloc[0]), str(rows["reference"].iloc[0])
    return f"{method if len(method) <= LONGEST_METHOD else method[: LONGEST_METHOD - 1] + '…'} of ‘{name}’"


def set_list(campaign: Campaign, model_id: int | None) -> pd.DataFrame:
    """One row a set, indexed by id: name, system (its name), method, kind (words), n, std_ev, held_out (NaN for none),
    seed, n_measured, mae_ev, own_id and own_mae_ev, file, person, when.

    `mae_ev` is that of the model below the campaign's energy limit, NaN before it was evaluated; `own_mae_ev` that of
    the newest student of the set's own method, `own_id`, on the points that are held out. `std_ev` is the median of the
    set's own standard deviations, NaN where it has none.
    """
    sizes, found = energy_sets.sizes(campaign.store), {}
    names, system_of = {system.id: system.name for system in campaign.systems}, energy_sets.systems(campaign.store)
    stds = energy_sets.median_std(campaign.store)
    newest = {model.recipe_hash: model.id for model in models.fetch(campaign.store, others=True)}
    for row in energy_sets.fetch(campaign.store):
        own = newest.get(row.identity)
        settled = row.details.get(energy_sets.HELD_OUT) or {}
        error = error_against(campaign, row, model_id)
        blind = error_against(campaign, row, own) if is_blind(row) else None
        found[row.id] = {
            "name": row.name,
            "system": names.get(system_of.get(row.id, 0), ""),
            "method": row.method,
            "kind": KINDS[row.kind],
            "n": sizes.get(row.id, 0),
            "std_ev": stds.get(row.id, np.nan),
            "held_out": settled.get("n", np.nan),
            "seed": settled.get("seed", np.nan),
            "n_measured": error.n if error else 0,
            "mae_ev": from_cm1(error.mae_cm1) if error else np.nan,
            "own_id": own,
            "own_mae_ev": from_cm1(blind.mae_cm1) if blind else np.nan,
            "file": row.file_name or COMPUTED,
            "person": row.person,
            "when": row.created_at,
        }
    return pd.DataFrame(list(found.values()), index=list(found))


def under_way(campaign: Campaign, set_id: int, name: str) -> str | None:
    """What is being done with a set now, in words; None for nothing."""
    for kind, key, value, words in (
        ("finetune", "recipes", [PREFIX + name], "a student of this method is being fitted"),
        ("evaluate", "energy_set", set_id, "the students are being evaluated"),
    ):
        mine = (job for job in jobs.fetch(campaign.store, kind=kind, limit=50) if job.payload.get(key) == value)
        if (newest := next(mine, None)) is not None and newest.state in ("waiting", "running"):
            return words
    return None
