"""The processes that answer the pages' questions to models, so that torch never enters the dashboard's own."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from nci_core.jobs.predictor import Predictor

T = TypeVar("T")

#: A grid of millions of points, or an archive of 100,000 configurations.
PACKING_SECONDS = 900.0


@st.cache_resource(show_spinner=False)
def predictor() -> Predictor:
    """The dashboard's only one."""
    return Predictor()


@st.cache_resource(show_spinner=False)
def packer() -> Predictor:
    """A second one, which makes files to download: they take longer, and maps need not wait for them."""
    return Predictor(PACKING_SECONDS)


def ask(function: Callable[..., T], *arguments: Any) -> T:
    """What a function of the core says, evaluated in the predictor process; see `Predictor.ask`."""
    return predictor().ask(function, arguments)
