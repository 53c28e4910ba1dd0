"""What the student expects of labels that are not computed yet, asked of the predictor process and cached."""

from collections.abc import Callable
from typing import Any, TypeVar

from app.cached import by_version, data, student
from app.predictor import ask
from app.session import Context
from nci_core.campaign.pricing.budget import Offer, Outlook, Preview, fill_budget, outlook, preview
from nci_core.errors import InputError

T = TypeVar("T")


def _asked(context: Context, function: Callable[..., T], *arguments: Any) -> T:
    if context.model is None:
        raise InputError("There is no student yet; distil one on the Label & train page first.")
    return ask(function, context.folder, context.model.id, *arguments)


@by_version(data, student)
def basket_preview(context: Context, ids: list[int]) -> Preview:
    """Expected standard deviations before and after labelling these configurations."""
    return _asked(context, preview, tuple(sorted(ids)))


@by_version(data, student)
def offers(context: Context, minutes: float, ids: list[int]) -> list[Offer]:
    """What so many minutes would buy beside the basket `ids`, best first."""
    return _asked(context, fill_budget, minutes, tuple(sorted(ids)))


@by_version(data, student)
def uncertainty_outlook(context: Context, minutes: float) -> Outlook:
    """Expected uncertainty against minutes, I-optimal and random."""
    return _asked(context, outlook, minutes)
