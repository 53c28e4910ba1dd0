"""nci cluster: templates and checks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Nci = Callable[..., Any]


@pytest.mark.parametrize("kind", ["slurm", "pbs"])
def test_a_template_passes_the_check_and_shows_its_script(nci: Nci, tmp_path: Path, kind: str) -> None:
    pytest.importorskip("dask_jobqueue")
    path = tmp_path / "cluster.toml"
    path.write_text(nci("cluster", "template", kind).out)
    shown = nci("cluster", "check", path)
    assert shown.code == 0
    assert ("#SBATCH --mem=16000M" if kind == "slurm" else "#PBS -l select=1:ncpus=4:mem=16000MB") in shown.out
    assert "-m distributed.cli.dask_worker" in shown.out


def test_what_is_wrong_is_one_sentence(nci: Nci, tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('kind = "slurm"\nwalltime = "soon"\n')
    shown = nci("cluster", "check", path)
    assert (shown.code, shown.out) == (2, "")
    assert "Setting 'walltime'" in shown.err
    assert nci("cluster", "template", "lsf").code == 2
    both = nci("label", "--scheduler", "tcp://127.0.0.1:1", "--cluster", path)
    assert (both.code, "not both" in both.err) == (2, True)
