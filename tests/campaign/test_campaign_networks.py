"""A MACE network on a campaign's labels: a model like the others, beside the student in use."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.takeaway import export_model_file
from nci_core.campaign.jobs import fit_memory, run_finetune
from nci_core.campaign.queries import live, live_fields
from nci_core.campaign.rounds.gates import stored_gates
from nci_core.campaign.rounds.network_choice import NetworkChoice
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.requests import submit_network
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.errors import CancelledError, InputError
from nci_core.jobs.context import JobContext
from nci_core.potentials.networks.ensemble import Network, NetworkEnsemble
from nci_core.potentials.networks.files import save_network
from nci_core.potentials.networks.network import NetworkConfig, fresh
from nci_core.store import evaluations, models
from nci_core.store import jobs as queue
from nci_core.store.job_tables import events_table
from nci_core.store.round_tables import rounds_table

TINY = NetworkConfig(
    elements=(1, 2), hidden_irreps="4x0e", r_max=5.0, num_bessel=6, radial_MLP=(8,), max_ell=1, correlation=1
)


@pytest.fixture(scope="module")
def foundation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained: what it says is of no use, and enough to be learnt from."""
    model = NetworkEnsemble((Network(TINY, fresh(TINY, seed=1)),))
    return save_network(model, tmp_path_factory.mktemp("foundation") / "own.pt")


@pytest.fixture
def campaign(finished: Campaign, tmp_path: Path) -> Iterator[Campaign]:
    opened = Campaign.open(shutil.copytree(finished.folder, tmp_path / "work"))
    yield opened
    opened.store.close()


def test_a_network_is_trained_by_a_job_and_stands_beside_the_student(
    campaign: Campaign, foundation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use, made = campaign.active_model(), rounds_table(campaign.store, campaign.recipe.hash)
    assert in_use is not None
    choice = NetworkChoice.checked(foundation=str(foundation), steps=3, seeds=1)
    number = submit_network(campaign, choice, start=False)

    def start(stop_after: int | None) -> JobContext:
        job = queue.begin(campaign.store, number, host="here", supervisor_pid=1)
        assert job is not None
        context = JobContext(campaign.store, campaign.folder, job)
        if stop_after is not None:
            calls = iter([False] * stop_after)
            monkeypatch.setattr(context, "should_stop", lambda: next(calls, True))
        return context

    context = start(stop_after=3)
    with pytest.raises(CancelledError):
        run_finetune(context)
    context.flush()
    queue.finish(campaign.store, number, 1, "cancelled")
    assert fit_memory(campaign.folder, number).is_file()
    queue.retry(campaign.store, number)
    context = start(stop_after=None)
    done = run_finetune(context)
    context.flush()
    queue.finish(campaign.store, number, 2, "complete", result=done)
    assert not fit_memory(campaign.folder, number).exists()
    # The page's live curves read these, and one curve goes on where it was stopped.
    assert "train_mae_lt_limit_cm1" in events_table(campaign.store, number) or "train_mae_all_cm1" in events_table(
        campaign.store, number
    )

    row = models.get(campaign.store, done["model_id"])
    assert models.is_network(row)
    active = campaign.active_model()
    assert active is not None
    assert active.id == in_use.id
    assert rounds_table(campaign.store, campaign.recipe.hash).equals(made)
    assert done["errors"]["test"]["all"]["n"] > 0
    assert len(evaluations.predictions(campaign.store, row.id))
    gates = {gate.name: gate for gate in stored_gates(row) or ()}
    assert not gates["Attraction far out"].passed  # a network has no long range, and that is said

    # Maps and cuts are asked of it as of a student; what needs terms is refused in a sentence.
    folder, system = campaign.folder, campaign.systems[0].id
    found = live.field(folder, row.id, system, [[0.0, 0.0, 3.2], [0.0, 0.0, 30.0]])
    assert found.energy_ev[0] != 0.0
    assert abs(found.energy_ev[1]) < 1e-12
    assert list(found.channels_ev) == ["total"]
    assert np.isfinite(live_fields.well_radii(folder, row.id, system, [[1.0, 0.0, 0.0]])).all()
    with pytest.raises(InputError, match="MACE network, which has no ruler"):
        live_fields.ruler(folder, row.id, system, [[0.0, 0.0, 3.2]])
    models.activate(campaign.store, row.id)
    with pytest.raises(InputError, match="I-optimal selection needs a student of terms"):
        propose(campaign, "i-optimal", 3)
    assert len(propose(campaign, "farthest-point", 3)) == 3
    for name in ("x.model", "x.pt"):
        assert name in export_model_file(campaign, row, folder.parent / name)
        assert (folder.parent / name).stat().st_size > 1000
    with pytest.raises(InputError, match="a file for NumPy needs a student of terms"):
        export_model_file(campaign, row, folder.parent / "x.py")
    with pytest.raises(InputError, match="is a student of terms"):
        export_model_file(campaign, in_use, folder.parent / "y.model")
    assert isinstance(load_student(campaign, row), NetworkEnsemble)


def test_what_cannot_be_is_said_before_anything_is_queued(campaign: Campaign, tmp_path: Path) -> None:
    pickle = tmp_path / "foreign.model"
    pickle.write_bytes(b"anything")
    with pytest.raises(InputError, match="is a pickle, which can run any code"):
        submit_network(campaign, NetworkChoice.checked(foundation=str(pickle)), start=False)
    with pytest.raises(InputError, match="There is no file"):
        submit_network(campaign, NetworkChoice.checked(foundation=str(tmp_path / "none.pt")), start=False)
    with pytest.raises(InputError, match="The method of the fine-tuning cannot be 'magic'"):
        NetworkChoice.checked(foundation="small", method="magic")
