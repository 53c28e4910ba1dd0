"""What a report is about: a round, its models, and all configurations with the energies of both."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from app.data.configurations import configuration_table
from app.data.errors import columns_of, labelled, with_earlier, with_errors
from app.data.jobs import model_list
from nci_core.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.errors import InputError
from nci_core.store import labels
from nci_core.store.round_tables import rounds_table
from nci_core.store.schema import Label, Model
from nci_core.units import EnergyUnit


@dataclass(frozen=True)
class Subject:
    """A round of a campaign: its last model, the model before, and all rows with the energies of both."""

    campaign: Campaign
    number: int
    unit: EnergyUnit
    after: Model
    before: Model | None
    table: pd.DataFrame
    record: pd.Series

    @property
    def test(self) -> pd.DataFrame:
        """Labelled test configurations of all systems."""
        return labelled(self.table, "test")

    @cached_property
    def labels(self) -> list[Label]:
        """The finished labels of the target recipe that this round added to the training pool."""
        pool = set(self.table.index[self.table["split"] == "pool"])
        rows = labels.fetch(self.campaign.store, self.campaign.recipe.hash)
        mine = (row for row in rows if row.round_number == self.number and row.status == "complete")
        return [row for row in mine if row.configuration_id in pool]

    @property
    def several(self) -> bool:
        """Whether the campaign has more than one system."""
        return len(self.campaign.systems) > 1

    def of(self, rows: pd.DataFrame, *systems: System) -> pd.DataFrame:
        """Those of the rows that are of some systems."""
        return rows[rows["system_id"].isin([system.id for system in systems])]

    @property
    def columns(self) -> dict[str, str]:
        """Potential → energy column."""
        return columns_of(self.after, self.before)


def subject_of(campaign: Campaign, number: int | None, unit: EnergyUnit) -> Subject:
    """A round, by default that of the student in use; InputError for one without a student."""
    models, rounds = model_list(campaign.store), rounds_table(campaign.store, campaign.recipe.hash)
    active = campaign.active_model()
    if active is None:
        raise InputError(f"Campaign {campaign.name} has no student yet; distil one before you ask for a report.")
    chosen = active.round_number if number is None else number
    made = [model for model in models if model.round_number == chosen]
    if not made or rounds.empty or chosen not in set(rounds["number"]):
        known = ", ".join(str(n) for n in sorted({model.round_number for model in models}))
        raise InputError(f"Campaign {campaign.name} has no student of round {chosen}; there are rounds {known}.")
    earlier = [model for model in models if model.round_number < chosen]
    before = earlier[-1] if earlier else None
    table = with_errors(configuration_table(campaign, made[-1].id))
    if before is not None:
        table = with_earlier(table, with_errors(configuration_table(campaign, before.id)))
    record = pd.Series(rounds[rounds["number"] == chosen].iloc[0])
    return Subject(campaign, chosen, unit, made[-1], before, table, record)
