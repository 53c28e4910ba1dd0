"""What stands beside every step of a new campaign: the molecule drawn, what is chosen, and what it will cost."""

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import streamlit as st

from app.arrays import FloatArray
from app.background import answer, problem
from app.choices import one_from
from app.components import viewer
from app.draft import Draft
from app.draft_hosts import PREFIX
from app.figures.structure import structure_figure
from app.session import current_palette
from app.text import Markdown, plain
from nci_core.campaign.creating import Preview
from nci_core.campaign.pricing.new_recipes import RecipeChoice, too_large
from nci_core.errors import NCIError
from nci_core.systems.dimer import Dimer
from nci_core.systems.flexibility import conformer_note
from nci_core.systems.point_group import extent, formula, point_group

VIEW_HEIGHT = 330
#: Spheres that a browser turns without effort.
MOST_DRAWN = 600
#: Labels of a first round.
FIRST_ROUND = 12
#: Where the probe is drawn before its places are known: so far (Å) above the molecule.
ABOVE = 3.5
#: How the line of what it costs begins.
PRICE = "**Price** in CPU minutes: "


def show_summary(now: Draft) -> None:
    """Draw it."""
    dimers = now.dimers
    if not dimers:
        st.markdown(
            ":material/arrow_back: Type a SMILES string, upload a structure file, or choose a molecule by name. "
            "It is drawn here."
        )
        return
    names = list(dimers)
    name = names[0]
    if len(dimers) > 1:
        key = f"{PREFIX}drawn"
        if st.session_state.get(key) not in names:
            st.session_state[key] = name
        name = one_from(st, "System drawn", {name: name for name in names}, key=key, in_address=False)
    placed = _placed(now)
    draw_molecule(dimers[name], *_points(dimers[name], placed.get(name)))
    if name in placed:
        st.caption(_regions(placed[name]))
    if now.problem:  # it stands beside its field
        return
    if len(dimers) > 1:
        st.markdown(_systems(now, placed))
        for too_much in _too_large(now):
            st.warning(too_much, icon=":material/hourglass_bottom:")
    st.markdown(_price(now, placed))


def _regions(found: Preview) -> Markdown:
    """Where a system's regions will begin and end, and why there."""
    bounds = found.bounds
    well, limit = f"{bounds.well_below_cm1:,g}".replace("-", "−"), f"{bounds.limit_cm1:,g}"
    said = f"Well: below {well} cm⁻¹; energies of interest: up to {limit} cm⁻¹"
    if found.depth_cm1 is None:
        return f"{said}."
    return f"{said}, since its depth is about {found.depth_cm1:,.2g} cm⁻¹ in the guide potential."


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


def _placed(now: Draft) -> dict[str, Preview]:
    """The planned places of each system by its name, once they are known."""
    with suppress(NCIError):
        return dict(zip(now.dimers, answer(now.preview()) or (), strict=False))
    return {}


def _points(dimer: Dimer, found: Preview | None) -> tuple[FloatArray, FloatArray]:
    """Where the probe is drawn, (3,), and all planned places, (m, 3), thinned out where they are many."""
    if found is None:
        return above(dimer), np.empty((0, 3))
    places = np.vstack([found.sample.test, found.sample.pool, *found.sample.cuts.values()])
    return found.deepest, places[:: -(-len(places) // MOST_DRAWN)]


def _systems(now: Draft, placed: Mapping[str, Preview]) -> Markdown:
    """A list of the systems: size, what each is for, and what a label of it costs."""
    lines = []
    for system, choice in zip(now.systems, _choices(now), strict=True):
        said = [f"**{plain(system.name)}**", f"{len(system.host.symbols)} atoms"]
        said.append("trained on" if system.role == "train" else "only tested on")
        if found := placed.get(system.name):
            said.append(f"{found.sample.count:,} configurations")
        if choice is not None and choice.cost is not None:
            said.append(f"{plain(choice.cost.time())} a label")
        lines.append(f"- {' · '.join(said)}")
    return "\n".join(lines)


def _choices(now: Draft) -> list[RecipeChoice | None]:
    """The chosen recipe for each system; None where it is not known yet."""
    name, known = now.recipe(), [answer(future) or [] for future in now.recipes().values()]
    return [next((choice for choice in choices if choice.name == name), None) for choices in known]


def _too_large(now: Draft) -> list[Markdown]:
    """A sentence for each system whose labels cannot be computed, or are out of reach here."""
    found = []
    for name, choice in zip(now.dimers, _choices(now), strict=True):
        if choice is not None and choice.problem:
            found.append(f"{plain(name)}: {plain(choice.problem)}")
        elif choice is not None and (said := too_large(choice)):
            found.append(f"{plain(name)} {plain(said)}; choose a cheaper recipe, or leave it out.")
    return found


def _price(now: Draft, placed: Mapping[str, Preview]) -> Markdown:
    """One line: teacher minutes, the test sets' labels and a first round."""
    plan, future = now.plan(), now.preview()
    if failed := problem(future):
        return f":material/error: {plain(failed)}"
    if not placed:
        return ":material/progress_activity: Placing the configurations …"
    count = sum(found.sample.count for found in placed.values())
    parts = [f"{_teaching(now, plan.teachers, placed)} for the teachers ({count:,} configurations)"]
    costs = [choice.cost for choice in _choices(now) if choice is not None and choice.cost is not None]
    if len(costs) < len(plan.systems):
        return f"{PRICE}{parts[0]}; labels of recipe *{plain(plan.recipe)}*."
    if len(costs) == 1:
        cost = costs[0]
        if plan.n_test:
            parts.append(f"{cost.text(plan.n_test)} for {plan.n_test} test labels")
        parts.append(f"{cost.text(FIRST_ROUND)} for a first round of {FIRST_ROUND} labels")
    else:
        if plan.n_test:
            every = _minutes(plan.n_test * sum(cost.mean_minutes for cost in costs))
            parts.append(f"{every} for {plan.n_test} test labels of each system")
        trained = [cost.mean_minutes for cost, s in zip(costs, plan.systems, strict=True) if s.role == "train"]
        least, most = _minutes(FIRST_ROUND * min(trained)), _minutes(FIRST_ROUND * max(trained))
        between = least if least == most else f"{least} to {most}"
        parts.append(f"{between} for a first round of {FIRST_ROUND} labels")
    return f"{PRICE}{', '.join(parts)}; labels of recipe *{plain(plan.recipe)}*."


def _teaching(now: Draft, specs: tuple[str, ...], placed: Mapping[str, Preview]) -> Markdown:
    minutes = 0.0
    for name, dimer in now.dimers.items():
        tried = {spec: answer(future) for spec, future in now.trials(dimer).items()}
        known = [trial for spec in specs if (trial := tried[spec])]
        if len(known) < len(specs):
            return "not yet known"
        minutes += placed[name].sample.count * sum(trial.seconds for trial in known) / 60.0
    return _minutes(minutes)


def _minutes(minutes: float) -> str:
    return f"{minutes:,.0f}" if minutes >= 1.5 else f"{minutes:.1f}"
