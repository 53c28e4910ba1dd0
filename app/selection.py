"""The linked selection: the same configurations are selected, and one is in view, on every page."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import actions, cached
from app.components import plot
from app.components.plot_content import PlotContent
from app.components.plot_encoding import encode
from app.data import basket as basket_data
from app.doing import act_button, do, errors_said, show_said
from app.places import MapPlaces
from app.recipe_choice import chosen_recipe, pickable
from app.session import Context, errors_shown
from app.text import Markdown, plain
from nci_core.errors import InputError
from nci_core.store import selections
from nci_core.store.selection_history import History, SessionHistory, StoredHistory, combined

#: Configurations that can be selected at once. Each step of the history keeps them twice.
MOST_SELECTED = 20_000
#: Parameter of a shared link that names the selection, and how many fit into an address that mail programs keep whole.
LINKED, MOST_IN_LINK = "selected", 250


def history(context: Context) -> History:
    """Where this person's selection is kept."""
    if context.read_only or context.campaign.store.read_only:
        kept: SessionHistory = st.session_state.setdefault(f"steps-{context.folder}", SessionHistory())
        return kept
    return StoredHistory(context.campaign.store, context.person)


def selected(context: Context) -> list[int]:
    """Ids of the selected configurations."""
    return history(context).current()


def change(context: Context, ids: list[int], mode: str) -> None:
    """Replace, add, remove or toggle configurations of the selection; InputError if it gets too large."""
    kept = history(context)
    before = kept.current()
    after = combined(before, ids, mode)
    if len(after) > max(MOST_SELECTED, len(before)):
        raise InputError(
            f"That would select {len(after):,} configurations; at most {MOST_SELECTED:,} can be selected at once. "
            "Draw round fewer, or filter first."
        )
    if after != before:
        kept.record(before, after)


def for_link(context: Context) -> dict[str, str]:
    """The selection as a parameter of a shared link; none where it is empty or too long for an address."""
    ids = selected(context)
    return {LINKED: ",".join(map(str, ids))} if 0 < len(ids) <= MOST_IN_LINK else {}


def take_from_link(context: Context) -> None:
    """Select what a link names, once; undo brings back what was selected before."""
    asked = st.query_params.get(LINKED)
    if asked is None:
        return
    del st.query_params[LINKED]
    words = [word for word in asked.split(",")[:MOST_IN_LINK] if word.isascii() and word.isdigit() and len(word) < 10]
    there = set(cached.table(context).index)
    ids = [number for number in dict.fromkeys(map(int, words)) if number in there]
    if ids and ids != selected(context):
        change(context, ids, "replace")
        st.toast(f"The link selects {len(ids)} configurations; Undo restores yours.", icon=":material/link:")


def in_view(context: Context, rows: pd.DataFrame) -> int | None:
    """The configuration whose structure is shown; at first the one with the lowest energy."""
    chosen = st.session_state.get(f"selected-{context.folder}")
    if chosen is None:  # a shared link names one, of any system
        asked = st.query_params.get("configuration", "")
        there = cached.whole(context).index if context.several else rows.index
        chosen = int(asked) if asked.isdigit() and int(asked) in there else None
    if chosen is not None:
        return int(chosen)
    energy = rows["label_ev"].fillna(rows["teacher_ev"]).fillna(rows["student_ev"])
    if energy.notna().any():
        return int(str(energy.idxmin()))
    return int(str(rows.index[0])) if len(rows) else None


def view(context: Context, number: int) -> None:
    """Show this configuration from now on; the address of the page says so too."""
    st.session_state[f"selected-{context.folder}"] = int(number)
    st.query_params["configuration"] = str(int(number))


def plot_key(context: Context, name: str) -> str:
    """The key of a map: it keeps what is in sight, which of another system is another place."""
    return f"{name}-{context.folder}" + (f"-{context.system.id}" if context.several else "")


def marks(
    context: Context, rows: pd.DataFrame, *, basket: Any = (), proposed: Any = (), places: MapPlaces | None = None
) -> plot.Marks:
    """What the plots mark now; `places` are needed by a map that may be drawn as squares."""
    where = None if places is None else places.where
    return plot.Marks(selected(context), in_view(context, rows), list(basket), list(proposed), where)


def kinds(rows: pd.DataFrame) -> list[str]:
    """Kinds of points the legend of a plot of these rows must name."""
    test, label = rows["split"] == "test", rows["label_ev"].notna()
    present = {"labelled": (label & ~test).any(), "plain": (~label & ~test).any(), "test": test.any()}
    return [kind for kind, there in present.items() if there]


def window(key: str) -> dict[str, Any] | None:
    """The part of a map in sight, where points are too many to be drawn at once."""
    kept = st.session_state.get(f"window-{key}")
    return None if kept is None else {name: kept[name] for name in ("x", "y")}


def picked(value: dict[str, Any], places: MapPlaces | None) -> list[int]:
    """The configurations that a drawing chose, as ids or as its outline on a map of squares; else InputError."""
    if "ids" in value or places is None:
        return [int(i) for i in value.get("ids", [])]
    return places.inside(value.get("outline"))


