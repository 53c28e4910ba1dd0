"""The tour: nobody who skipped a step stands before a button that does nothing, or a slider that is not there."""

import ast
from pathlib import Path

import synthetic

from app import tour
from app.session import Context
from app.theme import LIGHT
from nci_core.campaign import Campaign
from nci_core.store import jobs
from nci_core.units import UNITS


def _missing(campaign: Campaign) -> dict[str, str]:
    context = Context(
        campaign, campaign.systems[0], False, UNITS["cm1"], LIGHT, campaign.active_model(), read_only=False
    )
    return {step.title: step.missing(context) for step in tour.STEPS}


def test_a_step_says_what_must_be_done_first(home: Path) -> None:
    begun = synthetic.build(home / "begun", n=60, n_labels=0, with_models=False, with_jobs=False)
    said = {title: words for title, words in _missing(begun).items() if words}
    assert said["Compute and learn"].startswith("The basket is empty")
    assert said["Before and after"].startswith("There is no second student")
    assert len(said) == 2
    jobs.add(begun.store, "label", {})
    assert "Compute and learn" not in {title for title, words in _missing(begun).items() if words}, "it is under way"
    assert not any(_missing(Campaign.open(home / "he-ethylene")).values())


def test_a_switch_of_pages_says_what_the_address_holds() -> None:
    """Else Streamlit clears those of the page that is left, which fails where widgets are bound to them."""
    for path in (Path(__file__).parents[2] / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "switch_page":
                assert "query_params" in [word.arg for word in node.keywords], f"{path.name}, line {node.lineno}"
