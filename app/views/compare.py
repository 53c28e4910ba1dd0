"""Compare: two campaigns side by side."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import one_from, one_of
from app.components import plot
from app.components.plot_encoding import encode
from app.data import comparison
from app.data.errors import RANGES, labelled
from app.data.jobs import model_list, model_name
from app.data.worth import said_beside, worth_of_tests
from app.figures.comparison import COSTS, learning_figure
from app.figures.maps import legend_text
from app.figures.points import map_content
from app.figures.scales import SignedScale
from app.session import Context, campaign_folders, load_campaign
from app.tables import grid
from app.text import Markdown, distinct, plain
from app.views.error_maps import error_scale
from nci_core.campaign import Campaign
from nci_core.errors import NCIError
from nci_core.units import CM1_EV
from nci_core.visible import visible

#: Pixels, and height over width that a quarter of the space round a host takes.
HEIGHT, SHAPE = 330, 0.85


def show(context: Context) -> None:
    """The page."""
    st.title("Compare", help="Errors are measured on frozen test sets, which no fit has seen.")
    _campaigns(context)


def _choose_other(context: Context) -> Context | None:
    """The campaign to compare with; those of the same complex first."""
    mine, there = Path(context.folder), {}
    for folder in campaign_folders():
        try:
            there[folder.name] = load_campaign(folder)
        except NCIError:  # the sidebar shows what is wrong with it
            continue
    there.pop(mine.name, None)
    if not there:
        return None
    names = sorted(there, key=lambda name: (there[name].about != context.campaign.about, name))
    titles = distinct({name: visible(there[name].title) for name in names})
    chosen = one_from(st, f"{plain(context.campaign.title)} with", titles, key="compare_with")
    return other_context(context, there[chosen])


def other_context(context: Context, campaign: Campaign) -> Context:
    """The same view of another campaign: of the same complex where it has it, else of its first."""
    wanted = context.dimer.name
    system = next((each for each in campaign.systems if each.dimer.name == wanted), campaign.systems[0])
    every = context.every_system and len(campaign.systems) > 1
    return replace(context, campaign=campaign, system=system, every_system=every, model=campaign.active_model())


def _campaigns(context: Context) -> None:
    left, right = st.columns([1.1, 1], vertical_alignment="bottom", gap="large")
    with left:
        other = _choose_other(context)
    if other is None:
        st.info("There is only one campaign so far. Start another of the same complex to compare them.")
        return
    cost = one_of(right, "Against", COSTS, key="compare_cost", titled=True)
    why_not = comparison.obstacles(context.campaign, other.campaign, context.averaged, other.averaged)
    if why_not:
        st.warning(
            "The numbers cannot be compared directly. " + " ".join(plain(each) for each in why_not),
            icon=":material/balance:",
        )
    else:
        st.caption("Same complex, recipe and test set: the numbers can be compared directly.")
    titles = distinct({each.campaign.name: visible(each.campaign.title) for each in (context, other)})
    both = {titles[each.campaign.name]: each for each in (context, other)}
    curves = {}
    for name, each in both.items():
        rounds, metrics = cached.history(each)
        curves[name] = comparison.learning(rounds, metrics, model_list(each.campaign.store))
    if all(rows.empty for rows in curves.values()):
        st.info("Neither campaign has a student with errors on a test set yet.", icon=":material/info:")
        return
    figure = learning_figure(curves, context.unit, context.colours, cost=cost)
    first, second = st.columns([1.9, 1], gap="medium", vertical_alignment="center")
    with first:
        charts(context, Drawn(figure, "campaigns"))
    with second:
        for name, each in both.items():
            st.markdown(_best(name, each, curves[name]))
        st.caption(
            "Best: the lowest error in the whole range. The test set itself chose it, so that number flatters a "
            "little. Maps and tables below are of the student in use."
        )
    _side_by_side(context, both)


def _best(name: str, each: Context, curve: pd.DataFrame) -> Markdown:
    """Which student of a campaign is the best one, and with how large an error."""
    if curve.empty:
        return f"**{plain(name)}**: no student with a test error{each.whose} yet."
    row = curve.loc[curve["all"].idxmin()]
    model = next(model for model in model_list(each.campaign.store) if model.id == int(row["model_id"]))
    used = "" if each.model is None or each.model.id == model.id else ", not the one in use"
    return (
        f"**{plain(name)}**: best is {plain(model_name(model))}{used}, "
        f"MAE{each.whose} {plain(each.text(float(row['all']) * CM1_EV))}."
    )


def _side_by_side(context: Context, both: dict[str, Context]) -> None:
    """For each campaign the map of its student's test errors, on one scale, above the errors by region."""
    tested = {name: labelled(cached.table(each), "test") for name, each in both.items()}
    every = {name: rows[rows["region"] != "beyond"] for name, rows in tested.items()}
    inside = {name: cached.drawn(both[name], rows) for name, rows in every.items()}
    errors = pd.concat([rows["student_error_ev"] for rows in inside.values()])
    scale = error_scale(context, errors) if errors.notna().any() else None
    for number, (place, name) in enumerate(zip(st.columns(2, gap="medium"), both, strict=True)):
        with place:
            each, rows = both[name], inside[name]
            heading = f"{name}: {model_name(each.model) if each.model is not None else 'no student yet'}"
            if scale is not None and rows["student_error_ev"].notna().any():
                _map(each, rows, "student_ev", scale, heading=heading)
            else:
                st.markdown(f"**{plain(heading)}**")
            _by_region(each, every[name], number)
    if scale is not None:
        st.caption(f"Student minus CCSD(T), in {context.unit.label}. {plain(legend_text(scale, context.unit))}")


