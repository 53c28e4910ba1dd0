"""Loading what the pages need before the first visitor asks, and keeping the collector away from it."""

import gc
import importlib
import threading

#: Slow to import, and needed by the first page that is opened.
LIBRARIES = (
    "pandas",
    "pyarrow",
    "plotly.graph_objects",
    "sqlalchemy.orm",
    "nci_core.campaign",
    "nci_core.campaign.costs",
    "nci_core.store",
)
#: The pages themselves.
PAGES = (
    "overview",
    "explore",
    "errors",
    "energies",
    "select",
    "label_train",
    "history",
    "data",
    "compare",
    "new_campaign",
    "system",
)

_lock = threading.Lock()
_done = threading.Event()


def load_libraries() -> None:
    """Import what the pages stand on; nothing of it needs a running server."""
    for name in LIBRARIES:
        importlib.import_module(name)


def warm() -> None:
    """Import every page, once a process; who comes while that is under way waits for its end.

    Streamlit searches all of Python's objects for garbage after every run of a page. Those that belong to
    imported code live as long as the process, so they are taken out of that search: it costs 0.2 s otherwise.
    """
    if _done.is_set():
        return
    with _lock:
        if _done.is_set():
            return
        load_libraries()
        for name in PAGES:
            importlib.import_module(f"app.views.{name}")
        gc.collect()
        gc.freeze()
        _done.set()
