"""Downloads from a server of this test: resumed, checked, whole or absent, and used without a network."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from nci_core.errors import TeacherError
from nci_core.teachers import downloads
from nci_core.teachers.downloads import Source, fetched, here, is_here

CONTENT = bytes(range(256)) * 8_000  # 2 MB: two blocks
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """/file, /file that stops half-way (`break_after`), /page, /away (to another scheme), 404 for anything else."""

    asked: ClassVar[list[str | None]] = []
    content: ClassVar[bytes] = CONTENT
    break_after: ClassVar[int | None] = None

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        type(self).asked.append(wanted)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://example.org/file")
            self.end_headers()
            return
        if self.path not in ("/file", "/page"):
            self.send_error(404)
            return
        tag = hashlib.sha256(self.content).hexdigest()
        start = 0
        if wanted and self.headers.get("If-Range") == tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", "text/html" if self.path == "/page" else "application/octet-stream")
        self.send_header("Content-Length", str(len(self.content) - start))
        self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        self.end_headers()
        self.wfile.write(self.content[start : self.break_after])
        if self.break_after is not None:
            self.wfile.flush()
            self.connection.close()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NCI_TEACHER_FILES", str(tmp_path / "files"))
    monkeypatch.setenv("no_proxy", "*")
    Handler.asked, Handler.content, Handler.break_after = [], CONTENT, None
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def source(server: str, path: str = "/file", **more: str) -> Source:
    return Source("Mine", server + path, "mine.model", **more)


def test_a_file_comes_once_with_progress(server: str) -> None:
    seen: list[tuple[int, int]] = []
    assert not is_here(source(server))
    file = fetched(source(server), lambda *done: seen.append(done))
    assert file.path.read_bytes() == CONTENT
    assert file.sha256 == DIGEST
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(p.name for p in file.path.parent.iterdir()) == [
        ".mine.model.lock",
        "mine.model",
        "mine.model.sha256.json",
    ]
    assert fetched(source("http://127.0.0.1:1")) == file, "no network is asked for what is here"
    assert len(Handler.asked) == 1


def test_an_interrupted_download_goes_on(server: str) -> None:
    Handler.break_after = 1_500_000
    with pytest.raises(TeacherError, match=r"could not be downloaded.*put it into .*files as mine\.model\.$"):
        fetched(source(server))
    assert not is_here(source(server))
    part = downloads.folder() / "mine.model.part"
    there = part.stat().st_size
    assert 0 < there < len(CONTENT)
    Handler.break_after = None
    assert fetched(source(server)).sha256 == DIGEST
    assert Handler.asked[-1] == f"bytes={there}-"


def test_a_file_that_changed_meanwhile_begins_anew(server: str) -> None:
    Handler.break_after = 1_500_000
    with pytest.raises(TeacherError):
        fetched(source(server))
    Handler.break_after, Handler.content = None, CONTENT[::-1]
    assert fetched(source(server)).path.read_bytes() == CONTENT[::-1]


def test_a_wrong_digest_is_thrown_away(server: str) -> None:
    with pytest.raises(TeacherError, match=f"digest {DIGEST}, where {'0' * 64} is expected; it was thrown away"):
        fetched(source(server, sha256="0" * 64))
    assert [p.name for p in downloads.folder().iterdir()] == [".mine.model.lock"]
    assert fetched(source(server, sha256=DIGEST)).sha256 == DIGEST


def test_a_recorded_digest_is_compared_from_then_on(server: str) -> None:
    path = fetched(source(server)).path
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(TeacherError, match=f"where {DIGEST} is expected, and is not loaded"):
        here(source(server))
    path.write_bytes(CONTENT)
    path.with_name("mine.model.sha256.json").write_text("nonsense")
    with pytest.raises(TeacherError, match=r"sha256\.json cannot be read; remove it"):
        here(source(server))


def test_a_file_put_there_by_hand_is_taken_and_recorded(server: str) -> None:
    path = downloads.folder() / "mine.model"
    path.parent.mkdir()
    path.write_bytes(b"by hand")
    with pytest.raises(TeacherError, match="is expected"):
        fetched(source(server, sha256=DIGEST))
    assert fetched(source(server)).sha256 == hashlib.sha256(b"by hand").hexdigest()
    path.write_bytes(b"changed")
    with pytest.raises(TeacherError, match="is expected"):
        fetched(source(server))
    assert not Handler.asked


@pytest.mark.parametrize(
    ("path", "why"), [("/nothing", "Not Found"), ("/page", "a page came instead of a file"), ("/away", "no https")]
)
def test_failures_name_the_address(server: str, path: str, why: str) -> None:
    with pytest.raises(TeacherError, match=why):
        fetched(source(server, path))
    assert not is_here(source(server))


def test_without_a_network(server: str) -> None:
    with pytest.raises(TeacherError, match=r"http://127\.0\.0\.1:1/file \(.*refused\); fetch it elsewhere and put it"):
        fetched(source("http://127.0.0.1:1"))


def test_only_encrypted_addresses(server: str) -> None:
    for address in ("http://example.org/x", "ftp://example.org/x", "file:///etc/passwd"):
        with pytest.raises(TeacherError, match="is no https address"):
            fetched(Source("Mine", address, "mine.model"))


def test_too_large_a_file_is_not_taken(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_BYTES", 1_000_000)
    with pytest.raises(TeacherError, match="more than any teacher"):
        fetched(source(server))
