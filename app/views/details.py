"""Everything known about one configuration: structure, energies, geometry, and how its label was computed."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import as_written, one_of
from app.components import viewer
from app.data.configurations import LABEL_STATES, SPLITS
from app.data.errors import as_shown
from app.data.terms import in_order, name_of
from app.data.worth import MEANING
from app.figures.structure import structure_figure
from app.session import Context
from app.tables import printed, with_numbers
from app.text import Markdown, plain
from nci_core.bench.expected_error import expected_error
from nci_core.calibration import ACCURACY_CM1, out_of_range
from nci_core.campaign.rounds.quarantine import WORDS
from nci_core.labels.label_errors import label_std_ev
from nci_core.rounding import number_text
from nci_core.store import label_history, label_queries, teacher_labels
from nci_core.store.label_words import fragment_rows, larger_fragment_rows, provenance
from nci_core.store.schema import Label, LabelEvent
from nci_core.systems.map_places import distances
from nci_core.units import from_cm1
from nci_core.visible import visible

VIEWER_HEIGHT = 300


def show_details(context: Context, table: pd.DataFrame, number: int | None) -> None:
    """Structure above, facts below; of another system than the drawn one, round its own host."""
    if context.several and number is not None and number not in table.index:
        table = cached.whole(context)
    if number is None or number not in table.index:
        st.info("Click a point on the map to see its structure and energies.", icon=":material/touch_app:")
        return
    row = pd.Series(table.loc[number])
    context = of_system(context, row)
    place = f"{plain(row['region'])}, {plain(row['sector'])} · {SPLITS[str(row['split'])]}"
    st.markdown(f"**Configuration {number}** · {f'{plain(context.system.name)} · ' if context.several else ''}{place}")
    structure(context, row, key=f"viewer-{context.folder}")
    here, target = label_queries.of_configuration(context.campaign.store, number), context.campaign.recipe.hash
    label = next((row for row in here if row.recipe_hash == target), None)
    others = [row for row in here if row.recipe_hash != target]
    energies, geometry, calculation = st.tabs(
        ["Energies", "Geometry", "CCSD(T) label"], key="details_tab", on_change="rerun", bind="query-params"
    )
    with energies:
        _energies(context, row, number, label, others)
    with geometry:
        _geometry(context, row, number)
    with calculation:
        show_label(context, _of_recipe(context, label, others))


def of_system(context: Context, row: pd.Series) -> Context:
    """The context that draws a row of the campaign's table in its own system."""
    return replace(context, system=context.campaign.system(int(row["system_id"]))) if context.several else context


def _of_recipe(context: Context, label: Label | None, others: list[Label]) -> Label | None:
    """The label to show: a choice where the configuration has some of several recipes."""
    if not others:
        return label
    target = context.campaign.recipe.name
    found = {target: label} | {each.recipe: each for each in others}
    name = one_of(st, "Recipe", as_written(found), key="label-of-recipe", first=target, titled=True)
    return found[name]


def structure(context: Context, row: pd.Series, *, key: str) -> None:
    """The 3-D view, or Plotly's drawing with a notice when the browser has no 3Dmol.js."""
    shown = context.dimer, _position(row), context.colours
    if not viewer.show(*shown, key=key, height=VIEWER_HEIGHT):
        note = "3Dmol.js could not be loaded, so this is a simpler drawing; `make venv` fetches the script."
        charts(context, Drawn(structure_figure(*shown, height=VIEWER_HEIGHT), "structure"), note=note)


def _position(row: pd.Series) -> list[float]:
    return [float(row[letter]) for letter in "xyz"]


def _energies(context: Context, row: pd.Series, number: int, label: Label | None, others: list[Label]) -> None:
    taught = teacher_labels.of_configuration(context.campaign.store, number, context.campaign.teacher)
    lines: list[tuple[str, float | None, float | None, float | None]] = [
        (str(row.get("reference", "CCSD(T)")), row["label_ev"], None, row["label_std_ev"]),
        ("Teacher", row["teacher_ev"], row["teacher_error_ev"], None),
        ("Student", row["student_ev"], row["student_error_ev"], row["std_ev"]),
    ]
    done = [each for each in others if each.status == "complete" and each.energy_ev is not None]
    for each in done:
        name = f"CCSD(T), {each.recipe}" + (", set aside" if each.quarantine else "")
        lines.append((name, each.energy_ev, None, label_std_ev(each.recipe_std_cm1)))
    if taught is not None and len(taught.channels_ev) > 1:
        parts = taught.channels_ev
        lines += [(f"Teacher, {name_of(name)}", parts[name], None, None) for name in in_order(parts)]
    has_std = pd.notna(row["label_std_ev"]) or any(each.recipe_std_cm1 is not None for each in done)
    label_of = {"energy_ev": f"Energy ({context.unit.label})", "error_ev": f"Error ({context.unit.label})"}
    headers = {"Source": "Source"} | label_of | {"std_ev": "±"}
    st.table(
        printed(*as_shown(pd.DataFrame(lines, columns=list(headers)), headers, context.unit, signed=label_of)),
        border="horizontal",
        hide_index=True,
    )
    st.caption(
        "Energy: zero when the probe is far away. Error: minus CCSD(T), negative is too attractive. "
        "±: one standard deviation of the student"
        + ("; of CCSD(T), how far its recipe is from the basis-set limit." if has_std else ".")
    )
    if out_of_range(row["std_ev"]):
        limit = number_text(from_cm1(ACCURACY_CM1) * context.unit.per_ev, "g")
        st.caption(
            f":material/warning: Out of range: ± 2 sd is more than {limit} {context.unit.label}, so the labels say "
            "little here yet."
        )
    state = LABEL_STATES[str(row["label_state"])]
    if label is None:
        st.caption(f"No CCSD(T) label{f' of recipe {plain(context.campaign.recipe.name)}' if others else ''} yet.")
    elif label.status != "complete":
        st.caption(f"CCSD(T) label: {state}." + (f" {plain(label.error)}" if label.error else ""))


