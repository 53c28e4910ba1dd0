"""Text of people and files is shown on every page as it is, and read as Markdown, HTML or a formula on none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markdown_calls import Module, faults
from markdown_it import MarkdownIt
from nasty import ADDRESS, NASTY, soil
from pages import run_page
from plotly.offline import get_plotlyjs

from app.figures.as_table import figure_table
from app.figures.literal import literal
from app.figures.replay import replay_figure
from app.report.build import build_report
from app.text import _JOINER, code, plain
from app.theme import LIGHT
from nci_core.campaign import Campaign
from nci_core.units import UNITS
from nci_core.visible import visible

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    path for path in sorted((ROOT / "app").rglob("*.py")) if "report" not in path.parts and path.name != "text.py"
]
#: Messages whose texts are never read as Markdown, and fields of others that are not.
AS_IT_IS = {"Code", "Arrow", "PlotlyChart", "BidiComponent"}
NOT_READ = {"id", "default", "value", "placeholder", "options", "form_id", "raw_values", "query_param_key", "url"}


def test_no_page_hands_text_from_outside_to_markdown() -> None:
    assert faults(MODULES) == []


@pytest.mark.parametrize(
    "source",
    [
        "st.error(str(error))",
        "st.markdown(f'**{campaign.title}**')",
        "column.button(f'Use {name:>3}')",
        "def f(x: str) -> None:\n    st.caption('x', help=x)",
        "def f(names: list[str]) -> None:\n    a = 'a'\n    for name in names:\n        a += name\n    st.info(a)",
        "def f(job) -> Markdown:\n    return job.message",
        "st.pills('Recipe', [recipe.name for recipe in recipes])",
        "st.progress(0.5, job.message)",
    ],
)
def test_the_look_at_the_source_finds_it(source: str, tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(source)
    assert len(faults([tmp_path / "page.py"])) == 1


def test_what_is_the_pages_own_is_let_through(tmp_path: Path) -> None:
    source = (
        "def f(n: int, x) -> None:\n    s = 's' if n else ''\n    st.markdown(f'{n} label{s}, {x:.2f}, {plain(x)}')"
    )
    (tmp_path / "page.py").write_text(source)
    assert list(Module(tmp_path / "page.py", set(), {}).faults()) == []


#: What Markdown is made of.
ALPHABET = list("ab1 \n\t`*_~[]()<>!#+-=.:|$&\\{}@/w;x\u202e")


def test_markdown_of_any_text_is_one_paragraph_of_that_text() -> None:
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    rng = np.random.default_rng(1)
    for length in rng.integers(1, 40, size=600):
        text = "".join(rng.choice(ALPHABET, size=length))
        wanted = visible(" ".join(text.split("\n")).strip())
        found = [token for token in reader.parse(plain(text)) if token.content or token.children]
        if not wanted:
            assert not found
            continue
        assert [token.type for token in found] == ["inline"], text
        parts = found[0].children or []
        assert {part.type for part in parts} <= {"text", "text_special"}, text
        assert "".join(part.content for part in parts).replace(_JOINER, "") == wanted
        inside = reader.parse(f"see {code(text)}.")[1].children or []
        assert [part.type for part in inside][:2] == ["text", "code_inline"], text


def test_plotly_is_given_no_tags_fields_or_formulas() -> None:
    assert not set("<>$%") & set(literal(NASTY))
    trials = pd.DataFrame({"picker": [NASTY], "seed": [0], "n": [5], "cpu_minutes": [1.0], "mae_cm1": [2.0]})
    random = pd.DataFrame(columns=["cpu_minutes", "mae_cm1", "sd_cm1"], index=pd.Index([], name="n"), dtype=float)
    figure = replay_figure(trials, random, UNITS["cm1"], LIGHT)
    assert literal(NASTY) in figure.data[0].name
    assert f"<extra>{literal(NASTY)}</extra>" in figure.data[0].hovertemplate
    assert list(figure_table(figure)["series"]) == [f"picked by {NASTY}"]  # saved as it was written


def read_as_markdown(element: Any) -> Iterator[str]:
    """Every text of an element's message that Streamlit's page may read as Markdown."""
    for field, value in element.ListFields() if element.DESCRIPTOR.name not in AS_IT_IS else ():
        if field.name in NOT_READ:
            continue
        values = value if field.is_repeated else [value]
        for each in values:
            if field.message_type is not None and not field.message_type.GetOptions().map_entry:
                yield from read_as_markdown(each)
            elif field.type == field.TYPE_STRING:
                yield str(each)


@pytest.fixture
def soiled(home: Path) -> Path:
    soil(home / "he-ethylene")
    return home


PAGES = {
    "overview": {},
    "explore": {},
    "select": {},
    "label_train": {},
    "history": {},
    "errors": {"errors_part": "regions"},
    "data": {},
    "compare": {},
    "teachers": {},
    "system": {},
}


@pytest.mark.parametrize("page", list(PAGES))
def test_a_campaign_of_nasty_names_is_shown_as_it_is(soiled: Path, page: str) -> None:
    at = run_page(page, **PAGES[page])
    assert not at.exception
    assert not [error for error in at.error if "unexpected" in error.value]
    messages = [proto for node in at if (proto := getattr(node, "proto", None)) is not None]
    seen = [text for proto in messages for text in read_as_markdown(proto)]
    assert sum(plain(NASTY) in text for text in seen) >= 1, "the teacher, at least"
    raw = [text for text in seen if ADDRESS in text or "<img" in text.replace("\\<img", "") or "[i](" in text]
    assert raw == []


def test_the_report_holds_no_element_of_such_names(soiled: Path) -> None:
    campaign = Campaign.open(soiled / "he-ethylene", read_only=True)
    page = build_report(campaign, 1, UNITS["cm1"], lambda model: [])
    campaign.store.close()
    page = page.replace(get_plotlyjs(), "")
    assert page.count("<img") == page.count("<a href") == 0
    assert page.count("</script>") == page.count("<script")  # none was closed early
    assert np.all([part in page for part in ("&lt;img src=", "&lt;b&gt;q&lt;/b&gt;", "alert(1)&gt;")])
