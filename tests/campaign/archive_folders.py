"""What lies in a folder, and things put there in place of a file."""

import os
import shutil
from pathlib import Path


def replace_file(path: Path, outside: Path, new: str) -> None:
    if path.parent.exists() and not path.parent.is_dir():  # an earlier mutation put something in place of the folder
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    if new == "link out":
        path.symlink_to(outside / "secret")
    elif new == "link in":
        path.symlink_to("../archive/labels.jsonl")
    elif new == "pipe":
        os.mkfifo(path)
    elif new == "folder":
        path.mkdir()


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What lies in a folder, and whether it was changed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        changed = 0 if path.is_dir() else status.st_mtime_ns
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_size if changed else 0, changed)
    return found