def listener(
    context: Context,
    key: str,
    places: MapPlaces | None = None,
    *,
    take: Callable[[list[int], str], None] | None = None,
    step: Callable[[bool], None] | None = None,
) -> Callable[[str], None]:
    """What happens when a plot tells of an event: a click shows a configuration, drawing selects.

    Where they are given, `take` (ids, mode) gets what is drawn round or clicked, and `step` (forward) undo and redo.
    """
    all_clicks = take is not None
    taken, stepped = take or partial(change, context), step or partial(_step, context)

    def told(event: str) -> None:
        value = event_of(key, event)
        if not value:
            return
        extend = bool(value.get("extend"))
        mode = "toggle" if extend else str(value.get("mode"))
        with errors_said():
            if event == "picked" and (ids := picked(value, places)):  # drawn round nothing, nothing changes
                taken(ids, mode)
            elif event == "clicked":
                if all_clicks or not extend:
                    view(context, int(value["id"]))
                if all_clicks or extend:
                    taken([int(value["id"])], mode)
            elif event == "range":
                st.session_state[f"window-{key}"] = value
            elif event == "history":
                stepped(bool(value.get("redo")))

    return told


def _step(context: Context, forward: bool) -> None:
    """Undo the last step of the selection, or do it again."""
    kept = history(context)
    (kept.step_forward if forward else kept.step_back)()


def draw(
    context: Context,
    content: PlotContent,
    rows: pd.DataFrame,
    *,
    key: str,
    places: MapPlaces | None = None,
    **options: Any,
) -> None:
    """A plot of configurations from `rows` of the campaign's table; picking in it selects, a click shows.

    `options` are those of `plot.show`; the rest as for `marks`.
    """
    plot.show(
        encode(content, context.colours),
        context.colours,
        marks(context, rows, places=places),
        key=key,
        on_event=listener(context, key, places),
        **options,
    )


def event_of(key: str, event: str) -> dict[str, Any] | None:
    """The value a plot sent with its event, None if it sent none."""
    result = st.session_state.get(key)
    found: dict[str, Any] | None = result.get(event) if result else None
    return found


def bar(context: Context, table: pd.DataFrame, *, page: str) -> None:
    """How much is selected, and what can be done with it."""
    show_said()
    ids = [i for i in selected(context) if i in table.index]
    undo, redo = history(context).can()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"selection-bar-{page}"):
        said = f"**{len(ids):,} selected**" if ids else ":gray[Nothing selected]"
        st.markdown(said, help=_where(table, ids))
        for name, when, act, icon in (
            ("Undo", undo, partial(_step, context, False), ":material/undo:"),
            ("Redo", redo, partial(_step, context, True), ":material/redo:"),
            ("Clear", ids, partial(change, context, [], "replace"), None),
        ):
            act_button(st, name, act, key=f"{page}_{name.lower()}", when=when, writes=False, icon=icon, type="tertiary")
        _to_basket(context, table, ids, page)
        with st.popover("Sets", icon=":material/bookmark:", type="tertiary"):
            _sets(context, table, ids, page)


def _where(table: pd.DataFrame, ids: list[int]) -> Markdown:
    if not ids:
        return "Draw round points, or shift-click one; what is selected here is selected on every page."
    return ", ".join(f"{n:,} {plain(name)}" for name, n in table.loc[ids, "region"].value_counts().items())


def _to_basket(context: Context, table: pd.DataFrame, ids: list[int], page: str) -> None:
    table, recipe = pickable(context, table), chosen_recipe(context)
    free = basket_data.free(table, ids)
    if st.button(
        f"To basket ({len(free):,})",
        icon=":material/shopping_basket:",
        disabled=not free or context.read_only,
        key=f"{page}_to_basket",
        type="tertiary",
        help=f"For CCSD(T) labels of recipe {plain(recipe.name)}. Points that have one, and the test set, are "
        "left out.",
    ):
        with errors_shown():
            actions.pick(context.campaign, table, free, "add", context.person)
            st.toast(f"{len(free)} configurations are in the basket.")


def _sets(context: Context, table: pd.DataFrame, ids: list[int], page: str) -> None:
    st.caption("A set is a selection with a name, kept with the campaign for everybody.")
    for row in selections.named_sets(context.campaign.store):
        first, second = st.columns([4, 1], vertical_alignment="center")
        there = [int(i) for i in row.configuration_ids if int(i) in table.index]
        label = f"{plain(row.name)} ({len(there)}, by {plain(row.person)})"
        show = partial(change, context, there, "replace")
        act_button(first, label, show, key=f"{page}_set_{row.name}", writes=False, width="stretch")
        forget = partial(actions.forget_set, context.campaign, row.name)
        act_button(second, "", forget, key=f"{page}_drop_{row.name}", help="Delete this set", icon=":material/delete:")
    with st.form(f"{page}_keep_set", border=False, clear_on_submit=True):
        name = st.text_input("Name for this selection", placeholder="e.g. above the C–H bonds")
        if st.form_submit_button("Keep", disabled=not ids or context.read_only):
            do(lambda: actions.keep_set(context.campaign, name, ids, context.person))
