"""What the labels of each of several systems cost and are worth, and how many there are: a table of Label & train."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from app.data.worth import MEANING
from app.session import Context
from app.tables import grid
from nci_core.bench.expected_error import expected_error
from nci_core.campaign.pricing.costs import label_cost
from nci_core.labels.recipes import Recipe
from nci_core.store import configurations, label_queries

ROLES = {"train": "training", "transfer": "transfer"}


def show_systems(context: Context, recipe: Recipe, wanted: Sequence[int]) -> None:
    """A row for each system; `wanted` are the basket's configurations that lack a label of the recipe."""
    campaign, store, rows = context.campaign, context.campaign.store, []
    wanted_of = Counter(configurations.system_of(store, wanted).values())
    for system in campaign.systems:
        cost = label_cost(campaign, recipe, system.dimer)
        new = wanted_of[system.id]
        done = label_queries.state_counts(store, recipe.hash, system_id=system.id)
        test = configurations.counts(store, system_id=system.id)["test"]
        rows.append(
            {
                "System": system.name,
                "Role": ROLES[system.role],
                "To label": new,
                "CPU min": cost.text(new),
                "per label": cost.text(1),
                "Labels": done["pool"].get("complete", 0),
                "Test set": f"{done['test'].get('complete', 0)} of {test}",
                "Expected error": expected_error(recipe, system.dimer, context.unit).short,
            }
        )
    grid(
        pd.DataFrame(rows),
        key="label-systems",
        help={
            "Role": "Of a transfer system the test set alone is labelled.",
            "To label": "In the basket, without a label of the recipe.",
            "Labels": "Finished ones that fits take.",
            "Test set": "Finished labels of it; errors are measured on them.",
            "Expected error": f"{MEANING}.",
        },
    )
