"""What a report says: the pieces of a round in the order a reader asks for them."""

import platform
from collections.abc import Callable, Sequence

import pandas as pd
from plotly import __version__ as plotly_version

from app.components.plot_content import PlotContent
from app.data import trust
from app.data.cuts import Cut, cut_names, load_cut
from app.data.errors import RANGES, REGION_HELP, TOGETHER, error_table, matrix_table
from app.data.jobs import model_name
from app.data.region_words import well_and_limit
from app.data.worth import MEANING, said_beside, worth_of_tests
from app.figures.blind import sentence
from app.figures.maps import Panel, frame_of, legend_text, panel_content
from app.figures.points import cut_content, parity_content
from app.figures.scales import SignedScale, error_scale
from app.figures.trust import error_bar_figure, share_figure
from app.report.page import Page
from app.report.provenance import fitted_from, label_provenance
from app.report.subject import Subject, subject_of
from app.theme import Palette
from nci_core import __version__
from nci_core.campaign import Campaign
from nci_core.campaign.queries.blind import blind_predictions, judge
from nci_core.campaign.systems import System
from nci_core.gates import Gate
from nci_core.store import configurations, systems
from nci_core.store.label_words import computed_with
from nci_core.store.schema import Model
from nci_core.units import EnergyUnit, from_cm1

#: Asks for the gates of a model: from the store, or from a process that may load it.
AskGates = Callable[[Model], Sequence[Gate]]


def report_name(campaign: Campaign, number: int) -> str:
    """File name of a round's report."""
    return f"{campaign.name}-round-{number}.html"


def build_report(campaign: Campaign, number: int | None, unit: EnergyUnit, ask_gates: AskGates) -> str:
    """The report of a round (default: that of the student in use) as one HTML document.

    Raises InputError for a round without a student.
    """
    subject = subject_of(campaign, number, unit)
    page = Page(f"{campaign.title}, round {subject.number}")
    _head(page, subject)
    _errors(page, subject)
    _cuts(page, subject)
    _trust(page, subject, list(ask_gates(subject.after)))
    _labels(page, subject)
    _reproduce(page, subject)
    return page.html()


def _head(page: Page, subject: Subject) -> None:
    campaign, recipe, model = subject.campaign, subject.campaign.recipe, subject.after
    counts = configurations.counts(campaign.store)
    page.heading(f"{campaign.title}: round {subject.number}", 1)
    page.text(f"{model_name(model)}; compared with CCSD(T) on a frozen test set.", kind="quiet")
    found = {row.sample_seed for row in configurations.fetch(campaign.store) if row.sample_seed is not None}
    seeds = ", ".join(map(str, sorted(found))) or "unknown"
    frozen = ", frozen" if all(each.test_frozen_at for each in systems.fetch(campaign.store)) else ", not frozen yet"
    facts = [
        *(("Complex", _complex(system)) for system in campaign.systems),
        ("Teacher", " + ".join(campaign.teachers)),
        ("Reference", f"{recipe.method}, recipe {recipe.name} version {recipe.version} ({recipe.hash})"),
        ("Basis", f"{recipe.basis_name}; counterpoise {recipe.counterpoise}; {recipe.description}"),
        ("Configurations", f"{counts.get('pool', 0)} in the training pool, {counts.get('test', 0)} in the test set"),
        ("Test set", f"{len(subject.test)} labelled{frozen}; used by no fit and no selection"),
        (
            "Training labels",
            f"{model.n_labels} in this student, {int(subject.record['n_labels'])} computed in this round",
        ),
        ("Picked by", str(subject.record["picked_by"])),
        ("Cost of this round's labels", f"{subject.record['cpu_minutes']:.1f} CPU minutes"),
        ("Fit", f"{model.seconds:.1f} s on {model.device}; {model.settings.get('members', '?')} members"),
        ("Fitted from", fitted_from(model)),
        (
            "Seeds",
            f"campaign {campaign.settings.seed}, sampling {seeds}, fit {model.seed}",
        ),
        ("Notes", str(subject.record["notes"]) or "none"),
    ]
    page.table(pd.DataFrame(facts, columns=["", " "]), name="facts")


def _complex(system: System) -> str:
    dimer, tested = system.dimer, "; transfer: only tested on" if system.role == "transfer" else ""
    return f"{dimer.b.symbols[0]} and {dimer.a.name} (rigid; {dimer.a.source}{tested})"


