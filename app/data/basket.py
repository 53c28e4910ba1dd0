"""The basket and the ranked proposals as tables."""

from collections.abc import Iterable, Sequence

import pandas as pd

from nci_core.campaign.rounds.basket import Wanted
from nci_core.store import picks, rankings
from nci_core.store.database import Store
from nci_core.store.labels import TAKEN
from nci_core.units import CM1_EV

#: Strategy → why it proposes a configuration.
REASONS = {
    "i-optimal": "tells the student most about the rest",
    "farthest-point": "farthest from every label",
    "random": "random control",
}


def basket_table(store: Store, table: pd.DataFrame) -> pd.DataFrame:
    """The basket's configurations in the order they came, with who picked them and why.

    Columns of the configuration table, and: picker, reason.
    """
    found = [(pick.configuration_id, pick.picked_by, pick.reason) for pick in picks.in_basket(store)]
    return pd.DataFrame(found, columns=["id", "picker", "reason"]).set_index("id").join(table, how="inner")


def proposals(store: Store, table: pd.DataFrame) -> pd.DataFrame:
    """Ranked proposals that still need a label, best first.

    The table's columns, and rank, score, expected_ev (the expected sd there), picker, reason.
    """
    found = pd.DataFrame(rankings.latest(store), columns=["configuration_id", "rank", "score", "std_cm1", "picker"])
    found["expected_ev"] = found.pop("std_cm1").astype(float) * CM1_EV
    found["reason"] = found["picker"].map(lambda name: REASONS.get(name, "proposed"))
    found = found.drop_duplicates("configuration_id").set_index("configuration_id").rename_axis("id")
    found = found.join(table, how="inner").sort_values("rank")
    return found.loc[free(found, found.index)]


def why_not(table: pd.DataFrame, ids: Iterable[int]) -> dict[str, list[int]]:
    """Which of `ids` cannot be picked: reason → ids."""
    chosen = table[table.index.isin(list(ids))]
    reasons = {
        "in the frozen test set, which only measures errors": chosen["split"] == "test",
        "imported with energies of your own": chosen["split"] == "outside",
        "already labelled or on the way": (chosen["split"] == "pool") & chosen["label_state"].isin(TAKEN),
    }
    return {reason: chosen.index[refused].tolist() for reason, refused in reasons.items() if refused.any()}


def free(table: pd.DataFrame, ids: Iterable[int]) -> list[int]:
    """Those of `ids` that can be picked; `why_not` says why the others cannot."""
    refused = {number for found in why_not(table, ids).values() for number in found}
    return [int(number) for number in ids if number in table.index and number not in refused]


def best(ranked: pd.DataFrame, inside: Sequence[int], n: int) -> list[Wanted]:
    """The best `n` proposals that are not inside the basket yet."""
    rows = ranked[~ranked.index.isin(inside)].head(n)
    return [Wanted(int(row.Index), str(row.picker), str(row.reason), float(row.score)) for row in rows.itertuples()]
