"""New campaign: from a molecule to a distilled student, without the command line."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import streamlit as st

from app import draft_address
from app.background import background, follow
from app.choices import as_written, one_of
from app.draft import Draft, draft, made_folder
from app.draft_hosts import PREFIX
from app.session import Context, errors_shown
from app.text import plain
from app.views.bring_campaign import show_bring
from app.views.new_campaign_labels import show_labels, show_sampling
from app.views.new_campaign_molecule import show_molecule
from app.views.new_campaign_start import show_progress, show_start
from app.views.new_campaign_summary import show_summary
from app.views.new_campaign_teachers import show_teachers
from nci_core.errors import NCIError
from nci_core.switches import read_only

#: The steps, in their order: what people read, and what draws each.
STEPS: dict[str, Callable[[Draft], None]] = {
    "1 Molecule": show_molecule,
    "2 Teachers": show_teachers,
    "3 Labels": show_labels,
    "4 Sampling": show_sampling,
    "5 Start": show_start,
}


def show(_: Context | None = None) -> None:
    """The page; it needs no campaign."""
    st.title(
        "New campaign",
        help="A campaign is one rigid molecule with an atom moving around it: configurations, a cheap teacher, "
        "CCSD(T) labels, and the potential learned from both.",
    )
    if read_only():
        st.info(
            "This is a read-only demonstration, so no campaign can be made here. Run `make app` on your own machine: "
            "there this page takes a molecule by name, as SMILES or as a file to its first potential.",
            icon=":material/lock:",
        )
        return
    made = made_folder(st.query_params.get("made"))
    if made is not None:
        background().keep(())
        show_progress(made)
        return
    steps = list(STEPS)
    draft_address.take(steps)
    now = draft()
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        if (wanted := st.session_state.pop(f"{PREFIX}go", None)) in steps:
            st.session_state[f"{PREFIX}step"] = wanted
        step = one_of(st, "Step", as_written(steps), key=f"{PREFIX}step", in_address=False, persist_state="session")
        with errors_shown():
            STEPS[step](now)
        if step != steps[-1]:
            _next(now, steps[steps.index(step) + 1])
        show_bring()
    with right, errors_shown():
        show_summary(now)
    draft_address.tell(now, steps)
    needed = _under_way(now)
    background().keep(needed)
    follow(needed)


def _next(now: Draft, following: str) -> None:
    """The button to the next step, which works once there is something to go on with."""
    ready = False
    with suppress(NCIError):
        ready = now.dimer is not None and not now.problem
    st.button(
        f"Next: {plain(following.partition(' ')[2])}",
        type="primary",
        icon=":material/arrow_forward:",
        disabled=not ready,
        key=f"{PREFIX}next",
        on_click=st.session_state.update,
        args=({f"{PREFIX}go": following},),
    )


def _under_way(now: Draft) -> list[Future[Any]]:
    """The questions whose answers change what is shown: nothing else that was asked here is needed any more."""
    found: list[Future[Any]] = [host.making for host in now.hosts if host.making is not None]
    with suppress(NCIError):  # a probe that is none; numbers that make no sense stop only what depends on them
        for dimer in now.dimers.values():
            found += now.trials(dimer).values()
        found += now.recipes().values()
        if now.host is not None:
            found.append(now.preview())
    return found
