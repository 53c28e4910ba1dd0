"""How far labels of a recipe lie from the quantity they stand for: a standard error from the label's own parts.

No PySCF here: the dashboard reads it.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Parts of an interaction energy that an error may follow. `mean_field` is Hartree–Fock, of the larger functions where
#: there are any; `delta` is CCSD + (T) − MP2 of the recipe's own functions, `step` MP2 of the larger ones less theirs.
Part = Literal["mean_field", "mp2_larger", "mp2", "ccsd", "triples", "delta", "step"]
#: Those of them that every recipe computes.
PARTS_WITHOUT_MP2: frozenset[Part] = frozenset({"mean_field", "ccsd", "triples"})
Share = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class PredictionError(BaseModel):
    """Standard error of a recipe's labels: σ² = floor² + Σ_k (share_k · part_k)².

    It is no setting of the calculation: two recipes that differ in it alone give the same labels. The floor is above
    zero, for no label is exact.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    floor_cm1: float = Field(gt=0, le=1e4, allow_inf_nan=False, description="what every label is uncertain by, cm⁻¹")
    shares: dict[Part, Share] = Field(default_factory=dict, description="how much of a part is uncertain, by part")
    source: str = Field("", max_length=500, description="what it was calibrated on")

    def __str__(self) -> str:
        """For people.

        >>> str(PredictionError(floor_cm1=0.3, shares={"delta": 0.1, "step": 0.025}))
        '0.3 cm⁻¹, 10% of delta and 2.5% of step, added in squares'
        """
        parts = [f"{self.floor_cm1:g} cm⁻¹", *(f"{100 * share:.3g}% of {part}" for part, share in self.shares.items())]
        return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}, added in squares"

    def std_cm1(self, parts_cm1: Mapping[Part, float]) -> float | None:
        """The standard error of a label with these parts (cm⁻¹) in cm⁻¹; None if one it needs is not there.

        >>> round(PredictionError(floor_cm1=0.3, shares={"delta": 0.1}).std_cm1({"delta": -4.0}), 3)
        0.5
        """
        if not self.shares.keys() <= parts_cm1.keys():
            return None
        return math.hypot(self.floor_cm1, *(share * parts_cm1[part] for part, share in self.shares.items()))
