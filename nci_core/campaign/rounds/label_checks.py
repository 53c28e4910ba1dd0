"""The checks a label passes when it comes in, from here or from elsewhere."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson
from pydantic import TypeAdapter, ValidationError

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.outliers import StudentJudge
from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.labels.checks import Doubt, check_label
from nci_core.labels.closed_shell import ShellCheck, check_monomers
from nci_core.labels.recipes import Recipe
from nci_core.store.schema import Configuration
from nci_core.systems.dimer import Dimer

#: Folder of the monomers' energies inside the campaign folder; it may be deleted, they are computed again.
MONOMERS = "monomers"
#: Name of the file there that says whether they are closed shells.
SHELLS = "closed-shell.json"
_SHELLS = TypeAdapter(list[ShellCheck])


@dataclass(frozen=True)
class MonomerFiles:
    """What is known of a dimer's monomers, kept in files that may be deleted: it is computed again then.

    Attributes:
        dimer: whose.
        folder: where the files lie.
        below: an existing folder, in which `folder` is made when there is something to keep.
    """

    dimer: Dimer
    folder: Path
    below: Path

    @classmethod
    def of(cls, campaign: Campaign, system_id: int) -> Self:
        """Those of a system of a campaign; the first one's lie where those of campaigns of one system do."""
        system, folder = campaign.system(system_id), campaign.folder / MONOMERS
        own = folder if system == campaign.systems[0] else folder / str(system.id)
        return cls(system.dimer, own, campaign.folder)

    def energies(self, recipe: Recipe) -> dict[str, float]:
        """Hartree–Fock energies (hartree) of the monomers alone in a recipe's functions; computed once."""
        path = self.folder / f"{recipe.hash}.json"
        try:
            known = orjson.loads(path.read_bytes())
            return {str(name): float(value) for name, value in known["hf_hartree"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not there, or damaged in whatever way
            pass
        from nci_core.labels.monomers import monomer_hf_hartree

        found = {str(name): value for name, value in monomer_hf_hartree(self.dimer, recipe).items()}
        self._keep(path, orjson.dumps({"recipe": recipe.name, "hf_hartree": found}))
        return found

    def shells(self) -> list[ShellCheck]:
        """Whether host and probe are closed shells in their ground states; some seconds for benzene's size, once.

        Raises LabelError where Hartree–Fock of one does not converge.
        """
        path = self.folder / SHELLS
        with suppress(OSError, ValidationError):  # not there, or damaged in whatever way
            return _SHELLS.validate_json(path.read_bytes())
        found = check_monomers(self.dimer)
        self._keep(path, _SHELLS.dump_json(found))
        return found

    def require_closed_shells(self) -> None:
        """Raise LabelError, before hours are spent, if the ground state of host or probe is open-shell."""
        for check in self.shells():
            check.require_closed_shell()

    def doubts(self, result: Mapping[str, Any]) -> list[Doubt]:
        """What the monomers and its own numbers say against a finished label, a LabelResult as a dictionary."""
        found = [doubt for check in self.shells() if (doubt := check.doubt()) is not None]
        return found + check_label(result, self.energies(Recipe.model_validate(result["recipe"])))

    def _keep(self, path: Path, content: bytes) -> None:
        with suppress(StoreError):  # a full disk must not cost a finished label; the next one computes them again
            write_atomically(path, content, below=self.below)


def require_closed_shells(campaign: Campaign, system_ids: Iterable[int]) -> None:
    """Raise LabelError, before hours are spent, if the ground state of a host or probe is open-shell."""
    for system_id in sorted(set(system_ids)):
        MonomerFiles.of(campaign, system_id).require_closed_shells()


def doubts_about(campaign: Campaign, configuration: Configuration, result: Mapping[str, Any]) -> list[Doubt]:
    """What is to be said against a finished label, `result` being a LabelResult as a dictionary."""
    found = MonomerFiles.of(campaign, configuration.system_id).doubts(result)
    # The test set decides how good a student is, so no student decides about the test set. Nor about labels of
    # another recipe than its own: they differ from it by what the recipes differ.
    recipe = Recipe.model_validate(result["recipe"])
    judged = configuration.split == "pool" and recipe.hash == campaign.recipe.hash
    judge = StudentJudge.of(campaign) if judged else None
    outlier = judge.doubt(configuration.id, float(result["energy_ev"])) if judge is not None else None
    return found + ([outlier] if outlier is not None else [])


def with_doubts(campaign: Campaign, configuration: Configuration, result: Mapping[str, Any]) -> dict[str, Any]:
    """A finished label as it is journaled: with what the checks say."""
    doubts = [doubt.model_dump() for doubt in doubts_about(campaign, configuration, result)]
    return dict(result) | {"doubts": doubts}
