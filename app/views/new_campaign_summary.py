"""What stands beside every step of a new campaign: the molecule drawn, what is chosen, and what it will cost."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.background import problem
from app.components import viewer
from app.draft import Draft
from app.figures.structure import structure_figure
from app.session import current_palette
from app.text import Markdown, plain
from nci_core.systems.dimer import Dimer
from nci_core.systems.flexibility import conformer_note
from nci_core.systems.point_group import extent, formula, point_group

FloatArray = npt.NDArray[np.float64]

VIEW_HEIGHT = 330
#: Spheres that a browser turns without effort.
MOST_DRAWN = 600
#: Where the probe is drawn before its places are known: so far (Å) above the molecule.
ABOVE = 3.5


def show_summary(now: Draft, first_round: int) -> None:
    """Draw it."""
    if now.host is None or (dimer := now.dimer) is None:
        st.markdown(
            ":material/arrow_back: Type a SMILES string, upload a structure file, or choose a molecule by name. "
            "It is drawn here."
        )
        return
    draw_molecule(dimer, *_points(now, dimer))
    st.markdown(_price(now, first_round))


def draw_molecule(dimer: Dimer, point: FloatArray, others: FloatArray) -> None:
    """The molecule in space with the probe at a point (3,) and small spheres at others (m, 3), and what it is."""
    host = dimer.a
    drawn = viewer.show(dimer, point, current_palette(), key="new-view", height=VIEW_HEIGHT, others=others)
    if not drawn:
        figure = structure_figure(dimer, point, current_palette(), height=VIEW_HEIGHT, others=others)
        st.plotly_chart(figure, key="new-drawing")
    size = " × ".join(f"{length:.1f}" for length in extent(host) if length >= 0.05)
    st.markdown(
        f"**{plain(formula(host))}** · {len(host.symbols)} atoms · {plain(point_group(host))}"
        + (f" · {size} Å between nuclei" if size else "")
    )
    if note := conformer_note(host):
        st.warning(plain(note), icon=":material/rotate_90_degrees_ccw:")
    if host.source:
        st.caption(plain(host.source))


def above(dimer: Dimer) -> FloatArray:
    """Where the probe is drawn, (3,) in Å, before its places are known: above the molecule's flat side."""
    host = dimer.a
    found: FloatArray = host.centre + (0.5 * extent(host)[2] + ABOVE) * host.axes[2]
    return found


def _points(now: Draft, dimer: Dimer) -> tuple[FloatArray, FloatArray]:
    """Where the probe is drawn, (3,), and all planned places, (m, 3), thinned out where they are many."""
    future = now.preview()
    if not future.done() or problem(future):
        return above(dimer), np.empty((0, 3))
    found = future.result()
    places = np.vstack([found.sample.test, found.sample.pool, *found.sample.cuts.values()])
    return found.deepest, places[:: -(-len(places) // MOST_DRAWN)]


def _price(now: Draft, first_round: int) -> Markdown:
    """One line: teacher minutes, the test set's labels and a first round."""
    plan, future = now.plan(), now.preview()
    if failed := problem(future):
        return f":material/error: {plain(failed)}"
    if not future.done():
        return ":material/progress_activity: Placing the configurations …"
    count = future.result().sample.count
    parts = [f"{_teaching(now, plan.teachers, count)} for the teachers ({count:,} configurations)"]
    recipes = now.recipes()
    known = recipes.result() if recipes.done() and not problem(recipes) else []
    cost = next((choice.cost for choice in known if choice.name == plan.recipe), None)
    if cost is not None:
        if plan.n_test:
            parts.append(f"{cost.text(plan.n_test)} for {plan.n_test} test labels")
        parts.append(f"{cost.text(first_round)} for a first round of {first_round} labels")
    return "**Price** in CPU minutes: " + ", ".join(parts) + f"; labels of recipe *{plain(plan.recipe)}*."


def _teaching(now: Draft, specs: tuple[str, ...], count: int) -> Markdown:
    futures = now.trials()
    trials = [futures[spec].result() for spec in specs if futures[spec].done() and not problem(futures[spec])]
    if len(trials) < len(specs):
        return "not yet known"
    minutes = count * sum(trial.seconds for trial in trials) / 60.0
    return f"{minutes:.0f}" if minutes >= 1.5 else f"{minutes:.1f}"
