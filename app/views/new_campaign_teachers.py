"""The second step of a new campaign: the teachers, each tried at once on this very dimer."""

from concurrent.futures import Future

import streamlit as st

from app.background import answer, problem, under_way
from app.draft import Draft
from app.draft_hosts import PREFIX
from app.session import current_unit
from app.text import Markdown, plain
from nci_core.campaign.creating import teachers_offered
from nci_core.campaign.queries.teacher_trial import Trial
from nci_core.teachers.catalogue import find_preset
from nci_core.units import CM1_EV

#: What the built-in ones are.
WHAT = {
    "hf-d4": "Hartree–Fock + D4 dispersion; the usual choice",
    "hf-mp2": "Hartree–Fock + MP2; together with hf-d4 it gives a better student",
    "gfn2-xtb": "semi-empirical, very fast; its student needs more labels",
}


def show_teachers(now: Draft) -> None:
    """Choose one or several."""
    st.markdown(
        "A teacher is a cheap method: the first student learns the shape of the interaction from it, before any "
        "CCSD(T). Each is tried on your system at five points, from close in to far away; you need not wait for it."
    )
    if not now.dimers:
        st.info("Choose a molecule first.", icon=":material/info:")
        return
    chosen = now.teachers()
    trials = {name: now.trials(dimer) for name, dimer in now.dimers.items()}
    for spec in teachers_offered():
        futures = {name: of_all[spec] for name, of_all in trials.items()}
        refused = {name: _refused(future) for name, future in futures.items()}
        unusable = any(refused.values())
        with st.container(border=True):
            left, right = st.columns([1, 1.5], vertical_alignment="center")
            # A method that cannot treat the system is no choice; what was chosen before is taken back.
            key = f"{PREFIX}teacher-{spec}"
            if unusable:
                st.session_state[key] = False
            else:
                st.session_state.setdefault(key, spec in chosen)
            left.checkbox(plain(spec), key=key, disabled=unusable, persist_state="session")
            left.caption(_what(spec))
            with right:
                for name, future in futures.items():
                    of = f"{plain(name)}: " if len(futures) > 1 else ""
                    if refused[name]:
                        st.markdown(f":material/block: {of}{plain(refused[name])}")
                    elif trial := answer(future):
                        st.markdown(f"{of}{_verdict(trial)}")
                    else:
                        under_way(future, f"{name}: being tried" if of else "being tried")
    if not now.teachers():
        st.warning("Choose a teacher to go on.", icon=":material/warning:")


def _what(spec: str) -> Markdown:
    """What a teacher is: our words, else those of the catalogue."""
    preset = find_preset(spec)
    known = "offered by whoever runs this dashboard" if preset is None else f"{preset.title}. {preset.advice}"
    return plain(WHAT.get(spec, known))


def _refused(future: Future[Trial]) -> str:
    """Why the teacher cannot treat a system; empty where it can, or is being tried."""
    trial = answer(future)
    return trial.problem if trial else problem(future)


def _verdict(trial: Trial) -> Markdown:
    """Speed, depth and sanity in two lines."""
    unit = current_unit()
    depth = f"{trial.deepest_cm1 * CM1_EV * unit.per_ev:.{unit.digits}f}".replace("-", "−")
    where = trial.distances[trial.energies_cm1.index(trial.deepest_cm1)]
    speed = f"{trial.seconds:.2g} s" if trial.seconds >= 0.01 else "under 0.01 s"
    lines = f"**{speed}** of CPU time per configuration · {depth} {plain(unit.label)} at {where:.1f} Å"
    if trial.doubts:
        return f"{lines}  \n:material/warning: " + " ".join(plain(doubt) for doubt in trial.doubts)
    return f"{lines}  \n:material/check_circle: repulsive close in, attractive, then zero"
