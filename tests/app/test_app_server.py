"""Every page on a campaign whose database is on a server shows what it shows of a file."""

import shutil
from pathlib import Path

import pytest
from pages import run_page, tables, text
from pandas.testing import assert_frame_equal

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.store import server


@pytest.fixture
def both(home: Path, fresh_schema: str, tmp_path: Path) -> tuple[Path, Path]:
    """The same archive imported into a file and onto a server, in two homes."""
    source = Campaign.open(home / "he-ethylene")
    export_campaign(source, tmp_path / "archive")
    source.store.close()
    shutil.rmtree(home)
    address = server.without_secret(server.parse(fresh_schema))
    for folder, database in ((home, ""), (tmp_path / "served", address)):
        folder.mkdir()
        import_campaign(tmp_path / "archive", folder / "he-ethylene", database).store.close()
    return home, tmp_path / "served"


def test_pages_are_the_same(both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for page in ("overview", "explore", "errors", "select", "label_train", "history"):
        shown = []
        for home in both:
            monkeypatch.setenv("NCI_HOME", str(home))
            at = run_page(page, campaign_folder=str(home / "he-ethylene"))
            assert not at.exception
            assert not at.error, at.error
            shown.append((text(at).replace("\\", "").replace(str(home), ""), tables(at)))
        (file_text, file_tables), (server_text, server_tables) = shown
        assert len(file_text) > 100, page
        assert server_text == file_text
        assert len(server_tables) == len(file_tables)
        for here, there in zip(file_tables, server_tables, strict=True):
            assert_frame_equal(here, there)
