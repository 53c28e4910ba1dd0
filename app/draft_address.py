"""What was entered for a new campaign, in the page's address: a reload or a copied link loses nothing of it.

An address may come from anyone: a value that its field would not take is passed over. A file that was sent stays in
the server's memory, and the address has its digest.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.draft import NUMBERS, PROBES, ROLES, TEXTS, Draft
from app.draft_hosts import FILE, FILE_MARK, NAME, PREFIX, SMILES, kept, value
from nci_core.campaign.creating import teachers_offered
from nci_core.config import MOST_SYSTEMS
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.systems import library

#: Key of the step that the address was told last, and when; so many seconds later every request of the browser has it.
TOLD, SETTLED = f"{PREFIX}told", 3.0


def _choices(steps: Sequence[str]) -> dict[str, Sequence[str]]:
    """Fields with few values, the first of them the default."""
    return {
        "step": steps,
        "kind": (SMILES, FILE, NAME),
        "probe": PROBES,
        "built-in": ["", *library.names()],
        "recipe": ["", *RECIPES],
    }


def take(steps: Sequence[str]) -> None:
    """Take what the address has into the session, once a session; and its step when the browser went back to it."""
    _follow_back(steps)
    if st.session_state.get(f"{PREFIX}read"):
        return
    st.session_state[f"{PREFIX}read"] = True
    found = _understood(st.query_params.to_dict(), steps)
    for name, entered in found.items():
        st.session_state.setdefault(PREFIX + name, entered)


def _follow_back(steps: Sequence[str]) -> None:
    """Go to the address's step where that is not the one it was told: the browser's Back or Forward has opened it."""
    step, since = st.session_state.get(TOLD, ("", 0.0))
    there = st.query_params.get("step", step)
    pressed = value("step", steps[0]) != step
    if step and there != step and there in steps and not pressed and time.monotonic() - since > SETTLED:
        st.session_state[f"{PREFIX}go"] = there


def _understood(address: Mapping[str, str], steps: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in address.items():
        if text and (text in _choices(steps).get(name, ()) or len(text) <= TEXTS.get(name, 0)):
            found[name] = text
        elif name in NUMBERS and text.isascii() and text.isdigit() and len(text) < 12:
            _, least, most, _ = NUMBERS[name]
            if least <= int(text) <= most:
                found[name] = int(text)
        elif name == "teachers":
            found |= {f"teacher-{spec}": spec in text.split(",") for spec in teachers_offered()}
        elif name == "file-digest" and kept(text):
            found[name] = text
        elif name in ROLES:
            entries = dict.fromkeys(filter(_is_entry, st.query_params.get_all(name)))
            found[name] = list(entries)[: MOST_SYSTEMS - 1]
    return found


def _is_entry(text: str) -> bool:
    """Whether a list of further hosts may have it: a file that is kept, a name, or what may be a SMILES string."""
    if text.startswith(FILE_MARK):
        return kept(text.removeprefix(FILE_MARK)) is not None
    return 0 < len(text) <= TEXTS["smiles"] and text.isprintable()


def tell(now: Draft, steps: Sequence[str]) -> None:
    """Keep the address such that it has what was entered; what nobody touched is left out."""
    wanted: dict[str, str | list[str] | None] = {
        name: entered if (entered := value(name, "")) in options[1:] else None
        for name, options in _choices(steps).items()
    }
    wanted["step"] = str(value("step", steps[0]))  # the first too: a page without it has just been opened
    if st.session_state.get(TOLD, ("",))[0] != wanted["step"]:
        st.session_state[TOLD] = (wanted["step"], time.monotonic())
    wanted |= {name: str(value(name, "")).strip()[:most] or None for name, most in TEXTS.items()}
    wanted |= {
        name: str(value(name)) if value(name, default) != default else None for name, (default, *_) in NUMBERS.items()
    }
    touched = any(value(f"teacher-{spec}") is not None for spec in teachers_offered())
    wanted["teachers"] = ",".join(now.teachers()) if touched else None
    wanted["file-digest"] = value("file-digest") if value("kind") == FILE else None
    wanted |= {role: list(value(role, ())) or None for role in ROLES}
    for name, entered in wanted.items():
        if entered is None:
            st.query_params.pop(name, None)
        elif st.query_params.get_all(name) != ([entered] if isinstance(entered, str) else entered):
            st.query_params[name] = entered


def forget() -> None:
    """Begin with nothing, in session and address."""
    for name in ["made", "teachers", "file-digest", *_choices([]), *TEXTS, *NUMBERS, *ROLES]:
        st.query_params.pop(name, None)
    for key in [key for key in st.session_state if str(key).startswith(PREFIX)]:
        del st.session_state[key]
