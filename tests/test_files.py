import os
from pathlib import Path

import pytest

from nci_core.errors import InputError
from nci_core.files import decode_text, read_limited


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1234")
    assert read_limited(path, 4) == b"1234"
    with pytest.raises(InputError, match="larger than"):
        read_limited(path, 3)


def test_what_is_no_regular_file_is_refused_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputError, match=r"not a regular file|cannot be read"):
            read_limited(path, 10)
    with pytest.raises(InputError, match="There is no file"):
        read_limited(tmp_path / "none", 10)
    with pytest.raises(InputError, match="cannot be read"):
        read_limited(Path("a\0b"), 10)


def test_links_are_followed_only_where_they_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_limited(tmp_path / "link", 10) == b"a"
    with pytest.raises(InputError, match="symbolic link"):
        read_limited(tmp_path / "link", 10, links=False)


def test_encodings() -> None:
    assert decode_text("Å\n".encode("utf-16")) == "Å\n"
    assert decode_text("a\x0cb\u2028c\rd".encode()) == "a\x0cb\u2028c\nd"
