"""The checks a label passes when it comes in, from here or from elsewhere."""

from collections.abc import Iterable

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.outliers import StudentJudge
from nci_core.labels.monomer_files import MonomerFiles
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.store.schema import Configuration

#: Folder of what is known of the monomers, inside the campaign folder; it may be deleted, it is computed again.
MONOMERS = "monomers"


def monomers_of(campaign: Campaign, system_id: int) -> MonomerFiles:
    """Those of a system of a campaign; the first one's lie where those of campaigns of one system do."""
    system, folder = campaign.system(system_id), campaign.folder / MONOMERS
    own = folder if system == campaign.systems[0] else folder / str(system.id)
    return MonomerFiles(system.dimer, own, campaign.folder)


def require_closed_shells(campaign: Campaign, system_ids: Iterable[int]) -> None:
    """Raise LabelError, before hours are spent, if the ground state of a host or probe is open-shell."""
    for system_id in sorted(set(system_ids)):
        monomers_of(campaign, system_id).require_closed_shells()


def with_doubts(campaign: Campaign, configuration: Configuration, label: LabelResult) -> LabelResult:
    """A finished label as it is journaled: with what is to be said against it."""
    doubts = monomers_of(campaign, configuration.system_id).doubts(label)
    # The test set decides how good a student is, so no student decides about the test set. Nor about labels of
    # another recipe than its own: they differ from it by what the recipes differ.
    judged = configuration.split == "pool" and Recipe.model_validate(label.recipe).hash == campaign.recipe.hash
    if judged and (judge := StudentJudge.of(campaign)) is not None:
        outlier = judge.doubt(configuration.id, label.energy_ev)
        doubts += [] if outlier is None else [outlier]
    return label.model_copy(update={"doubts": doubts})
