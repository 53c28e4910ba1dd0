"""An exported campaign comes back in the browser: what Data, Take away gives is what New campaign takes."""

import sys
from pathlib import Path

import pytest
from pages import run_page, text

sys.path.append(str(Path(__file__).parents[1] / "campaign"))
import tiny_archive

from app import actions
from app.predictor import packer
from nci_core.campaign import Campaign
from nci_core.campaign.exchange.takeaway import packed
from nci_core.errors import InputError


def test_a_download_is_brought_in_again(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = tiny_archive.make(empty_home)
    made = packed(campaign.folder, ".zip")
    at = run_page("new_campaign")
    at.file_uploader(key="bring_file").upload("damaged.zip", made.content[:2000], "application/zip").run()
    at.button(key="bring_in").click().run()
    assert any("neither a zip nor a tar" in error.value and "damaged.zip" in error.value for error in at.error)
    at.file_uploader(key="bring_file").upload(made.name, made.content, "application/zip").run()
    at.button(key="bring_in").click().run()
    assert not at.exception
    assert not at.error
    assert "tiny-2" in text(at)
    again = Campaign.open(empty_home / "tiny-2")
    assert (again.title, again.recipe.hash) == (campaign.title, campaign.recipe.hash)
    packer().close()
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    with pytest.raises(InputError, match="read-only"):
        actions.bring_in(made.content, made.name)
