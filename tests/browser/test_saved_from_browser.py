"""What a plot saves: a picture or vector drawing that another program can read, and a table with every point."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from lasso import plot
from looking import settle
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
#: Width in pixels of an SVG text shown as a picture, 0 if it cannot be.
SHOWN = """(text) => new Promise((done) => {
  const picture = new Image();
  picture.onload = () => done(picture.width);
  picture.onerror = () => done(0);
  picture.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
})"""
SVG = "{http://www.w3.org/2000/svg}"


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).first.click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_a_map_is_saved_as_drawing_and_as_table(window: BrowserContext, four: str, tmp_path: Path) -> None:
    page = window.new_page()
    page.goto(f"{four}/explore?campaign=he-ethylene&tour=off")
    settle(page)
    n = json.loads(plot(page).get_attribute("data-plot") or "{}")["n"]
    assert n > 400

    drawing = saved(page, "Save as a vector drawing", tmp_path)
    assert drawing.suffix == ".svg"
    root = ElementTree.parse(drawing).getroot()
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert {"height above the plane |z| (Å)", "cm⁻¹", "C", "H"} <= words
    filled = [e for e in root.iter(f"{SVG}path") if (e.get("fill") or "none").startswith("rgb(") and e.get("transform")]
    assert len(filled) == n  # the whole map is in sight: a path for each point
    shown = page.evaluate(SHOWN, drawing.read_text(encoding="utf-8"))
    assert shown > 300  # a browser can show it

    with saved(page, "Save the points as a table", tmp_path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == n
    assert {"configuration", "teacher (cm⁻¹)", "CCSD(T) (cm⁻¹)", "region"} <= set(rows[0])
    page.close()


def clicked(page: Page, button: str, folder: Path) -> Path:
    """What a button with exactly these words downloads."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_a_row_of_figures_is_one_picture_and_its_link_shows_it_elsewhere(
    browser: Browser, window: BrowserContext, four: str, tmp_path: Path
) -> None:
    page = window.new_page()
    place = "errors_part=Around the host&around_look=In a plane&around_turn=30&around_quantity=Distilled student energy"
    page.goto(f"{four}/errors?campaign=he-ethylene&tour=off&{place}")
    settle(page)
    page.get_by_role("button", name="Save", exact=True).click()
    picture = clicked(page, "Picture (PNG)", tmp_path)
    assert picture.name == "he-ethylene-planes.png"
    with Image.open(picture) as image:
        assert image.width > 2500  # both planes, three times the size on screen
        assert image.convert("RGBA").getpixel((2, 2)) == (255, 255, 255, 255)  # readable on any ground
    drawing = clicked(page, "Drawing (SVG)", tmp_path)
    words = {element.text for element in ElementTree.parse(drawing).getroot().iter(f"{SVG}text")}
    assert {"distance from the axis (Å)", "x (Å)", "cm⁻¹"} <= words  # both panels and the bar that they share
    assert any(word and word.startswith("Helium over ethylene · ") for word in words)
    assert page.evaluate(SHOWN, drawing.read_text(encoding="utf-8")) > 900
    with clicked(page, "Data (CSV)", tmp_path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {"x (Angstrom)", "y (Angstrom)", "z (Angstrom)"} < set(rows[0])

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Copy link").click()
    link = page.locator(".nci-link [data-link]").get_attribute("data-link")
    assert link is not None
    elsewhere = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    elsewhere.goto(link)
    elsewhere.set_default_timeout(60_000)
    settle(elsewhere)
    main = [each.get_by_test_id("stMain").inner_text() for each in (page, elsewhere)]
    assert main[0] == main[1]
    assert elsewhere.get_by_role("slider").first.input_value() == "30"
    elsewhere.context.close()

    page.goto(f"{four}/data?campaign=he-ethylene&tour=off&data_part=Take away")
    settle(page)
    text = clicked(page, "For NumPy (.py)", tmp_path).read_text(encoding="utf-8")
    assert text.count("\n") < 200
    compile(text, "evaluator.py", "exec")
    page.close()
