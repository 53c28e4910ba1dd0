"""History's part that makes the report of a round."""

import streamlit as st

from app.cached import by_version, data, fits, unit
from app.choices import one_from
from app.data.jobs import model_list, model_name
from app.report import build_report, report_name
from app.session import Context, errors_shown
from app.text import code
from app.views.trust import model_gates


@by_version(data, fits, unit, most=4, spinner="Preparing the report")
def _report(context: Context, number: int) -> str:
    return build_report(context.campaign, number, context.unit, lambda model: model_gates(context, model))


def show_report(context: Context) -> None:
    """Choose a round, prepare its report on request, download it."""
    st.markdown(
        "One HTML file of a round: errors, maps, cuts, physics checks, error bars, and where each label comes from. "
        "Its figures are interactive and need no network; it prints well. Energies are in the unit of the sidebar."
    )
    last = {model.round_number: model for model in model_list(context.campaign.store)}
    numbers = sorted(last, reverse=True)
    active = context.model.round_number if context.model else numbers[0]
    left, _ = st.columns([1.2, 1])
    number = one_from(
        left, "Round", {n: model_name(last[n]) for n in numbers}, key="report_round", first=active, in_address=False
    )
    # Which report was asked for; another round or unit, or newer data, has to be prepared again.
    wanted = (context.folder, number, unit(context), data(context), fits(context))
    if st.button("Prepare report", icon=":material/description:", key="prepare_report"):
        st.session_state["report_prepared"] = wanted
    if st.session_state.get("report_prepared") == wanted:
        with errors_shown():
            text = _report(context, number)
            st.download_button(
                "Download report (HTML)",
                text,
                report_name(context.campaign, number),
                "text/html",
                icon=":material/download:",
                key="download_report",
                on_click="ignore",
            )
    option = "" if context.unit.key == "cm1" else f" --unit {context.unit.key}"
    command = f"nci report -c {context.campaign.name} --round {number}{option} --out FILE.html"
    st.caption(f"The same on the command line: {code(command)}")
