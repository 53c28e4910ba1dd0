"""Linear algebra of the jobs: measured on a known label, used only when right and agreed to."""

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
    monkeypatch.setenv("NCI_LINEAR_ALGEBRA", str(file))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    assert linear_algebra.choice_file() == file
    assert "LD_PRELOAD" not in processes.job_environment(1)
    with pytest.raises(JobError, match="does not repeat the known label"):
        agree(file, Finding(name="wrong", library=str(library)))
    agree(file, Finding(name="new", library=str(library), right=True))
    assert processes.job_environment(1)["LD_PRELOAD"] == str(library)
    assert "OPENBLAS_CORETYPE" not in processes.job_environment(1)
    assert "LD_PRELOAD" not in processes.job_environment(1, ""), "an explicit kernel wins"
    library.unlink()
    assert chosen(file) is None, "a library that is gone is not asked for"
    assert "LD_PRELOAD" not in processes.job_environment(1)


def test_the_known_ones_come_first() -> None:
    assert [found.coretype for found in candidates()[:2]] == ["", "Haswell"]
