"""History's parts about trust: physics gates and error bars of a model, blind predictions, two models, the report."""

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import one_from, one_of
from app.data import trust as data
from app.data.jobs import model_name
from app.figures.trust import change_figure, error_bar_figure, share_figure
from app.predictor import ask
from app.session import Context, errors_shown
from app.tables import energies_in, printed, with_numbers
from app.text import Markdown, plain
from app.views import blind_predictions
from nci_core.campaign.rounds.gates import gates_of, stored_gates
from nci_core.errors import NCIError
from nci_core.gates import Gate
from nci_core.store.schema import Model

PARTS = {
    "rounds": "Rounds and models",
    "blind": "Blind predictions",
    "trust": "Trust",
    "compare": "Compare two models",
    "report": "Report",
}
GATES_HELP = (
    "Small errors on test points do not exclude nonsense elsewhere. Each check asks one physical question on some "
    "thousands of points far out, inside the wall and between directions. They need no CCSD(T) energies."
)
CALIBRATION_HELP = (
    "The student's error bar is one standard deviation (sd) from its ensemble. z is the error divided by the error "
    "bar: if bars are right, 68% of the points lie within 1 sd and 95% within 2 sd, and the root mean square of z is 1."
)


def choose_part() -> str:
    """Which part of the History page is shown."""
    return one_of(st, "Show", PARTS, key="history_part")


def show_part(context: Context, part: str, models: list[Model]) -> None:
    """One of the parts but the first."""
    if not models:
        st.info("There is no student yet; distil one on the **Label & train** page.", icon=":material/info:")
    elif part == "blind":
        blind_predictions.section(context)
    elif part == "trust":
        _trust(context, models)
    elif part == "compare":
        _compare(context, models)
    else:
        from app.views.report_part import show_report

        show_report(context)


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


def _named(context: Context, model: Model) -> str:
    return model_name(model) + (", in use" if context.model is not None and model.id == context.model.id else "")


def _choose(context: Context, models: list[Model], label: Markdown, key: str, default: int) -> Model:
    by_id = {model.id: model for model in reversed(models)}
    ids = list(by_id)
    chosen = one_from(st, label, {i: _named(context, by_id[i]) for i in ids}, key=key, first=default)
    return by_id[chosen]


def _trust(context: Context, models: list[Model]) -> None:
    active = context.model.id if context.model else models[-1].id
    left, _ = st.columns([1.2, 1])
    with left:
        model = _choose(context, models, "Student", "trust_model", active)
    st.subheader("Does it obey physics?", help=GATES_HELP)
    with errors_shown():
        _gates(context, list(model_gates(context, model)))
    st.subheader("Can its error bars be believed?", help=CALIBRATION_HELP)
    if model.kind == "distilled":
        st.caption(
            "This student has seen no CCSD(T) label: its error bars tell how well it follows its teacher, and nothing "
            "of the teacher's own error. Expect them to be far too small."
        )
    _calibration(context, cached.table(context, model.id))


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
    for gate in data.worst_first(gates):
        mark = ":material/check:" if gate.passed else ":material/close: **no**"
        found, allowed = plain(data.gate_value(gate, context.unit)), plain(data.gate_limit(gate, context.unit))
        lines.append(f"| {mark} | **{plain(gate.name)}.** {plain(gate.question)} | {found} | {allowed} |")
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
    found = data.calibration(rows, context.campaign.settings.bounds)
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
        f"Frozen test set only, recipe {plain(context.campaign.recipe.name)}. Bars of the right figure are 95% "
        "intervals of the shares. Regions with fewer than 10 points are shown but not judged."
    )


def _compare(context: Context, models: list[Model]) -> None:
    if len(models) < 2:
        st.info("There is only one student; fine-tune it first, then compare.", icon=":material/info:")
        return
    active = context.model.id if context.model else models[-1].id
    left, right = st.columns(2)
    with right:
        second = _choose(context, models, "Second", "compare_second", active)
    with left:
        others = [model for model in models if model.id != second.id]
        first = _choose(context, others, "First", f"compare_first_{second.id}", _default_first(others, second))
    tables = cached.table(context, first.id), cached.table(context, second.id)
    rows = data.paired(*tables)
    _facts(context, (first, second), tables)
    if rows.empty:
        st.info(
            "No test configuration has both a finished label and energies of both students.", icon=":material/info:"
        )
        return
    names = f"round {first.round_number}", f"round {second.round_number}"
    if first.round_number == second.round_number:
        names = f"model {first.id}", f"model {second.id}"
    _paired_errors(context, rows)
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        _moved(context, rows)
    with right:
        st.markdown("**Point by point**, test set. Below the line the second model is better.")
        figure = change_figure(rows, names, context.unit, context.colours)
        pairs = rows[["region", "first_error_ev", "second_error_ev"]]
        charts(context, Drawn(figure, "two-models", lambda: energies_in(pairs, context.unit)))


