"""Teachers → catalogue: what there is, what is known of one, and adding it to the comparison."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from app import actions, cached_teachers
from app.background import answer, background, follow, problem, under_way
from app.choices import one_from
from app.data.teachers import catalogue
from app.doing import act_button, show_said
from app.session import Context
from app.tables import grid
from app.text import Markdown, code, plain
from nci_core.campaign.creating import is_trusted, teachers_offered
from nci_core.campaign.queries.teacher_check import is_installed
from nci_core.campaign.queries.teacher_trial import try_teacher
from nci_core.store import configurations, job_queries
from nci_core.store.base import ACTIVE
from nci_core.teachers.catalogue import Preset, find_preset, presets

#: A trial that takes longer than this (s) says so.
TRIAL_SECONDS = 600.0
HELP: dict[str, Markdown] = {
    "This system": "Whether it covers the elements of the system that is drawn.",
    "Installed": "The version of the package that it needs, if it is on this machine.",
    "Commercial use": "Whether the licence of the weights allows it.",
    "Weights": "Where they are now; `nci teacher fetch NAME` downloads those that are not here.",
}


def show(context: Context) -> None:
    """The table, what is known of one of them, and the comparison that it can be added to."""
    show_said()
    dimer = context.dimer
    shown = catalogue(sorted({*dimer.a.symbols, *dimer.b.symbols}))
    grid(shown, {"Size (MB)": ".0f"}, key="teachers-catalogue", help=HELP, height=370)
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        titles = {preset.spec: f"{preset.spec} · {preset.title}" for preset in presets()}
        _about(required(one_from(st, "About", titles, key="teachers_about")))
    with right:
        _add(context)


def required(spec: str) -> Preset:
    """The preset of one of the catalogue's own specifications."""
    found = find_preset(spec)
    assert found is not None
    return found


def _about(preset: Preset) -> None:
    """All that a person needs to choose it."""
    st.markdown(f"**{plain(preset.title)}**: {plain(preset.advice)}")
    size = f"{preset.size_mb:,.0f} MB" if preset.size_mb else ""
    known = {
        "Level of theory": preset.level,
        "Trained on": preset.trained_on,
        "Elements": preset.elements_text or "nobody says",
        "Licence": preset.licence,
        "Weights": size,
        "Measured": preset.measured if preset.tried else "Not yet run by those who wrote this catalogue.",
        "Reference": preset.reference,
    }
    st.markdown(_lines(known))
    if not is_installed(preset):
        install = preset.install or f"pip install {preset.package}"
        st.markdown(f":material/download: It is not installed here; {code(install)} does that.")


def _lines(known: Mapping[str, str]) -> Markdown:
    """What is known, one line each."""
    lines = [f"{plain(name)}: {plain(value)}" for name, value in known.items() if value]
    return "  \n".join(lines)


def _add(context: Context) -> None:
    """A further teacher for comparison: its price first, by a trial, then the job."""
    st.markdown("**Add a teacher to the comparison**")
    there = set(cached_teachers.names(context).values())
    offered = {spec: spec for spec in teachers_offered() if spec not in there}
    last = job_queries.last(context.campaign.store, ("teach",))
    if last is not None and last.state in ACTIVE:
        st.progress(min(last.progress, 1.0), text=f"Teacher energies: {plain(last.message or last.state)}")
        return
    if not offered:
        st.caption(
            "All teachers that this dashboard offers have energies here. Others are computed with `nci teach --teacher "
            "NAME`, or offered by the variable NCI_TEACHERS."
        )
        return
    spec = one_from(st, "Teacher", offered, key="teachers_add")
    future = background().ask(
        f"trial {context.folder} {context.system.id} {spec}",
        partial(try_teacher, trusted=is_trusted(spec)),
        context.dimer,
        spec,
        seconds=TRIAL_SECONDS,
        long=True,
    )
    trial = answer(future)
    if trial is None and not problem(future):
        under_way(future, f"{spec}: being tried at five points")
        follow([future])
        return
    said = problem(future) or (trial.problem if trial else "")
    if said or trial is None:
        st.markdown(f":material/block: {plain(said)}")
        return
    places = sum(configurations.counts(context.campaign.store).values())
    each = f"{trial.seconds:.2g} s" if trial.seconds >= 0.01 else "under 0.01 s"
    st.markdown(f"{_price(trial.seconds, places)} for {places} configurations: {each} of CPU time each.")
    for doubt in trial.doubts:
        st.markdown(f":material/warning: {plain(doubt)}")
    act_button(
        st,
        "Compute its energies",
        lambda: actions.teach_for_comparison(context.campaign, spec, trust_teacher=bool(trial.doubts)),
        key="teachers_compute",
        said=f"{spec} is being computed, for comparison only.",
        help="For comparison only: no student learns from them." + (" Also what looks absurd." if trial.doubts else ""),
        icon=":material/add:",
    )


def _price(seconds: float, places: int) -> Markdown:
    """How long it takes on one core, in words."""
    minutes = seconds * places / 60.0
    text = f"{minutes:.0f} minutes" if minutes >= 1.5 else f"{max(minutes * 60.0, 1.0):.0f} s"
    return f"About **{text}** on one core"
