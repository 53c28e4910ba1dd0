"""nci delta: a teacher's energies with a learnt difference, from one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
from made import Once

from nci_core.campaign import Campaign
from nci_core.campaign.rounds.learning import distill_campaign
from nci_core.errors import InputError, StoreError
from nci_core.store import energy_sets

Nci = Callable[..., Any]


def _make(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        campaign = small.taught(folder / "work", small.write_host(folder), patch)
        distill_campaign(campaign)
        patch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
        small.label(campaign, small.in_range(campaign, small.pool(campaign))[:9])
        small.label(campaign, small.test_set(campaign), "test-set")
    campaign.store.close()


@pytest.fixture
def there(once: Once, tmp_path: Path) -> Path:
    shutil.copytree(once("delta-command", _make) / "work", tmp_path / "work")
    return tmp_path / "work"


def test_what_was_made_is_said_and_a_second_time_refused(nci: Nci, there: Path) -> None:
    found = nci("delta", "-c", there, "--name", "cheap+delta", "--by", "ada", "--device", "cpu", "--json")
    assert found.code == 0, found.err
    said = json.loads(found.out)
    (made,) = said["sets"]
    assert (made["name"], made["kind"], made["lacking"]) == ("cheap+delta", "labels", 0)
    assert made["test_labels"]["mae_cm1"] < made["test_labels"]["mae_teacher_cm1"]
    with Campaign.open(there) as campaign:
        (row,) = energy_sets.fetch(campaign.store)
        assert (row.name, row.method, row.person) == (made["name"], said["method"], "ada")
        assert len(energy_sets.points(campaign.store, row.id)) == made["n"]
    again = nci("delta", "-c", there, "--name", "cheap+delta")
    assert again.code == StoreError.exit_code
    assert "called 'cheap+delta' already" in again.sentence()


def test_tables_for_people(nci: Nci, there: Path) -> None:
    found = nci("delta", "-c", there, "--name", "mine", "--kind", "test", "--device", "cpu")
    assert found.code == 0, found.err
    assert "by a student that learnt 9 labels of" in " ".join(found.out.split())
    assert "says nothing of what a new one adds" in " ".join(found.out.split())
    with Campaign.open(there) as campaign:
        assert [row.kind for row in energy_sets.fetch(campaign.store)] == ["test"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--teacher", "hf-mp2"), "`nci teach --campaign"),
        (("--system", "he-coronene"), "no system 'he-coronene'"),
        (("--kind", "both"), "not as both"),
        (("--name", "quick"), "already means something"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(nci: Nci, there: Path, options: tuple[str, ...], said: str) -> None:
    found = nci("delta", "-c", there, "--name", "mine", *options)
    assert found.code == InputError.exit_code
    assert said in found.sentence()
    with Campaign.open(there) as campaign:
        assert energy_sets.fetch(campaign.store) == []
