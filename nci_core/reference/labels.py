"""What a label is: energies with everything needed to trust or repeat them. No PySCF here."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from nci_core.units import HARTREE_EV

#: Raised when the stored form changes; labels of earlier versions are read. 2 added `resumed`.
LABEL_SCHEMA = 2


class FragmentResult(BaseModel):
    """One of the three calculations of a counterpoise correction; energies in hartree.

    Cycles and seconds are 0 where a program elsewhere did not say them.
    """

    model_config = ConfigDict(extra="forbid")

    hf_hartree: float
    ccsd_hartree: float = Field(description="CCSD correlation energy")
    triples_hartree: float = Field(description="(T) correction; exactly 0 for two electrons")
    n_basis: int
    n_frozen: int = Field(description="frozen core orbitals")
    scf_cycles: int
    cc_cycles: int
    t1_diagnostic: float = Field(description="‖t1‖/√N, N correlated electrons; DOI 10.1002/qua.560360824")
    cpu_seconds: float
    wall_seconds: float


class Environment(BaseModel):
    """Where and with what a label was computed."""

    model_config = ConfigDict(extra="forbid")

    versions: dict[str, str]
    processor: str
    threads: int
    blas: str = Field(description="linear algebra library and kernel in use")
    dgemm_gflops: float = Field(description="on one 1024 × 1024 matrix product, best of three; 0: not measured")


class LabelResult(BaseModel):
    """A finished label. Interaction energies in eV are E_AB − E_A − E_B in the dimer basis."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = LABEL_SCHEMA
    geometry_hash: str
    recipe_hash: str
    recipe: dict[str, object]
    dimer: str
    host_symbols: list[str]
    host_positions_angstrom: list[list[float]]
    probe: str
    position_angstrom: list[float]
    midbond_angstrom: list[float] | None
    fragments: dict[Literal["dimer", "host", "probe"], FragmentResult]
    energy_ev: float
    hf_ev: float
    ccsd_ev: float
    triples_ev: float
    cpu_seconds: float = Field(description="sum over the fragments, whichever start computed them")
    wall_seconds: float
    memory_gb: float = Field(description="peak resident memory of the process")
    environment: Environment = Field(description="of the process that finished the label")
    resumed: dict[Literal["dimer", "host", "probe"], Literal["hf", "ccsd", "finished"]] = Field(
        default_factory=dict, description="fragments an earlier, interrupted start had begun, and how far they were"
    )
    warnings: list[str] = Field(default_factory=list)
    finished_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def interaction(cls, fragments: dict[Literal["dimer", "host", "probe"], FragmentResult]) -> dict[str, float]:
        """Interaction energy and its parts in eV from the three fragments (Boys and Bernardi).

        DOI 10.1080/00268977000101561.
        """

        def part(field: str) -> float:
            ab, a, b = (float(getattr(fragments[name], field)) for name in ("dimer", "host", "probe"))
            return (ab - a - b) * HARTREE_EV

        hf, ccsd, triples = part("hf_hartree"), part("ccsd_hartree"), part("triples_hartree")
        return {"energy_ev": hf + ccsd + triples, "hf_ev": hf, "ccsd_ev": ccsd, "triples_ev": triples}

    def consistent(self) -> Self:
        """Return self if the stored parts follow from the fragments; raises ValueError otherwise.

        The tolerance, 1e-9 eV (1e-5 cm⁻¹), is a hundred times the rounding of energies around −231 hartree.
        """
        for name, value in self.interaction(self.fragments).items():
            if abs(value - getattr(self, name)) > 1e-9:
                raise ValueError(f"{name} is {getattr(self, name)!r} but the fragments give {value!r}")
        return self
