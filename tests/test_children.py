"""A folder that somebody sent holds modules and settings under the names of those that we use: none is executed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nci_core import jobs
from nci_core.children import NEUTRAL, child_environment, ignore_pyscf_settings_here
from nci_core.jobs.cluster_settings import BatchSettings
from nci_core.jobs.clusters import job_script
from nci_core.jobs.linear_algebra import Finding, measure
from nci_core.store import Store
from nci_core.teachers.registry import absolute_spec

ROOT = Path(__file__).resolve().parents[1]
#: What children import early, and settings that libraries execute.
NAMES = (
    "orjson",
    "numpy",
    "json",
    "streamlit",
    "nci_core",
    "app",
    "distributed",
    "sqlalchemy",
    "pyscf",
    "ase",
    "typing",
)
SETTINGS = (".pyscf_conf.py",)


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory of this process; at the end nothing in it has been run."""
    folder = tmp_path / "sent"
    (folder / ".streamlit").mkdir(parents=True)
    marker = tmp_path / "executed"
    for name in (*(f"{name}.py" for name in NAMES), *SETTINGS):
        (folder / name).write_text(f"open({str(marker)!r}, 'a').write({name!r} + ' ')\n")
    (folder / ".streamlit" / "config.toml").write_text("[server]\nport = 1\n[theme]\nprimaryColor = '#000000'\n")
    monkeypatch.chdir(folder)
    # The project is found by its path; an empty entry, which many shells leave there, is the working directory.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(ROOT), str(ROOT / "tests" / "jobs"), ""]))
    yield folder
    assert not marker.exists(), marker.read_text()


def run(*command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=NEUTRAL, env=child_environment(), capture_output=True, text=True, timeout=timeout, check=False
    )


def test_the_trap_works(trap: Path) -> None:
    """As children were started before: what is in the working directory is executed."""
    done = subprocess.run([sys.executable, "-m", "orjson"], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0
    marker = trap.parent / "executed"
    assert "orjson" in marker.read_text()
    marker.unlink()


def test_engine_workers_and_jobs_run_nothing_that_was_sent(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_JOB_KINDS", "sleep=job_functions:sleep")
    with Store.create(trap, folder=trap) as store:
        job = jobs.submit(store, "sleep", {"seconds": 0.0}).id
        try:
            # A campaign is often named by a relative path.
            jobs.ensure_engine(Path("."), workers=1, idle_seconds=60.0, nice=0, wait_seconds=120.0)
            done = jobs.wait(store, job, timeout_seconds=120)
        finally:
            jobs.stop_engine(trap)
    assert [row.state for row in done] == ["complete"], done[0].error


def test_a_grandchild_runs_nothing_that_was_sent(trap: Path) -> None:
    """Processes that a child starts, such as Dask's workers and those of multiprocessing, wherever they stand."""
    code = (
        f"import os, subprocess, sys; os.chdir({str(trap)!r}); subprocess.run([sys.executable, '-c', 'import orjson'])"
    )
    assert run(sys.executable, "-P", "-c", code, str(trap)).returncode == 0


def test_the_known_label_and_the_predictor_run_nothing_that_was_sent(trap: Path) -> None:
    from nci_core.jobs.predictor import Predictor

    asked = Predictor()
    assert asked.ask(os.getcwd, ()) == NEUTRAL
    asked.close()
    found = measure(Finding(name="PySCF's own"))
    assert found.right, found


def test_a_report_runs_nothing_that_was_sent(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of this process, which starts where the person is
    command = [sys.executable, "-P", "-m", "nci_core.cli.main", "report", "-c", "none", "--out", "x.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert f"nci: {trap / 'none'} is not a campaign" in done.stderr, "a relative path is meant from where the person is"


def test_pyscf_executes_no_settings_of_the_working_directory(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYSCF_CONFIG_FILE", raising=False)
    monkeypatch.setenv("HOME", str(trap.parent))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ignore_pyscf_settings_here()
    code = "import sys; import pyscf.__config__; print('ok')"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "ok\n", done.stderr


def test_settings_of_ones_own_still_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / ".pyscf_conf.py"
    own.write_text("")
    monkeypatch.delenv("PYSCF_CONFIG_FILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    ignore_pyscf_settings_here()
    assert os.environ["PYSCF_CONFIG_FILE"] == str(own)


def test_workers_of_a_batch_system_run_nothing_that_was_sent() -> None:
    pytest.importorskip("dask_jobqueue")
    script = job_script(BatchSettings(kind="slurm", python="/opt/python", job_script_prologue=["module load x"]))
    assert "\nexport PYTHONSAFEPATH=1\nmodule load x\n/opt/python -P -m distributed" in script


def test_paths_that_a_child_gets_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = child_environment({"NCI_HOME": "campaigns", "NCI_CLUSTER": "", "PYTHONPATH": f"{os.pathsep}lib", "A": "b"})
    assert found["NCI_HOME"] == str(tmp_path / "campaigns")
    assert found["NCI_CLUSTER"] == ""
    assert found["PYTHONPATH"].split(os.pathsep) == [str(tmp_path / "lib"), str(ROOT)]
    assert found["PYTHONSAFEPATH"] == "1"


def test_a_teachers_file_is_named_from_where_the_person_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_spec("mace:x.model") == f"mace:{tmp_path / 'x.model'}"
