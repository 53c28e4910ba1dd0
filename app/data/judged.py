"""The error of a student against each reference there is, with what that reference can say."""

from dataclasses import dataclass

import pandas as pd

from nci_core.metrics import mae_error
from nci_core.rounding import times, with_uncertainty
from nci_core.units import CM1_EV, EnergyUnit

#: What a campaign's own test set says, and what it does not.
OWN = (
    "It measures against labels of recipe {recipe}, not against the truth: how well the student reproduces the recipe, "
    "not how good the recipe is."
)


@dataclass(frozen=True)
class Judged:
    """A mean absolute error.

    Attributes:
        name: of the reference, such as "Own test set".
        n: points.
        mae_ev: the error in eV.
        se_ev: its standard error in eV, NaN if it is not known.
        what: what the reference is, one sentence.
    """

    name: str
    n: int
    mae_ev: float
    se_ev: float
    what: str

    def text(self, unit: EnergyUnit) -> str:
        """The error to the digits that are known: '0.04 ± 0.01 cm⁻¹'."""
        value = with_uncertainty(self.mae_ev * unit.per_ev, self.se_ev * unit.per_ev, unit.digits)
        return f"{value} {unit.label}"


def measured(metrics: pd.DataFrame, model_id: int | None, region: str = "all", *, what: str = "") -> Judged | None:
    """The stored error of a model, or the teacher's (None), on the frozen test set; None if it was not measured."""
    chosen = metrics["model_id"].isna() if model_id is None else metrics["model_id"] == model_id
    found = metrics[chosen & (metrics["region"] == region)]
    if found.empty:
        return None
    row = found.iloc[-1]
    mae, n = float(row["mae_cm1"]), int(row["n"])
    error = mae_error(mae, float(row["rmse_cm1"]), n)
    return Judged("Own test set", n, mae * CM1_EV, error * CM1_EV, what)


def change(before: Judged, after: Judged) -> str:
    """How much smaller or larger an error is, to the digits that are known: 'about 530 times smaller'.

    The two are taken as independent. Errors on the same points are not, so that the digits are rather too few.

    >>> change(Judged("", 49, 17.0, 3.0, ""), Judged("", 49, 0.032, 0.004, ""))
    'about 530 times smaller'
    >>> change(Judged("", 49, 0.10, 0.02, ""), Judged("", 49, 0.11, 0.02, ""))
    'the same within what these points can tell'
    """
    if abs(before.mae_ev - after.mae_ev) <= (before.se_ev**2 + after.se_ev**2) ** 0.5:
        return "the same within what these points can tell"
    if not before.mae_ev or not after.mae_ev:
        return "smaller" if after.mae_ev < before.mae_ev else "larger"
    relative = ((before.se_ev / before.mae_ev) ** 2 + (after.se_ev / after.mae_ev) ** 2) ** 0.5
    smaller = after.mae_ev <= before.mae_ev
    ratio = before.mae_ev / after.mae_ev if smaller else after.mae_ev / before.mae_ev
    return f"about {times(ratio, relative)} times {'smaller' if smaller else 'larger'}"
