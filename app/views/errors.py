"""Errors: where teacher and student differ from CCSD(T), and from each other."""

import pandas as pd
import streamlit as st

from app import cached
from app.coordinates import VIEWS
from app.data.errors import REGION_HELP, by_region, labelled, region_sector_matrix
from app.data.jobs import model_list, model_name
from app.figures.curves import cut_figure, parity_figure
from app.figures.maps import Panel, error_maps, legend_text, region_matrix
from app.figures.scales import scale_for
from app.first_steps import distil
from app.session import Context
from app.theme import CHART_CONFIG
from app.views import around, drawn_cut
from app.views.explore import no_configurations
from nci_core.store.schema import Model
from nci_core.units import from_cm1

SETS = {"test": "Frozen test set", "pool": "Training labels"}
SET_HELP = (
    "The test set was set apart before any training and only measures errors. "
    "Errors on training labels say how well the fit reproduces what it has seen. The two are never mixed."
)
#: Parts that ask the student itself, anywhere in space.
LIVE_PARTS = {"around": around, "line": drawn_cut}
PARTS = {"maps": "Maps", "cuts": "Radial cuts", "parity": "Every point", "regions": "By region"} | {
    key: part.TITLE for key, part in LIVE_PARTS.items()
}


def show(context: Context) -> None:
    """The page."""
    st.title("Errors", help="Error means prediction minus CCSD(T): negative is too attractive.")
    table = cached.table(context)
    if table.empty:
        no_configurations(context)
        return
    models = model_list(context.campaign.store)
    if not models:
        st.info(
            "There is no student yet, so only the teacher can be compared. Distil one on the Label & train page, "
            f"or with `{distil(context.campaign.folder)}`.",
            icon=":material/info:",
        )
    after, before = _choose_models(context, models)
    part = st.segmented_control(
        "Show",
        list(PARTS),
        format_func=PARTS.__getitem__,
        default="maps",
        required=True,
        key="errors_part",
        persist_state="session",
        label_visibility="collapsed",
    )
    table = cached.table(context, after.id) if after else table
    if before is not None:
        earlier = cached.table(context, before.id)
        table = table.assign(earlier_ev=earlier["student_ev"], earlier_error_ev=earlier["student_error_ev"])
    if part in LIVE_PARTS:
        if after is not None:
            LIVE_PARTS[part].show(context, table, after, before)
        return
    if part == "cuts":
        _cuts(context, after, before)
        return
    split = _choose_set(table)
    rows = labelled(table, split)
    if rows.empty:
        _no_labels(context, split)
        if part == "maps" and after is not None:
            _only_student_teacher(context, table)
        return
    if part == "maps":
        _maps(context, table, rows, after, before)
    elif part == "parity":
        _parity(context, rows, after, before)
    else:
        _regions(context, rows, split, after, before)


def _choose_models(context: Context, models: list[Model]) -> tuple[Model | None, Model | None]:
    if not models:
        return None, None
    by_id = {model.id: model for model in reversed(models)}
    ids = list(by_id)
    active = context.model.id if context.model else ids[0]
    left, right, _ = st.columns([1.2, 1.2, 0.6])
    after = left.selectbox(
        "Student",
        ids,
        index=ids.index(active),
        format_func=lambda i: _named(by_id[i], active),
        key="errors_after",
        persist_state="session",
    )
    others = [0, *[i for i in ids if i != after]]
    parents = [i for i in others if i and i < after]
    before = right.selectbox(
        "Compare with",
        others,
        index=others.index(parents[0]) if parents else 0,
        format_func=lambda i: "no other model" if i == 0 else _named(by_id[i], active),
        key=f"errors_before_{after}",
    )
    return by_id[after], by_id.get(before)


def _named(model: Model, active: int) -> str:
    return model_name(model) + (", in use" if model.id == active else "")


