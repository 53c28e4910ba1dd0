"""Numbers in the page's address that widgets show.

Streamlit can bind a widget to the address, but leaves out a value that code gave it before it was first drawn, as
happens to the ends of a line that is drawn with the mouse.
"""

import math
from collections.abc import Sequence

import streamlit as st


def take_numbers(name: str, keys: Sequence[str], *, low: float, high: float) -> None:
    """Before widgets are drawn: give them the numbers that a shared link has under `name`, unless they have values.

    What is not as many numbers between `low` and `high` is passed over.
    """
    if name not in st.query_params or any(key in st.session_state for key in keys):
        return
    try:
        numbers = [float(part) for part in st.query_params[name].split(",")]
    except ValueError:
        return
    if len(numbers) == len(keys) and all(math.isfinite(v) and low <= v <= high for v in numbers):
        st.session_state.update(zip(keys, numbers, strict=True))


def tell_numbers(name: str, values: Sequence[float] | None) -> None:
    """Put numbers into the address; None takes them out."""
    if values is None:
        st.query_params.pop(name, None)
        return
    text = ",".join(f"{value:g}" for value in values)
    if st.query_params.get(name) != text:
        st.query_params[name] = text
