"""What the pages are looked at for: each page, each of its parts, and the main choices in each part."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from page_words import page_lines
from pages import run_page

from nci_core.campaign.exchange.archive import import_campaign

# Pages are run outside of a server here, which Streamlit says at every turn.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel("ERROR")

ROOT = Path(__file__).resolve().parents[2]
#: Each with the units its pages are looked at in.
CAMPAIGNS = {"he-ethylene": ("cm1",), "he-benzene": ("cm1", "meV")}
BENZENE = "Helium over benzene"
BENCHMARKS = ("curve", "active", "hard", "teachers", "calibration", "peers", "speed", "recipes", "minima")
#: What says whether stored energies are absurd, which is known a moment later.
ANSWERED = ("markdown | :material/progress_activity", "markdown | :material/check_circle")
TEACHER_PARTS = ("table", "maps", "points", "cuts", "curve")


@dataclass(frozen=True)
class Place:
    """A page with choices made in it.

    Attributes:
        name: of the place.
        page: module of the page.
        chosen: what is chosen, by the keys of the widgets.
        once: it is the same for every campaign.
        unkept: lines that begin so are of this machine, or of today.
    """

    name: str
    page: str
    chosen: dict[str, Any] = field(default_factory=dict)
    once: bool = False
    unkept: tuple[str, ...] = ()


def _errors(name: str, part: str, **chosen: Any) -> Place:
    return Place(f"errors-{name}", "errors", {"errors_part": part} | chosen)


#: Ends of a line, Å, as a person would type them.
LINE = {"line_x1": -3.0, "line_y1": 0.5, "line_z1": 3.0, "line_x2": 3.5, "line_y2": 0.5, "line_z2": 4.0}
PLACES = (
    Place("overview", "overview"),
    Place("explore", "explore"),
    Place("explore-filtered", "explore", {"f_region": ["well"], "explore_colour": "std_ev", "explore_view": "top"}),
    Place("errors", "errors"),
    _errors("plane-side-pool", "plane", plane_view="upright", errors_set="pool"),
    _errors("plane-above", "plane", plane_view="flat"),
    _errors("maps", "maps", errors_view="unrolled"),
    _errors("slider", "maps", errors_layout="Before ↔ after"),
    _errors("teacher", "maps", errors_layout="Student − teacher"),
    _errors("cuts", "cuts"),
    _errors("cuts-channels", "cuts", cut_channels=True),
    _errors("parity", "parity"),
    _errors("parity-teacher", "parity", parity_shown="teacher", errors_set="pool"),
    _errors("regions", "regions"),
    _errors("regions-pool", "regions", errors_set="pool"),
    _errors("around", "around"),
    _errors("around-radius", "around", around_shell="radius", around_quantity="student_error"),
    _errors("around-plane", "around", around_look="plane", around_quantity="teacher_error"),
    _errors("around-space", "around", around_look="space"),
    _errors("line", "line"),
    _errors("line-across", "line", line_choice="across along x", line_channels=True),
    _errors("line-pair", "line", line_choice="between two configurations"),
    _errors("line-own", "line", line_choice="between two points", **LINE),
    _errors("line-ruler", "line", line_panel="ruler"),
    Place("energies", "energies"),
    Place("select", "select"),
    Place("select-budget", "select", {"budget_open": True}),
    Place("label-train", "label_train"),
    Place("history", "history"),
    Place("history-blind", "history", {"history_part": "blind"}),
    Place("history-trust", "history", {"history_part": "trust"}),
    Place("history-compare", "history", {"history_part": "compare"}),
    Place("history-report", "history", {"history_part": "report"}),
    Place("data", "data"),
    Place("data-sorted", "data", {"data_sort": "label_ev", "data_down": True, "data_search": "well"}),
    Place("data-files", "data", {"data_part": "files"}),
    Place("compare", "compare"),
    Place("compare-cost", "compare", {"compare_cost": "cpu_minutes"}),
    *(Place(f"teachers-{part}", "teachers", {"teachers_part": part}, unkept=ANSWERED) for part in TEACHER_PARTS),
    *(Place(f"benchmarks-{part}", "benchmarks", {"benchmark_part": part}, once=True) for part in BENCHMARKS),
    Place("benchmarks-benzene", "benchmarks", {"benchmark_part": "recipes", "benchmark_reference": BENZENE}, once=True),
    Place("new-campaign", "new_campaign", once=True),
    Place("system", "system", once=True, unkept=("metric", "markdown | **", "  ", "dataframe")),
)


def looks() -> Iterator[tuple[str, str, Place]]:
    """Campaign, unit and place of everything that is kept."""
    for campaign, units in CAMPAIGNS.items():
        for unit in units:
            yield from ((campaign, unit, place) for place in PLACES if not place.once or campaign == "he-benzene")


def kept_name(unit: str, place: Place) -> str:
    """The name of a place in the file of its campaign."""
    return f"{place.name} in {unit}"


def file_of(campaign: str) -> Path:
    """Where the lines of a campaign's pages are kept."""
    return Path(__file__).parent / f"pages-{campaign}.json"


def import_both(home: Path) -> None:
    """The embedded campaigns, in a folder of campaigns."""
    for name in CAMPAIGNS:
        import_campaign(ROOT / "data" / name, home / name).store.close()


def look(home: Path, campaign: str, unit: str, place: Place) -> list[str]:
    """The lines of a place now; AssertionError where the page breaks."""
    at = run_page(place.page, campaign=campaign, unit=unit, **place.chosen)
    assert not at.exception, at.exception
    lines = page_lines(at, sidebar=place.name == "overview")
    return [line.replace(str(home), "HOME") for line in lines if not line.startswith(place.unkept)]


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """The environment in which pages say the same everywhere."""
    said = {"NCI_HOME": str(home), "NCI_USER": "ada", "TZ": "UTC"}
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
