"""Trust, comparison and report: what people read is what the store holds."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import run_page, tables, text

from app.data import trust
from app.data.configurations import configuration_table
from app.data.errors import with_errors
from app.figures.trust import change_figure, error_bar_figure, share_figure
from app.report import build_report
from app.theme import DARK, LIGHT
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.gates import NOTE
from nci_core.errors import InputError
from nci_core.gates import Gate
from nci_core.store import evaluations, models
from nci_core.units import CM1_EV, unit

ROOT = Path(__file__).resolve().parents[2]
GOOD = Gate("zero", "Zero at infinity", "Is it zero far out?", 1e-9, "eV", None, 1e-7, "why", "what it means", "there")
BAD = replace(GOOD, key="hole", name="No hole", question="Is there no hole?", value=-0.01, low=0.1, high=None)


def keep_gates(home: Path, gates: list[Gate]) -> Campaign:
    campaign = Campaign.open(home / "he-ethylene")
    for row in models.fetch(campaign.store):
        models.update_notes(campaign.store, row.id, {NOTE: [gate.as_dict() for gate in gates]})
    return campaign


def rows_of(campaign: Campaign, model_id: int) -> pd.DataFrame:
    return with_errors(configuration_table(campaign, model_id))


def test_a_failed_gate_is_said_on_every_page_and_first_in_the_list(home: Path) -> None:
    keep_gates(home, [GOOD, BAD])
    at = run_page("history", history_part="trust")
    assert not at.exception
    assert "No hole" in at.sidebar.warning[0].value
    assert "what it means" in at.error[0].value
    # −0.01 eV is −80.7 cm⁻¹, and 0.1 eV 806.55.
    assert "−80.7 cm⁻¹" in at.error[0].value
    assert "above 807 cm⁻¹" in at.error[0].value
    listed = next(item.value for item in at.markdown if item.value.startswith("| | Question"))
    assert listed.index("No hole") < listed.index("Zero at infinity")
    explore = run_page("explore")
    assert "No hole" in explore.sidebar.warning[0].value


def test_models_that_pass_bring_no_warning(home: Path) -> None:
    keep_gates(home, [GOOD])
    at = run_page("history", history_part="trust")
    assert not at.exception
    assert not at.sidebar.warning
    assert not at.error
    assert "All **1** checks passed" in text(at)


def test_calibration_is_that_of_the_test_points_alone(home: Path) -> None:
    campaign = keep_gates(home, [GOOD])
    model = models.active(campaign.store)
    assert model is not None
    at = run_page("history", history_part="trust")
    shown = next(table for table in tables(at) if "RMS z (1 expected)" in table.columns).set_index("Region")
    rows = rows_of(campaign, model.id)
    rows = rows[(rows["split"] == "test") & rows["label_ev"].notna() & (rows["region"] != "beyond")]
    z = (rows["student_ev"] - rows["label_ev"]) / rows["std_ev"]
    assert shown.loc["whole range", "Points"] == len(z)
    assert shown.loc["whole range", "RMS z (1 expected)"] == pytest.approx(np.sqrt((z**2).mean()))
    assert shown.loc["whole range", "Within 1 sd (68% expected)"] == pytest.approx(100 * (z.abs() <= 1).mean())
    few = shown[shown["Points"] < 10]
    assert len(few)
    assert few["In words"].str.contains("too few").all()


@pytest.mark.parametrize("unit_key", ["cm1", "meV"])
def test_two_models_side_by_side_show_the_stored_errors(home: Path, unit_key: str) -> None:
    campaign = keep_gates(home, [GOOD])
    first, second = models.fetch(campaign.store)[-2:]
    at = run_page("history", history_part="compare", unit=unit_key)
    assert not at.exception
    shown = next(table for table in tables(at) if "Improved" in table.columns).set_index("Region")
    label, factor = unit(unit_key).label, CM1_EV * unit(unit_key).per_ev
    stored = evaluations.metrics(campaign.store, campaign.recipe.hash, split="test")
    mae = {(row.model_id, row.region): row.mae_cm1 * factor for row in stored}
    for region in ("well", "tail", "wall"):
        if (first.id, region) not in mae:
            continue
        assert shown.loc[region, f"First, MAE ({label})"] == pytest.approx(mae[first.id, region])
        assert shown.loc[region, f"Second, MAE ({label})"] == pytest.approx(mae[second.id, region])
        change = mae[second.id, region] - mae[first.id, region]
        assert shown.loc[region, f"Change ({label})"] == pytest.approx(change)
    facts = next(table for table in tables(at) if table.index.name == "Student")
    assert facts.iloc[0].tolist() == [str(first.n_labels), str(second.n_labels)]


def test_a_lost_model_file_does_not_hide_the_comparison(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.views.trust.ask", lambda function, *words: function(*words))  # no second process here
    at = run_page("history", history_part="compare")  # synthetic models have no files, and no gates are stored
    assert not at.exception
    facts = next(table for table in tables(at) if table.index.name == "Student")
    assert "unknown" in facts.iloc[4, 0]
    assert any("Improved" in table.columns for table in tables(at))


def test_words_do_not_claim_more_than_the_points_tell() -> None:
    row = pd.Series({"n": 30, "change_ev": -1.0, "se_ev": 0.1})
    assert "better" in trust.change_words(row)
    assert "worse" in trust.change_words(row.replace(-1.0, 1.0))
    assert "do not tell" in trust.change_words(row.replace(0.1, 0.8))
    assert "too few" in trust.change_words(row.replace(30, 9))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_figures_draw_every_judged_point_in_the_unit(home: Path, colours: object) -> None:
    campaign = keep_gates(home, [GOOD])
    first, second = models.fetch(campaign.store)[-2:]
    rows = trust.measured_points(rows_of(campaign, second.id))
    inside = rows[rows["region"] != "beyond"]
    kelvin = unit("K")
    figure = error_bar_figure(rows, kelvin, colours)  # type: ignore[arg-type]
    drawn = {
        int(i): y
        for trace in figure.data
        if trace.customdata is not None
        for i, y in zip(trace.customdata, trace.y, strict=True)
    }
    assert set(drawn) == set(inside.index)
    number = int(inside["student_error_ev"].abs().idxmax())
    assert drawn[number] == pytest.approx(abs(inside.loc[number, "student_error_ev"]) * kelvin.per_ev)
    assert "(K)" in figure.layout.yaxis.title.text
    pairs = trust.paired(rows_of(campaign, first.id), rows_of(campaign, second.id))
    points = sum(len(t.x) for t in change_figure(pairs, ("a", "b"), kelvin, colours).data[1:])  # type: ignore[arg-type]
    assert points == (pairs["region"] != "beyond").sum()
    found = trust.calibration(rows, campaign.bounds)
    shares = [t for t in share_figure(found, colours).data if t.mode == "markers"]  # type: ignore[arg-type]
    assert list(shares[0].x) == pytest.approx([100 * item.within_1 for item in found])


class Report(HTMLParser):
    """Addresses a page would ask for, and its tables as rows of text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.rows: list[list[str]] | None = None
        self.in_cell = False
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.addresses += [str(values[name]) for name in ("src", "href", "action", "data") if name in values]
        if tag == "table":
            self.rows = self.tables.setdefault(str(values.get("id")), [])
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag in ("td", "th") and self.rows is not None:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.in_cell and self.rows is not None:
            self.rows[-1][-1] += data