def _geometry(context: Context, row: pd.Series, number: int) -> None:
    dimer, (x, y, z) = context.dimer, _position(row)
    st.markdown(f"Probe {plain(dimer.b.symbols[0])} at ({x:.3f}, {y:.3f}, {z:.3f}) Å".replace("-", "−"))
    table = pd.DataFrame(distances(dimer.a, [x, y, z]), columns=["Host atom", "Distance (Å)"])
    with st.container(height=230, border=False):
        st.table(printed(table, {"Distance (Å)": ".3f"}), border="horizontal", hide_index=True)
    if st.toggle("Prepare files for download", key="prepare_download"):
        page, atoms = viewer.standalone_html(dimer, [x, y, z], context.colours), dimer.at([x, y, z]).atoms(0)
        st.download_button("3-D view (HTML)", page, f"configuration-{number}.html", "text/html")
        places = zip(atoms.symbols, atoms.positions.tolist(), strict=True)
        lines = [str(len(atoms)), f"{visible(dimer.name)} configuration {number}"]
        lines += [f"{symbol} {a:.6f} {b:.6f} {c:.6f}" for symbol, (a, b, c) in places]
        text = "\n".join(lines) + "\n"
        st.download_button("Geometry (xyz)", text, f"configuration-{number}.xyz", "chemical/x-xyz")


def show_label(context: Context, label: Label | None) -> None:
    """How a label was computed: its parts, the fragments with their convergence, cost and versions."""
    if label is None:
        st.caption("Nobody has asked for this label yet. Pick the point on the Select page to compute it.")
        return
    if label.quarantine:
        st.warning(f"Set aside, not used in fits: {plain(label.quarantine)}", icon=":material/report:")
    for event in label_history.events(context.campaign.store, label.recipe_hash, label.configuration_id):
        st.caption(plain(_event(context, event)))
    if label.status == "error":
        st.error(plain(label.error or "The calculation failed."), icon=":material/error:")
        return
    if label.status != "complete" or label.result is None:
        st.caption(f"This label is {plain(label.status)}.")
        return
    result = label.result
    parts = {
        "HF": label.hf_ev,
        "MP2 and CCSD, by the recipe's factors" if result.get("larger") else "CCSD correlation": label.ccsd_ev,
        "(T)": label.triples_ev,
        "sum": label.energy_ev,
    }
    headers = {"Part": "Part", "energy_ev": f"Interaction energy ({context.unit.label})"}
    shown, specs = as_shown(pd.DataFrame(parts.items(), columns=list(headers)), headers, context.unit)
    st.dataframe(with_numbers(shown, specs), hide_index=True, placeholder="—", key="parts-table")
    st.caption(_worth(context, label))
    if fragments := fragment_rows(result):
        st.caption("Counterpoise: each fragment in the basis of the whole dimer. Total energies in hartree.")
        _shown(fragments)
    if larger := larger_fragment_rows(result):
        st.caption("The same fragments in the larger functions of the recipe, in hartree.")
        _shown(larger)
    st.markdown("  \n".join(f"**{plain(name)}** {plain(text)}" for name, text in provenance(label, result).items()))
    for warning in result.get("warnings", []):
        st.warning(plain(warning))


def _worth(context: Context, label: Label) -> Markdown:
    """The label with its recipe's error, and what that is."""
    campaign = context.campaign
    if label.recipe_std_cm1 is None:
        mine = next((recipe for recipe in campaign.recipes if recipe.hash == label.recipe_hash), None)
        if mine is not None:
            return plain(expected_error(mine, context.dimer, context.unit).sentence)
        return f"Nobody knows how far {plain(label.recipe)} is from the basis-set limit."
    whole = context.text(label.energy_ev, label_std_ev(label.recipe_std_cm1))
    return f"**{plain(whole)}** · {MEANING}, from the label's own parts."


def _event(context: Context, event: LabelEvent) -> str:
    """One line of a label's history."""
    when = f"{event.created_at:%Y-%m-%d %H:%M} UTC"
    if event.what == "set-aside":
        return f"{when}: set aside ({', '.join(WORDS.get(r['code'], r['code']) for r in event.reasons)})."
    if event.what == "retried":
        was = context.text(event.result["energy_ev"], signed=True) if event.result else "no result"
        return f"{when}: tried again at tighter settings{f' by {event.person}' if event.person else ''}; before: {was}."
    return f"{when}: {'accepted' if event.what == 'accepted' else 'left out'} by {event.person}: {event.because}"


def _shown(fragments: list[dict[str, str]]) -> None:
    """One column a fragment: a table that fits beside a map, every number in sight."""
    turned = pd.DataFrame(fragments).set_index("Fragment").T.rename_axis(index="", columns=None).reset_index()
    st.table(printed(turned, {}), border="horizontal", hide_index=True)
