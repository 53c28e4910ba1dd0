"""The pick map of a fixed synthetic campaign looks as it did: points, grid and marks, without any text.

Text is left out because fonts differ between machines. After a wanted change of the drawing:
NCI_REDRAW=1 python -m pytest tests/browser/test_drawn_in_browser.py, then look at tests/browser/reference/.
"""

import base64
import os
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import synthetic
from looking import settle
from made import Once
from PIL import Image
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
REFERENCE = Path(__file__).parent / "reference"
#: Pictures are compared as means over squares of this many pixels, at a common size.
SQUARE, SIZE = 8, (552, 408)
#: Largest difference (of 255) of one square. A point's rim is antialiased in its own way by each machine: some 20 rim
#: pixels out of 64 may each be off by some 10%, and a column may be a pixel wider: 8 in all. A point moved by its own
#: radius, or coloured by the other sign, changes a square by more than 30.
TOLERANCE = 20.0
NO_TEXT = "CanvasRenderingContext2D.prototype.fillText = () => {};"


#: Of every address: the campaign of this file, and no tour.
WHERE = "campaign=fixed&tour=off"


@pytest.fixture(scope="module")
def server(four: str, once: Once, shown: Callable[[str, Path], Path]) -> str:
    build = lambda home: synthetic.build(home / "fixed", n=120, n_labels=24, n_test=15, seed=3).store.close()  # noqa: E731
    shown("fixed", once("fixed", build) / "fixed")
    return four


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 720})
    opened.set_default_timeout(60_000)
    opened.add_init_script(NO_TEXT)
    yield opened
    opened.close()


def drawn(page: Page, address: str, scheme: str) -> Image.Image:
    """What is painted on the map's own canvas, on the page's ground."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    settle(page)
    page.wait_for_selector(".nci-plot .plot[data-plot]")
    sent = page.evaluate("() => document.querySelector('.nci-plot canvas').toDataURL('image/png')")
    layer = Image.open(BytesIO(base64.b64decode(sent.split(",")[1]))).convert("RGBA")
    ground = Image.new("RGBA", layer.size, {"light": "#FFFFFF", "dark": "#10181E"}[scheme])
    return Image.alpha_composite(ground, layer).convert("RGB").resize(SIZE, Image.Resampling.BOX)


def squares(picture: Image.Image) -> npt.NDArray[np.float64]:
    """(rows, columns, 3) mean colours."""
    pixels = np.asarray(picture, dtype=float)
    rows, columns = pixels.shape[0] // SQUARE, pixels.shape[1] // SQUARE
    cut = pixels[: rows * SQUARE, : columns * SQUARE]
    return cut.reshape(rows, SQUARE, columns, SQUARE, 3).mean(axis=(1, 3))


def difference(a: Image.Image, b: Image.Image) -> float:
    """The largest difference of a square's mean colour."""
    return float(np.abs(squares(a) - squares(b)).max())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_is_drawn_as_it_was(page: Page, server: str, scheme: str) -> None:
    now = drawn(page, f"{server}/explore?{WHERE}", scheme)
    file = REFERENCE / f"map-{scheme}.png"
    if os.environ.get("NCI_REDRAW"):
        now.save(file, optimize=True)
    assert difference(now, Image.open(file).convert("RGB")) < TOLERANCE


def test_the_comparison_sees_another_colouring(page: Page, server: str) -> None:
    other = drawn(page, f"{server}/explore?{WHERE}&explore_colour=Student+−+teacher", "light")
    assert difference(other, Image.open(REFERENCE / "map-light.png").convert("RGB")) > 2 * TOLERANCE
