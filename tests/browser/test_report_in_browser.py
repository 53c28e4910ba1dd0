"""A report opens in a browser that has no network."""

from pathlib import Path

from playwright.sync_api import Browser

from app.report import build_report
from nci_core.gates import Gate
from nci_core.units import unit

GATE = Gate("zero", "Zero at infinity", "Is it zero far out?", 1e-9, "eV", None, 1e-7, "why", "what it means")


def test_figures_are_drawn_without_a_network(browser: Browser, tmp_path: Path) -> None:
    import synthetic

    campaign = synthetic.build(tmp_path / "he-ethylene", n=80, n_labels=12, n_test=15, n_rounds=1)
    target = tmp_path / "report.html"
    target.write_text(build_report(campaign, None, unit("cm1"), lambda row: [GATE]), encoding="utf-8")
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(16, 24, 30)")):
        context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": 1280, "height": 720})
        page = context.new_page()
        asked: list[str] = []
        problems: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, problems=problems: problems.append(str(error)))
        page.goto(target.as_uri())
        page.wait_for_selector("body[data-drawn=yes]")
        drawn = page.locator("[data-figure]:has(.main-svg)").count()
        assert drawn == page.locator("[data-figure]").count() >= 2
        plots = page.locator(".panel .plot[data-plot]").count()
        assert plots == page.locator(".panel").count() > 6
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        # Nothing runs over the right edge of the page.
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert asked == [target.as_uri()]
        assert problems == []
        context.close()
    campaign.store.close()
