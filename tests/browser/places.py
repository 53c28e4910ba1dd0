"""Every place of the dashboard that a person can look at, and the words that must be there."""

from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page


@dataclass(frozen=True)
class Place:
    """A page, or a part of one: its address and the words a person needs there.

    Attributes:
        name: as in file names of screenshots.
        path: of the page.
        query: parameters of the address.
        words: all must be on a page of a campaign that has labels and students.
        opens: words of what must be clicked to get there.
    """

    name: str
    path: str
    query: dict[str, str]
    words: tuple[str, ...]
    opens: str = ""

    def address(self, server: str, **more: str) -> str:
        """The full address, the guided tour ended."""
        return f"{server}/{self.path}?{urlencode({'tour': 'off'} | self.query | more)}"

    def go(self, page: Page, server: str, **more: str) -> None:
        """Open the place as a person does."""
        page.goto(self.address(server, **more))
        if self.opens:
            page.get_by_text(self.opens).first.click()


PLACES = (
    Place("overview", "", {}, ("Overview", "red too high", "Hatched: not known")),
    Place("explore", "explore", {}, ("Explore", "has a CCSD(T) label", "in the test set")),
    Place("errors", "errors", {}, ("Errors", "Prediction minus CCSD(T)", "grey: no error", "distilled student · MAE")),
    Place("errors-points", "errors", {"errors_part": "Points on a map"}, ("Errors side by side", "grey: no error")),
    Place(
        "errors-slider",
        "errors",
        {"errors_part": "Points on a map", "errors_layout": "Before ↔ after"},
        ("Left of the line",),
    ),
    Place("errors-cuts", "errors", {"errors_part": "Radial cuts"}, ("Points are CCSD(T) labels",)),
    Place("errors-parity", "errors", {"errors_part": "Every point"}, ("Largest errors.",)),
    Place("errors-regions", "errors", {"errors_part": "By region"}, ("MAE by region and direction",)),
    Place("errors-around", "errors", {"errors_part": "Around the host"}, ("Quantity",)),
    Place("errors-line", "errors", {"errors_part": "Any line"}, ("Show along it",)),
    Place("energies", "energies", {}, ("Energies", "Tables, structures or outputs", "Example table")),
    Place("select", "select", {}, ("Select", "Pick with a budget")),
    Place(
        "select-budget",
        "select",
        {},
        ("Spend it for me", "CPU min → expected RMS", "Where it falls", "The student's own expectations"),
        "Pick with a budget",
    ),
    Place("label-train", "label-train", {}, ("Label & train", "CCSD(T) labels", "Student")),
    Place("history", "history", {}, ("History", "Error on the frozen test set", "CPU minutes spent")),
    Place("history-blind", "history", {"history_part": "Blind predictions"}, ("within 1 sd of the prediction",)),
    Place("history-trust", "history", {"history_part": "Trust"}, ("Does it obey physics?",)),
    Place(
        "history-compare",
        "history",
        {"history_part": "Compare two models"},
        ("Mean absolute error on the frozen test set",),
    ),
    Place("transfer", "transfer", {}, ("Transfer", "In this campaign", "Measured before")),
    Place("benchmarks", "benchmarks", {}, ("Benchmarks", "accuracy targets met", "MAE on held-out points")),
    Place("new-campaign", "new-campaign", {}, ("New campaign", "SMILES", "Probe atom")),
    Place("data", "data", {}, ("Data", "Tick rows to select them on every page")),
    Place("data-files", "data", {"data_part": "Take away"}, ("Energies on a grid", "It needs only NumPy")),
    Place("compare", "compare", {}, ("Compare", "with")),
    Place("teachers", "teachers", {}, ("Teachers", "Teacher minus CCSD(T)")),
    Place("teachers-maps", "teachers", {"teachers_part": "Maps"}, ("Energy minus CCSD(T)",)),
    Place("teachers-catalogue", "teachers", {"teachers_part": "Catalogue"}, ("Add a teacher to the comparison",)),
    Place("system", "system", {}, ("System", "Engine and jobs", "Versions", "What people may do here")),
    Place("history-report", "history", {"history_part": "Report"}, ("Prepare report",)),
)
BY_NAME = {place.name: place for place in PLACES}
#: The pages themselves, without their parts.
PAGES = list({place.path: place for place in reversed(PLACES)}.values())[::-1]
