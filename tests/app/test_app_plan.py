"""A plan of a new campaign: what is made is what was shown, or nothing."""

from pathlib import Path

import numpy as np
import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.creating import Plan, create, preview
from nci_core.config import SystemSettings
from nci_core.errors import InputError, TeacherError
from nci_core.store import configurations
from nci_core.store import jobs as queue


@pytest.fixture
def plan() -> Plan:
    systems = (SystemSettings.of("ethylene"),)
    return Plan(systems=systems, teachers=("gfn2-xtb",), recipe="quick", title="../My: test/", n=30, n_test=3)


def test_what_is_made_is_what_was_previewed(empty_home: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.campaign.rounds.requests.start_engine", lambda campaign: None)
    (shown,) = preview(plan)
    assert create(plan) == "my-test"
    assert create(plan) == "my-test-2"
    assert sorted(path.name for path in empty_home.iterdir()) == ["my-test", "my-test-2"]
    campaign = Campaign.open(empty_home / "my-test")
    assert campaign.title == "../My: test/"
    stored = configurations.positions(campaign.store, split="test")[1]
    np.testing.assert_allclose(stored, shown.sample.test, atol=1e-9)
    assert sum(configurations.counts(campaign.store).values()) == shown.sample.count
    (job,) = queue.fetch(campaign.store)
    assert (job.kind, job.payload["then"], job.payload["trusted"]) == ("teach", "distill", False)
    campaign.store.close()


def test_a_plan_that_cannot_be_leaves_nothing(empty_home: Path, plan: Plan) -> None:
    with pytest.raises(TeacherError, match="not offered here"):
        create(plan.model_copy(update={"teachers": ("ase:os.path",)}))
    with pytest.raises(InputError, match="Unknown recipe"):
        create(plan.model_copy(update={"recipe": "../x"}))
    with pytest.raises(InputError, match="closed-shell"):
        create(plan.model_copy(update={"systems": (SystemSettings.of("ethylene", "H"),)}))
    assert not list(empty_home.iterdir())
