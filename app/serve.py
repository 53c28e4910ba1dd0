"""The dashboard's server process: Streamlit, while the pages' code is loaded beside its start.

python -m app.serve app/main.py --server.port=8501 …    (options as for `streamlit run`)
"""

import gc
import sys
import threading
import time
from contextlib import suppress

from app.warm import LATER, LIBRARIES, load, warm

#: Seconds within which Streamlit's runtime is there, else the first visitor loads the pages.
PATIENCE_SECONDS = 60.0
#: Seconds left to the first visitor before what only later pages need is loaded.
QUIET_SECONDS = 10.0


def _prepare() -> None:
    from streamlit import runtime

    load(LIBRARIES)
    end = time.monotonic() + PATIENCE_SECONDS
    while not runtime.exists():  # the pages' caches belong to it
        if time.monotonic() > end:
            return
        time.sleep(0.02)
    warm()
    from app.session import campaign_folders, load_campaign
    from nci_core.errors import NCIError

    for folder in campaign_folders()[:1]:  # the one that is shown first
        with suppress(NCIError):  # its page says what is wrong with it
            load_campaign(folder).active_model()
    time.sleep(QUIET_SECONDS)
    load(LATER)


def main() -> None:
    """Serve until stopped."""
    gc.disable()  # until all is loaded; see `warm`
    # All of Streamlit first: two threads that import the same modules could each see half of them.
    import streamlit.web.cli

    threading.Thread(target=_prepare, name="load pages", daemon=True).start()
    streamlit.web.cli.main(["run", *sys.argv[1:]], prog_name="streamlit")


if __name__ == "__main__":
    main()
