"""The predictor process: what the model says, and that its death is not the end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from app import predictor
from nci_core.campaign import Campaign
from nci_core.campaign.queries.live import field, terms
from nci_core.errors import InputError

EMBEDDED = Path(__file__).resolve().parents[2] / "data" / "he-ethylene"


def test_the_predictor_says_what_the_model_says(imported: Path) -> None:
    from nci_core.potentials.checkpoints import load_checkpoint

    campaign = Campaign.open(imported / "he-ethylene", read_only=True)
    row = campaign.active_model()
    assert row is not None
    points = np.random.default_rng(3).uniform([-4.0, -4.0, 2.0], [4.0, 4.0, 10.0], (50, 3))
    try:
        said = predictor.ask(field, str(campaign.folder), row.id, 1, points)
        model = load_checkpoint(campaign.model_path(row))
        energies, std = model.energies_and_std(campaign.systems[0].dimer.at(points))
        # The same code on the same machine; another process may get other thread counts in a sum.
        np.testing.assert_allclose(said.energy_ev, energies, rtol=1e-12)
        np.testing.assert_allclose(said.std_ev, std, rtol=1e-9)
        assert tuple(said.channels_ev) == model.terms == predictor.ask(terms, str(campaign.folder), row.id, 1)
        np.testing.assert_allclose(sum(said.channels_ev.values()), energies, rtol=1e-9, atol=1e-15)
        assert said.channels_ev["exchange"].min() > 0 > said.channels_ev["dispersion"].max()

        pid = predictor.predictor().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        again = predictor.ask(field, str(campaign.folder), row.id, 1, points[:3])
        np.testing.assert_allclose(again.energy_ev, energies[:3], rtol=1e-12)
        with pytest.raises(InputError, match="not a finite number"):
            predictor.ask(field, str(campaign.folder), row.id, 1, [[0.0, 0.0, float("nan")]])
        assert predictor.predictor().pid not in (None, pid)
    finally:
        predictor.predictor().close()


def test_the_process_ends_with_the_dashboard_and_runs_none_of_it(tmp_path: Path) -> None:
    """As in the dashboard, `__main__` is a script that must not run again in the predictor."""
    script = tmp_path / "page.py"
    script.write_text(
        "import os, sys\n"
        "print('page', flush=True)\n"
        "from nci_core.jobs.predictor import Predictor\n"
        "asked = Predictor()\n"
        "print(asked.ask(os.getpid, ()) == asked.pid, asked.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(EMBEDDED.parents[1])}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=120)
    page, answer = done.stdout.splitlines()
    same, pid = answer.split()
    assert (page, same) == ("page", "True")
    end = time.monotonic() + 30
    while psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "the predictor outlived its dashboard"
        time.sleep(0.05)
