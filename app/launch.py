"""Starting the dashboard as `nci app` does: this process becomes the server, so that what ends it ends the server."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from nci_core.children import become
from nci_core.cli.listening import check_listening
from nci_core.errors import NCIError
from nci_core.visible import visible

#: Streamlit reads .streamlit/config.toml (the theme) from the folder in which it starts, and executes what is beside
#: the script: both are this one, whatever folder a person happens to be in.
FOLDER = Path(__file__).resolve().parent
MAIN = FOLDER / "main.py"


def options(port: int, *, headless: bool, address: str = "127.0.0.1") -> list[str]:
    """The server's options beside config.toml. Only this machine can reach the app unless `address` says otherwise."""
    chosen = {
        "server.port": str(port),
        "server.address": address,
        "server.headless": str(headless).lower(),
        # These stand in config.toml too, for other ways to start; here no variable of the environment undoes them.
        "server.fileWatcherType": "none",
        "server.enableStaticServing": "true",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
        # With the message goes an offer of Streamlit's, over the page's own controls, to install files of its own.
        "logger.hideWelcomeMessage": str(not headless).lower(),
    }
    return [f"--{key}={value}" for key, value in chosen.items()]


def launch(port: int = 8501, headless: bool = False, address: str = "127.0.0.1") -> NoReturn:
    """Become the dashboard's server; raises InputError when it could not listen there."""
    check_listening(address, port)
    home = os.environ.get("NCI_HOME") or "campaigns"
    environment = os.environ | {"NCI_HOME": home, "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    chosen = options(port, headless=headless, address=address)
    if not headless:
        print(f"The dashboard: http://{'localhost' if address == '0.0.0.0' else address}:{port}", flush=True)
    become("app.serve", MAIN, *chosen, base=environment, folder=str(FOLDER))


def main() -> int:
    """Entry point of `python -m app.launch`, which is what `nci app` runs; it returns only where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m app.launch", description="Open the dashboard.")
    parser.add_argument("--port", type=int, default=8501, help="port of the dashboard on this machine")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    parser.add_argument("--address", default="127.0.0.1", help="0.0.0.0 lets other machines in; see docs/sharing.md")
    given = parser.parse_args()
    try:
        launch(port=given.port, headless=given.headless, address=given.address)
    except NCIError as error:
        print(f"nci: {visible(error)}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
