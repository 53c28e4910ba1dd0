"""What the last fit brought: the test error before and after, and the map under a slider."""

import pandas as pd
import streamlit as st

from app import cached
from app.data.jobs import model_list
from app.session import Context
from app.tables import with_numbers
from app.views.error_maps import SLIDER
from nci_core.store.schema import Model
from nci_core.units import CM1_EV

REGIONS = {"all": "whole range", "well": "well", "tail": "tail", "wall": "wall"}


def model_before(models: list[Model], now: Model) -> Model | None:
    """The model that was in use before: the last one of an earlier round, else the distilled one."""
    earlier = [model for model in models if model.id < now.id and model.round_number < now.round_number]
    return earlier[-1] if earlier else None


def show_outcome(context: Context) -> None:
    """A line a region, and a button that opens the before-and-after map. Nothing before the first round."""
    now = context.model
    if now is None:
        return
    before = model_before(model_list(context.campaign.store), now)
    if before is None:
        return
    metrics = cached.test_metrics(context)
    rows = [
        {"Region": name, "Points": int(b["n"]), "Before": float(a["mae_cm1"]), "After": float(b["mae_cm1"])}
        for region, name in REGIONS.items()
        if (a := _row(metrics, before.id, region)) is not None and (b := _row(metrics, now.id, region)) is not None
    ]
    if not rows:
        return
    label, factor = context.unit.label, CM1_EV * context.unit.per_ev
    st.markdown(
        f"**What round {now.round_number} brought** · mean absolute error on the frozen test set ({label}), "
        f"{before.n_labels} → {now.n_labels} labels"
    )
    table = pd.DataFrame(rows)
    for column in ("Before", "After"):
        table[column] = table[column] * factor
    table["Change"] = (table["After"] / table["Before"] - 1.0) * 100.0
    digits = f".{context.unit.digits}f"
    shown = with_numbers(table, {"Before": digits, "After": digits, "Change": "+.0f"})
    config = {"Change": st.column_config.NumberColumn("Change (%)", help="Negative: the error has fallen.")}
    st.dataframe(shown, hide_index=True, column_config=config, placeholder="—", key="outcome-table", height="content")
    if st.button("See the map before and after", icon=":material/compare:", key="see_before_after"):
        st.switch_page(
            st.session_state["pages"]["errors"],
            query_params={"errors_part": "Points on a map", "errors_layout": SLIDER},
        )


def _row(metrics: pd.DataFrame, model_id: int, region: str) -> pd.Series | None:
    found = metrics[(metrics["model_id"] == model_id) & (metrics["region"] == region)]
    return found.iloc[-1] if len(found) else None