def _by_region(context: Context, rows: pd.DataFrame, number: int) -> None:
    """Mean absolute errors of teacher, distilled student and the one in use, on the campaign's own test set."""
    groups = cached.metrics_by_system(context) if context.every_system else {"": cached.test_metrics(context)}
    tables = {name: _mae_table(context, metrics) for name, metrics in groups.items()}
    parts = {name: table for name, table in tables.items() if len(table)}
    if not parts:
        st.caption("No errors on its test set yet.")
        return
    shown = pd.concat(parts, names=["System"]).reset_index("System").reset_index(drop=True)
    specs = dict.fromkeys(RANGES.values(), f".{context.unit.digits}f")
    grid(shown if context.every_system else shown.drop(columns="System"), specs, key=f"compared-{number}")
    recipe, rows = plain(context.campaign.recipe.name), cached.averaged(context, rows)
    st.caption(
        f"On {len(rows)} labels of its frozen test set{context.whose} below the energy limit, recipe *{recipe}*. "
        f"{plain(_worth(context, rows))}"
    )


def _mae_table(context: Context, metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a potential, MAE by range in the unit shown."""
    known, models = comparison.teacher_names(context.campaign.store), model_list(context.campaign.store)
    taught = comparison.mae_by_region(metrics[metrics["model_id"].isna()], "teacher")
    taught.index = [f"teacher {known.get(str(name), name)}" for name in taught.index]
    words = {model.id: "distilled student" for model in models if model.kind == "distilled"}
    words = dict(list(words.items())[-1:])
    if context.model is not None:
        words.setdefault(context.model.id, "student in use")
    students = comparison.mae_by_region(metrics[metrics["model_id"].isin(list(words))], "model_id")
    students = students.reindex([number for number in words if number in students.index]).rename(index=words)
    shown = pd.concat([taught, students]) * CM1_EV * context.unit.per_ev
    return shown.rename(columns=RANGES).rename_axis(index=f"MAE ({context.unit.label})", columns=None).reset_index()


def _worth(context: Context, rows: pd.DataFrame) -> str:
    """What the labels are worth, where that is known: how far potentials can be told apart against the truth."""
    found = worth_of_tests(rows, context.campaign.bounds)
    return said_beside(found, context.campaign.recipe, context.dimer, context.unit) if found["all"].n else ""


def _map(context: Context, rows: pd.DataFrame, column: str, scale: SignedScale, *, heading: str) -> None:
    """A potential minus CCSD(T) over the test points."""
    error = (rows[column] - rows["label_ev"]).dropna().sort_values(key=abs, kind="stable")
    known = rows.loc[error.index]
    key = f"compared-map-{column}-{context.folder}"
    content = map_content(
        context.host,
        known,
        context.convert(error),
        scale,
        context.unit,
        view="side",
        colours="signed",
        hover={column: column.split("_")[0], "label_ev": "CCSD(T)"},
        compact=True,
    )
    st.markdown(f"**{plain(heading)}** · {len(known)} points")
    plot.show(
        encode(content, context.colours),
        context.colours,
        plot.Marks(),
        key=key,
        height=HEIGHT,
        shape=SHAPE,
        pick=False,
        tools=True,
        link_view=False,
        kinds=(),
        file=f"{context.campaign.name}-{column.removesuffix('_ev')}",
        title=f"{visible(heading)} − CCSD(T)",
        on_event=None,
    )
