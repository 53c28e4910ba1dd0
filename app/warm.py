"""Loading what the pages need before the first visitor asks, and keeping the collector away from it."""

import gc
import importlib
import inspect
import threading

#: Slow to import, and needed by the first page; nothing of it needs a running server.
LIBRARIES = ("pandas", "pyarrow", "PIL.Image", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite", "nci_core.campaign")
#: Slow to import, and needed by later pages only. Each stands on those before it, so that a page that imports one of
#: them at the same time never waits for what waits for it.
LATER = (
    "scipy.linalg",
    "scipy.special",
    "scipy.sparse.csgraph",
    "scipy.spatial",
    "plotly.graph_objects",
    "pandas.io.formats.style",
)

_lock = threading.Lock()
_done = threading.Event()


def load(names: tuple[str, ...]) -> None:
    """Import modules by name."""
    for name in names:
        importlib.import_module(name)


def warm() -> None:
    """Import every page, once a process; who comes while that is under way waits for its end.

    Streamlit searches all of Python's objects for garbage after every run of a page, and Python does so while it
    imports. Those that belong to imported code live as long as the process, so they are taken out of that search:
    it costs 0.2 s a run and a third of all imports otherwise.
    """
    with _lock:
        if _done.is_set():
            return
        gc.disable()
        load((*LIBRARIES, "app.main"))
        # Streamlit does this once, with its first element; to find the file of every module takes some 0.4 s then.
        inspect.stack()
        gc.freeze()
        gc.enable()
        _done.set()
