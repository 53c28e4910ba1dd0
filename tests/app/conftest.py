"""Synthetic campaigns, built once and copied for each test that changes them."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import Once

sys.path.insert(0, str(Path(__file__).parent))

import synthetic

EMBEDDED = Path(__file__).resolve().parents[2] / "data" / "he-ethylene"
MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture(scope="session")
def built(once: Once) -> Path:
    return once(
        "synthetic", lambda home: synthetic.build(home / "he-ethylene", n=120, n_labels=24, n_test=15).store.close()
    )


@pytest.fixture(scope="module")
def imported(once: Once) -> Iterator[Path]:
    """A folder with a real campaign, whose student can be asked."""
    from app import predictor
    from nci_core.campaign.exchange.archive import import_campaign

    yield once("imported", lambda home: import_campaign(EMBEDDED, home / "he-ethylene").store.close())
    predictor.predictor().close()


@pytest.fixture
def home(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of campaigns with one synthetic campaign, private to the test."""
    folder = tmp_path / "home"
    shutil.copytree(built, folder)
    monkeypatch.setenv("NCI_HOME", str(folder))
    monkeypatch.delenv("NCI_READ_ONLY", raising=False)
    monkeypatch.setenv("NCI_USER", "ada")
    return folder


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.setenv("NCI_HOME", str(folder))
    return folder