def _errors(page: Page, subject: Subject) -> None:
    unit, rows = subject.unit, subject.test
    page.heading("Errors on the frozen test set")
    if rows.empty:
        page.text("No test configuration has a finished label, so errors are not known.")
        return

    def text(energy_ev: float) -> str:
        return f"{energy_ev * unit.per_ev:g} {unit.label}".replace("-", "−")

    well, limit = well_and_limit(subject.campaign.systems, text)
    page.text(
        f"Error = prediction − CCSD(T), in {unit.label}. Well: below {well}; energy limit: {limit}.", kind="quiet"
    )
    shown, formats = error_table(rows, subject.columns, unit, subject.campaign.systems)
    page.table(shown, formats=formats, name="errors")
    meanings = "; ".join(f"{RANGES.get(k, k)}: {v}" for k, v in REGION_HELP.items())
    page.text(f"{meanings}. MAE: mean absolute error.", kind="quiet")
    for system in subject.campaign.systems:
        mine = subject.of(rows, system)
        if len(mine):
            _errors_of(page, subject, system, mine)


def _errors_of(page: Page, subject: Subject, system: System, rows: pd.DataFrame) -> None:
    """Maps, every point, and the errors by region and direction of one system; `rows` are its labelled test points."""
    unit, campaign, host = subject.unit, subject.campaign, system.dimer.a
    if subject.several:
        page.heading(system.title, 3)
    worth = worth_of_tests(rows, campaign.bounds)
    page.text(said_beside(worth, campaign.recipe, system.dimer, unit, regions=True))
    panels = [Panel("teacher", rows, "teacher_error_ev")]
    if subject.before is not None:
        panels.append(Panel(f"before: round {subject.before.round_number}", rows, "earlier_error_ev"))
    panels.append(Panel(f"after: round {subject.number}", rows, "student_error_ev"))
    panels = [panel for panel in panels if panel.rows[panel.column].notna().any()]
    if not panels:
        page.text("Neither teacher nor student has energies here.")
        return
    scale = _error_scale(subject, pd.concat([rows[panel.column] for panel in panels]))
    frame = frame_of(host, rows, "side")
    page.plots(
        lambda _: {
            panel.title: panel_content(host, panel, frame, scale, unit, last=panel is panels[-1]) for panel in panels
        },
        f"Error of each test configuration, seen from the side. {legend_text(scale, unit)}",
        height=400,
        shape=frame.shape,
        link_view=True,
    )
    inside = rows[rows["region"] != "beyond"]
    shown_columns = {n: c for n, c in subject.columns.items() if n != "teacher" and inside[c].notna().any()}
    if not shown_columns:
        return
    page.plots(
        lambda _: {
            name: parity_content(inside, column, _error_scale(subject, inside[column] - inside["label_ev"]), unit)
            for name, column in shown_columns.items()
        },
        "Every test point below the energy limit; bars are the student's ± 1 sd.",
        height=360,
    )
    page.text(
        f"MAE of the student by region and direction, in {unit.label}; in brackets points, and its expected error."
    )
    page.table(matrix_table(rows, "student_ev", unit), name=f"matrix-{system.id}" if subject.several else "matrix")


def _cuts(page: Page, subject: Subject) -> None:
    names = {system: cut_names(subject.campaign.store, system) for system in subject.campaign.systems}
    if any(names.values()):
        page.heading("Radial cuts")
    for system, there in names.items():
        if there:
            _cuts_of(page, subject, system, there)


def _cuts_of(page: Page, subject: Subject, system: System, names: list[str]) -> None:
    if subject.several:
        page.heading(system.title, 3)
    store, teacher, table = subject.campaign.store, subject.campaign.teacher, subject.of(subject.table, system)
    scale = _error_scale(subject, table["student_error_ev"])

    def cut_of(name: str, model: Model) -> Cut:
        return load_cut(store, table, system, name, model_id=model.id, teacher=teacher)

    found = {name: cut_of(name, subject.after) for name in names}
    earlier = {name: cut_of(name, subject.before) for name in names} if subject.before else {}
    caption = f"From the centre of {system.dimer.a.name}; points are CCSD(T) labels, coloured by the student's error."
    for start in range(0, len(names), 2):

        def draw(colours: Palette, pair: Sequence[str] = names[start : start + 2]) -> dict[str, PlotContent]:
            return {
                name: cut_content(found[name], table, scale, subject.unit, colours, earlier=earlier.get(name))
                for name in pair
            }

        page.plots(draw, caption, height=360, kinds=("labelled", "test"))