def _choose_set(table: pd.DataFrame) -> str:
    counts = {split: len(labelled(table, split)) for split in SETS}
    split = st.segmented_control(
        "Points",
        list(SETS),
        format_func=lambda key: f"{SETS[key]} ({counts[key]})",
        default="test" if counts["test"] else "pool",
        required=True,
        key="errors_set",
        persist_state="session",
        help=SET_HELP,
        label_visibility="collapsed",
    )
    return str(split or "test")


def _no_labels(context: Context, split: str) -> None:
    recipe = context.campaign.recipe.name
    if split == "test":
        text = f"No test configuration has a finished *{recipe}* label yet, so errors cannot be measured."
    else:
        text = f"No training configuration has a finished *{recipe}* label yet. Pick some on the Select page."
    st.info(text, icon=":material/info:")


def _maps(context: Context, table: pd.DataFrame, rows: pd.DataFrame, after: Model | None, before: Model | None) -> None:
    panels = [Panel("teacher − CCSD(T)", rows, rows["teacher_error_ev"])]
    if before is not None:
        panels.append(Panel(f"before: round {before.round_number} student", rows, rows["earlier_error_ev"]))
    if after is not None:
        name = f"after: round {after.round_number} student" if before is not None else "student − CCSD(T)"
        panels.append(Panel(name, rows, rows["student_error_ev"]))
        inside = table[table["region"] != "beyond"]
        panels.append(Panel("student − teacher, all points", inside, inside["student_teacher_ev"]))
    _draw(context, panels)


def _only_student_teacher(context: Context, table: pd.DataFrame) -> None:
    inside = table[table["region"] != "beyond"]
    if inside["student_teacher_ev"].notna().any():
        _draw(context, [Panel("student − teacher, all points", inside, inside["student_teacher_ev"])])


def _draw(context: Context, panels: list[Panel]) -> None:
    view = st.session_state.get("errors_view") or "side"
    values = pd.concat([panel.difference_ev for panel in panels])
    cap = from_cm1(context.campaign.settings.limit_cm1)
    scale = scale_for(values.to_numpy(dtype=float), context.unit.per_ev, linear_ev=from_cm1(0.5), cap_ev=cap)
    host = context.campaign.dimer.host
    figure = error_maps(host, panels, scale, context.unit, context.colours, view=view, height=400)
    st.plotly_chart(figure, theme=None, config=CHART_CONFIG, key="error-maps")
    left, right = st.columns([3, 1.2], vertical_alignment="center")
    left.caption(legend_text(scale, context.unit))
    right.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default="side",
        required=True,
        key="errors_view",
        persist_state="session",
        label_visibility="collapsed",
    )


def _cuts(context: Context, after: Model | None, before: Model | None) -> None:
    names = cached.cut_names(context)
    if not names:
        st.info("This campaign has no radial cuts; `nci sample` makes them.", icon=":material/info:")
        return
    left, middle, right = st.columns([1.6, 1, 1], vertical_alignment="bottom")
    name = left.selectbox("Cut from the host's centre", names, key="cut_name", persist_state="session")
    channels = middle.toggle(
        "Repulsion and dispersion",
        key="cut_channels",
        persist_state="session",
        help="The student's two channels; their sum is its interaction energy.",
    )
    compare = right.toggle(
        "Earlier student", value=False, key="cut_before", persist_state="session", disabled=before is None
    )
    cut = cached.cut(context, name, after.id if after else None)
    earlier = cached.cut(context, name, before.id) if before is not None and compare else None
    figure = cut_figure(cut, context.unit, context.colours, earlier=earlier, channels=channels)
    st.plotly_chart(figure, theme=None, config=CHART_CONFIG, key="cut-figure")
    if after is not None and cut.student.empty:
        st.caption(f"No curve is stored for this student; `nci evaluate -c {context.campaign.folder}` renews them.")
    if cut.labels.empty:
        st.caption("No point of this cut has a CCSD(T) label yet. Its configurations can be picked on the Select page.")


def _columns(after: Model | None, before: Model | None) -> dict[str, str]:
    columns = {"teacher": "teacher_ev"}
    if before is not None:
        columns["earlier student"] = "earlier_ev"
    if after is not None:
        columns["student"] = "student_ev"
    return columns


