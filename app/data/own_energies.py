"""Energies that people brought: the list of sets, and each as a table like that of the configurations."""

import pandas as pd

from app.data.configurations import configuration_table, regions
from nci_core.campaign.campaign import Campaign
from nci_core.campaign.own_energies import KINDS, measured
from nci_core.store import energy_sets, evaluations, jobs
from nci_core.store.frames import positions_frame
from nci_core.store.schema import EnergySet
from nci_core.units import from_cm1


def set_table(campaign: Campaign, row: EnergySet, model_id: int | None) -> pd.DataFrame:
    """The points of a set that errors are over, as `configuration_table` has configurations.

    `label_ev` is the set's energy, and one column is added: `reference`, the set's name.
    """
    points = measured(campaign, row)
    table = configuration_table(campaign.store, campaign.settings, model_id, outside=True)
    table = table.loc[points.configuration_ids].assign(label_ev=points.energy_ev, label_state="complete")
    return table.assign(region=regions(table, campaign.settings).astype("str"), reference=row.name)


def set_list(campaign: Campaign, model_id: int | None) -> pd.DataFrame:
    """One row a set, indexed by id: name, method, kind (words), n, n_measured, mae_ev, file, person, when.

    `mae_ev` is that of the model below the campaign's energy limit, NaN before it was evaluated.
    """
    sizes, found = energy_sets.sizes(campaign.store), []
    for row in energy_sets.fetch(campaign.store):
        mae, n = float("nan"), 0
        if model_id is not None:
            for metric in evaluations.metrics(campaign.store, row.identity, model_id=model_id):
                if metric.region == "all":
                    mae, n = float(from_cm1(metric.mae_cm1)), metric.n
        found.append(
            {
                "id": row.id,
                "name": row.name,
                "method": row.method,
                "kind": KINDS[row.kind],
                "n": sizes.get(row.id, 0),
                "n_measured": n,
                "mae_ev": mae,
                "file": row.file_name,
                "person": row.person,
                "when": row.created_at,
            }
        )
    columns = ["id", "name", "method", "kind", "n", "n_measured", "mae_ev", "file", "person", "when"]
    return pd.DataFrame(found, columns=columns).set_index("id")


def waiting_evaluation(campaign: Campaign, set_id: int) -> str | None:
    """The state of the newest job that evaluates a set, None where there is none."""
    for job in jobs.fetch(campaign.store, kind="evaluate", limit=50):
        if job.payload.get("energy_set") == set_id:
            return str(job.state)
    return None


def positions(campaign: Campaign) -> pd.DataFrame:
    """x, y, z (Å) of all configurations, those of people's own energies among them, indexed by id."""
    return positions_frame(campaign.store).set_index("id")
