"""Fetch 3Dmol.js from the npm registry, so that the app's 3-D view works without a network.

Not an error when npm is absent or offline: the app then loads the script from its CDN, or draws
the molecule with Plotly and says so.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "3dmol@2.5.4"
TARGET = Path(__file__).resolve().parent.parent / "app" / "static" / "3dmol"
MEMBERS = {"package/build/3Dmol-min.js": "3Dmol-min.js", "package/LICENSE": "LICENSE"}


def fetch(target: Path) -> None:
    """Download the package and keep the minified script and its licence."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, timeout=120, capture_output=True, text=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            target.mkdir(parents=True, exist_ok=True)
            for member, name in MEMBERS.items():
                source = archive.extractfile(member)
                if source is None:
                    raise KeyError(member)
                (target / name).write_bytes(source.read())


def main() -> int:
    """Fetch unless it is there; always succeed, say what happened."""
    if (TARGET / "3Dmol-min.js").exists():
        return 0
    if shutil.which("npm") is None:
        print("npm is not installed: the 3-D view will load 3Dmol.js from its CDN when there is a network.")
        return 0
    try:
        fetch(TARGET)
    except (subprocess.SubprocessError, OSError, KeyError, StopIteration, tarfile.TarError) as error:
        print(f"3Dmol.js could not be fetched ({type(error).__name__}); the 3-D view will try its CDN.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
