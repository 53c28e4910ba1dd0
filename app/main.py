"""The dashboard's entry: sidebar and pages. Start it with `nci app` or `make app`."""

import sys
from functools import partial
from pathlib import Path

# Streamlit puts this file's folder first on the path; the package is one above it.
_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

import streamlit as st  # noqa: E402

from app.warm import warm  # noqa: E402

if __name__ == "__main__":  # which `warm` imports too
    warm()  # first, so that two threads never import the same modules halfway

from app import linked  # noqa: E402
from app.access import let_in  # noqa: E402
from app.components.copy_link import copy_link  # noqa: E402
from app.components.theme_watch import watch_theme  # noqa: E402
from app.session import context, current_palette, errors_shown, guarded  # noqa: E402
from app.sidebar import show_sidebar  # noqa: E402
from app.theme import palette  # noqa: E402
from app.tour import show_tour  # noqa: E402
from app.views import (  # noqa: E402
    benchmarks,
    compare,
    data,
    energies,
    errors,
    explore,
    history,
    label_train,
    new_campaign,
    overview,
    select,
    system,
)
from nci_core.errors import NCIError  # noqa: E402

PAGES = (
    (overview.show, "Overview", "overview", ":material/dashboard:"),
    (explore.show, "Explore", "explore", ":material/travel_explore:"),
    (errors.show, "Errors", "errors", ":material/difference:"),
    (energies.show, "Energies", "energies", ":material/upload_file:"),
    (select.show, "Select", "select", ":material/lasso_select:"),
    (label_train.show, "Label & train", "label-train", ":material/play_circle:"),
    (history.show, "History", "history", ":material/timeline:"),
    (data.show, "Data", "data", ":material/table:"),
    (compare.show, "Compare", "compare", ":material/compare_arrows:"),
    (benchmarks.show, "Benchmarks", "benchmarks", ":material/speed:"),
    (new_campaign.show, "New campaign", "new-campaign", ":material/add_circle:"),
    (system.show, "System", "system", ":material/memory:"),
)
#: The page that a visitor sees first, and a name that its own address may not have.
FIRST, START = "overview", "start"
#: Pages that say something without a campaign too.
ALWAYS = ("new-campaign", "system")


def main() -> None:
    """Draw the page that the address names, beside the sidebar."""
    st.set_page_config(
        page_title="nci: weak interactions", page_icon=str(Path(__file__).parent / "static" / "icon.svg"), layout="wide"
    )
    st.html(STYLE.replace("LIGHT", palette("light").ground).replace("DARK", palette("dark").ground))
    inside = False
    with errors_shown():
        inside = let_in()
    pages = [
        st.Page(
            guarded(view, partial(show_tour, page=path), always=path in ALWAYS),
            title=title,
            url_path=START if path == FIRST else path,
            icon=icon,
            default=path == FIRST,
        )
        for view, title, path, icon in PAGES
    ]
    # The first page is served at the root whatever its name; links that name it like the others work too.
    pages.append(st.Page(_to_first_page, title="Overview", url_path=FIRST, visibility="hidden"))
    st.session_state["pages"] = {path: page for (_, _, path, _), page in zip(PAGES, pages, strict=False)}
    page = st.navigation(pages, position="sidebar" if inside else "hidden")
    if inside:
        show_sidebar()
        _link()
        page.run()


def _link() -> None:
    """Below all else in the sidebar: the button that copies a link to this view."""
    with st.sidebar, errors_shown():
        watch_theme(dark=current_palette().dark)
        try:
            now = context()
        except NCIError:  # the page says what is wrong, or that there is no campaign
            return
        linked.take_from_link(now)
        copy_link(linked.for_link(now))


def _to_first_page() -> None:
    st.switch_page(st.session_state["pages"][FIRST], query_params=st.query_params.to_dict())


STYLE = """<style>
.block-container { padding: 2.4rem 2rem 2rem 2rem !important; max-width: 2200px; }
[data-testid="stHeader"] { background: transparent; height: 2.4rem; min-height: 2.4rem; }
/* Only while it is open: folded away it would keep its width. */
[data-testid="stSidebar"][aria-expanded="true"] { min-width: 15rem; max-width: 15.5rem; }
[data-testid="stMetric"] { padding: 0; }
[data-testid="stMetricLabel"] p { font-size: 0.85rem; }
/* Streamlit fades captions to 4.2 : 1; small text needs 4.5 : 1. */
[data-testid="stCaptionContainer"] { color: inherit !important; opacity: 0.82; }
/* Streamlit writes white on the accent, which is light on a dark page. */
[data-testid="stBaseButton-primary"]:not(:disabled) { color: light-dark(LIGHT, DARK) !important; }
/* And under the pointer it darkens the chosen part of a control until its words are hard to read. */
[data-variant="segmented_control"][data-selected="true"] {
  background: color-mix(in srgb, currentColor 10%, transparent) !important;
}
[class*="st-key-points-of-"] { position: absolute; height: 0; overflow: hidden; }
/* Two lines: the page below is what the tour is about. */
.st-key-tour { padding: 0.2rem 0.8rem !important; }
.st-key-tour p { font-size: 0.9rem; line-height: 1.35; }
.st-key-tour button { min-height: 2rem; padding: 0.1rem 0.6rem; }
/* Plotly's tool bar lies over legends and colour bars at the top; below, beside the axis title, nothing is. */
.js-plotly-plot .modebar-container { top: auto !important; bottom: 0 !important; }
.js-plotly-plot .modebar-container .modebar { top: auto; bottom: 0; }
h1 { padding-bottom: 0.1rem !important; padding-top: 0 !important; }
</style>"""

if __name__ == "__main__":  # Streamlit runs it as a script
    main()
