"""Consent to a teacher's file: by digest, written down, asked for again when it changes, and never imported."""

import hashlib
from pathlib import Path

import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.rounds.consent import consent, consents_of
from nci_core.campaign.rounds.teaching import teach
from nci_core.config import CampaignSettings
from nci_core.config.toml_file import read_settings
from nci_core.errors import InputError, TeacherError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.model"
    path.write_bytes(b"code that nobody may run unasked")
    return path


@pytest.fixture
def campaign(tmp_path: Path, file: Path) -> Campaign:
    settings = CampaignSettings.create("ethylene", teacher=f"mace:{file}", recipe="quick")
    return Campaign.create(tmp_path / "work", settings)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_digest_that_is_given_is_written_down(campaign: Campaign, file: Path) -> None:
    spec = campaign.settings.teacher
    assert consent(campaign, [spec]) == {}
    assert consent(campaign, [spec], sha256=[digest(file).upper()]) == {spec: digest(file)}
    again = Campaign.open(campaign.folder)
    assert consent(again, [spec]) == {spec: digest(file)}
    (kept,) = again.settings.consents
    assert kept.who
    assert kept.when.endswith("+00:00")
    before = (campaign.folder / "campaign.toml").read_text()
    consent(again, [spec], trusted=True)
    assert (campaign.folder / "campaign.toml").read_text() == before, "nothing new was said"


def test_a_changed_file_asks_again(campaign: Campaign, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Campaign, "require_configurations", lambda self: None)
    with pytest.raises(TeacherError, match=f"--sha256 {digest(file)}"):
        teach(campaign)
    with pytest.raises(TeacherError, match="cannot be read as a MACE model"):  # it was loaded now
        teach(campaign, sha256=[digest(file)])
    with pytest.raises(TeacherError, match="cannot be read as a MACE model"):
        teach(Campaign.open(campaign.folder))
    file.write_bytes(b"other code")
    with pytest.raises(TeacherError, match="not the expected"):
        teach(Campaign.open(campaign.folder))
    with pytest.raises(TeacherError, match="cannot be read as a MACE model"):
        teach(Campaign.open(campaign.folder), trusted=True)
    assert [each.sha256 for each in read_settings(campaign.folder).consents][-1] == digest(file)


def test_trust_does_not_travel(campaign: Campaign, file: Path, tmp_path: Path) -> None:
    consent(campaign, [campaign.settings.teacher], trusted=True)
    archive = tmp_path / "archive"
    export_campaign(campaign, archive)
    text = (archive / "campaign.toml").read_text()
    assert "[[consents]]" not in text
    (archive / "campaign.toml").write_text(
        text + f'\n[[consents]]\nspec = "mace:{file}"\nsha256 = "{digest(file)}"\nwho = "me"\nwhen = ""\n'
    )
    assert import_campaign(archive, tmp_path / "imported").settings.consents == []


def test_a_digest_of_nothing_is_refused(campaign: Campaign, file: Path) -> None:
    spec = campaign.settings.teacher
    with pytest.raises(InputError, match=f"that of no teacher's file here .*{digest(file)}"):
        consents_of([spec], sha256=["0" * 64])
    with pytest.raises(InputError, match="of no teacher's file here; nothing"):
        consents_of(["gfn2-xtb"], sha256=["0" * 64])
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        consents_of([spec], sha256=["12"])
    assert consents_of(["gfn2-xtb"], trusted=True) == []


def test_systems_may_be_added_after_consent(campaign: Campaign, file: Path) -> None:
    from nci_core.config import SystemSettings

    consent(campaign, [campaign.settings.teacher], trusted=True)
    campaign.add_system(SystemSettings.of("benzene"))
    again = Campaign.open(campaign.folder)
    assert len(again.systems) == 2
    assert len(again.settings.consents) == 1
