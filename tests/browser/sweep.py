"""Pictures of every page, at two sizes and in both themes, of campaigns in every state; and what is wrong with them.

What the tests look at in part, for whoever changes how things look:

    python tests/browser/sweep.py OUT [--campaigns he-ethylene empty] [--places errors history] [--sizes 1280x720]

Each place gives one picture of the window, and one of the whole page where it is longer; a contact sheet of every
campaign, size and theme gives the first look. Exits with 1 if anything is cut off, wider than the window or broken.
"""

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Error, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests" / "app"), str(ROOT / "tests" / "browser")]

import made_campaigns  # noqa: E402
from ensure_chromium import playwright_chromium, system_chromium  # noqa: E402
from looking import see, watch  # noqa: E402
from places import PLACES, Place  # noqa: E402
from served import dashboard  # noqa: E402
from take_screenshots import FLAGS  # noqa: E402

SIZES, THEMES = ("1280x720", "1920x1080"), ("light", "dark")
#: Pixels of a page beyond the window from which on the whole of it is kept, too, and how long that may be.
LONGER, LONGEST = 40, 3000
#: Plotly and the 3-D viewer draw a moment after the page has come to rest.
DRAWN_MS = 700
PAGE_HEIGHT = "() => Math.ceil(document.querySelector('[data-testid=stMain]').scrollHeight)"


def look(page: Page, place: Place, name: str, out: Path, size: tuple[int, int]) -> list[str]:
    """Save the pictures of what the page shows now; what is wrong with it."""
    try:
        sight = see(page, name)
    except (Error, AssertionError) as error:
        page.screenshot(path=out / f"{name}.png")
        return [f"{name}: {str(error)[:200]}"]
    if place.opens:
        page.get_by_text(place.opens).first.evaluate("e => e.scrollIntoView()")
    page.mouse.move(0, 0)  # no tool bar over the figure
    page.wait_for_timeout(DRAWN_MS)
    page.screenshot(path=out / f"{name}.png")
    height = page.evaluate(PAGE_HEIGHT)
    if height > size[1] + LONGER:
        for _ in range(2):  # what is as high as the window grows with it
            page.set_viewport_size({"width": size[0], "height": min(page.evaluate(PAGE_HEIGHT), LONGEST)})
            page.wait_for_timeout(DRAWN_MS)
        page.screenshot(path=out / f"{name}-whole.png")
        page.set_viewport_size({"width": size[0], "height": size[1]})
    return sight.wrong


def contact_sheet(pictures: list[Path], path: Path, columns: int = 3, width: int = 640) -> None:
    """All pictures on one, each with its name."""
    tiles = []
    for each in pictures:
        picture = Image.open(each).convert("RGB")
        picture.thumbnail((width, width))
        tile = Image.new("RGB", (width, picture.height + 16), "white")
        tile.paste(picture, (0, 16))
        ImageDraw.Draw(tile).text((2, 2), each.stem, fill="black")
        tiles.append(tile)
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in row) for row in rows]
    sheet = Image.new("RGB", (columns * width, sum(heights)), "grey")
    for number, row in enumerate(rows):
        for column, tile in enumerate(row):
            sheet.paste(tile, (column * width, sum(heights[:number])))
    sheet.save(path)


def main() -> int:
    """Make the campaigns that are missing, serve them, look at all that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path, help="folder of campaigns; kept for the next time (default: a new one)")
    parser.add_argument("--campaigns", nargs="+", default=list(made_campaigns.BUILDERS))
    parser.add_argument("--places", nargs="+", default=[place.name for place in PLACES])
    parser.add_argument("--sizes", nargs="+", default=list(SIZES))
    parser.add_argument("--themes", nargs="+", default=list(THEMES), choices=THEMES)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    home = given.home or Path(tempfile.mkdtemp(prefix="nci-sweep-"))
    for name in given.campaigns:
        if name in made_campaigns.BUILDERS and not (home / name).exists():
            made_campaigns.BUILDERS[name](home / name)
    wrong: list[str] = []
    with dashboard(home, given.out) as server, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=system_chromium() or playwright_chromium(), args=FLAGS)
        for campaign, asked in product(given.campaigns, given.sizes):
            width, height = map(int, asked.split("x"))
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(20_000)
            told = watch(page)
            taken: dict[str, list[Path]] = {theme: [] for theme in given.themes}
            for place in (place for place in PLACES if place.name in given.places):
                page.emulate_media(color_scheme=given.themes[0])
                try:
                    place.go(page, server, campaign=campaign)
                except Error as error:  # a campaign in this state may have nothing to open there
                    print(f"{campaign}: {place.name} is not to be opened: {str(error).splitlines()[0]}")
                for theme in given.themes:
                    page.emulate_media(color_scheme=theme)
                    name = f"{campaign}-{asked}-{theme}-{place.name}"
                    wrong += look(page, place, name, given.out, (width, height))
                    taken[theme].append(given.out / f"{name}.png")
            for theme, pictures in taken.items():
                contact_sheet(pictures, given.out / f"sheet-{campaign}-{asked}-{theme}.png")
            wrong += [f"{campaign} {asked}: {what}" for what in told]
            page.close()
        browser.close()
    print(*wrong, sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
