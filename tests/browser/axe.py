"""axe-core, the accessibility checker (https://github.com/dequelabs/axe-core, MPL-2.0), fetched when tests run."""

import shutil
import subprocess
import tarfile
from pathlib import Path

from playwright.sync_api import Page

PACKAGE = "axe-core@4.14.1"
#: What is Streamlit's own and out of our reach: (rule, part of the element's address), with the reason.
STREAMLITS_OWN: dict[tuple[str, str], str] = {}


def fetch(folder: Path) -> str | None:
    """The script, kept in `folder`; None where npm is absent or has no network."""
    script = folder / f"{PACKAGE}.js"
    if not script.exists():
        if shutil.which("npm") is None:
            return None
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
        try:
            subprocess.run(command, check=True, timeout=120, capture_output=True)
            with tarfile.open(next(folder.glob("axe-core-*.tgz"))) as archive:
                source = archive.extractfile("package/axe.min.js")
                assert source is not None
                script.write_bytes(source.read())
        except (subprocess.SubprocessError, OSError, StopIteration, KeyError):
            return None
    return script.read_text(encoding="utf-8")


def violations(page: Page, script: str, *, colours_only: bool = False) -> list[str]:
    """Serious and critical violations of the page as it is, one sentence each."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(script)
    options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if colours_only else {})
    found = page.evaluate("(options) => axe.run(document, options)", options)
    told = []
    for rule in found["violations"]:
        if rule["impact"] not in ("serious", "critical"):
            continue
        for node in rule["nodes"]:
            where = f"{' '.join(map(str, node['target']))} {node['html']}"
            if not any(rule["id"] == name and part in where for name, part in STREAMLITS_OWN):
                why = " ".join(node["failureSummary"].split())
                told.append(f"{rule['impact']} {rule['id']}: {node['html'][:160]} ({why[:200]})")
    return told
