"""Make sure a Chromium is there for the browser tests: the system's, else apt's, else Playwright's."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def system_chromium() -> str | None:
    """Path of an installed Chromium or Chrome, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), MAC if os.path.exists(MAC) else None)


def playwright_chromium() -> str | None:
    """Path of Playwright's own Chromium if it is installed, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        path = p.chromium.executable_path
    return path if os.path.exists(path) else None


def attempt(*command: str) -> bool:
    """Run a command quietly; True when it succeeded."""
    try:
        return subprocess.run(command, capture_output=True, timeout=900).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> int:
    """Find or install; 0 when a browser is there."""
    if system_chromium() or playwright_chromium():
        return 0
    if shutil.which("apt-get") and sys.platform == "linux":
        print("No Chromium found; installing Debian's package ...")
        prefix = () if os.geteuid() == 0 else ("sudo", "-n")
        attempt(*prefix, "apt-get", "update")
        if attempt(*prefix, "apt-get", "install", "-y", "chromium") and system_chromium():
            return 0
    print("Trying Playwright's own Chromium ...")
    if attempt(sys.executable, "-m", "playwright", "install", "chromium") and playwright_chromium():
        return 0
    print(
        "No Chromium could be installed: the browser tests need one. Install Chromium or Google Chrome "
        "with your system's package manager and run this again."
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
