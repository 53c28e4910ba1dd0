"""The predictor process: what the model says, and that its death is not the end."""

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from app import predictor
from nci_core.campaign.live import field
from nci_core.errors import InputError

EMBEDDED = Path(__file__).resolve().parents[2] / "data" / "he-ethylene"


def test_the_predictor_says_what_the_model_says(tmp_path: Path) -> None:
    from nci_core.campaign.archive import import_campaign
    from nci_core.potentials.checkpoints import load_checkpoint

    campaign = import_campaign(EMBEDDED, tmp_path / "he-ethylene")
    row = campaign.active_model()
    assert row is not None
    points = np.random.default_rng(3).uniform([-4.0, -4.0, 2.0], [4.0, 4.0, 10.0], (50, 3))
    try:
        said = predictor.ask(field, str(campaign.folder), row.id, points)
        model = load_checkpoint(campaign.model_path(row))
        energies, std = model.energies_and_std(campaign.dimer.host, points)
        # The same code on the same machine; another process may get other thread counts in a sum.
        np.testing.assert_allclose(said.energy_ev, energies, rtol=1e-12)
        np.testing.assert_allclose(said.std_ev, std, rtol=1e-9)
        np.testing.assert_allclose(said.repulsion_ev + said.dispersion_ev, energies, rtol=1e-9, atol=1e-15)
        assert said.repulsion_ev.min() > 0 > said.dispersion_ev.max()

        (child,) = (p for p in multiprocessing.active_children() if p.pid is not None)
        assert child.pid is not None
        assert os.getpgid(child.pid) != os.getpgid(0)
        os.kill(child.pid, signal.SIGKILL)
        child.join(10)
        again = predictor.ask(field, str(campaign.folder), row.id, points[:3])
        np.testing.assert_allclose(again.energy_ev, energies[:3], rtol=1e-12)
        with pytest.raises(InputError, match="not a finite number"):
            predictor.ask(field, str(campaign.folder), row.id, [[0.0, 0.0, float("nan")]])
    finally:
        predictor._executor().shutdown()
        predictor._executor.clear()
