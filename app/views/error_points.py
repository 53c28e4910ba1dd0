"""Errors → every point: parity and radial cuts, each point one click from its structure."""

import pandas as pd
import streamlit as st

from app import cached, model_answers, own_energies, selection
from app.choices import as_written, one_of
from app.data.cuts import CUT_PREFIX, with_points
from app.data.errors import as_shown, columns_of
from app.data.fields import NEAR
from app.data.own_energies import against
from app.data.terms import TERMS_HELP
from app.figures.points import cut_content, parity_content
from app.first_steps import command
from app.session import Context
from app.tables import with_numbers
from app.text import Markdown, code, plain
from app.views.details import show_details
from app.views.error_maps import error_scale
from nci_core.store.schema import Model

HEIGHT = 400


def show_parity(
    context: Context, table: pd.DataFrame, rows: pd.DataFrame, after: Model | None, before: Model | None
) -> None:
    """Error against energy, the largest errors as a table, and the structure of the chosen one."""
    inside = rows[rows["region"] != "beyond"]
    # A student says nothing of a transfer system with atoms that it does not know.
    columns = {
        name: c for name, c in columns_of(after, before).items() if not context.several or inside[c].notna().any()
    }
    if not columns:
        st.info("Neither teacher nor student has energies at these points.", icon=":material/info:")
        return
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        name = one_of(st, "Potential", as_written(columns), key="parity_shown", first=list(columns)[-1])
        error = (inside[columns[name]] - inside["label_ev"]).to_numpy(dtype=float)
        scale = error_scale(context, error)
        key = f"parity-{context.folder}"
        selection.draw(
            context,
            parity_content(inside, columns[name], scale, context.unit, reference=against(rows)),
            inside,
            key=key,
            height=HEIGHT,
            kinds=() if "reference" in inside else selection.kinds(inside),
            file=f"{context.campaign.name}-parity",
            empty="No labelled point here.",
        )
        st.caption(
            "Each point is one reference energy; bars are the student's ± 1 sd. The vertical axis is linear near "
            f"zero and logarithmic beyond.{_systems(context)}"
        )
        selection.bar(context, table, page="parity")
        _worst(context, inside, columns[name], name)
    with right:
        show_details(context, table, selection.in_view(context, inside))


def _systems(context: Context) -> Markdown:
    """Whose points they are, in a campaign of several systems."""
    if not context.every_system:
        return f" Points{context.whose}." if context.whose else ""
    transfer = ", ".join(system.name for system in context.campaign.transfer_systems)
    return " Points of all systems" + (f", those of the transfer systems too: {plain(transfer)}." if transfer else ".")


def _worst(context: Context, rows: pd.DataFrame, column: str, name: str) -> None:
    error, label = rows[column] - rows["label_ev"], context.unit.label
    order = error.abs().sort_values(ascending=False).head(10).index
    headers = {"id": "Configuration"} | ({"system": "System"} if context.every_system else {})
    headers |= {
        "region": "Region",
        "sector": "Direction",
        "label_ev": f"{'Reference' if 'reference' in rows else 'CCSD(T)'} ({label})",
        "error_ev": f"Error of the {name} ({label})",
    }
    worst = rows.assign(error_ev=error).loc[order].reset_index(names="id")
    table, specs = as_shown(worst, headers, context.unit, signed={"error_ev"})
    st.markdown("**Largest errors.** Tick one to see its structure, several to select them.")
    key = f"worst-{name}"

    def ticked() -> None:
        ticks = st.session_state[key].selection.rows
        ids = [int(table.iloc[i]["Configuration"]) for i in ticks if i < len(table)]
        if ids:
            selection.view(context, ids[-1])
            selection.change(context, ids, "replace")

    st.dataframe(
        with_numbers(table, specs),
        hide_index=True,
        on_select=ticked,
        selection_mode="multi-row",
        placeholder="—",
        key=key,
        height=220,
    )


def through_the_well(table: pd.DataFrame, names: list[str]) -> str:
    """The cut on which the lowest energy is known."""
    energy = table["label_ev"].fillna(table["student_ev"]).fillna(table["teacher_ev"])
    lowest = energy.groupby(table["origin"]).min()
    return min(names, key=lambda name: float(lowest.get(CUT_PREFIX + name, float("inf"))))


def show_cuts(context: Context, after: Model | None, before: Model | None) -> None:
    """Teacher, student with its uncertainty, and labels along the host's principal directions."""
    names = cached.cut_names(context)
    if not names:
        st.info("This campaign has no radial cuts; `nci sample` makes them.", icon=":material/info:")
        return
    table = cached.drawn(context, cached.table(context, after.id if after else None))
    left, right = st.columns([1.7, 1], gap="medium")
    with left:
        widths = [1.15, 1.1, 1.5, 1.05] if own_energies.choices(context) else [1.05, 1.6, 1.05]
        first, *points, second, third = st.columns(widths, vertical_alignment="bottom")
        deepest = names.index(through_the_well(table, names))
        name = str(first.selectbox("Direction", names, deepest, key="cut_name", bind="query-params"))
        channels = second.toggle(
            "Terms of the student",
            value=False,
            key="cut_channels",
            bind="query-params",
            help=TERMS_HELP,
        )
        distilled = None if after is None else model_answers.distilled_before(context, after)
        other = before if before is not None and (distilled is None or before.id != distilled.id) else None
        compare = third.toggle(
            "Earlier student", value=False, key="cut_before", bind="query-params", disabled=other is None
        )
        cut = cached.cut(context, name, after.id if after else None)
        earlier = cached.cut(context, name, other.id) if other is not None and compare else None
        taught = None if distilled is None else cached.cut(context, name, distilled.id)
        brought = own_energies.choose_points(context, points, "cut_points")
        rows = table if brought is None else cached.drawn(context, own_energies.set_rows(context, brought, after, None))
        if brought is not None:
            cut = with_points(cut, rows, context.host)
        scale = error_scale(context, rows["student_error_ev"])
        content = cut_content(
            cut, rows, scale, context.unit, context.colours, earlier=earlier, distilled=taught, channels=channels
        )
        key = f"cut-{context.folder}"
        selection.draw(
            context,
            content,
            rows,
            key=key,
            height=HEIGHT,
            kinds=selection.kinds(table.reindex(content.ids)) if len(content.ids) and brought is None else (),
            file=f"{context.campaign.name}-cut-{name}",
            empty="Nothing is known along this direction yet.",
        )
        st.caption(
            ("Points are CCSD(T) labels" if brought is None else f"Points within {NEAR} Å are {plain(against(rows))}")
            + ", coloured by the student's error. The axis is linear in the well and logarithmic on the wall."
        )
        if after is not None and cut.student.empty:
            typed = code(command("evaluate", context.campaign.folder))
            st.caption(f"No curve is stored for this student; {typed} computes it.")
        if cut.labels.empty and brought is None:
            st.caption("No point of this cut has a CCSD(T) label yet. Pick some on the Select page.")
        selection.bar(context, table, page="cuts")
    with right:
        show_details(context, table, selection.in_view(context, table))
