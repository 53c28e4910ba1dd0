"""What is known of the monomers of labels, kept in files: asked before a label and when it comes in."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, FiniteFloat, TypeAdapter, ValidationError

from nci_core.errors import StoreError
from nci_core.files import write_atomically
from nci_core.labels.checks import check_label
from nci_core.labels.closed_shell import ShellCheck, check_monomers
from nci_core.labels.doubts import Doubt
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems.dimer import Dimer

T = TypeVar("T")

#: Name of the file that says whether they are closed shells.
SHELLS = "closed-shell.json"


class _Alone(BaseModel):
    """The content of a file of energies."""

    recipe: str
    hf_hartree: dict[str, FiniteFloat]


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

    def energies(self, recipe: Recipe) -> dict[str, float]:
        """Hartree–Fock energies (hartree) of the monomers alone in a recipe's functions; computed once."""

        def compute() -> _Alone:
            from nci_core.labels.monomers import monomer_hf_hartree

            return _Alone(recipe=recipe.name, hf_hartree={**monomer_hf_hartree(self.dimer, recipe)})

        return self._kept(f"{recipe.hash}.json", TypeAdapter(_Alone), compute).hf_hartree

    def shells(self) -> list[ShellCheck]:
        """Whether host and probe are closed shells in their ground states; some seconds for benzene's size, once.

        Raises LabelError where Hartree–Fock of one does not converge.
        """
        return self._kept(SHELLS, TypeAdapter(list[ShellCheck]), lambda: check_monomers(self.dimer))

    def require_closed_shells(self) -> None:
        """Raise LabelError, before hours are spent, if the ground state of host or probe is open-shell."""
        for check in self.shells():
            check.require_closed_shell()

    def doubts(self, label: LabelResult) -> list[Doubt]:
        """What the monomers and its own numbers say against a finished label."""
        found = [doubt for check in self.shells() if (doubt := check.doubt()) is not None]
        return found + check_label(label, self.energies(Recipe.model_validate(label.recipe)))

    def _kept(self, name: str, content: TypeAdapter[T], compute: Callable[[], T]) -> T:
        """What a file says, computed and kept where it is not there, or damaged in whatever way."""
        path = self.folder / name
        with suppress(OSError, ValidationError):
            return content.validate_json(path.read_bytes())
        found = compute()
        with suppress(StoreError):  # a full disk must not cost a finished label; the next one computes them again
            write_atomically(path, content.dump_json(found), below=self.below)
        return found
