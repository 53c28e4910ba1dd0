"""Select: pick configurations for CCSD(T) by hand or by rank, within a budget."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from app import actions, cached, selection
from app.components import plot
from app.data import basket as basket_data
from app.data.readiness import basket_without_label
from app.figures.points import MOST_POINTS
from app.places import MapPlaces
from app.recipe_choice import choose_recipe, chosen_recipe, pickable, what_labels_are_worth
from app.session import Context, default_person, errors_shown
from app.tables import with_numbers
from app.text import plain
from app.views import budget
from app.views.begin import no_configurations
from app.views.details import of_system, structure
from app.views.map_controls import map_controls
from nci_core.campaign.pricing.costs import cost_of_labels
from nci_core.errors import NCIError
from nci_core.store import selections

MAP_HEIGHT = 460
#: Proposals taken at once before anyone chose.
TAKE = 10
SD_HELP = "One standard deviation of the student's energy, by its own estimate."
STRATEGIES = {
    "i-optimal": "I-optimal: tells the student most about the whole range",
    "farthest-point": "Farthest point: away from every label",
    "random": "Random: a control to compare with",
}


def show(context: Context) -> None:
    """The page."""
    st.title("Select", help="Choose which configurations get a CCSD(T) calculation next.")
    table, whole = cached.table(context), cached.whole(context)
    if cached.drawn(context, table).empty:
        no_configurations(context)
        return
    basket, ranked = cached.basket_and_proposals(context, whole, chosen_recipe(context).hash, pickable(context, whole))
    left, right = st.columns([1.45, 1], gap="medium")
    with left:
        _map(context, whole, cached.drawn(context, table), basket, ranked)
    with right:
        _message()
        _budget(context, basket)
        in_basket, proposed, chosen = st.tabs([f"Basket ({len(basket)})", f"Proposals ({len(ranked)})", "Structure"])
        with in_basket:
            _basket(context, basket)
        with proposed:
            _proposals(context, basket, ranked)
        with chosen:
            _structure(context, whole, cached.drawn(context, table))
    budget.panel(context, table, _change)


def _map(
    context: Context, whole: pd.DataFrame, table: pd.DataFrame, basket: pd.DataFrame, ranked: pd.DataFrame
) -> None:
    """The map of the drawn system's `table`; what is selected elsewhere may be of any system."""
    first, second, third = st.columns([1.55, 1.45, 0.9], vertical_alignment="bottom")
    view, colour = map_controls(context.host, table, first, second, page="select", first="student_ev")
    third.text_input(
        "Picked by",
        value=default_person(),
        key="person",
        persist_state="session",
        disabled="signed_in_as" in st.session_state,
        help="Kept with each pick and label.",
    )
    rows = table[table["region"] != "beyond"]
    key, places = selection.plot_key(context, "select-map"), MapPlaces(context, rows.index, view)
    plot.show(
        cached.encoded_map(context, rows, view, colour, selection.window(key)),
        context.colours,
        selection.marks(context, rows, basket=basket.index, proposed=_offered(basket, ranked).index, places=places),
        key=key,
        height=MAP_HEIGHT,
        group="select",
        to_basket=True,
        mode_label="What drawing does to the basket",
        aggregated=len(rows) > MOST_POINTS,
        kinds=selection.kinds(rows),
        file=f"{context.campaign.name}-basket",
        on_event=lambda event: _told(context, whole, key, event, places),
    )
    hidden = len(table) - len(rows)
    recipe, target = chosen_recipe(context), context.campaign.recipe
    beside = f" The map shows {plain(target.name)} labels; whatever has no {plain(recipe.name)} label can be picked."
    st.caption(
        "Draw round points to put them into the basket, or click one. Test-set points are shown but cannot be picked: "
        "they only measure errors."
        + (beside if recipe != target else "")
        + (" This is a transfer system: all its points are test points." if context.system.role == "transfer" else "")
        + (f" {hidden} configurations beyond the energy limit are not shown." if hidden else "")
    )
    chosen = selection.selected(context)
    if chosen and st.button(
        f"Add the {len(chosen)} selected on other pages",
        icon=":material/add_shopping_cart:",
        disabled=context.read_only,
    ):
        _pick(context, whole, chosen, "add")
        st.rerun()


