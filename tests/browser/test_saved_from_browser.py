"""What a plot saves: a picture or vector drawing that another program can read, and a table with every point."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from lasso import plot
from looking import settle
from PIL import Image
from playwright.sync_api import Browser, Page

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


def test_a_map_is_saved_as_drawing_and_as_table(browser: Browser, four: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
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


def taken(page: Page, folder: Path) -> Path:
    """What the camera in the tool bar of the page's Plotly figure saves."""
    figure = page.locator(".js-plotly-plot").first
    figure.hover()
    with page.expect_download() as waiting:
        figure.locator(".modebar-btn").first.click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_a_plotly_figure_is_saved_as_picture_drawing_and_table(browser: Browser, four: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    page.goto(f"{four}/history?campaign=he-ethylene&tour=off")
    settle(page)
    title = "MAE on the test set (cm⁻¹)"

    picture = taken(page, tmp_path)
    assert picture.name == "he-ethylene-test-error.png"
    with Image.open(picture) as image:
        assert image.width > 900  # twice the size on screen
        assert image.convert("RGBA").getpixel((2, 2)) == (255, 255, 255, 255)  # readable on any ground

    page.get_by_role("button", name="Save").first.click()
    page.get_by_role("radio", name="SVG").click()
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Data (CSV)").click()
    table = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(table)
    assert table.name == "he-ethylene-test-error.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 5  # regions and rounds
    assert {row["series"] for row in rows} == {"whole range", "well", "tail", "wall"}
    assert all(float(row[title]) > 0 for row in rows)

    page.keyboard.press("Escape")
    drawing = taken(page, tmp_path)
    assert drawing.name == "he-ethylene-test-error.svg"
    words = {element.text for element in ElementTree.parse(drawing).getroot().iter(f"{SVG}text")}
    assert title in words
    page.close()
