"""The dashboard's server process: Streamlit, while the pages' code is loaded beside its start.

python -m app.serve app/main.py --server.port=8501 …    (options as for `streamlit run`)
"""

import sys
import threading
import time

from app.warm import load_libraries, warm

#: Seconds within which Streamlit's runtime is there, else the first visitor loads the pages.
PATIENCE_SECONDS = 60.0


def _prepare() -> None:
    from streamlit import runtime

    load_libraries()
    end = time.monotonic() + PATIENCE_SECONDS
    while not runtime.exists():  # the pages' caches belong to it
        if time.monotonic() > end:
            return
        time.sleep(0.02)
    warm()


def main() -> None:
    """Serve until stopped."""
    # All of Streamlit first: two threads that import the same modules could each see half of them.
    import streamlit.web.cli

    threading.Thread(target=_prepare, name="load pages", daemon=True).start()
    streamlit.web.cli.main(["run", *sys.argv[1:]], prog_name="streamlit")


if __name__ == "__main__":
    main()
