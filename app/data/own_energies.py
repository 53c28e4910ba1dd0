"""Energies that people brought: the list of sets, and each as a table like that of the configurations."""

import pandas as pd

from app.data.configurations import configuration_table, regions
from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import KINDS, PREFIX, is_blind, measured
from nci_core.store import energy_sets, evaluations, jobs, models
from nci_core.store.schema import EnergySet
from nci_core.units import from_cm1

#: Characters of a method in titles of axes.
LONGEST_METHOD = 40
#: Columns of `set_list`.
LIST = ["id", "name", "system", "method", "kind", "n", "held_out", "seed", "n_measured", "mae_ev", "own_id"]
LIST += ["own_mae_ev", "file", "person", "when"]


def set_table(campaign: Campaign, row: EnergySet, model_id: int | None) -> pd.DataFrame:
    """The points of a set that errors are over, as `configuration_table` has configurations.

    `label_ev` is the set's energy, and two columns are added: `reference`, the set's name, and `method`, its method.
    """
    points = measured(campaign, row)
    table = configuration_table(campaign, model_id, outside=True)
    table = table.loc[points.configuration_ids].assign(
        label_ev=points.energy_ev, label_std_ev=float("nan"), label_state="complete"
    )
    return table.assign(
        region=regions(table, campaign.settings.bounds).astype("str"), reference=row.name, method=row.method
    )


def against(rows: pd.DataFrame) -> str:
    """What `label_ev` of a table is, in titles and captions: energies of a set are named by their method."""
    if "reference" not in rows or rows.empty:
        return "CCSD(T)"
    method, name = str(rows["method"].iloc[0]), str(rows["reference"].iloc[0])
    return f"{method if len(method) <= LONGEST_METHOD else method[: LONGEST_METHOD - 1] + '…'} of ‘{name}’"


def set_list(campaign: Campaign, model_id: int | None) -> pd.DataFrame:
    """One row a set, indexed by id: name, system (its name), method, kind (words), n, held_out (NaN for none), seed,
    n_measured, mae_ev, own_id and own_mae_ev, file, person, when.

    `mae_ev` is that of the model below the campaign's energy limit, NaN before it was evaluated; `own_mae_ev` that of
    the newest student of the set's own method, `own_id`, on the points that are held out.
    """
    sizes, found = energy_sets.sizes(campaign.store), []
    names, system_of = {system.id: system.name for system in campaign.systems}, energy_sets.systems(campaign.store)
    everyone = models.fetch(campaign.store, others=True)
    for row in energy_sets.fetch(campaign.store):
        own = next((model.id for model in reversed(everyone) if model.recipe_hash == row.identity), None)
        mae, n = _error(campaign, row, model_id)
        settled = row.details.get(energy_sets.HELD_OUT) or {}
        found.append(
            {
                "id": row.id,
                "name": row.name,
                "system": names.get(system_of.get(row.id, 0), ""),
                "method": row.method,
                "kind": KINDS[row.kind],
                "n": sizes.get(row.id, 0),
                "held_out": settled.get("n", float("nan")),
                "seed": settled.get("seed", float("nan")),
                "n_measured": n,
                "mae_ev": mae,
                "own_id": own,
                "own_mae_ev": _error(campaign, row, own)[0] if is_blind(row) else float("nan"),
                "file": row.file_name,
                "person": row.person,
                "when": row.created_at,
            }
        )
    return pd.DataFrame(found, columns=LIST).set_index("id")


def _error(campaign: Campaign, row: EnergySet, model_id: int | None) -> tuple[float, int]:
    """Mean absolute error (eV) of a model against a set, and over how many points; NaN before it was evaluated."""
    if model_id is not None:
        for metric in evaluations.metrics(campaign.store, row.identity, model_id=model_id):
            if metric.region == "all":
                return float(from_cm1(metric.mae_cm1)), metric.n
    return float("nan"), 0


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
