"""What a campaign's labels are worth against the basis-set limit, said beside errors against them."""

from nci_core.campaign.campaign import Campaign
from nci_core.labels.label_errors import Worth, worth_by_region
from nci_core.store import label_queries
from nci_core.units import unit


def label_worth(campaign: Campaign) -> dict[str, Worth]:
    """Of the test set's labels of the target recipe, by region; of all labels where the test set has none."""
    for split in ("test", None):
        energy, std, of = label_queries.energies_with_errors(campaign.store, campaign.recipe.hash, split)
        if len(energy):
            break
    return worth_by_region(energy, std, campaign.bounds.of(of))


def worth_phrase(campaign: Campaign) -> str:
    """'labels are within 0.6 cm⁻¹ of the basis-set limit', or that nobody knows; empty without labels."""
    found = label_worth(campaign)["all"]
    return found.phrase(unit("cm1"), campaign.recipe.name) if found.n + found.n_without else ""
