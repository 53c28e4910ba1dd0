"""Small campaigns, and labels at no cost."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import Once

sys.path.insert(0, str(Path(__file__).parent))  # small_campaign, also for tests/cli

import small_campaign as small

from nci_core.campaign import Campaign


@pytest.fixture
def host(tmp_path: Path) -> Path:
    return small.write_host(tmp_path)


@pytest.fixture(autouse=True)
def cheap_labels(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "real_label" not in request.fixturenames:
        monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)


@pytest.fixture
def real_label() -> None:
    """Asked for by the test that calls PySCF."""


@pytest.fixture
def sampled(tmp_path: Path, host: Path) -> Iterator[Campaign]:
    campaign = small.sampled(tmp_path / "work", host)
    yield campaign
    campaign.store.close()


@pytest.fixture(scope="session")
def finished(once: Once) -> Iterator[Campaign]:
    """Taught, distilled, labelled (one label failed), fine-tuned and evaluated; for reading only."""
    campaign = Campaign.open(once("finished", _finish) / "work")
    yield campaign
    campaign.store.close()


def _finish(folder: Path) -> None:
    from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
    from nci_core.errors import LabelError

    with pytest.MonkeyPatch.context() as patch:
        campaign = small.taught(folder / "work", small.write_host(folder), patch)
        distill_campaign(campaign)
        patch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
        chosen = small.in_range(campaign, small.pool(campaign))
        small.label(campaign, chosen[:14])
        small.label(campaign, small.test_set(campaign), "test-set")

        def fails(*arguments: object) -> None:
            raise LabelError("CCSD of the dimer did not converge in 100 cycles; check the geometry.")

        patch.setattr("nci_core.labels.ccsdt.compute_label", fails)
        small.label(campaign, chosen[14:15])
        finetune_campaign(campaign, notes="first round")
    campaign.store.close()
