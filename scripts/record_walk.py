"""Record one round on the embedded He–ethylene campaign as docs/walk.webp: nothing in it is staged.

Lasso → basket → CCSD(T) labels computed by PySCF → fine-tuning → before and after → history, on a private copy that
is thrown away. Some minutes on two cores.

python scripts/record_walk.py [--out docs/walk.webp] [--labels 3]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from ensure_chromium import playwright_chromium, system_chromium
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright
from take_screenshots import FLAGS, free_port, settle, wait_for_port

from nci_core.children import python_command

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]
SIZE = (1280, 720)
#: Width of the film; 1280 pixels are too many for a page of documentation.
WIDTH = 960
#: Seconds a label or a fit may take on a small, shared machine.
PATIENCE = 900.0


@dataclass
class Film:
    """Pictures of a page with a sentence under each and the mouse drawn in."""

    page: Page
    mouse: tuple[float, float] | None = None
    frames: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def shot(self, words: str, milliseconds: int = 2200) -> None:
        """Keep what the page shows now."""
        picture = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        if self.mouse is not None:
            x, y = self.mouse
            arrow = [(x, y), (x, y + 22), (x + 6, y + 17), (x + 10, y + 26), (x + 14, y + 24), (x + 10, y + 15)]
            ImageDraw.Draw(picture).polygon([*arrow, (x + 18, y + 15)], fill="black", outline="white")
        picture = picture.resize((WIDTH, WIDTH * SIZE[1] // SIZE[0]), Image.Resampling.LANCZOS)
        framed = Image.new("RGB", (WIDTH, picture.height + 40), "#17242D")
        framed.paste(picture, (0, 0))
        ImageDraw.Draw(framed).text((16, picture.height + 9), words, fill="white", font=ImageFont.load_default(19))
        self.frames.append(framed)
        self.durations.append(milliseconds)

    def move(self, x: float, y: float) -> None:
        """Move the mouse, and draw it there from now on."""
        self.page.mouse.move(x, y)
        self.mouse = (x, y)

    def click(self, locator: object) -> None:
        """Move to the middle of a control and click it."""
        locator.scroll_into_view_if_needed()  # type: ignore[attr-defined]
        box = locator.bounding_box()  # type: ignore[attr-defined]
        self.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        locator.click()  # type: ignore[attr-defined]

    def save(self, target: Path) -> None:
        """Write an endless animated WebP."""
        first, *others = self.frames
        first.save(target, save_all=True, append_images=others, duration=self.durations, loop=0, quality=72, method=6)


def window(folder: Path, most: int) -> tuple[tuple[float, float, float, float], int]:
    """A rectangle of the side view (Å) with 2 … `most` configurations without a label, and their number."""
    from app.data.configurations import configuration_table
    from nci_core.campaign import Campaign
    from nci_core.systems.map_places import map_xy

    campaign = Campaign.open(folder)
    table = configuration_table(campaign.store, campaign.settings, None)
    table = table[table["region"] != "beyond"]
    xy = map_xy(campaign.chosen_system(None).dimer.a, table[["x", "y", "z"]].to_numpy(), "side")
    free = ((table["label_state"] == "none") & (table["split"] == "pool")).to_numpy()
    campaign.store.close()
    for half in (0.5, 0.7, 0.9, 1.2):
        for x, y in xy[free]:
            inside = free & (abs(xy[:, 0] - x) < half) & (abs(xy[:, 1] - y) < half)
            if 2 <= inside.sum() <= most and 2.0 < y < 5.0 and x > 1.0:
                return (x - half, x + half, y - half, y + half), int(inside.sum())
    sys.exit("No window of the map holds so few free configurations.")


def play(page: Page, server: str, folder: Path, most: int) -> Film:
    """The whole round."""
    from lasso import pixel, plot

    from nci_core.campaign import Campaign
    from nci_core.store import jobs

    film, where = Film(page), f"campaign={folder.name}&tour=off"
    (x0, x1, y0, y1), n = window(folder, most)
    campaign = Campaign.open(folder)

    def go(path: str, more: str = "") -> None:
        page.goto(f"{server}/{path}?{where}{more}")
        settle(page)

    def wait(words: str) -> None:
        end = time.monotonic() + PATIENCE
        started = time.monotonic()
        while jobs.fetch(campaign.store, states=["waiting", "running"]):
            if time.monotonic() > end:
                sys.exit("The queue did not empty in time.")
            if time.monotonic() - started < 45:
                film.shot(words, 700)
            page.wait_for_timeout(9000)

    go("errors")
    film.shot("Where is the student wrong? Prediction minus CCSD(T) on test points no fit has seen", 3500)
    go("select")
    plot(page)
    film.shot("Select: draw round the points worth a CCSD(T) calculation", 2500)
    corners = [pixel(page, x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0 + 0.05))]
    film.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
        film.move(*corner)
        film.shot("Select: draw round the points worth a CCSD(T) calculation", 450)
    page.mouse.up()
    page.get_by_role("tab", name=f"Basket ({n})").wait_for()
    settle(page)
    film.shot(f"{n} configurations are in the basket, with their price in CPU minutes", 3500)
    film.click(page.get_by_role("link", name="Label & train"))
    compute = page.get_by_role("button", name=f"Compute {n} labels")
    compute.wait_for()
    settle(page)
    film.shot("Label: PySCF computes CCSD(T) energies in processes of its own", 2200)
    film.click(compute)
    page.get_by_text(f"{n} calculations are in the queue").wait_for()
    wait("Label: PySCF computes CCSD(T) energies in processes of its own")
    page.reload()
    settle(page)
    film.shot("All labels are there", 2200)
    film.click(page.get_by_role("button", name="Fine-tune on"))
    page.get_by_text("Fine-tuning is in the queue").wait_for()
    wait("Train: fine-tuning takes seconds; curves are live")
    page.reload()
    settle(page)
    film.shot("Train: fine-tuning takes seconds; curves are live", 2000)
    compare = page.get_by_role("button", name="See the map before and after")
    compare.scroll_into_view_if_needed()
    film.shot("Before and after, on the frozen test set", 3500)
    film.click(compare)
    settle(page)
    film.mouse = None
    film.shot("The same map before (left) and after (right) the round", 2500)
    slider = page.locator(".nci-plot:has(.plot[data-plot]) input.split").first
    for value in (20, 80, 50):
        slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", value)
        page.wait_for_timeout(200)
        film.shot("The same map before (left) and after (right) the round", 1100)
    go("history")
    film.shot("History: what each round cost and brought; any model can be taken back into use", 4500)
    campaign.store.close()
    return film


def stop(folder: Path) -> None:
    """End the engine of the private copy and what it started."""
    import psutil

    from nci_core import jobs

    status = jobs.engine_status(folder)
    if status.running and status.pid is not None:
        engine = psutil.Process(status.pid)
        for process in [*engine.children(recursive=True), engine]:
            process.kill()


def main() -> int:
    """Import, start, play, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "walk.webp")
    parser.add_argument("--labels", type=int, default=3, help="at most so many labels are computed")
    given = parser.parse_args()
    from nci_core.campaign.exchange.archive import data_folder, import_campaign

    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "he-ethylene"
        import_campaign(data_folder() / "he-ethylene", folder).store.close()
        port = free_port()
        command = python_command("app.launch", "--port", port, "--headless")
        environment = os.environ | {"NCI_HOME": home, "NCI_USER": "ada", "PYTHONPATH": str(ROOT)}
        app = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        finish: list[Callable[[], object]] = [lambda: os.killpg(app.pid, signal.SIGTERM), lambda: stop(folder)]
        try:
            wait_for_port(port)
            with sync_playwright() as p:
                browser = p.chromium.launch(executable_path=system_chromium() or playwright_chromium(), args=FLAGS)
                page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
                page.set_default_timeout(180_000)
                film = play(page, f"http://127.0.0.1:{port}", folder, given.labels)
                browser.close()
        finally:
            for step in finish:
                step()
    film.save(given.out)
    print(f"{given.out}: {len(film.frames)} pictures, {given.out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
