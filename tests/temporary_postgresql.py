"""A PostgreSQL server of the system's package in a temporary folder, on a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: The role that must give this password; all others of the test server are let in.
GUARDED, PASSWORD = "guarded", "s3cret/of@the:group"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # the folder is thrown away
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
}


def programs() -> Path | None:
    """The folder with initdb and postgres, None where there is no server."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


def unprivileged() -> dict[str, Any]:
    """Arguments for subprocess: initdb refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it as.")


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give the URL of its database, without schema; skips where none can be started."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'nci[postgres]')")
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL is not installed here (no initdb in PATH or /usr/lib/postgresql).")
    who = unprivileged()
    # Not below pytest's folder: only its owner may enter that, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="nci-pg-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        data = folder / "data"
        made = subprocess.run(
            [bin_folder / "initdb", "-D", data, "-U", "nci", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True,
            text=True,
            cwd=folder,
            **who,
        )
        assert made.returncode == 0, made.stderr
        rules = data / "pg_hba.conf"
        rules.write_text(f"local all {GUARDED} scram-sha-256\n" + rules.read_text())
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [bin_folder / "postgres", "-D", data, "-k", folder, *options],
                stdout=log,
                stderr=log,
                cwd=folder,
                **who,
            )
        try:
            connection = _first_connection(psycopg, folder, process)
            password = PASSWORD.replace("'", "''")
            connection.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{password}'")
            connection.execute(f"GRANT CREATE ON DATABASE postgres TO {GUARDED}")
            connection.close()
            yield f"postgresql://nci@/postgres?host={folder}"
        finally:
            process.send_signal(signal.SIGINT)  # closes the connections that are left
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _first_connection(psycopg: Any, folder: Path, process: subprocess.Popen[bytes]) -> Any:
    end = time.monotonic() + 60.0
    while True:
        try:
            return psycopg.connect(host=str(folder), user="nci", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            alive = process.poll() is None and time.monotonic() < end
            assert alive, (folder / "log").read_text()
            time.sleep(0.05)
