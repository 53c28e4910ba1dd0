"""What the last round brought: the test error before and after."""

import pandas as pd
import streamlit as st

from app import cached
from app.data.errors import RANGES, labelled
from app.data.jobs import model_list, model_name
from app.data.judged import measured
from app.data.worth import said_beside, worth_of_tests
from app.session import Context
from app.tables import printed
from app.text import plain
from app.views.error_maps import SLIDER, show_before_after
from nci_core.store.schema import Model

MAP_HEIGHT = 300


def _last_two(context: Context) -> tuple[Model, Model] | None:
    """The last model of an earlier round, which was in use before, and the one in use now; None without both."""
    now = context.model
    if now is None:
        return None
    models = model_list(context.campaign.store)
    earlier = [model for model in models if model.id < now.id and model.round_number < now.round_number]
    return (earlier[-1], now) if earlier else None


def show_outcome(context: Context) -> None:
    """Test errors before and after, by region, and the map under a slider. Nothing before the first round."""
    if (both := _last_two(context)) is None:
        return
    before, now = both
    metrics = cached.test_metrics(context)
    rows = [
        {"Region": name, "Labels": str(b.n), "Before": a.text(context.unit), "After": b.text(context.unit)}
        for region, name in RANGES.items()
        if (a := measured(metrics, before.id, region)) and (b := measured(metrics, now.id, region))
    ]
    if not rows:
        return
    st.markdown(
        f"**What round {now.round_number} brought** · mean absolute error on the frozen test set{context.whose}, "
        f"{before.n_labels} → {now.n_labels} labels",
        help="± is the standard error of the mean over these test labels.",
    )
    st.table(printed(pd.DataFrame(rows).set_index("Region"), {}))
    campaign, tested = context.campaign, labelled(cached.compared(context, now.id, before.id), "test")
    worth = worth_of_tests(cached.averaged(context, tested), campaign.bounds)
    st.caption(plain(said_beside(worth, campaign.recipe, context.dimer, context.unit, regions=True)))
    tested = cached.drawn(context, tested)
    if tested["earlier_error_ev"].notna().any():
        show_before_after(context, tested, now, before, height=MAP_HEIGHT)
    if st.button("Open it on the Errors page", icon=":material/compare:", key="see_before_after"):
        at = {"errors_part": "Points on a map", "errors_layout": SLIDER, f"errors_before_{now.id}": model_name(before)}
        st.switch_page(st.session_state["pages"]["errors"], query_params=at)


def outcome_sentence(context: Context) -> str:
    """'Test error 0.18 ± 0.02 → 0.032 ± 0.004 cm⁻¹ (49 test labels).'; empty where it is not known."""
    metrics = cached.test_metrics(context)
    found = [measured(metrics, model.id) for model in _last_two(context) or ()]
    if not found or not all(found):
        return ""
    a, b = found
    return f"Test error {a.text(context.unit)} → {b.text(context.unit)} ({b.n} labels)."
