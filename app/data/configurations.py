"""One row a configuration: where it is, and its teacher, student and CCSD(T) energies."""

import numpy as np
import pandas as pd

from nci_core.campaign import Campaign
from nci_core.regions import SystemBounds, sector_words, sectors
from nci_core.store.tables import configurations_table

#: Label states as people read them, in the order of the filter. "none" means nobody has asked for one.
LABEL_STATES = {
    "complete": "labelled",
    "waiting": "waiting",
    "running": "running",
    "error": "failed",
    "cancelled": "cancelled",
    "quarantined": "set aside",
    "none": "no label",
}
SPLITS = {"pool": "training pool", "test": "test set", "outside": "own energies"}


def configuration_table(
    campaign: Campaign, model_id: int | None, *, system_id: int | None = None, outside: bool = False
) -> pd.DataFrame:
    """The configurations of pool and test set, indexed by id; with `outside`, the places of people's own energies too.

    Of one system or of all. Columns: system_id, system (its name), x, y, z (Å), origin, split, sector, teacher_ev,
    student_ev, std_ev, label_ev (finished labels of the campaign's recipe that are not set aside), label_state
    (LABEL_STATES), picked_by, round_number, region. Directions are in the words for their host (`sector_words`). The
    label decides the region where there is one, else the teacher.
    """
    table = configurations_table(
        campaign.store,
        teacher=campaign.teacher,
        recipe_hash=campaign.recipe.hash,
        model_id=model_id,
        system_id=system_id,
        outside=outside,
    ).rename(columns={"x_angstrom": "x", "y_angstrom": "y", "z_angstrom": "z", "student_std_ev": "std_ev"})
    table = table.set_index("id").drop(columns="geometry_hash")
    for column in ("label_state", "picked_by", "sector"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    table["label_state"] = table["label_state"].fillna("none")
    table["region"] = regions(table, campaign.bounds)
    for system in campaign.systems:
        mine = table["system_id"] == system.id
        table.loc[mine, "system"] = system.name  # a database that is open read-only may have an older one
        if table.loc[mine, "sector"].isna().any():
            table.loc[mine, "sector"] = sectors(system.dimer.a, table.loc[mine, ["x", "y", "z"]].to_numpy())
        table.loc[mine, "sector"] = table.loc[mine, "sector"].map(sector_words(system.dimer.a))
    # Arrow's strings are compared four times as fast as Python's and take a fifth of their memory.
    words = ["split", "origin", "sector", "label_state", "region", "system"]
    return table.astype(dict.fromkeys(words, "str"))


def regions(table: pd.DataFrame, bounds: SystemBounds) -> pd.Series:
    """The region of each row, by its label, else by teacher or student."""
    energy = table["label_ev"].fillna(table["teacher_ev"]).fillna(table["student_ev"]).to_numpy(dtype=float)
    names = bounds.of(table["system_id"]).classify(np.nan_to_num(energy)).astype(object)
    return pd.Series(np.where(np.isfinite(energy), names, "unknown"), index=table.index, dtype=object)
