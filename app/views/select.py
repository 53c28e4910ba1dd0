"""Select: pick configurations for CCSD(T) by hand or by rank, within a budget."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import actions, cached, selection
from app.components import plot
from app.data import basket as basket_data
from app.doing import act_button, do, say, show_said
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
from nci_core.campaign.rounds.basket import without_label
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
    free = ranked[~ranked.index.isin(basket.index)]
    left, right = st.columns([1.45, 1], gap="medium")
    with left:
        _map(context, whole, cached.drawn(context, table), basket, free)
    with right:
        show_said()
        _budget(context, basket)
        in_basket, proposed, chosen = st.tabs([f"Basket ({len(basket)})", f"Proposals ({len(ranked)})", "Structure"])
        with in_basket:
            _basket(context, basket)
        with proposed:
            _proposals(context, free)
        with chosen:
            _structure(context, whole, cached.drawn(context, table))
    budget.panel(context, table, do)


def _map(context: Context, whole: pd.DataFrame, table: pd.DataFrame, basket: pd.DataFrame, free: pd.DataFrame) -> None:
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
    top = free.index[: int(st.session_state.get("take_n", TAKE))]  # those that "Take the top" takes are marked
    key, places = selection.plot_key(context, "select-map"), MapPlaces(context, rows.index, view)
    plot.show(
        cached.encoded_map(context, rows, view, colour, selection.window(key)),
        context.colours,
        selection.marks(context, rows, basket=basket.index, proposed=top, places=places),
        key=key,
        height=MAP_HEIGHT,
        group="select",
        to_basket=True,
        mode_label="What drawing does to the basket",
        aggregated=len(rows) > MOST_POINTS,
        kinds=selection.kinds(rows),
        file=f"{context.campaign.name}-basket",
        on_event=selection.listener(
            context, key, places, take=partial(_pick, context, whole), step=partial(_step, context)
        ),
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
    if chosen := selection.selected(context):
        act_button(
            st,
            f"Add the {len(chosen)} selected on other pages",
            partial(_pick, context, whole, chosen, "add"),
            key="add_selected",
            icon=":material/add_shopping_cart:",
        )


def _pick(context: Context, table: pd.DataFrame, ids: list[int], mode: str) -> None:
    """Change the basket; what cannot be picked is named in the run that follows."""
    table = pickable(context, table)
    refused = basket_data.why_not(table, ids) if mode != "remove" else {}
    actions.pick(context.campaign, table, ids, mode, context.person)
    if refused:
        say("; ".join(f"{len(found)} {reason}" for reason, found in refused.items()), "left out")


def _step(context: Context, forward: bool) -> None:
    (actions.redo_basket if forward else actions.undo_basket)(context.campaign, context.person)


def _budget(context: Context, basket: pd.DataFrame) -> None:
    recipe = choose_recipe(context, "select")
    wanted = without_label(context.campaign.store, recipe.hash)
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
        event = _list(
            context,
            basket,
            basket["std_ev"],
            without=("Rank", "Region"),
            height=250,
            on_select="rerun",
            selection_mode="multi-row",
            key=f"basket-table-{len(basket)}",
        )
        rows = [int(basket.index[i]) for i in event.selection.rows if i < len(basket)]

    def remove(ids: list[int]) -> None:
        actions.pick(context.campaign, basket, ids, "remove", context.person)

    columns, everything = st.columns([1.3, 1, 1, 1]), [int(number) for number in basket.index]
    for place, (name, when, act, help_) in zip(
        columns,
        (
            ("Remove", rows, partial(remove, rows), "Tick rows in the table first."),
            ("Undo", undo, partial(_step, context, False), "Ctrl + Z on the map"),
            ("Redo", redo, partial(_step, context, True), "Ctrl + Y on the map"),
            ("Clear", everything, partial(remove, everything), None),
        ),
        strict=True,
    ):
        act_button(place, name, act, key=f"basket_{name.lower()}", when=when, help=help_, width="stretch")
    page = st.session_state.get("pages", {}).get("label-train")
    if len(basket) and page is not None:
        st.page_link(page=page, label="Compute their labels", icon=":material/arrow_forward:")


def _proposals(context: Context, free: pd.DataFrame) -> None:
    if context.model is None:
        st.caption("There is no student yet; distil one on the Label & train page.")
        return
    first, second = st.columns([1, 1.2], vertical_alignment="bottom")
    n = int(first.number_input("How many", 1, 200, TAKE, key="take_n"))
    act_button(
        second,
        f"Take the top {min(n, len(free))}",
        lambda: actions.take_proposals(context.campaign, free, n, context.person),
        key="take_top",
        when=len(free),
        type="primary",
        width="stretch",
    )
    if free.empty:
        st.caption("No proposals left; rank the pool again below.")
    else:
        spread = free["expected_ev"].fillna(free["std_ev"])
        _list(context, free, spread, without=("Where", "Picked by"), height=220, key="proposal-table")
    with st.popover("Rank again", icon=":material/sort:"):
        strategy = st.radio("Strategy", list(STRATEGIES), format_func=STRATEGIES.__getitem__, key="strategy")
        if st.button("Rank the pool", disabled=context.read_only, key="rank_pool"):
            with errors_shown():
                actions.propose(context.campaign, strategy=str(strategy), n=60)
                st.toast("The ranking is in the queue; it appears here when it is done.")


def _list(
    context: Context, rows: pd.DataFrame, spread_ev: pd.Series, *, without: tuple[str, ...], **options: Any
) -> Any:
    """A table of configurations by number, with energy and spread in the unit shown, and why they are in it.

    The energy is the student's, else the teacher's. Basket and ranking go over all systems that are trained on.
    """
    energy, spread = (f"{name} ({context.unit.label})" for name in ("Energy", "± sd"))
    columns = {
        "Rank": rows.get("rank"),
        "Config.": rows.index,
        "System": rows["system"],
        "Where": rows["region"] + ", " + rows["sector"],
        "Region": rows["region"],
        energy: rows["student_ev"].fillna(rows["teacher_ev"]) * context.unit.per_ev,
        spread: spread_ev * context.unit.per_ev,
        "Picked by": rows["picker"],
        "Why": rows["reason"],
    }
    hidden = without if context.several else ("System", *without)
    return st.dataframe(
        with_numbers(
            pd.DataFrame({name: values for name, values in columns.items() if name not in hidden}),
            dict.fromkeys([energy, spread], f".{max(context.unit.digits - 1, 0)}f"),
        ),
        hide_index=True,
        column_config={spread: st.column_config.NumberColumn(help=SD_HELP)},
        placeholder="—",
        **options,
    )


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
