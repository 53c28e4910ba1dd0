"""Starting the dashboard as `nci app` does."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

MAIN = Path(__file__).with_name("main.py")
THEME = MAIN.parent.parent / ".streamlit" / "config.toml"


def command(port: int, *, headless: bool, address: str = "127.0.0.1") -> list[str]:
    """The server's command line. Only this machine can reach the app unless `address` says otherwise."""
    options = {
        "server.port": str(port),
        "server.address": address,
        "server.headless": str(headless).lower(),
        "server.fileWatcherType": "none",
        "server.enableStaticServing": "true",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
        # What is drawn or chosen moves other widgets, also ones that have a default.
        "global.disableWidgetStateDuplicationWarning": "true",
    }
    return [
        sys.executable,
        "-m",
        "app.serve",
        str(MAIN),
        *(f"--{key}={value}" for key, value in options.items()),
    ]


def launch(port: int = 8501, headless: bool = False, address: str = "127.0.0.1") -> int:
    """Run the dashboard until it is stopped; returns its exit code."""
    environment = os.environ | {"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    home = environment.get("NCI_HOME")
    if home:
        environment["NCI_HOME"] = str(Path(home).absolute())
    else:
        environment["NCI_HOME"] = str(Path.cwd() / "campaigns")
    # Streamlit reads .streamlit/config.toml (the theme) from the working directory.
    folder = THEME.parent.parent if THEME.exists() else Path.cwd()
    try:
        return subprocess.run(command(port, headless=headless, address=address), cwd=folder, env=environment).returncode
    except KeyboardInterrupt:
        return 0


def main() -> int:
    """Entry point of `python -m app.launch`, which is what `nci app` runs."""
    parser = argparse.ArgumentParser(prog="python -m app.launch", description="Open the dashboard.")
    parser.add_argument("--port", type=int, default=8501, help="port of the dashboard on this machine")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    parser.add_argument("--address", default="127.0.0.1", help="0.0.0.0 lets other machines in; see docs/sharing.md")
    given = parser.parse_args()
    return launch(port=given.port, headless=given.headless, address=given.address)


if __name__ == "__main__":
    sys.exit(main())