def _parity(context: Context, rows: pd.DataFrame, after: Model | None, before: Model | None) -> None:
    columns = _columns(after, before)
    shown = st.pills(
        "Potentials",
        list(columns),
        selection_mode="multi",
        default=list(columns)[-1:],
        key="parity_shown",
        label_visibility="collapsed",
    )
    inside = rows[rows["region"] != "beyond"]
    chosen = {name: columns[name] for name in columns if name in (shown or list(columns)[-1:])}
    figure = parity_figure(inside, chosen, context.unit, context.colours, height=360)
    st.plotly_chart(figure, theme=None, config=CHART_CONFIG, key="parity")
    column = list(chosen.values())[-1]
    _worst(context, inside, column, list(chosen)[-1])


def _worst(context: Context, rows: pd.DataFrame, column: str, name: str) -> None:
    error = (rows[column] - rows["label_ev"]) * context.unit.per_ev
    order = error.abs().sort_values(ascending=False).head(10).index
    label = context.unit.label
    table = pd.DataFrame(
        {
            "Configuration": order,
            "Region": rows.loc[order, "region"].to_numpy(),
            "Direction": rows.loc[order, "sector"].to_numpy(),
            f"CCSD(T) ({label})": (rows.loc[order, "label_ev"] * context.unit.per_ev).to_numpy(),
            f"Error of the {name} ({label})": error.loc[order].to_numpy(),
        }
    )
    st.markdown("**Largest errors.** Select a row to open its structure on the Explore page.")
    digits = f"%.{context.unit.digits}f"
    config = {c: st.column_config.NumberColumn(format=digits) for c in table.columns[3:]}
    event = st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        on_select="rerun",
        selection_mode="single-row",
        key=f"worst-{name}",
    )
    if event.selection.rows:
        st.session_state[f"selected-{context.folder}"] = int(table.iloc[event.selection.rows[0]]["Configuration"])
        st.success(
            f"Configuration {table.iloc[event.selection.rows[0]]['Configuration']} is chosen; open the Explore page.",
            icon=":material/my_location:",
        )


def _regions(context: Context, rows: pd.DataFrame, split: str, after: Model | None, before: Model | None) -> None:
    recipe = context.campaign.recipe
    st.markdown(
        f"Errors against CCSD(T), recipe *{recipe.name}*, on **{SETS[split].lower()}** only.",
        help=_region_help(context),
    )
    columns = _columns(after, before)
    summary = by_region(rows, columns)
    factor, label, digits = context.unit.per_ev, context.unit.label, context.unit.digits
    shown = pd.DataFrame(
        {
            "Region": summary["region"].replace({"all": "whole range"}),
            "Potential": summary["potential"],
            "Points": summary["n"],
            f"MAE ({label})": summary["mae_ev"] * factor,
            f"RMSE ({label})": summary["rmse_ev"] * factor,
            f"Largest ({label})": summary["max_ev"] * factor,
            f"Bias ({label})": summary["bias_ev"] * factor,
        }
    )
    config = {c: st.column_config.NumberColumn(format=f"%.{digits}f") for c in shown.columns[3:]}
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        st.dataframe(
            shown, hide_index=True, column_config=config, placeholder="—", key="region-table", height="content"
        )
    with right:
        name, column = list(columns.items())[-1]
        st.markdown(f"**MAE of the {name}** by region and direction ({label})")
        mae, count = region_sector_matrix(rows, column)
        st.plotly_chart(
            region_matrix(mae, count, context.unit, context.colours), theme=None, config=CHART_CONFIG, key="matrix"
        )


def _region_help(context: Context) -> str:
    bounds = context.campaign.settings.bounds
    text = "  \n".join(f"**{name}**: {meaning}" for name, meaning in REGION_HELP.items())
    well, limit = context.text(from_cm1(bounds.well_below_cm1)), context.text(from_cm1(bounds.limit_cm1))
    return f"{text}  \nWell bound {well}, energy limit {limit}. MAE: mean absolute error; bias: mean error."
