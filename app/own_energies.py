"""People's own energies where the errors of all pages are: a set in the place of the campaign's labels."""

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import model_answers
from app.cached import by_version, data
from app.data import own_energies
from app.data.errors import with_errors
from app.session import Context
from app.text import Markdown, plain
from nci_core.campaign.exchange.own_energies import is_blind
from nci_core.errors import NCIError
from nci_core.store import energy_sets
from nci_core.store.schema import EnergySet, Model
from nci_core.store.tables import positions_table

#: What precedes a set's number where a choice of points is kept.
KEY = "set-"


def choices(context: Context) -> dict[str, EnergySet]:
    """The campaign's sets, by what a choice of points calls them."""
    return {f"{KEY}{row.id}": row for row in energy_sets.fetch(context.campaign.store)}


@by_version(data, most=6, shared=True)
def _table(context: Context, set_id: int, model_id: int | None) -> pd.DataFrame:
    return own_energies.set_table(context.campaign, energy_sets.get(context.campaign.store, set_id), model_id)


def set_rows(context: Context, row: EnergySet, after: Model | None, before: Model | None) -> pd.DataFrame:
    """The set with the energies of one or two models and of the teacher, and their errors against it (eV).

    Where the teacher was not computed its energy is interpolated between those of the pool, which the page says.
    """
    found = _table(context, row.id, after.id if after else None).copy(deep=False)
    lacking = found["teacher_ev"].isna()
    if after is not None and lacking.any():
        base = model_answers.distilled_before(context, after) or after
        places = found.loc[lacking, ["x", "y", "z"]].to_numpy(dtype=float)
        with suppress(NCIError):  # too few teacher energies
            found.loc[lacking, "teacher_ev"] = model_answers.stored(context, base, "teacher", "pool", places)
    found.attrs["interpolated"] = int(found.loc[lacking, "teacher_ev"].notna().sum())
    found = with_errors(found)
    if before is not None:
        earlier = _table(context, row.id, before.id)["student_ev"]
        found = found.assign(earlier_ev=earlier, earlier_error_ev=earlier - found["label_ev"])
    return found


def choose_points(context: Context, place: Sequence[DeltaGenerator], key: str) -> EnergySet | None:
    """Whose energies are drawn as points: a set that is chosen in the one column of `place`, None for the labels.

    Without sets there is nothing to choose, and `place` may be empty.
    """
    brought = choices(context)
    if not brought:
        return None
    names = {"labels": "CCSD(T) labels"} | {each: row.name for each, row in brought.items()}
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)  # a set that was removed
    chosen = place[0].selectbox(
        "Points", list(names), format_func=lambda each: plain(names[each]), key=key, bind="query-params"
    )
    return brought.get(str(chosen))


def reference_note(context: Context, row: EnergySet, rows: pd.DataFrame) -> Markdown:
    """What the reference is, under the choice of points."""
    total = energy_sets.sizes(context.campaign.store).get(row.id, 0)
    text = (
        f"Here the reference is **{plain(row.name)}** ({plain(row.method)}), {len(rows):,} points, instead of the "
        "campaign's CCSD(T)."
    )
    if total > len(rows):
        why = "whose geometries a fit may have seen" if row.kind == "test" else "that a fit may learn"
        text += f" {total - len(rows):,} more {why} are left out."
    if not is_blind(row):
        text += " These are training labels: a student that learned them reproduces what it has seen."
    count = rows.attrs.get("interpolated", 0)
    if count:
        text += f" The teacher was not computed here: at {count:,} points it is interpolated between its own energies."
    return text


@by_version(data, most=4, shared=True)
def positions(context: Context) -> pd.DataFrame:
    """x, y, z (Å) of every configuration, those of own energies among them, by id."""
    return positions_table(context.campaign.store).set_index("id")
