"""Labels that failed or were set aside: why, and what a person can do about each."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app import actions, cached
from app.doing import act_button
from app.session import Context, context, errors_shown
from app.text import plain
from nci_core.campaign.rounds.quarantine import WORDS, Doubted
from nci_core.units import from_cm1

#: Labels shown one below the other; the others are behind a click.
MOST_SHOWN = 4
RETRY_HELP = (
    "Computes it again with tighter thresholds, more iterations and smaller steps, and checks that Hartree–Fock "
    "found its lowest solution. The present result is kept."
)
WHY = "Why? It is kept with the label and your name."
RETRIED = "{} in the queue at tighter settings."


def show_set_aside() -> None:
    """The list, nothing when every label is fine; a fragment, so it reads the campaign anew each time."""
    with errors_shown():
        now = context()
        if found := cached.doubted_labels(now):
            _show(now, found)


def _show(now: Context, found: list[Doubted]) -> None:
    open_ones = [item for item in found if item.state != "left out"]
    decided = [item for item in found if item.state == "left out"]
    st.subheader(
        "Labels that are not used",
        help="They are kept, but no student is trained or tested on them until you decide or a retry passes.",
    )
    if len(open_ones) > 1:
        act_button(
            st,
            f"Retry all {len(open_ones)} with tighter settings",
            partial(_retry, now, open_ones),
            key="retry_all_doubted",
            said=RETRIED,
            help=RETRY_HELP,
            icon=":material/replay:",
        )
    for item in open_ones[:MOST_SHOWN]:
        _card(now, item)
    more = open_ones[MOST_SHOWN:]
    for title, folded in ((f"{len(more)} more", more), (f"Left out: {len(decided)}", decided)):
        if folded:
            with st.expander(title):
                for item in folded:
                    _card(now, item)


def _card(now: Context, item: Doubted) -> None:
    number, other = item.configuration_id, item.recipe != now.campaign.recipe.name
    key = f"{number}_{item.recipe}" if other else str(number)

    def energy(value_cm1: float, std_cm1: float | None = None) -> str:
        std = None if std_cm1 is None else float(from_cm1(std_cm1))
        return now.text(float(from_cm1(value_cm1)), std, signed=True)

    with st.container(border=True, key=f"doubted-{key}"):
        name = f"Configuration {number}, {item.recipe}" if other else f"Configuration {number}"
        name += f", {now.campaign.system(item.system_id).name}" if now.several else ""
        value = "" if item.energy_cm1 is None else f" · {plain(energy(item.energy_cm1, item.recipe_std_cm1))}"
        st.markdown(f"**{plain(name)}** · {plain(_heading(item))}{value}")
        for reason in item.reasons:
            st.markdown(plain(reason["sentence"]))
        if text := _remark(item, energy):
            st.caption(plain(text))
        row = st.container(horizontal=True, gap="small")
        act_button(
            row,
            "Retry with tighter settings",
            partial(_retry, now, [item]),
            key=f"retry_doubted_{key}",
            said=RETRIED,
            help=RETRY_HELP,
        )
        for can, name, title, verb, act, becomes in (
            (item.can_accept, "use", "Use it anyway", "Use it", actions.use_all_the_same, "used from now on"),
            (item.state == "set aside", "leave", "Leave it out", "Leave it out", actions.leave_out, "left out"),
        ):
            if can:
                with row.popover(title, disabled=now.read_only):
                    because = st.text_input(WHY, key=f"because_{name}_{key}")
                    decide = partial(act, now.campaign, item, now.person, because)
                    said = f"The label of configuration {number} is {becomes}."
                    act_button(st, verb, decide, key=f"sure_{name}_{key}", said=said, type="primary")


def _retry(now: Context, items: list[Doubted]) -> str:
    count = actions.retry_tightened(now.campaign, items, now.person)
    return f"{count} calculation{'s are' if count != 1 else ' is'}"


def _heading(item: Doubted) -> str:
    """For example 'set aside: (T) out of line, far from the student'."""
    words = [WORDS.get(reason["code"], reason["code"]) for reason in item.reasons]
    what = item.state if item.state != "failed" else ""
    found = ", ".join(dict.fromkeys(words))
    return (f"{what}: {found}" if what else found) + (" · test set" if item.split == "test" else "")


def _remark(item: Doubted, energy: Callable[[float], str]) -> str:
    """What was tried and decided so far; `energy` writes one given in cm⁻¹."""
    parts = []
    if item.tightened_tries:
        times = "once" if item.tightened_tries == 1 else f"{item.tightened_tries} times"
        parts.append(f"Tried again at tighter settings {times}.")
    if item.earlier_cm1:
        parts.append(f"Before that: {', '.join(energy(value) for value in item.earlier_cm1)}.")
    if item.because:
        parts.append(f"Left out by {item.person}: {item.because}")
    codes = {reason["code"] for reason in item.reasons}
    if "t1" in codes:
        parts.append("Tighter settings do not change T1: somebody has to decide.")
    if "open-shell" in codes:
        parts.append("Every label of this host and probe has this doubt: somebody has to decide.")
    return " ".join(parts)