def _error_scale(subject: Subject, errors_ev: pd.Series) -> SignedScale:
    return error_scale(errors_ev, subject.unit, cap_ev=from_cm1(subject.campaign.bounds.limit_cm1))


def _trust(page: Page, subject: Subject, gates: list[Gate]) -> None:
    unit = subject.unit
    page.heading("Does it obey physics?")
    bad = [gate for gate in gates if not gate.passed]
    page.text(f"Physics checks: {trust.gates_summary(gates)}.", kind="bad" if bad else "good")
    for gate in bad:
        page.text(f"{gate.name}: {gate.meaning}", kind="bad")
    asked = trust.gates_table(gates, unit)
    headers = {"answer": "", "question": "Question", "found": "Found", "allowed": "Allowed", "reason": "Why this limit"}
    answers = asked["passed"].map({True: "passed", False: "FAILED"})
    page.table(asked.assign(answer=answers)[list(headers)].rename(columns=headers), name="gates")
    page.heading("Can its error bars be believed?")
    rows = trust.measured_points(subject.of(subject.table, *subject.campaign.training_systems))
    found = trust.calibration(rows, subject.campaign.bounds)
    if not found:
        page.text("No test point has both a label and an error bar.")
        return
    of = f" of {TOGETHER}" if subject.several else ""
    page.text(
        f"On the test set{of}, {trust.calibration_summary(found)}. z is the error divided by the error bar (1 sd of "
        "the ensemble); regions with fewer than 10 points are not judged."
    )
    shown = trust.calibration_table(found)
    page.table(shown, formats=dict(zip(shown.columns[2:5], (".0f", ".0f", ".2f"), strict=True)), name="calibration")
    inside = [item for item in found if item.region != "beyond"]
    page.pair(True)
    page.figure(lambda colours: error_bar_figure(rows, unit, colours), "Errors against error bars, test points.")
    page.figure(lambda colours: share_figure(inside, colours), "Shares within 1 and 2 sd, with 95% intervals.")
    page.pair(False)


def _labels(page: Page, subject: Subject) -> None:
    page.heading("CCSD(T) labels of this round")
    table, formats = label_provenance(subject)
    if table.empty:
        page.text("No label was computed in this round.")
        return
    page.text(
        f"{len(table)} labels for training, {table['CPU min'].sum():.1f} CPU minutes. Interaction energies are "
        "counterpoise-corrected: HF + CCSD correlation + (T) = E. Cycles and T1 are those of the dimer's calculation."
        + (f" ±: {MEANING[0].lower()}{MEANING[1:]}." if any(name.startswith("±") for name in table) else ""),
        kind="quiet",
    )
    said = blind_predictions(subject.campaign.store, subject.campaign.recipe.hash)
    mine = said["split"].eq("pool") & said["round_number"].eq(subject.number)
    judged = judge(said[mine.fillna(False)], subject.campaign.bounds)
    if judged is not None:
        page.text(f"Before it had seen them, the student predicted them: {sentence(judged)}; {judged.sentence}.")
    page.table(table, formats=formats, name="labels")


def _reproduce(page: Page, subject: Subject) -> None:
    campaign, model = subject.campaign, subject.after
    programs = dict.fromkeys(computed_with(row.result or {}) for row in subject.labels)
    page.heading("Versions, and how to reproduce this")
    facts = {
        "Report": f"nci {__version__}, plotly {plotly_version}",
        "Python": platform.python_version(),
        "Labels": "; ".join(programs) or "none in this round",
        "Model file": f"{model.path}, SHA-256 {model.sha256}",
    }
    page.table(pd.DataFrame(facts.items(), columns=["", " "]), name="versions")
    fit = "distill" if model.kind == "distilled" else "finetune"
    options = "" if model.seed is None else f" --seed {model.seed}"
    ladder = [rung["recipe"] for rung in model.settings.get("ladder", [])]
    options += f" --recipes {','.join(ladder)}" if ladder else ""
    page.code(
        [
            f"nci report -c {campaign.name} --round {subject.number} --out {report_name(campaign, subject.number)}",
            f"nci evaluate -c {campaign.name}    # the errors, from stored energies",
            f"nci check -c {campaign.name} --model {model.name}    # the physics checks",
            f"nci {fit} -c {campaign.name}{options}    # the same kind of fit on all labels there are now: a new "
            "student",
        ]
    )
