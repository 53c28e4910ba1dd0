"""History's part about trust: physics gates and error bars of a model."""

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import one_from
from app.data import trust as data
from app.data.jobs import model_name
from app.figures.trust import error_bar_figure, share_figure
from app.predictor import ask
from app.session import Context, errors_shown
from app.tables import energies_in
from app.text import Markdown, plain
from nci_core.campaign.rounds.gates import gates_of, stored_gates
from nci_core.gates import Gate
from nci_core.store.schema import Model

GATES_HELP = (
    "Small errors on test points do not exclude nonsense elsewhere. Each check asks one physical question on some "
    "thousands of points far out, inside the wall and between directions. They need no CCSD(T) energies."
)
CALIBRATION_HELP = (
    "The student's error bar is one standard deviation (sd) from its ensemble. z is the error divided by the error "
    "bar: if bars are right, 68% of the points lie within 1 sd and 95% within 2 sd, and the root mean square of z is 1."
)


def sidebar_warning(model: Model | None) -> None:
    """One sentence when the model in use fails a stored gate; nothing is computed."""
    gates = stored_gates(model) if model is not None else None
    if gates and any(not gate.passed for gate in gates):
        names = ", ".join(gate.name for gate in gates if not gate.passed)
        st.warning(
            f"The student in use fails a physics check: {plain(names)}. See History, Trust.", icon=":material/warning:"
        )


@st.cache_data(show_spinner="Checking the model's physics", max_entries=64)
def _asked_gates(folder: str, model_id: int, sha256: str) -> list[Gate]:
    return ask(gates_of, folder, model_id)


def model_gates(context: Context, model: Model) -> list[Gate]:
    """The stored gates of a model; those of older models are asked of the predictor process, once."""
    return stored_gates(model) or _asked_gates(context.folder, model.id, model.sha256)


def choose_model(context: Context, models: list[Model], label: Markdown, key: str, default: int) -> Model:
    """One of the models, the newest first."""
    by_id, active = {model.id: model for model in reversed(models)}, context.model.id if context.model else None
    words = {i: model_name(model) + (", in use" if i == active else "") for i, model in by_id.items()}
    return by_id[one_from(st, label, words, key=key, first=default)]


def show(context: Context, models: list[Model]) -> None:
    """The part of the History page: what a model does right and wrong apart from its errors."""
    active = context.model.id if context.model else models[-1].id
    left, _ = st.columns([1.2, 1])
    with left:
        model = choose_model(context, models, "Student", "trust_model", active)
    st.subheader("Does it obey physics?", help=GATES_HELP)
    with errors_shown():
        _gates(context, list(model_gates(context, model)))
    st.subheader("Can its error bars be believed?", help=CALIBRATION_HELP)
    if model.kind == "distilled":
        st.caption(
            "This student has seen no CCSD(T) label: its error bars tell how well it follows its teacher, and nothing "
            "of the teacher's own error. Expect them to be far too small."
        )
    _calibration(context, cached.averaged(context, cached.table(context, model.id)))


def _gates(context: Context, gates: list[Gate]) -> None:
    bad = [gate for gate in gates if not gate.passed]
    for gate in bad:
        st.error(
            f"**{plain(gate.name)}.** {plain(gate.question)} **No**: {plain(data.gate_value(gate, context.unit))}, "
            f"allowed {plain(data.gate_limit(gate, context.unit))} ({plain(gate.where)}).  \n{plain(gate.meaning)}",
            icon=":material/dangerous:",
        )
    if not bad:
        st.markdown(
            f":material/verified: All **{len(gates)}** checks passed: long range, wall, wells, symmetry, forces."
        )
    lines = ["| | Question | Found | Allowed |", "|---|---|---|---|"]
    for row in data.gates_table(gates, context.unit).itertuples():
        mark = ":material/check:" if row.passed else ":material/close: **no**"
        asked = f"**{plain(row.name)}.** {plain(row.question)}"
        lines.append(f"| {mark} | {asked} | {plain(row.found)} | {plain(row.allowed)} |")
    with st.expander(f"The {len(gates)} checks, what was found, and why these limits", expanded=bool(bad)):
        st.markdown("\n".join(lines))
        st.markdown("**Why these limits**, and where the values were found")
        st.markdown(
            "\n".join(
                f"- **{plain(gate.name)}**: {plain(gate.reason)}."
                + (f" Found: {plain(gate.where)}." if gate.where else "")
                for gate in gates
            )
        )


def _calibration(context: Context, table: pd.DataFrame) -> None:
    rows = data.measured_points(table)
    found = data.calibration(rows, context.campaign.bounds)
    if not found:
        st.info(
            "This needs finished CCSD(T) labels of test configurations, and a student with several members.",
            icon=":material/info:",
        )
        return
    inside = [item for item in found if item.region != "beyond"]
    for item in inside:
        where = "Over the whole range" if item.region == "all" else f"In the {plain(item.region)}"
        if item.verdict not in ("fair", "too few") or item.region == "all":
            st.markdown(f"{where} ({item.n} test points), **{plain(item.sentence)}**.")
    points = rows[["region", "std_ev", "student_error_ev"]]
    charts(
        context,
        Drawn(
            error_bar_figure(rows, context.unit, context.colours),
            "error-bars",
            lambda: energies_in(points, context.unit),
        ),
        Drawn(share_figure(inside, context.colours), "shares", lambda: data.calibration_table(found)),
        gap="medium",
    )
    number = st.column_config.NumberColumn
    config = {  # short headers leave room for the words
        "Within 1 sd (68% expected)": number("≤ 1 sd (68%)", help="68% are expected.", format="%.0f%%"),
        "Within 2 sd (95% expected)": number("≤ 2 sd (95%)", help="95% are expected.", format="%.0f%%"),
        "RMS z (1 expected)": number("RMS z (1)", help="1 is expected.", format="%.2f"),
    }
    st.dataframe(
        data.calibration_table(found), hide_index=True, column_config=config, key="calibration-table", height="content"
    )
    st.caption(
        f"Frozen test set{context.whose} only, recipe {plain(context.campaign.recipe.name)}. Bars of the right figure "
        "are 95% intervals of the shares. Regions with fewer than 10 points are shown but not judged."
    )
