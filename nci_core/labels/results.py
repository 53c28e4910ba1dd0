"""What a label is: energies with everything needed to trust or repeat them. No PySCF here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isclose
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from nci_core.labels.doubts import Doubt
from nci_core.labels.prediction_error import Part
from nci_core.labels.recipes import Recipe
from nci_core.labels.tightening import Tightening
from nci_core.units import CM1_EV, HARTREE_EV

#: Raised when the stored form changes; labels of earlier versions are read. 2 added `resumed`, 3 `smaller`, `larger`,
#: `mp2_hartree`, `tightened` and `doubts`, 4 `basis`, 5 `recipe_std_cm1`.
LABEL_SCHEMA = 5

FragmentName = Literal["dimer", "host", "probe"]

YEAR_SECONDS = 366 * 86400.0


def not_before_2000(moment: datetime) -> datetime:
    """A time as it is; raises ValueError for one that no label can have been finished at."""
    if moment < datetime(2000, 1, 1, tzinfo=UTC):
        raise ValueError("it is before the year 2000")
    return moment


#: Bounds that every label keeps, so that a damaged one is refused where it is read.
Finite = Annotated[float, Field(allow_inf_nan=False)]
Place = Annotated[list[Finite], Field(min_length=3, max_length=3)]
Seconds = Annotated[float, Field(ge=0, le=100 * YEAR_SECONDS, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Gigabytes = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
FinishedAt = Annotated[AwareDatetime, AfterValidator(not_before_2000)]


class FragmentResult(BaseModel):
    """One of the three calculations of a counterpoise correction; energies in hartree.

    Cycles and seconds are 0 where a program elsewhere did not say them.
    """

    model_config = ConfigDict(extra="forbid")

    hf_hartree: Finite
    mp2_hartree: Finite | None = Field(None, description="MP2 correlation energy, where the recipe asks for it")
    ccsd_hartree: Finite = Field(description="CCSD correlation energy")
    triples_hartree: Finite = Field(description="(T) correction; exactly 0 for two electrons")
    n_basis: Count
    n_frozen: Count = Field(description="frozen core orbitals")
    scf_cycles: Count
    cc_cycles: Count
    t1_diagnostic: Finite = Field(ge=0, description="‖t1‖/√N, N correlated electrons; DOI 10.1002/qua.560360824")
    cpu_seconds: Seconds
    wall_seconds: Seconds


class MeanFieldResult(BaseModel):
    """Hartree–Fock and MP2 of one fragment in larger functions; energies in hartree."""

    model_config = ConfigDict(extra="forbid")

    hf_hartree: Finite
    mp2_hartree: Finite = Field(description="MP2 correlation energy")
    n_basis: Count
    n_frozen: Count
    cpu_seconds: Seconds
    wall_seconds: Seconds


class Environment(BaseModel):
    """Where and with what a label was computed."""

    model_config = ConfigDict(extra="forbid")

    versions: dict[str, str]
    processor: str
    threads: Count
    blas: str = Field(description="linear algebra library and kernel in use")
    dgemm_gflops: Finite = Field(description="on one 1024 × 1024 matrix product, best of three; 0: not measured")
    gpu: str = Field(
        "",
        description="on which CCSD(T) with fitted integrals ran, if any; in older labels, on which CCSD began",
    )


class LabelResult(BaseModel):
    """A finished label. Interaction energies in eV are E_AB − E_A − E_B in the dimer basis."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = LABEL_SCHEMA
    geometry_hash: str
    recipe_hash: str
    recipe: dict[str, object]
    basis: dict[str, str] = Field(
        default_factory=dict, description="digest of each basis with its core potential, 'def2-svp I'; empty before 4"
    )
    dimer: str
    host_symbols: list[str]
    host_positions_angstrom: list[Place]
    probe: str
    position_angstrom: Place
    probe_symbols: list[str] | None = Field(None, description="of a probe that is no atom")
    probe_positions_angstrom: list[Place] | None = Field(None, description="of its atoms, as it is turned")
    midbond_angstrom: Place | None
    fragments: dict[FragmentName, FragmentResult]
    smaller: dict[FragmentName, FragmentResult] | None = Field(
        None, description="the same in the smaller functions of an extrapolation"
    )
    larger: dict[FragmentName, MeanFieldResult] | None = Field(
        None, description="Hartree–Fock and MP2 in the larger functions of a composite"
    )
    energy_ev: Finite
    hf_ev: Finite
    ccsd_ev: Finite
    triples_ev: Finite
    recipe_std_cm1: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="standard error of the recipe for this label, cm⁻¹; None where the recipe knows none"
    )
    cpu_seconds: Seconds = Field(description="sum over the fragments, whichever start computed them")
    wall_seconds: Seconds
    memory_gb: Gigabytes = Field(description="peak resident memory of the process")
    environment: Environment = Field(description="of the process that finished the label")
    resumed: dict[str, Literal["hf", "ccsd", "finished"]] = Field(
        default_factory=dict, description="fragments an earlier, interrupted start had begun, and how far they were"
    )
    warnings: list[str] = Field(default_factory=list)
    tightened: Tightening | None = Field(None, description="settings of a retry, None for the recipe's own")
    doubts: list[Doubt] = Field(default_factory=list, description="checks it failed when it came in")
    finished_at: FinishedAt = Field(default_factory=lambda: datetime.now(UTC))

    @staticmethod
    def interaction(
        fragments: Mapping[FragmentName, FragmentResult],
        recipe: Recipe | None = None,
        smaller: Mapping[FragmentName, FragmentResult] | None = None,
        larger: Mapping[FragmentName, MeanFieldResult] | None = None,
    ) -> dict[str, float]:
        """Interaction energy and its parts in eV from the fragments (Boys and Bernardi).

        DOI 10.1080/00268977000101561. Of an extrapolation `ccsd_ev` and `triples_ev` are limits; of a composite
        `triples_ev` is that of the small functions and `ccsd_ev` whatever else there is beside Hartree–Fock.
        """
        hf, ccsd, triples = (difference(fragments, name) for name in ("hf_hartree", "ccsd_hartree", "triples_hartree"))
        if recipe and recipe.extrapolation and smaller:
            limit = recipe.extrapolation.limit
            ccsd = limit(ccsd, difference(smaller, "ccsd_hartree"))
            triples = limit(triples, difference(smaller, "triples_hartree"))
        if recipe and recipe.composite and larger:
            hf, mp2_larger = difference(larger, "hf_hartree"), difference(larger, "mp2_hartree")
            whole = recipe.composite.energy(hf, mp2_larger, difference(fragments, "mp2_hartree"), ccsd, triples)
            ccsd = whole - hf - triples
        return {"energy_ev": hf + ccsd + triples, "hf_ev": hf, "ccsd_ev": ccsd, "triples_ev": triples}

    @model_serializer(mode="wrap")
    def _without_atoms_of_an_atom(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Of a probe that is an atom its position is said alone, as ever."""
        found: dict[str, Any] = whole(self)
        ofs = ("probe_symbols", "probe_positions_angstrom")
        return {name: value for name, value in found.items() if name not in ofs or value is not None}

    def consistent(self) -> Self:
        """Return self if the stored parts and standard error follow from the fragments; raises ValueError otherwise.

        The tolerance, 1e-9 eV (1e-5 cm⁻¹), is a hundred times the rounding of energies around −231 hartree. Of the
        error only that it is what the label's own recipe makes of it: `label_errors` knows the built-in recipes'.
        """
        recipe = Recipe.model_validate(self.recipe)
        for setting, part in (("extrapolation", self.smaller), ("composite", self.larger)):
            if (getattr(recipe, setting) is None) != (part is None):
                raise ValueError(f"the parts are not those of a recipe with {setting}={getattr(recipe, setting)}")
        for name, value in self.interaction(self.fragments, recipe, self.smaller, self.larger).items():
            if abs(value - getattr(self, name)) > 1e-9:
                raise ValueError(f"{name} is {getattr(self, name)!r} but the fragments give {value!r}")
        std = stated_std_cm1(recipe, self.fragments, self.larger)
        if not (self.recipe_std_cm1 == std or (self.recipe_std_cm1 and std and isclose(self.recipe_std_cm1, std))):
            raise ValueError(f"recipe_std_cm1 is {self.recipe_std_cm1!r} but the fragments give {std!r}")
        return self


def parts_cm1(
    fragments: Mapping[FragmentName, FragmentResult], larger: Mapping[FragmentName, MeanFieldResult] | None = None
) -> dict[Part, float]:
    """The parts of the interaction energy that a recipe's error may follow, as far as they are there, in cm⁻¹."""
    found: dict[Part, float] = {
        "mean_field": difference(larger or fragments, "hf_hartree"),
        "ccsd": difference(fragments, "ccsd_hartree"),
        "triples": difference(fragments, "triples_hartree"),
    }
    if all(fragment.mp2_hartree is not None for fragment in fragments.values()):
        found["mp2"] = difference(fragments, "mp2_hartree")
        found["delta"] = found["ccsd"] + found["triples"] - found["mp2"]
    if larger:
        found["mp2_larger"] = difference(larger, "mp2_hartree")
    if "mp2" in found and "mp2_larger" in found:
        found["step"] = found["mp2_larger"] - found["mp2"]
    return {part: value / CM1_EV for part, value in found.items()}


def stated_std_cm1(
    recipe: Recipe,
    fragments: Mapping[FragmentName, FragmentResult],
    larger: Mapping[FragmentName, MeanFieldResult] | None = None,
) -> float | None:
    """The standard error that a recipe's own prediction error gives a label, in cm⁻¹; None where it has none."""
    error = recipe.prediction_error
    return error.std_cm1(parts_cm1(fragments, larger)) if error else None


def difference(
    fragments: Mapping[FragmentName, FragmentResult] | Mapping[FragmentName, MeanFieldResult], name: str
) -> float:
    """E_AB − E_A − E_B of one kind of energy, in eV."""
    ab, a, b = (float(getattr(fragments[fragment], name)) for fragment in get_args(FragmentName))
    return (ab - a - b) * HARTREE_EV
