"""The checks a label passes when it comes in, from here or from elsewhere."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.outliers import StudentJudge
from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.reference.checks import Doubt, check_label
from nci_core.reference.closed_shell import ShellCheck, check_monomers
from nci_core.reference.recipes import Recipe
from nci_core.store.schema import Configuration

#: Folder of the monomers' energies inside the campaign folder; it may be deleted, they are computed again.
MONOMERS = "monomers"
#: Name of the file there that says whether they are closed shells.
SHELLS = "closed-shell.json"
_SHELLS = TypeAdapter(list[ShellCheck])


def monomer_energies(campaign: Campaign, recipe: Recipe) -> dict[str, float]:
    """Hartree–Fock energies (hartree) of the monomers alone in a recipe's functions; computed once."""
    path = campaign.folder / MONOMERS / f"{recipe.hash}.json"
    try:
        known = orjson.loads(path.read_bytes())
        return {str(name): float(value) for name, value in known["hf_hartree"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not there, or damaged in whatever way
        pass
    from nci_core.reference.monomers import monomer_hf_hartree

    found = {str(name): value for name, value in monomer_hf_hartree(campaign.dimer, recipe).items()}
    with suppress(StoreError):  # a full disk must not cost a finished label; the next one computes them again
        write_atomically(path, orjson.dumps({"recipe": recipe.name, "hf_hartree": found}), below=campaign.folder)
    return found


def shell_checks(campaign: Campaign) -> list[ShellCheck]:
    """Whether host and probe are closed shells in their ground states; computed once, some seconds for benzene's size.

    Raises LabelError where Hartree–Fock of one does not converge.
    """
    path = campaign.folder / MONOMERS / SHELLS
    with suppress(OSError, ValidationError):  # not there, or damaged in whatever way
        return _SHELLS.validate_json(path.read_bytes())
    found = check_monomers(campaign.dimer)
    with suppress(StoreError):
        write_atomically(path, _SHELLS.dump_json(found))
    return found


def require_closed_shells(campaign: Campaign) -> None:
    """Raise LabelError, before hours are spent, if the ground state of host or probe is open-shell."""
    for check in shell_checks(campaign):
        check.require_closed_shell()


def doubts_about(campaign: Campaign, configuration: Configuration, result: Mapping[str, Any]) -> list[Doubt]:
    """What is to be said against a finished label, `result` being a LabelResult as a dictionary."""
    recipe = Recipe.model_validate(result["recipe"])
    found = [doubt for check in shell_checks(campaign) if (doubt := check.doubt()) is not None]
    found += check_label(result, monomer_energies(campaign, recipe))
    # The test set decides how good a student is, so no student decides about the test set. Nor about labels of
    # another recipe than its own: they differ from it by what the recipes differ.
    judged = configuration.split == "pool" and recipe.hash == campaign.recipe.hash
    judge = StudentJudge.of(campaign) if judged else None
    outlier = judge.doubt(configuration.id, float(result["energy_ev"])) if judge is not None else None
    return found + ([outlier] if outlier is not None else [])


def with_doubts(campaign: Campaign, configuration: Configuration, result: Mapping[str, Any]) -> dict[str, Any]:
    """A finished label as it is journaled: with what the checks say."""
    doubts = [doubt.model_dump() for doubt in doubts_about(campaign, configuration, result)]
    return dict(result) | {"doubts": doubts}