def _default_first(others: list[Model], second: Model) -> int:
    earlier = [model.id for model in others if model.id < second.id]
    return earlier[-1] if earlier else others[0].id


def _facts(context: Context, pair: tuple[Model, Model], tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rounds, _ = cached.history(context)
    columns: dict[str, list[str]] = {"Student": ["Training labels", "Picked by", "CPU minutes of labels", "Fit"]}
    columns["Student"] += ["Physics checks", "Error bars on the test set"]
    for name, model, table in zip(("First", "Second"), pair, tables, strict=True):
        until = rounds[rounds["number"] <= model.round_number]
        picked = rounds.loc[rounds["number"] == model.round_number, "picked_by"]
        found = data.calibration(data.measured_points(table), context.campaign.settings.bounds)
        columns[f"{name}: {model_name(model)}"] = [
            str(model.n_labels),
            str(picked.iloc[0]) if len(picked) and model.kind != "distilled" else "—",
            f"{until['cpu_minutes'].sum():.0f} up to this round" if model.n_labels else "0",
            f"{model.seconds:.1f} s on {model.device}",
            _gates_words(context, model),
            data.calibration_summary(found),
        ]
    st.table(printed(pd.DataFrame(columns).set_index("Student"), {}))


def _gates_words(context: Context, model: Model) -> str:
    try:
        return data.gates_summary(list(model_gates(context, model)))
    except NCIError as error:  # a lost model file must not hide the comparison
        return f"unknown: {error}"


def _paired_errors(context: Context, rows: pd.DataFrame) -> None:
    label, factor = context.unit.label, context.unit.per_ev
    errors = data.paired_errors(rows)
    shown = pd.DataFrame(
        {
            "Region": errors["region"].replace(data.REGION_NAMES),
            f"First, MAE ({label})": errors["first_mae_ev"] * factor,
            f"Second, MAE ({label})": errors["second_mae_ev"] * factor,
            f"Change ({label})": errors["change_ev"] * factor,
            "± se": errors["se_ev"] * factor,
            "Improved": [f"{better} of {n} points" for better, n in zip(errors["better"], errors["n"], strict=True)],
        }
    )
    digits = context.unit.digits + 1  # good models differ by less than tables elsewhere show
    specs = dict.fromkeys((*shown.columns[1:3], "± se"), f".{digits}f") | {f"Change ({label})": f"+.{digits}f"}
    config = {
        f"Change ({label})": st.column_config.NumberColumn(
            help="Second minus first: negative means that the second is better."
        ),
        "± se": st.column_config.NumberColumn(
            help="Standard error of the change, from its scatter between the test points."
        ),
    }
    config["Improved"] = st.column_config.TextColumn(help="Test points where the second model has the smaller error.")
    st.markdown("**Mean absolute error on the frozen test set**")
    formatted = with_numbers(shown, specs)
    st.dataframe(
        formatted, hide_index=True, column_config=config, placeholder="—", key="compare-errors", height="content"
    )
    overall = errors[errors["region"] == "all"]
    if len(overall):
        st.markdown(plain(data.change_words(overall.iloc[0])))


def _moved(context: Context, rows: pd.DataFrame) -> None:
    label, factor, digits = context.unit.label, context.unit.per_ev, context.unit.digits + 1
    order = rows[rows["region"] != "beyond"].sort_values("change_ev")
    extremes = pd.concat([order.head(5), order.tail(5)])
    extremes = extremes[~extremes.index.duplicated()]
    moved = pd.DataFrame(
        {
            "Configuration": extremes.index,
            "Region": extremes["region"],
            f"First error ({label})": extremes["first_error_ev"] * factor,
            f"Second error ({label})": extremes["second_error_ev"] * factor,
        }
    )
    signed = with_numbers(moved, dict.fromkeys(moved.columns[2:], f"+.{digits}f"))
    st.markdown("**Test points that improved most**, and those that improved least or got worse")
    st.dataframe(signed, hide_index=True, placeholder="—", key="compare-moved", height="content")
