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

from app import selection  # noqa: E402
from app.access import let_in  # noqa: E402
from app.components.mounted import mounted  # noqa: E402
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
    teachers,
    transfer,
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
    (teachers.show, "Teachers", "teachers", ":material/school:"),
    (transfer.show, "Transfer", "transfer", ":material/shortcut:"),
    (benchmarks.show, "Benchmarks", "benchmarks", ":material/speed:"),
    (new_campaign.show, "New campaign", "new-campaign", ":material/add_circle:"),
    (system.show, "System", "system", ":material/memory:"),
)
#: What all pages look like, where Streamlit's own is not enough.
STYLE = Path(__file__).with_name("main.css").read_text(encoding="utf-8")
STYLE = STYLE.replace("LIGHT", palette("light").ground).replace("DARK", palette("dark").ground)
#: The page that a visitor sees first, and a name that its own address may not have.
FIRST, START = "overview", "start"
#: Pages that say something without a campaign too.
ALWAYS = ("new-campaign", "system")


def main() -> None:
    """Draw the page that the address names, beside the sidebar."""
    st.set_page_config(
        page_title="nci: weak interactions", page_icon=str(Path(__file__).parent / "static" / "icon.svg"), layout="wide"
    )
    st.html(f"<style>{STYLE}</style>")
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
        watch = mounted("theme_watch")
        watch(key="theme-watch", data={"dark": current_palette().dark}, on_changed_change=lambda: None)
        try:
            now = context()
        except NCIError:  # the page says what is wrong, or that there is no campaign
            return
        selection.take_from_link(now)
        mounted("copy_link")(key="copy-link", data={"more": selection.for_link(now)})


def _to_first_page() -> None:
    st.switch_page(st.session_state["pages"][FIRST], query_params=st.query_params.to_dict())


if __name__ == "__main__":  # Streamlit runs it as a script
    main()