def _offered(basket: pd.DataFrame, ranked: pd.DataFrame) -> pd.DataFrame:
    """The proposals that "Take the top" would take: those are marked on the map."""
    return ranked[~ranked.index.isin(basket.index)].head(int(st.session_state.get("take_n", TAKE)))


def _told(context: Context, table: pd.DataFrame, key: str, event: str, places: MapPlaces) -> None:
    value = selection.event_of(key, event)
    if not value:
        return
    if event == "picked":
        try:
            ids = selection.picked(value, places)
        except NCIError as error:
            st.session_state["select_message"] = ("error", str(error))
            return
        if ids:
            _pick(context, table, ids, str(value.get("mode", "add")))
    elif event == "clicked":
        selection.view(context, int(value["id"]))
        _pick(context, table, [int(value["id"])], "toggle" if value.get("extend") else str(value.get("mode", "add")))
    elif event == "history":
        with selection.told_as_message():
            (actions.redo_basket if value.get("redo") else actions.undo_basket)(context.campaign, context.person)
    else:
        selection.listener(context, key)(event)


def _pick(context: Context, table: pd.DataFrame, ids: list[int], mode: str) -> None:
    table = pickable(context, table)
    refused = basket_data.why_not(table, ids) if mode != "remove" else {}
    try:
        actions.pick(context.campaign, table, ids, mode, context.person)
    except Exception as error:  # shown on the page in the run that follows
        st.session_state["select_message"] = ("error", str(error))
        return
    left_out = "; ".join(f"{len(found)} {reason}" for reason, found in refused.items())
    st.session_state["select_message"] = ("left out", left_out) if left_out else None


def _message() -> None:
    message = st.session_state.pop("select_message", None)
    if message is None:
        return
    kind, text = message
    if kind == "error":
        st.error(plain(text), icon=":material/error:")
    else:  # not on the page: it would push the basket down under the mouse
        st.toast(f"Left out: {plain(text)}.", icon=":material/block:")


def _budget(context: Context, basket: pd.DataFrame) -> None:
    recipe = choose_recipe(context, "select")
    wanted = basket_without_label(context.campaign.store, recipe.hash) if len(basket) else []
    cost, new = cost_of_labels(context.campaign, wanted, recipe), len(wanted)
    there = f" {len(basket) - new} in the basket have such a label already." if new < len(basket) else ""
    first, second = st.columns([1, 1.3])
    first.metric("In the basket", f"{len(basket)}")
    second.metric(
        "Cost (CPU minutes)",
        cost.text(new),
        help=f"On one core, with recipe {plain(recipe.name)}: {cost.text(1)} per label, {plain(cost.source)}.{there} "
        f"{plain(what_labels_are_worth(context, recipe))}",
    )


def _basket(context: Context, basket: pd.DataFrame) -> None:
    undo, redo = selections.can(context.campaign.store, context.person, "basket")
    if basket.empty:
        st.caption("Nothing picked yet: draw round points on the map, or take the best proposals.")
    rows: list[int] = []
    if len(basket):
        where = {"Where": basket["region"] + ", " + basket["sector"]}
        event = _list(
            context,
            basket,
            where | _energies(context, basket, basket["std_ev"]) | {"Picked by": basket["picker"]},
            height=250,
            on_select="rerun",
            selection_mode="multi-row",
            key=f"basket-table-{len(basket)}",
        )
        rows = [int(basket.index[i]) for i in event.selection.rows if i < len(basket)]
    first, second, third, fourth = st.columns([1.3, 1, 1, 1])
    locked = context.read_only
    if first.button(
        "Remove",
        disabled=not rows or locked,
        width="stretch",
        key="basket_remove",
        help="Tick rows in the table first.",
    ):
        _change(lambda: actions.pick(context.campaign, basket, rows, "remove", context.person))
    if second.button(
        "Undo", disabled=not undo or locked, width="stretch", key="basket_undo", help="Ctrl + Z on the map"
    ):
        _change(lambda: actions.undo_basket(context.campaign, context.person))
    if third.button(
        "Redo", disabled=not redo or locked, width="stretch", key="basket_redo", help="Ctrl + Y on the map"
    ):
        _change(lambda: actions.redo_basket(context.campaign, context.person))
    if fourth.button("Clear", disabled=basket.empty or locked, width="stretch", key="basket_clear"):
        everything = [int(i) for i in basket.index]
        _change(lambda: actions.pick(context.campaign, basket, everything, "remove", context.person))
    page = st.session_state.get("pages", {}).get("label-train")
    if len(basket) and page is not None:
        st.page_link(page=page, label="Compute their labels", icon=":material/arrow_forward:")


