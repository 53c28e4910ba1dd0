"""How much a teacher's energies weigh in a distillation, by region: less or nothing where it is known to be wrong."""

import re
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nci_core.errors import InputError
from nci_core.regions import Bounds

FloatArray = npt.NDArray[np.float64]
REGIONS = ("well", "tail", "wall")
#: SPEC,region=share,…; a specification may hold colons, but no comma.
PART = re.compile(r"(weight|well|tail|wall)=([0-9.]+)")


class TeacherWeights(BaseModel):
    """Shares, 0 to 1, of the usual weight that a teacher's energies have.

    >>> from nci_core.regions import RegionBounds
    >>> energies = np.array([-0.006, -0.0001, 0.001])  # −48, −0.8 and 8 cm⁻¹
    >>> TeacherWeights(teacher="gfn2-xtb", wall=0.0).shares(energies, RegionBounds()).tolist()
    [1.0, 1.0, 0.0]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    teacher: str = Field(min_length=1, description="its specification, one of teacher and more_teachers")
    weight: float = Field(1.0, ge=0, le=1, description="of all its energies")
    well: float = Field(1.0, ge=0, le=1, description="of its energies below the well's bound")
    tail: float = Field(1.0, ge=0, le=1, description="of those between the well's bound and zero")
    wall: float = Field(1.0, ge=0, le=1, description="of those above zero, however high")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.weight * max(self.well, self.tail, self.wall) > 0:
            raise ValueError("a teacher whose energies weigh nothing anywhere teaches nothing; leave it out instead")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of what people write; InputError for anything else.

        >>> TeacherWeights.parse("gfn2-xtb,wall=0,well=0.5").well
        0.5
        """
        spec, *parts = (part.strip() for part in text.split(","))
        found = [PART.fullmatch(part) for part in parts]
        try:
            named = [match[1] for match in found if match]
            if not spec or not found or not all(found) or len({*named}) < len(named):
                raise ValueError
            return cls(teacher=spec, **{match[1]: float(match[2]) for match in found if match})
        except ValueError:
            raise InputError(
                f"--teacher-weight {text!r}: give TEACHER,REGION=SHARE such as gfn2-xtb,wall=0 with weight, well, tail "
                "or wall and shares from 0 to 1, not all of them 0."
            ) from None

    def shares(self, energies: FloatArray, bounds: Bounds) -> FloatArray:
        """(m,) by the teacher's own energies (m,) in eV; what is beyond the limit is the wall."""
        region = bounds.classify(energies)
        by_region = np.select([region == name for name in ("well", "tail")], [self.well, self.tail], default=self.wall)
        found: FloatArray = self.weight * by_region
        return found
