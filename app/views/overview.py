"""Overview, the first page of a campaign: how wrong teacher and student are, and what to do next."""

from typing import Any

import streamlit as st

from app import actions, cached, known_errors
from app.components.mounted import mounted
from app.data.jobs import model_list
from app.data.overview import STARTS, Step, course, next_step, situation, stored_error
from app.data.worth import overview_sentence, worth_of_tests
from app.doing import act_button
from app.figures.overview import error_text, overview_content
from app.session import Context
from app.text import Markdown, plain
from app.views import refused_teacher
from nci_core.campaign.queries.error_maps import CLEARLY_WORSE, ErrorMaps
from nci_core.campaign.queries.live_stored import FEWEST
from nci_core.errors import NCIError
from nci_core.interpolation import REACH
from nci_core.units import from_cm1
from nci_core.visible import visible


def show(context: Context) -> None:
    """The page."""
    title, why, place = st.columns([1.1, 1.6, 1], vertical_alignment="center")
    title.title("Overview", help="How wrong the teacher is, how wrong the student is now, and what each round brought.")
    now = situation(context.campaign)
    step = next_step(now)
    why.markdown(f":gray[Next: {plain(step.why)}]", text_alignment="right")
    _next(context, step, place)
    if step.act == "teach":
        refused_teacher.offer(context.campaign, "all_the_same")
    if not now.students:
        st.info(plain(f"{step.why} Error maps appear with the first student."), icon=":material/info:")
        return
    maps = None
    try:
        maps = known_errors.kept(context)
    except NCIError as error:
        st.info(plain(error), icon=":material/info:")
    rounds, metrics = cached.history(context)
    active = context.model.id if context.model else None
    rows = course(model_list(context.campaign.store), rounds, metrics, active)
    taught = stored_error(metrics[metrics["teacher"] == context.campaign.teacher])
    worth = worth_of_tests(cached.averaged(context, cached.table(context)), context.campaign.bounds)
    content = overview_content(
        context.host,
        maps,
        rows,
        taught,
        context.unit,
        context.colours,
        limit_ev=from_cm1(context.system.bounds.limit_cm1),
        teacher_name=visible(context.campaign.settings.teacher),
        worth=overview_sentence(context.campaign.recipe, worth, context.dimer, context.unit),
        name=context.campaign.name,
        among=len(context.averaged) if context.every_system else 1,
    )
    mounted("overview")(key=f"overview-{context.folder}", data=content)
    line, more = _caption(context, maps)
    if context.several:
        line = f"Maps of {plain(context.system.title)}; numbers and curve{context.whose}. {line}"
    st.caption(line, help=more or None)


def _next(context: Context, step: Step, place: Any) -> None:
    """The one button."""

    def go() -> None:
        pages = st.session_state.get("pages", {})
        if step.act in STARTS:
            getattr(actions, STARTS[step.act])(context.campaign)
        st.switch_page(pages["select" if step.act == "pick" and "select" in pages else "label-train"], query_params={})

    act_button(
        place,
        plain(step.button),
        go,
        key="next_step",
        writes=step.act in STARTS,
        help=plain(step.why),
        type="primary",
        icon=":material/arrow_forward:",
        icon_position="right",
        width="stretch",
    )


def _caption(context: Context, maps: ErrorMaps | None) -> tuple[Markdown, Markdown]:
    """What the colours mean and how well that is known: one line, and more on hover."""
    if maps is None:
        return "Mean absolute errors below the energy limit, on labels that no fit has seen.", ""
    if maps.against == "teacher":
        return (
            "Student minus teacher, red: higher, blue: lower. Errors against CCSD(T) need at least "
            f"{FEWEST:d} labels of the frozen test set.",
            "The teacher is the distilled student plus its interpolated residual at the teacher's stored energies.",
        )
    missed, alone = (plain(error_text(value, context.unit)) for value in (maps.missed_ev, maps.missed_alone_ev))
    made = next((row for row in model_list(context.campaign.store) if row.id == maps.model_ids[maps.carrier]), None)
    latest = f"student of round {made.round_number:d}" if made is not None else "latest student"
    line = (
        "Energy minus CCSD(T): red too high, blue too low. Dots: test labels near this plane. Between the "
        f"{len(maps.test_ev):d} test labels CCSD(T) is interpolated with the {latest}, to {missed} in "
        "cross-validation. Hatched: not known."
    )
    return line, (
        f"The {latest} was fitted to the most labels. Its residual at the labels of the frozen test set, which no fit "
        f"has seen, is interpolated up to {REACH:g} Å from them. Median error in five-fold cross-validation: "
        f"{missed}, of that student alone {alone}. Potentials with at least {CLEARLY_WORSE:g} times its test error "
        f"are drawn up to {REACH:g} Å from any configuration, the others only near test labels. Blank: inside the wall."
    )
