"""Linear algebra of the jobs: measured on a known label, used only when right and agreed to."""

import json
import os
from pathlib import Path

import pytest

from nci_core.errors import JobError
from nci_core.jobs import linear_algebra, processes
from nci_core.jobs.linear_algebra import Finding, agree, best, candidates, chosen, measure


def test_the_default_repeats_the_known_label() -> None:
    found = measure(Finding(name="Haswell", coretype="Haswell"))
    assert found.right, found
    assert found.dgemm_gflops > 0
    assert found.cpu_seconds > 0


def test_a_library_that_breaks_python_is_not_right() -> None:
    broken = measure(Finding(name="none", library=None), {"PATH": "/usr/bin", "PYTHONHOME": "/nowhere"})
    assert not broken.right
    assert broken.error_cm1 is None


def test_the_fastest_that_is_right_is_best() -> None:
    findings = [
        Finding(name="wrong", cpu_seconds=1.0),
        Finding(name="slow", cpu_seconds=3.0, right=True),
        Finding(name="quick", cpu_seconds=2.0, right=True),
    ]
    assert best(findings) == findings[2]
    assert best(findings[:1]) is None


def test_jobs_use_what_was_agreed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libopenblas.so"
    library.write_bytes(b"")
    file = tmp_path / "choice" / "linear-algebra.json"
    monkeypatch.setattr(linear_algebra, "SYSTEM", (str(library),))
    monkeypatch.setenv("NCI_LINEAR_ALGEBRA", str(file))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    assert linear_algebra.choice_file() == file
    assert "LD_PRELOAD" not in processes.job_environment(1)
    with pytest.raises(JobError, match="does not reproduce the known label"):
        agree(file, Finding(name="wrong", library=str(library)))
    agree(file, Finding(name="new", library=str(library), right=True))
    assert processes.job_environment(1)["LD_PRELOAD"] == str(library)
    assert "OPENBLAS_CORETYPE" not in processes.job_environment(1)
    assert "LD_PRELOAD" not in processes.job_environment(1, ""), "an explicit kernel wins"
    library.unlink()
    assert chosen(file) is None, "a library that is gone is not asked for"
    assert "LD_PRELOAD" not in processes.job_environment(1)


def forged(file: Path, **fields: object) -> Path:
    """A choice file as somebody else would write it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"name": "new", "right": True, **fields}))
    return file


def test_a_library_that_nci_did_not_find_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libforged.so"
    library.write_bytes(b"")
    file = forged(tmp_path / "choice.json", library=str(library))
    monkeypatch.setenv("NCI_LINEAR_ALGEBRA", str(file))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    assert chosen(file) is None
    assert "LD_PRELOAD" not in processes.job_environment(1)
    with pytest.raises(JobError, match="not among the libraries"):
        agree(tmp_path / "other.json", Finding(name="new", library=str(library), right=True))
    monkeypatch.setattr(linear_algebra, "SYSTEM", (str(library),))
    assert chosen(file) is not None
    assert processes.job_environment(1)["LD_PRELOAD"] == str(library)


@pytest.mark.parametrize("coretype", ["Nehalem", "Haswell\nLD_PRELOAD=/x", "../x"])
def test_only_the_offered_kernels_are_set(tmp_path: Path, coretype: str) -> None:
    assert chosen(forged(tmp_path / "choice.json", coretype=coretype)) is None
    assert chosen(forged(tmp_path / "choice.json", coretype="Haswell")) is not None


@pytest.mark.parametrize("folder", ["a folder", "a:folder", "$ORIGIN"])
def test_names_that_the_loader_takes_apart_are_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    library = tmp_path / folder / "libopenblas.so"
    library.parent.mkdir()
    library.write_bytes(b"")
    monkeypatch.setattr(linear_algebra, "SYSTEM", (str(library),))
    assert str(library) not in [found.library for found in candidates()]


def test_no_file_of_a_campaign_is_the_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "campaign.toml").write_text("")
    inside = forged(tmp_path / "results" / "choice.json", coretype="Haswell")
    assert chosen(inside) is None
    with pytest.raises(JobError, match="in a campaign's folder"):
        agree(inside, Finding(name="own", coretype="Haswell", right=True))
    monkeypatch.chdir(tmp_path)
    for name in ("NCI_LINEAR_ALGEBRA", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "results/choice.json")
    assert linear_algebra.choice_file().is_relative_to(Path.home() / ".config")


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b'{"name": 1}', b"\xff", b'{"name": "x", "more": 1}'])
def test_a_damaged_choice_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "choice.json").write_bytes(content)
    assert chosen(tmp_path / "choice.json") is None
    os.mkfifo(tmp_path / "pipe")
    assert chosen(tmp_path / "pipe") is None


def test_the_known_ones_come_first() -> None:
    assert [found.coretype for found in candidates()[:2]] == ["", "Haswell"]