def number(shown: str) -> float:
    return float(shown.replace("−", "-"))


def test_a_report_asks_for_nothing_and_shows_the_stored_numbers(home: Path) -> None:
    campaign = keep_gates(home, [GOOD, BAD])
    model = models.active(campaign.store)
    assert model is not None
    content = build_report(campaign, None, unit("cm1"), lambda row: [GOOD, BAD])
    assert len(content.encode()) < 6e6
    report = Report(content)
    assert report.addresses == []
    assert not re.search(r"@import|url\(", content[: content.index("</style>")])
    errors = {(row[0], row[1]): row for row in report.tables["errors"][1:]}
    stored = evaluations.metrics(campaign.store, campaign.recipe.hash, split="test")
    checked = 0
    for row in stored:
        who = "teacher" if row.model_id is None else "student" if row.model_id == model.id else None
        if who is None:
            continue
        shown = errors["whole range" if row.region == "all" else row.region, who]
        assert int(shown[2]) == row.n
        # Two decimals are shown.
        assert [number(value) for value in shown[3:7]] == pytest.approx(
            [row.mae_cm1, row.rmse_cm1, row.max_cm1, row.bias_cm1], abs=0.0051
        )
        checked += 1
    assert checked >= 4
    gates = report.tables["gates"][1:]
    assert [row[0] for row in gates] == ["FAILED", "passed"]
    assert "1 of 2 failed: No hole" in content
    facts = dict(report.tables["facts"][1:])
    assert campaign.recipe.hash in facts["Reference"]
    assert f"fit {model.seed}" in facts["Seeds"]
    figures = re.findall(r'<script type="application/json" id="(figure-\d+)">(.*?)</script>', content, re.DOTALL)
    assert len(figures) >= 6
    for _, both in figures:
        assert set(json.loads(both)) == {"light", "dark"}


