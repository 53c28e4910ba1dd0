"""History: what each round cost and what it brought; and which model is in use."""

import pandas as pd
import streamlit as st

from app import actions, cached
from app.chart import Drawn, charts
from app.choices import one_of
from app.data.jobs import model_list, model_name
from app.data.judged import OWN, Judged, change, measured
from app.data.worth import MEANING, said_beside, worth_of_tests
from app.figures.curves import history_figure
from app.session import Context, errors_shown
from app.tables import grid, scaled
from app.text import plain
from app.views import blind_predictions, replay, trust, two_models
from app.views.report_part import show_report
from nci_core.metrics import mae_error
from nci_core.store.schema import Model
from nci_core.units import CM1_EV

PARTS = {
    "rounds": "Rounds and models",
    "blind": "Blind predictions",
    "trust": "Trust",
    "compare": "Compare two models",
    "report": "Report",
}
#: References from outside that have room in the headline; the page Energies has them all.
MOST_OUTSIDE = 2
ROUND_KINDS = {"distill": "distillation", "finetune": "fine-tuning"}


def show(context: Context) -> None:
    """The page."""
    st.title("History", help="A round: pick, label, fine-tune, measure on the frozen test set.")
    rounds, metrics = cached.history(context)
    models = model_list(context.campaign.store)
    if rounds.empty:
        st.info(
            "No round yet. The first one, round 0, distils the teacher into a student: start it on the "
            "**Label & train** page.",
            icon=":material/info:",
        )
        return
    _message()
    part = one_of(st, "Show", PARTS, key="history_part")
    if part != "rounds":
        _other_part(context, part, models)
        return
    curves = _curves(metrics, models)
    left, right = st.columns([1.35, 1], gap="medium")
    with left:
        st.subheader("Error on the frozen test set")
        if curves.empty:
            st.info(
                "Errors appear here when test configurations have labels and a student has been evaluated on them.",
                icon=":material/info:",
            )
        else:
            charts(context, Drawn(history_figure(curves, context.unit, context.colours), "test-error"))
        if context.several:
            st.caption(f"Errors{context.whose}.")
    with right:
        st.subheader("At a glance")
        _glance(context, rounds, metrics, models)
    if context.every_system:
        _systems(context)
    st.subheader("Rounds")
    _rounds(context, rounds, metrics)
    st.subheader("Models")
    _models(context, models, metrics)
    replay.section(context)


def _other_part(context: Context, part: str, models: list[Model]) -> None:
    if not models:
        st.info("There is no student yet; distil one on the **Label & train** page.", icon=":material/info:")
    elif part == "blind":
        blind_predictions.section(context)
    elif part == "trust":
        trust.show(context, models)
    elif part == "compare":
        two_models.show(context, models)
    else:
        show_report(context)


def _message() -> None:
    message = st.session_state.pop("history_message", None)
    if message:
        st.success(plain(message), icon=":material/check_circle:")


def _curves(metrics: pd.DataFrame, models: list[Model]) -> pd.DataFrame:
    """The last model of each round: round, region, mae_cm1, n, n_labels."""
    last = {model.round_number: model for model in models}
    parts = []
    for number, model in sorted(last.items()):
        part = metrics[metrics["model_id"] == model.id]
        parts.append(part.assign(round=number, n_labels=model.n_labels))
    return pd.concat(parts) if parts else metrics.assign(round=0, n_labels=0).iloc[:0]


def judged(context: Context, metrics: pd.DataFrame, model: Model) -> list[Judged]:
    """What the student in use is judged against: the campaign's own test set first, then references from outside."""
    own = measured(metrics, model.id, what=OWN.format(recipe=context.campaign.recipe.name))
    outside = [
        Judged(
            row.name,
            error.n,
            error.mae_cm1 * CM1_EV,
            mae_error(error.mae_cm1, error.rmse_cm1, error.n) * CM1_EV,
            f"Energies from outside ({row.method}), at positions that no fit has seen.",
        )
        for row, error in cached.outside_errors(context)
    ]
    return [*([own] if own else []), *outside[:MOST_OUTSIDE]]


def _glance(context: Context, rounds: pd.DataFrame, metrics: pd.DataFrame, models: list[Model]) -> None:
    now, unit = context.model, context.unit
    found = judged(context, metrics, now) if now is not None else []
    if now is not None and found:
        st.markdown(
            f"**Mean absolute error** (MAE) of round {now.round_number}, in use now, below the energy limit"
            + (f", {context.whose.removeprefix(' of ')}" if context.several else "")
        )
        for column, row in zip(st.columns(len(found)), found, strict=True):
            column.metric(f"{plain(row.name)} ({row.n:d} points)", plain(row.text(unit)))
            column.caption(plain(row.what))
        _worth(context)
        _before(context, metrics, models, now)
    else:
        st.caption("No errors measured yet.")
    left, right = st.columns(2)
    left.metric("Training labels", int(rounds["n_labels"].sum()))
    minutes = float(rounds["cpu_minutes"].sum())
    right.metric("CPU minutes spent", f"{minutes:.0f}" if minutes >= 10 else f"{minutes:.1f}")


def _worth(context: Context) -> None:
    """What the labels are worth that the errors are against, by region as the table of rounds has them."""
    campaign = context.campaign
    found = worth_of_tests(cached.averaged(context, cached.table(context)), campaign.settings.bounds)
    said = said_beside(found, campaign.recipe, context.dimer, context.unit, regions=True)
    st.markdown(
        plain(said), help=f"{MEANING}; of several labels the root mean square. The student's error is beside it."
    )


