"""`nci teach` with a teacher that is absurd for its host."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Nci = Callable[..., Any]


def test_an_absurd_teacher_is_refused_in_one_sentence_and_goes_on_if_trusted(
    nci: Nci, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = tmp_path / "hi.xyz"
    host.write_text("2\nhydrogen iodide\nI 0 0 0\nH 0 0 1.609\n")
    assert nci("init", tmp_path / "w", "--host", host, "--recipe", "quick", "--teacher", "gfn2-xtb").code == 0
    monkeypatch.setenv("NCI_CAMPAIGN", str(tmp_path / "w"))
    assert nci("sample", "--n", 8).code == 0
    refused = nci("teach")
    assert refused.code == 3
    assert "Teacher gfn2-xtb gives −" in refused.sentence()
    assert "choose another teacher, or go on with --trust-teacher" in refused.sentence()
    done = nci("teach", "--trust-teacher")
    assert done.code == 0
    assert "8 configurations" in done.out
    assert "Teacher gfn2-xtb gives −" in done.out