def test_a_report_lists_the_labels_of_its_round_and_no_other(home: Path) -> None:
    campaign = keep_gates(home, [GOOD])
    rows = Report(build_report(campaign, 1, unit("meV"), lambda row: [GOOD])).tables["labels"]
    table = configuration_table(campaign, None)
    mine = table[(table["round_number"] == 1) & (table["split"] == "pool") & table["label_ev"].notna()]
    assert {int(row[0]) for row in rows[1:]} == set(mine.index)
    energy = rows[0].index("E (meV)")
    for row in rows[1:]:
        # Four decimals of meV are shown.
        assert number(row[energy]) == pytest.approx(1000 * mine.loc[int(row[0]), "label_ev"], abs=5.1e-5)


def test_names_cannot_smuggle_markup_into_a_report(home: Path) -> None:
    campaign = keep_gates(home, [GOOD])
    nasty = replace(GOOD, question="<script>alert(1)</script><img src=http://example.org/x>")
    report = build_report(campaign, None, unit("cm1"), lambda row: [nasty])
    assert Report(report).addresses == []
    assert "<script>alert" not in report


def test_a_round_that_is_not_there_is_one_sentence(home: Path, tmp_path: Path) -> None:
    campaign = keep_gates(home, [GOOD])
    with pytest.raises(InputError, match="no student of round 77; there are rounds 0, 1"):
        build_report(campaign, 77, unit("cm1"), lambda row: [])
    command = [sys.executable, "-m", "app.report", str(campaign.folder), str(tmp_path / "none" / "r.html")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert done.returncode == InputError.exit_code
    assert done.stderr.strip().startswith("nci: There is no folder")


def test_the_page_prepares_a_report_on_request(home: Path) -> None:
    keep_gates(home, [GOOD])
    at = run_page("history", history_part="report")
    assert not at.get("download_button")
    at.button(key="prepare_report").click().run()
    assert not at.exception
    assert not at.error
    assert len(at.get("download_button")) == 1


def test_a_model_of_another_campaign_in_the_session_does_no_harm(home: Path) -> None:
    keep_gates(home, [GOOD])
    for part, key in (("trust", "trust_model"), ("compare", "compare_second"), ("report", "report_round")):
        at = run_page("history", history_part=part, **{key: 999})
        assert not at.exception, part
        assert not at.error, part


def test_error_bars_of_a_distilled_student_come_with_a_warning(home: Path) -> None:
    campaign = keep_gates(home, [GOOD])
    first = models.fetch(campaign.store)[0]
    assert first.kind == "distilled"
    assert "nothing of the teacher's own error" in text(run_page("history", history_part="trust", trust_model=first.id))
    assert "nothing of the teacher's own error" not in text(run_page("history", history_part="trust"))
