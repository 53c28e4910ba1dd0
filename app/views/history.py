"""History: what each round cost and what it brought; and which model is in use."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app import actions, cached
from app.chart import Drawn, charts
from app.choices import one_of
from app.data.errors import RANGES
from app.data.jobs import KINDS, model_list, model_name
from app.data.judged import OWN, Judged, change, measured
from app.data.worth import MEANING, said_beside, worth_of_tests
from app.doing import act_button, show_said
from app.figures.curves import history_figure
from app.session import Context
from app.tables import grid
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
    show_said()
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
    elif part in ("trust", "compare"):
        {"trust": trust, "compare": two_models}[part].show(context, models)
    else:
        {"blind": blind_predictions.section, "report": show_report}[part](context)


def _curves(metrics: pd.DataFrame, models: list[Model]) -> pd.DataFrame:
    """The last model of each round: round, region, mae_cm1, n, n_labels."""
    last = {model.round_number: (model.id, model.round_number, model.n_labels) for model in models}
    students = pd.DataFrame(last.values(), columns=["model_id", "round", "n_labels"]).astype({"model_id": float})
    return metrics.merge(students, on="model_id")


def judged(context: Context, metrics: pd.DataFrame, model: Model) -> list[Judged]:
    """What the student in use is judged against: the campaign's own test set first, then references from outside."""
    own = measured(metrics, model.id, what=OWN.format(recipe=context.campaign.recipe.name))
    what = "Energies from outside ({}), at positions that no fit has seen."
    outside = [
        Judged(
            row.name,
            error.n,
            error.mae_cm1 * CM1_EV,
            mae_error(error.mae_cm1, error.rmse_cm1, error.n) * CM1_EV,
            what.format(row.method),
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
    found = worth_of_tests(cached.averaged(context, cached.table(context)), campaign.bounds)
    said = said_beside(found, campaign.recipe, context.dimer, context.unit, regions=True)
    st.markdown(
        plain(said), help=f"{MEANING}; of several labels the root mean square. The student's error is beside it."
    )


def _before(context: Context, metrics: pd.DataFrame, models: list[Model], now: Model) -> None:
    """What the teacher and the student before its first label do on the same test set."""
    distilled = {model.id: model for model in models if model.kind == "distilled" and model.id != now.id}
    first = distilled.get(now.parent_id or 0) or next(reversed(distilled.values()), None)
    own, teacher = measured(metrics, now.id), measured(metrics, None)
    start = measured(metrics, first.id) if first is not None else None
    found = {"teacher": teacher, "student before its first label": start}
    parts = [f"{name} {row.text(context.unit)}" for name, row in found.items() if row is not None]
    if own is not None and parts:
        now_is = f" The student's error is now **{plain(change(start, own))}**." if start is not None else ""
        st.markdown(f"On the same test labels: {plain(', '.join(parts))}.{now_is}")


def _errors(context: Context, metrics: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute errors in the unit shown: a row for each model, a column for each of RANGES; NaN where unknown."""
    found = metrics.pivot_table("mae_cm1", "model_id", "region", aggfunc="last")
    return found.reindex(columns=list(RANGES)).astype(float) * CM1_EV * context.unit.per_ev


def _systems(context: Context) -> None:
    """Errors of teacher and student in use in each system, and of all training systems together."""
    st.subheader("Systems", help="A transfer system is only tested on, and not counted among those together.")
    model, rows = context.model.id if context.model else -1, []
    for name, metrics in cached.metrics_by_system(context).items():
        own, teacher = measured(metrics, model), measured(metrics, None)
        errors = {"teacher": teacher.mae_ev * context.unit.per_ev if teacher else np.nan}
        errors |= _errors(context, metrics).reindex([model]).rename(columns={"all": "student"}).iloc[0].to_dict()
        rows.append({"System": name, "Points": own.n if own else 0} | errors)
    if not rows:
        st.caption("No errors measured yet.")
        return
    shown = pd.DataFrame(rows).set_index(["System", "Points"]).add_suffix(f" ({context.unit.label})")
    grid(shown.reset_index(), dict.fromkeys(shown, f".{context.unit.digits}f"), key="systems-table")
    st.caption("Mean absolute errors below the energy limit on the frozen test set; by region those of the student.")


def _rounds(context: Context, rounds: pd.DataFrame, metrics: pd.DataFrame) -> None:
    errors = _errors(context, metrics).reindex(rounds["model_id"].astype(float)).set_axis(rounds.index)
    errors = errors.rename(columns={"all": "MAE"}).add_suffix(f" ({context.unit.label})")
    names = {"number": "Round", "kind": "What", "picked_by": "Picked by", "n_labels": "Labels", "n_failed": "Failed"}
    names |= {"cpu_minutes": "CPU min"}
    shown = rounds.replace({"kind": KINDS})[list(names)].rename(columns=names).join(errors)
    specs = dict.fromkeys(errors, f".{context.unit.digits}f") | {"CPU min": ".1f"}
    grid(shown.assign(Note=rounds["notes"]), specs, key="rounds-table")
    with st.popover("Write a note", icon=":material/edit_note:", disabled=context.read_only):
        numbers = rounds["number"].tolist()
        number = st.selectbox("Round", numbers, index=len(numbers) - 1, key="note_round")
        old = str(rounds.loc[rounds["number"] == number, "notes"].iloc[0])
        text = st.text_area("Note", value=old, key=f"note_text_{number}")
        keep = partial(actions.write_notes, context.campaign, int(number), notes=text)
        act_button(st, "Save note", keep, key="keep_note")


def _models(context: Context, models: list[Model], metrics: pd.DataFrame) -> None:
    if not models:
        st.caption("No model is stored yet.")
        return
    newest, error = list(reversed(models)), f"Test MAE ({context.unit.label})"
    active = context.model.id if context.model else None
    rows = [
        {
            "In use": "●" if model.id == active else "",
            "Model": model_name(model),
            "Training labels": model.n_labels,
            error: mae,
            "Fit (s)": model.seconds,
            "Device": model.device,
            "Made (UTC)": f"{model.created_at:%Y-%m-%d %H:%M}",
            "File": model.path.removeprefix("models/"),
        }
        for model, mae in zip(newest, _errors(context, metrics)["all"].reindex([m.id for m in newest]), strict=True)
    ]
    specs = {error: f".{context.unit.digits}f", "Fit (s)": ".1f"}
    event = grid(pd.DataFrame(rows), specs, key="models-table", on_select="rerun", selection_mode="single-row")
    chosen = newest[event.selection.rows[0]] if event.selection.rows else None
    name = model_name(chosen) if chosen and chosen.id != active and not context.read_only else ""
    act_button(
        st,
        f"Use {plain(name)}" if name else "Use the selected model",
        lambda: actions.activate(context.campaign, chosen.id),
        key="activate_model",
        when=name,
        said=f"In use now: {name}.",
        help="Select a row above. Maps, proposals and exports then use that model; nothing is deleted.",
    )