def _before(context: Context, metrics: pd.DataFrame, models: list[Model], now: Model) -> None:
    """What the teacher and the student before its first label do on the same test set."""
    first = next((m for m in models if m.id == now.parent_id), None)
    if first is None or first.kind != "distilled":
        first = next((m for m in reversed(models) if m.kind == "distilled" and m.id != now.id), None)
    own, teacher = measured(metrics, now.id), measured(metrics, None)
    start = measured(metrics, first.id) if first is not None else None
    found = {"teacher": teacher, "student before its first label": start}
    parts = [f"{name} {row.text(context.unit)}" for name, row in found.items() if row is not None]
    if own is None or not parts:
        return
    now_is = f" The student's error is now **{plain(change(start, own))}**." if start is not None else ""
    st.markdown(f"On the same test labels: {plain(', '.join(parts))}.{now_is}")


def _mae(metrics: pd.DataFrame, model_id: int | None, region: str = "all") -> float | None:
    found = measured(metrics, model_id, region)
    return found.mae_ev if found else None


def _systems(context: Context) -> None:
    """Errors of teacher and student in use in each system, and of all training systems together."""
    st.subheader("Systems", help="A transfer system is only tested on, and not counted among those together.")
    factor, model = context.unit.per_ev, context.model.id if context.model else -1
    rows = []
    for name, metrics in cached.metrics_by_system(context).items():
        own = measured(metrics, model)
        errors = {"teacher": _mae(metrics, None), "student": own.mae_ev if own else None}
        errors |= {region: _mae(metrics, model, region) for region in ("well", "tail", "wall")}
        values = {
            f"{what} ({context.unit.label})": value
            for what, value in zip(errors, scaled(errors.values(), factor), strict=True)
        }
        rows.append({"System": name, "Points": own.n if own else 0} | values)
    shown = pd.DataFrame(rows)
    if shown.empty:
        st.caption("No errors measured yet.")
        return
    grid(shown, dict.fromkeys(shown.columns[2:], f".{context.unit.digits}f"), key="systems-table")
    st.caption("Mean absolute errors below the energy limit on the frozen test set; by region those of the student.")


def _rounds(context: Context, rounds: pd.DataFrame, metrics: pd.DataFrame) -> None:
    label, factor = context.unit.label, context.unit.per_ev
    errors = {
        region: scaled(
            (_mae(metrics, model, region) if pd.notna(model) else None for model in rounds["model_id"]), factor
        )
        for region in ("all", "well", "tail", "wall")
    }
    shown = pd.DataFrame(
        {
            "Round": rounds["number"],
            "What": rounds["kind"].map(lambda kind: ROUND_KINDS.get(kind, kind)),
            "Picked by": rounds["picked_by"],
            "Labels": rounds["n_labels"],
            "Failed": rounds["n_failed"],
            "CPU min": rounds["cpu_minutes"],
            f"MAE ({label})": errors["all"],
            f"well ({label})": errors["well"],
            f"tail ({label})": errors["tail"],
            f"wall ({label})": errors["wall"],
            "Note": rounds["notes"],
        }
    )
    digits = f"%.{context.unit.digits}f"
    config = {c: st.column_config.NumberColumn(format=digits) for c in shown.columns[6:10]}
    config["CPU min"] = st.column_config.NumberColumn(format="%.1f")
    grid(shown, key="rounds-table", column_config=config)
    with st.popover("Write a note", icon=":material/edit_note:", disabled=context.read_only):
        numbers = rounds["number"].tolist()
        number = st.selectbox("Round", numbers, index=len(numbers) - 1, key="note_round")
        old = str(rounds.loc[rounds["number"] == number, "notes"].iloc[0])
        text = st.text_area("Note", value=old, key=f"note_text_{number}")
        if st.button("Save note", key="keep_note"):
            with errors_shown():
                actions.write_notes(context.campaign, int(number), text)
                st.rerun()


def _models(context: Context, models: list[Model], metrics: pd.DataFrame) -> None:
    if not models:
        st.caption("No model is stored yet.")
        return
    label, factor = context.unit.label, context.unit.per_ev
    newest = list(reversed(models))
    active = context.model.id if context.model else None
    shown = pd.DataFrame(
        {
            "In use": ["●" if model.id == active else "" for model in newest],
            "Model": [model_name(model) for model in newest],
            "Training labels": [model.n_labels for model in newest],
            f"Test MAE ({label})": scaled((_mae(metrics, model.id) for model in newest), factor),
            "Fit (s)": [model.seconds for model in newest],
            "Device": [model.device for model in newest],
            "Made (UTC)": [f"{model.created_at:%Y-%m-%d %H:%M}" for model in newest],
            "File": [model.path.removeprefix("models/") for model in newest],
        }
    )
    config = {
        f"Test MAE ({label})": st.column_config.NumberColumn(format=f"%.{context.unit.digits}f"),
        "Fit (s)": st.column_config.NumberColumn(format="%.1f"),
    }
    event = grid(shown, key="models-table", column_config=config, on_select="rerun", selection_mode="single-row")
    chosen = newest[event.selection.rows[0]] if event.selection.rows else None
    can = chosen is not None and chosen.id != active and not context.read_only
    if st.button(
        f"Use {plain(model_name(chosen))}" if can and chosen is not None else "Use the selected model",
        disabled=not can,
        key="activate_model",
        help="Select a row above. Maps, proposals and exports then use that model; nothing is deleted.",
    ):
        with errors_shown():
            if chosen is not None:
                actions.activate(context.campaign, chosen.id)
                st.session_state["history_message"] = f"In use now: {model_name(chosen)}."
                st.rerun()
