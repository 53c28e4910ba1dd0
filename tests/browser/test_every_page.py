"""Every page at two sizes, in light and dark, with all its parts, on six campaigns.

Nothing breaks, nothing is cut off, nothing leaves.

And axe-core finds nothing serious.
"""

from pathlib import Path

import made_campaigns
import pytest
from looking import Tour, see, walk
from nasty import NASTY
from places import BY_NAME, PAGES, PLACES
from playwright.sync_api import BrowserContext, expect

from nci_core.campaign import Campaign

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

#: What each page must tell in a campaign without configurations: the next step.
EMPTY = {
    "overview": "Sample, teach and distil",
    "explore": "Sample, teach and distil",
    "errors": "Sample, teach and distil",
    "select": "Sample, teach and distil",
    "label-train": "Sample, teach and distil",
    "history": "distils the teacher",
}
#: In the large one, nothing is hidden silently: all are counted.
LARGE = {"explore": f"{made_campaigns.MANY // 1000},"}
#: What does not open says so on the page, and the machine's own page is there all the same.
DAMAGED = {"overview": "is damaged or truncated", "system": "Versions"}
SETTINGS = {"overview": "This campaign cannot be opened", "system": "Versions"}
OTHERS = {
    made_campaigns.EMPTY: EMPTY,
    made_campaigns.TROUBLED: {"label-train": "failed"},
    made_campaigns.LARGE: LARGE,
    made_campaigns.DAMAGED: DAMAGED,
    made_campaigns.SETTINGS: SETTINGS,
}


def test_the_embedded_campaign(embedded: Tour) -> None:
    wrong = list(embedded.wrong)
    for place in PLACES:
        wrong += [f"{place.name}: lacks {word!r}" for word in place.words if word not in embedded.words[place.name]]
    assert not wrong


def test_axe_finds_nothing_serious(embedded: Tour, axe_script: str | None) -> None:
    if axe_script is None:
        pytest.skip("axe-core needs npm and its registry: neither package nor network was found")
    assert not embedded.barriers


@pytest.mark.parametrize("campaign", list(OTHERS))
def test_the_other_campaigns(window: BrowserContext, four: str, campaign: str) -> None:
    damaged = campaign in (made_campaigns.DAMAGED, made_campaigns.SETTINGS)
    places = [BY_NAME[name] for name in OTHERS[campaign]] if damaged else PAGES
    # How colours differ is seen above; one of these in dark, for what only it shows.
    scheme = "dark" if campaign == made_campaigns.TROUBLED else "light"
    expected = {name: [word] for name, word in OTHERS[campaign].items()}
    tour = walk(window, four, campaign, places, schemes=(scheme,), expected=expected)
    wrong = tour.wrong + [
        f"{name}: lacks {word!r}" for name, word in OTHERS[campaign].items() if word not in tour.words[name]
    ]
    assert not wrong
    if campaign == made_campaigns.TROUBLED:
        for name, words in tour.words.items():
            shown = " ".join(words.replace("\u2060", "").split())
            assert " ".join(NASTY.split()) in shown, f"{name}: the teacher is called so"


def test_failed_labels_and_those_set_aside_show_their_sentence(
    window: BrowserContext, four: str, four_campaigns: Path
) -> None:
    campaign = Campaign.open(four_campaigns / made_campaigns.TROUBLED, read_only=True)
    told = made_campaigns.told_of(campaign)
    assert set(told.values()) == {made_campaigns.FAILED, made_campaigns.SET_ASIDE}
    page = window.new_page()
    for sentence in set(told.values()):
        number = next(number for number, text in told.items() if text == sentence)
        page.goto(BY_NAME["explore"].address(four, campaign=made_campaigns.TROUBLED, configuration=str(number)))
        see(page, "explore")
        page.get_by_role("tab", name="CCSD(T) label").click()
        expect(page.get_by_role("tabpanel").filter(has_text=sentence)).to_be_visible()
    page.close()


def test_all_addresses_of_the_first_page_work(window: BrowserContext, four: str) -> None:
    page = window.new_page()
    for path in ("", "overview", "start"):
        page.goto(f"{four}/{path}?tour=off&campaign={made_campaigns.TROUBLED}&unit=meV")
        sight = see(page, path or "root")
        assert not sight.wrong
        assert "meV" in page.url
        assert made_campaigns.TROUBLED in page.url
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.close()


def test_axe_is_never_committed() -> None:
    root = Path(__file__).resolve().parents[2]
    assert not [path for folder in ("app", "tests", "scripts", "docs") for path in (root / folder).rglob("axe*.js")]
