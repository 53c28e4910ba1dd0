"""What was entered for a new campaign, in the page's address: a reload or a copied link loses nothing of it.

An address may come from anyone: a value that its field would not take is passed over. A file that was sent stays in
the server's memory, and the address has its digest.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.draft import FILE, NAME, NUMBERS, PREFIX, PROBES, SMILES, TEXTS, Draft, Upload, built_in_names, value
from nci_core.campaign.creating import teachers_offered
from nci_core.labels.builtin_recipes import RECIPES

#: Files that are kept, of all sessions.
MOST_FILES = 20
#: Key of the step that the address was told last, and when; so many seconds later every request of the browser has it.
TOLD, SETTLED = f"{PREFIX}told", 3.0


@st.cache_resource(show_spinner=False)
def _files() -> OrderedDict[str, Upload]:
    return OrderedDict()


def keep(sent: Upload) -> str:
    """Keep a file for a later visit and return its digest; the oldest of too many are forgotten."""
    digest = hashlib.blake2b(sent.name.encode() + b"\0" + sent.content, digest_size=12).hexdigest()
    files = _files()
    files[digest] = sent
    files.move_to_end(digest)
    while len(files) > MOST_FILES:
        files.popitem(last=False)
    return digest


def _choices(steps: Sequence[str]) -> dict[str, Sequence[str]]:
    """Fields with few values, the first of them the default."""
    return {
        "step": steps,
        "kind": (SMILES, FILE, NAME),
        "probe": PROBES,
        "built-in": ["", *built_in_names()],
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
        elif name == "file-digest" and text in _files():
            found |= {"upload": _files()[text], name: text}
    return found


def tell(now: Draft, steps: Sequence[str]) -> None:
    """Keep the address such that it has what was entered; what nobody touched is left out."""
    wanted: dict[str, str | None] = {
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
    for name, text in wanted.items():
        if text is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != text:
            st.query_params[name] = text


def forget() -> None:
    """Begin with nothing, in session and address."""
    for name in ["made", "teachers", "file-digest", *_choices([]), *TEXTS, *NUMBERS]:
        st.query_params.pop(name, None)
    for key in [key for key in st.session_state if str(key).startswith(PREFIX)]:
        del st.session_state[key]
