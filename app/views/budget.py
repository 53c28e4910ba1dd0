"""Picking with a budget: what so many minutes would buy, and what the basket is expected to do."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import actions, cached, model_answers
from app.chart import Drawn, charts
from app.components import plot
from app.components.plot_content import PlotContent
from app.components.plot_encoding import encode
from app.figures.budget import expectation_contents, fall_content, spending_figure
from app.recipe_choice import chosen_recipe
from app.session import Context, errors_shown
from app.text import Markdown, plain
from nci_core.campaign.pricing.budget import MOST_LABELS, RANDOM_ORDERS, Preview
from nci_core.campaign.pricing.costs import LabelCost, average, label_cost
from nci_core.store import picks

PICKER = "i-optimal"
FIGURE_HEIGHT = 320
#: What a change of the basket does on the page: keep an undo, run the page again.
Change = Callable[[Callable[[], object]], None]


@st.fragment
def panel(context: Context, table: pd.DataFrame, change: Change) -> None:
    """The panel below the map. Closed, it asks the student nothing."""
    box = st.expander(
        "Pick with a budget: what it buys, and what the basket is expected to do",
        icon=":material/savings:",
        key="budget_open",
        on_change="rerun",
    )
    if not box.open:
        return
    with box, errors_shown():
        if context.model is None:
            st.caption("There is no student yet; distil one on the Label & train page.")
            return
        costs = {each.id: label_cost(context.campaign, dimer=each.dimer) for each in context.campaign.training_systems}
        cost, target = average([(each, 1) for each in costs.values()]), context.campaign.recipe
        if chosen_recipe(context) != target:
            st.caption(
                f"Minutes and expectations are for {plain(target.name)} labels, which errors are measured against."
            )
        ids = picks.basket(context.campaign.store)  # of all systems, whichever the table is of
        minutes, found = _spend(context, ids, cost, costs, change)
        with st.spinner("Asking the student …"):
            shown = ids or found.index.tolist()
            preview = model_answers.basket_preview(context, shown)
        left, right = st.columns([1, 1.45], gap="medium")
        with left:
            _curve(context, preview if ids else None, minutes, cost)
        with right:
            whose = "The basket" if ids else "These labels"
            effect, falls, buys = st.tabs(
                [f"{whose}: before → after", "Where it falls", f"What it buys ({len(found)})"]
            )
            drawn = cached.drawn(context, table)
            rows = drawn.join(preview.expected[["before_ev", "after_ev"]], how="inner")
            ids, shown = ([number for number in numbers if number in drawn.index] for numbers in (ids, shown))
            host, unit = context.host, context.unit
            if rows.empty:
                st.caption(f"No student is fitted to {plain(context.system.name)}, so its maps stay empty.")
            with effect:
                _regions(context, preview)
                if len(rows):
                    _maps(context, expectation_contents(host, rows, f"after {whose.lower()}", unit), ids, shown)
            with falls:
                _regions(context, preview)
                if len(rows):
                    _maps(context, {"expected sd falls by": fall_content(host, rows, unit)}, ids, shown)
            with buys:
                _offers(context, found)
        st.caption(
            "The student's own expectations, from its linearised fit. They may be off by some factor: trust the "
            "comparison between choices more than the values."
        )


def _maps(context: Context, contents: dict[str, PlotContent], basket: list[int], shown: list[int]) -> None:
    """Maps side by side, with rings round the basket, or marks at what would go into it."""
    group = f"expected-{len(contents)}-{context.folder}"
    if len(contents) > 1:
        plot.toolbar(context.colours, key=f"tools-{group}", group=group, pick=False)
    marks = plot.Marks(basket=basket) if basket else plot.Marks(proposed=shown)
    for number, (place, (title, content)) in enumerate(
        zip(st.columns([1.0] * (len(contents) - 1) + [1.25], gap="small"), contents.items(), strict=True), start=1
    ):
        with place:
            st.markdown(f"**{plain(title)}**")
            plot.show(
                encode(content, context.colours),
                context.colours,
                marks,
                key=f"{group}-{number}",
                height=FIGURE_HEIGHT,
                group=group,
                pick=False,
                tools=len(contents) == 1,
                link_view=True,
                kinds=(),
                file=f"{context.campaign.name}-expected-{number}",
                title=title,
                grow=False,
            )


def _spend(
    context: Context, ids: list[int], cost: LabelCost, costs: dict[int, LabelCost], change: Change
) -> tuple[float, pd.DataFrame]:
    """The row of controls; returns the minutes to spend, and what they would buy."""
    each = [
        f"{costs[system.id].mean_minutes:.2f} ± {costs[system.id].sd_minutes:.2f} min"
        + (f" ({plain(system.name)})" if context.several else "")
        for system in context.campaign.training_systems
    ]
    first, second, third, fourth = st.columns([1, 1.3, 0.8, 2.4], vertical_alignment="bottom")
    minutes = first.number_input(
        "Spend (CPU min)",
        min_value=0.0,
        max_value=1e5,
        value=_rounded_up(10 * cost.mean_minutes),
        step=float(f"{5 * cost.mean_minutes:.1g}"),
        format="%.1f",
        key=f"budget-minutes-{context.folder}",
        persist_state="session",
        help=f"Minutes of one core, for labels beyond the basket. One label takes {', '.join(each)}, "
        f"{plain(cost.source)}. At most {MOST_LABELS} labels at once.",
    )
    minutes = float(minutes or 0.0)
    _ask_price(third)
    with st.spinner("Asking the student …"):
        found = model_answers.offers(context, minutes, ids)
    if second.button(
        f"Spend it for me: {len(found)} label{'s' if len(found) != 1 else ''}",
        type="primary",
        disabled=found.empty or context.read_only,
        width="stretch",
        icon=":material/shopping_cart:",
        key="spend_budget",
        help="Puts the labels that tell most per minute into the basket, as picked by i-optimal.",
    ):
        ranked = as_proposals(found)
        change(lambda: actions.take_proposals(context.campaign, ranked, len(found), context.person))
    fourth.markdown(
        _summary(context, found, costs, minutes, ids),
        help="RMS: root mean square, over the training pool below the energy limit, of the student's expected standard "
        "deviation (±, sd). Each label is the one that lowers it most for its minutes, given those before it. "
        f"Minutes are {plain(cost.source)}; ± is 1 sd.",
    )
    return minutes, found


def _summary(
    context: Context, found: pd.DataFrame, costs: dict[int, LabelCost], minutes: float, ids: list[int]
) -> Markdown:
    if found.empty:
        least = min(cost.mean_minutes for cost in costs.values())
        if minutes < least:
            return f"One label takes about {least:.2f} CPU min."
        return "Nothing is left to pick below the energy limit."
    bought = Counter(found["system_id"])
    total, spread = average([(costs[number], n) for number, n in bought.items()]).total(len(found))
    digits = 0 if total >= 100 else 1 if total >= 1 else 2
    end = f"**±{context.text(found['rms_ev'].iloc[-1])}**" + (" with the basket" if ids else "")
    cap = f" (the most at once; {minutes:.0f} min would pay for more)" if len(found) == MOST_LABELS else ""
    return f"{total:.{digits}f} ± {spread:.{digits}f} CPU min{_money(total)}{cap} → expected RMS {end}"


def _minutes(value: float) -> Markdown:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _rounded_up(minutes: float) -> float:
    """The next number with two digits, so that a whole number of labels is paid."""
    step = 10.0 ** (np.floor(np.log10(minutes)) - 1)
    return float(f"{np.ceil(minutes / step) * step:.6g}")


def _ask_price(column: Any) -> None:
    with column.popover("Price", icon=":material/payments:", width="stretch"):
        st.number_input(
            "Price per core-hour",
            min_value=0.0,
            value=0.0,
            step=0.01,
            format="%.3f",
            key="budget_price",
            persist_state="session",
            help="Of one core for one hour, as your computing centre bills it; 0 shows none. Kept for this session.",
        )
        st.text_input("Currency", value="EUR", max_chars=8, key="budget_currency", persist_state="session")


def _price() -> tuple[float, str]:
    """Of a core-hour, 0 where nobody gave one, and its currency."""
    return float(st.session_state.get("budget_price") or 0.0), str(st.session_state.get("budget_currency") or "")


def _money(minutes: float) -> Markdown:
    """' · 0.35 EUR', or nothing without a price."""
    price, currency = _price()
    total = price * minutes / 60.0
    amount = f"{total:.2f}" if total >= 0.1 else f"{total:.2g}"
    return f" · {amount} {plain(currency)}".rstrip() if price > 0 else ""


def as_proposals(found: pd.DataFrame) -> pd.DataFrame:
    """Offers as the basket takes them: picker, score and reason, by configuration id."""
    reasons = [
        f"{offer.region}; expected variance −{100 * offer.share:.2g}% for {offer.own_minutes:.2g} CPU min"
        for offer in found.itertuples()
    ]
    return pd.DataFrame({"picker": PICKER, "score": found["fall_ev2"], "reason": reasons}, found.index)


def _curve(context: Context, preview: Preview | None, minutes: float, cost: LabelCost) -> None:
    basket = (
        (preview.minutes, preview.regions.at["all", "after_ev"])
        if preview is not None and len(preview.regions)
        else None
    )
    horizon = max(minutes, 1.2 * basket[0] if basket else 0.0, 10 * cost.mean_minutes)
    found = model_answers.uncertainty_outlook(context, horizon)
    figure = spending_figure(found, basket, minutes, context.unit, context.colours, height=FIGURE_HEIGHT + 40)
    charts(
        context,
        Drawn(figure, "spending"),
        note=f"Both from an empty basket; random: {RANDOM_ORDERS} random orders of the same pool. "
        "The dotted line is the budget."
        + (f" Basket: {_minutes(basket[0])} CPU min{_money(basket[0])}." if basket else ""),
    )


def _regions(context: Context, preview: Preview) -> None:
    digits, f = context.unit.digits, context.unit.per_ev
    lines = [
        f"**{'whole range' if region == 'all' else plain(region)}** ±{before * f:.{digits}f} → ±{after * f:.{digits}f}"
        for region, before, after in preview.regions.itertuples()
    ]
    st.markdown(
        " · ".join(lines) + f" {context.unit.label} expected",
        help="RMS of the expected standard deviation over the pool's configurations of each region, as the student "
        "sees the regions. Labels that are finished or on the way count as known.",
    )


def _offers(context: Context, found: pd.DataFrame) -> None:
    if found.empty:
        st.caption("Nothing: give more minutes, or label and fine-tune first.")
        return
    label, factor, digits = context.unit.label, context.unit.per_ev, f"%.{context.unit.digits}f"
    price, currency = _price()
    there, then, money = f"± here ({label})", f"± then ({label})", currency or "Money"
    names = {each.id: each.name for each in context.campaign.systems}
    rows = found.rename_axis("id").reset_index()
    shown = pd.DataFrame(
        {
            "Rank": rows.index + 1,
            "Config.": rows["id"],
            "System": rows["system_id"].map(names),
            "Region": rows["region"],
            there: rows["std_ev"] * factor,
            "Gain": 100 * rows["share"],
            "CPU min": rows["minutes"],
            money: rows["minutes"] * price / 60,
            then: rows["rms_ev"] * factor,
            "alone": rows["own_minutes"],
        }
    ).drop(columns=([] if context.several else ["System", "alone"]) + ([] if price > 0 else [money]))
    gain = "Share of the whole range's expected variance that goes with this label, given those above it."
    helps = {
        there: (digits, "Expected standard deviation at this configuration."),
        then: (digits, "Expected RMS standard deviation below the energy limit after this row."),
        "Gain": ("%.1f%%", gain),
        "CPU min": ("%.1f", "Expected, this row and those above it."),
        "alone": ("%.2f", "Expected CPU minutes of this label alone."),
        money: ("%.3f", "This row and those above it."),
    }
    config = {name: st.column_config.NumberColumn(format=spec, help=said) for name, (spec, said) in helps.items()}
    st.dataframe(
        shown,
        hide_index=True,
        column_config={name: config[name] for name in helps if name in shown},
        height=FIGURE_HEIGHT,
        key="budget-offers",
    )
    st.caption("Why these: each tells most per minute about all energies below the limit, given the rows above it.")
