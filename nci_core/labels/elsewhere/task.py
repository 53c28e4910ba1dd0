"""What one label needs to be computed on any machine, as data."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from nci_core.labels.geometry import FragmentSpec, fragments, label_identity
from nci_core.labels.recipes import Recipe
from nci_core.systems.configurations import Configurations

FragmentName = Literal["dimer", "host", "probe"]
#: Cheap ones first, as in `compute_label`.
FRAGMENTS: tuple[FragmentName, ...] = ("probe", "host", "dimer")
#: Raised when the files that are exchanged change their meaning. A label with core potentials has layout 2, so that no
#: script that does not know them computes it; all others stay as they were.
LAYOUT, LAYOUT_WITH_ECP = 1, 2
LAYOUTS = (LAYOUT, LAYOUT_WITH_ECP)
UNITS = {"energy": "hartree", "length": "angstrom", "exponent": "1/bohr^2", "time": "second"}
#: File names in the folder of one label.
MANIFEST, SCRIPT, RESULT = "manifest.json", "run_pyscf.py", "result-pyscf.json"

#: One contracted shell as PySCF writes it: [angular momentum, [exponent, coefficient, …], …].
Shell = list[int | list[float]]
#: An effective core potential as PySCF writes it: [core electrons, [[l, terms of r⁻², r⁻¹, r⁰, …], …]], each term
#: [exponent, coefficient]; l is −1 for the local part, and the others are what they have beyond it.
Ecp = list[Any]


class FragmentTask(BaseModel):
    """One of the three calculations, with numbers by which its result is recognised.

    Attributes:
        atoms: (label, position in Å); labels that begin with GHOST- carry functions but no charge.
        basis: label → shells; exponents in bohr⁻².
        ecp: label of a real atom → its effective core potential; empty if there is none.
        n_frozen: core orbitals that are not correlated.
        n_electrons: electrons of the fragment, without those that core potentials replace.
        n_basis: basis functions, spherical.
        nuclear_repulsion_hartree: of the real nuclei, less the electrons of their cores.
    """

    model_config = ConfigDict(extra="forbid")

    atoms: list[tuple[str, list[float]]]
    basis: dict[str, list[Shell]]
    ecp: dict[str, Ecp] = Field(default_factory=dict)
    n_frozen: int
    n_electrons: int
    n_basis: int
    nuclear_repulsion_hartree: float

    @classmethod
    def of(cls, spec: FragmentSpec) -> Self:
        """The task of one fragment."""
        mol = spec.molecule()
        return cls(
            atoms=spec.atoms,
            basis=spec.basis,
            ecp=spec.ecp,
            n_frozen=spec.n_frozen,
            n_electrons=int(mol.nelectron),
            n_basis=int(mol.nao),
            nuclear_repulsion_hartree=float(mol.energy_nuc()),
        )

    @property
    def has_triples(self) -> bool:
        """Whether there are triple excitations: not with two correlated electrons."""
        return self.n_electrons - 2 * self.n_frozen > 2


class LabelTask(BaseModel):
    """One label to be computed elsewhere; `manifest.json` in its folder."""

    model_config = ConfigDict(extra="forbid")

    layout: int = LAYOUT
    units: dict[str, str] = UNITS
    geometry_hash: str
    recipe_hash: str
    recipe: dict[str, object]
    basis: dict[str, str] = Field(default_factory=dict)
    dimer: str
    host_symbols: list[str]
    host_positions_angstrom: list[list[float]]
    probe: str
    position_angstrom: list[float]
    probe_symbols: list[str] | None = None
    probe_positions_angstrom: list[list[float]] | None = None
    midbond_angstrom: list[float] | None
    fragments: dict[FragmentName, FragmentTask]

    @classmethod
    def build(cls, at: Configurations, recipe: Recipe) -> Self:
        """The task of one configuration; raises InputError as `compute_label` does."""
        specs = fragments(at, recipe)
        return cls(
            layout=LAYOUT_WITH_ECP if specs["dimer"].ecp else LAYOUT,
            **label_identity(at, recipe),
            fragments={name: FragmentTask.of(specs[name]) for name in FRAGMENTS},
        )

    @property
    def folder(self) -> str:
        """Name of the label's folder, also its name for people."""
        return f"{self.geometry_hash}-{self.recipe_hash}"
