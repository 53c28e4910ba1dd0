"""What the student expects of labels that are not computed yet, asked of the predictor process and cached."""

from typing import Any

import streamlit as st

from app.data import versions
from app.predictor import ask
from app.session import Context
from nci_core.campaign.budget import Offer, Outlook, Preview, fill_budget, outlook, preview
from nci_core.errors import InputError


def _key(context: Context) -> tuple[str, int, Any]:
    if context.model is None:
        raise InputError("There is no student yet; distil one on the Label & train page first.")
    return context.folder, context.model.id, versions.data_version(context.campaign.store)


@st.cache_data(show_spinner=False, max_entries=24)
def _preview(folder: str, model_id: int, version: Any, ids: tuple[int, ...]) -> Preview:
    return ask(preview, folder, model_id, ids)


def basket_preview(context: Context, ids: list[int]) -> Preview:
    """Expected standard deviations before and after labelling these configurations."""
    return _preview(*_key(context), tuple(sorted(ids)))


@st.cache_data(show_spinner=False, max_entries=24)
def _offers(folder: str, model_id: int, version: Any, minutes: float, ids: tuple[int, ...]) -> list[Offer]:
    return ask(fill_budget, folder, model_id, minutes, ids)


def offers(context: Context, minutes: float, ids: list[int]) -> list[Offer]:
    """What so many minutes would buy beside the basket `ids`, best first."""
    return _offers(*_key(context), minutes, tuple(sorted(ids)))


@st.cache_data(show_spinner=False, max_entries=12)
def _outlook(folder: str, model_id: int, version: Any, minutes: float) -> Outlook:
    return ask(outlook, folder, model_id, minutes)


def uncertainty_outlook(context: Context, minutes: float) -> Outlook:
    """Expected uncertainty against minutes, I-optimal and random."""
    return _outlook(*_key(context), minutes)