def _change(act: Callable[[], object]) -> None:
    with errors_shown():
        act()
        st.rerun()


def _proposals(context: Context, basket: pd.DataFrame, ranked: pd.DataFrame) -> None:
    if context.model is None:
        st.caption("There is no student yet; distil one on the Label & train page.")
        return
    free = ranked[~ranked.index.isin(basket.index)]
    first, second = st.columns([1, 1.2], vertical_alignment="bottom")
    n = int(first.number_input("How many", 1, 200, TAKE, key="take_n"))
    if second.button(
        f"Take the top {min(n, len(free))}",
        type="primary",
        disabled=free.empty or context.read_only,
        width="stretch",
        key="take_top",
    ):
        _change(lambda: actions.take_proposals(context.campaign, free, n, context.person))
    if free.empty:
        st.caption("No proposals left; rank the pool again below.")
    else:
        energies = _energies(context, free, free["expected_ev"].fillna(free["std_ev"]))
        _list(context, free, {"Region": free["region"]} | energies, ranked=True, height=220, key="proposal-table")
    with st.popover("Rank again", icon=":material/sort:"):
        strategy = st.radio("Strategy", list(STRATEGIES), format_func=STRATEGIES.__getitem__, key="strategy")
        if st.button("Rank the pool", disabled=context.read_only, key="rank_pool"):
            with errors_shown():
                actions.propose(context.campaign, str(strategy), 60)
                st.toast("The ranking is in the queue; it appears here when it is done.")


def _list(
    context: Context, rows: pd.DataFrame, columns: dict[str, pd.Series], *, ranked: bool = False, **options: Any
) -> Any:
    """A table of configurations by number, with energy and spread in the unit shown, and why they are in it."""
    first = {"Rank": rows["rank"]} if ranked else {}
    # Basket and ranking go over all systems that are trained on.
    system = {"System": rows["system"]} if context.several else {}
    shown = pd.DataFrame(first | {"Config.": rows.index} | system | columns | {"Why": rows["reason"]})
    energy, spread = (f"{name} ({context.unit.label})" for name in ("Energy", "± sd"))
    return st.dataframe(
        with_numbers(shown, dict.fromkeys([energy, spread], f".{max(context.unit.digits - 1, 0)}f")),
        hide_index=True,
        column_config={spread: st.column_config.NumberColumn(help=SD_HELP)},
        placeholder="—",
        **options,
    )


def _energies(context: Context, rows: pd.DataFrame, std_ev: pd.Series) -> dict[str, pd.Series]:
    """The student's energy, else the teacher's, and a spread."""
    values = {"Energy": rows["student_ev"].fillna(rows["teacher_ev"]), "± sd": std_ev}
    return {f"{name} ({context.unit.label})": ev * context.unit.per_ev for name, ev in values.items()}


def _structure(context: Context, whole: pd.DataFrame, table: pd.DataFrame) -> None:
    number = selection.in_view(context, table)
    if number is None or number not in whole.index:
        st.caption("Click a point on the map to see its structure.")
        return
    row = whole.loc[number]
    st.markdown(
        f"Configuration {number:d} · {plain(row['region'])}, {plain(row['sector'])} · {context.text(row['student_ev'])}"
    )
    structure(of_system(context, row), row, key=f"select-viewer-{context.folder}")
