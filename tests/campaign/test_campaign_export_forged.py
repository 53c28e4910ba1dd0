"""Exports of a changed campaign, and what a forged database asks for, write and read nothing elsewhere."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_archive
from sqlalchemy import text

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign, read_archive
from nci_core.errors import StoreError
from nci_core.store import labels
from nci_core.store.schema import Model

SECRET = b"a private key"


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    made = tiny_archive.make(tmp_path / "made")
    yield made
    made.store.close()


def test_an_export_leaks_no_other_file(campaign: Campaign, tmp_path: Path) -> None:
    (campaign.folder.parent / "secret").write_bytes(SECRET)
    digest = hashlib.sha256(SECRET).hexdigest()
    with campaign.store.write() as session:
        query = text("UPDATE models SET path = '../secret', sha256 = :digest WHERE id = 1")
        session.execute(query, {"digest": digest})
    with pytest.raises(StoreError, match=r"\.\./secret"):
        export_campaign(campaign, tmp_path / "out")
    with campaign.store.write() as session:
        session.execute(text("UPDATE models SET path = 'models/round-0-distilled.pt' WHERE id = 1"))
    path = campaign.folder / "models" / "round-0-distilled.pt"
    path.unlink()
    path.symlink_to(campaign.folder.parent / "secret")
    with pytest.raises(StoreError, match="not a plain file"):
        export_campaign(campaign, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_an_export_of_a_changed_model_is_none(campaign: Campaign, tmp_path: Path, damage: str) -> None:
    export_campaign(campaign, tmp_path / "out")
    path = campaign.folder / "models" / "round-1-finetuned.pt"
    path.unlink() if damage == "missing" else path.write_bytes(b"other")
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    with pytest.raises(StoreError, match=damage):
        export_campaign(campaign, tmp_path / "out")
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()} == before


def test_a_model_that_is_gone_leaves_a_renewed_export(campaign: Campaign, tmp_path: Path) -> None:
    export_campaign(campaign, tmp_path / "out")
    (tmp_path / "out" / "models" / "old.pt").write_bytes(b"of an earlier export")
    export_campaign(campaign, tmp_path / "out")
    assert len(read_archive(tmp_path / "out").rows[Model]) == 2


def test_a_campaign_is_not_exported_over_a_campaign(campaign: Campaign) -> None:
    before = (campaign.folder / "campaign.toml").read_bytes()
    with pytest.raises(StoreError, match="holds a campaign"):
        export_campaign(campaign, campaign.folder)
    assert (campaign.folder / "campaign.toml").read_bytes() == before


def test_a_campaign_before_its_first_sample_comes_back(tmp_path: Path, host: Path) -> None:
    import small_campaign as small

    empty = small.make(tmp_path / "empty", host)
    export_campaign(empty, tmp_path / "out")
    assert import_campaign(tmp_path / "out", tmp_path / "again").settings == empty.settings


def test_a_label_of_a_forged_database_is_written_nowhere(campaign: Campaign) -> None:
    from nci_core.store import journal

    result = labels.fetch(campaign.store, campaign.recipe.hash, status="complete")[0].result
    assert result is not None
    with campaign.store.write() as session:
        session.execute(text("UPDATE labels SET recipe_hash = '/../../../x', status = 'waiting' WHERE id = 1"))
    for name in ("/../../../x", "a-b", "", "a" * 65, "*"):
        with pytest.raises(StoreError, match="no geometry or recipe hash"):
            journal.result_path(campaign.folder, "0" * 16, name)
        assert journal.find_result(campaign.folder, "0" * 16, name) is None
    del result["recipe_hash"]
    with pytest.raises(StoreError, match="no geometry or recipe hash"):
        journal.record_label(campaign.store, 1, result)
    assert sorted(path.name for path in campaign.folder.parent.iterdir()) == ["hydrogen.xyz", "tiny"]
