"""What may be said against a finished label."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Code = Literal["open-shell", "t1", "triples", "counterpoise", "outlier", "not-converged", "failed"]


class Doubt(BaseModel):
    """Why a label is not to be used as it is: a code, and one sentence with the numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    sentence: str
