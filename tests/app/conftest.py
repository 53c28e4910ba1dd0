"""Synthetic campaigns, built once and copied for each test that changes them."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import Once

from nci_core.campaign import Campaign

sys.path.insert(0, str(Path(__file__).parent))

import several_systems
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


@pytest.fixture(scope="module", params=[2, 5])
def several_built(request: pytest.FixtureRequest, once: Once) -> Path:
    n: int = request.param
    return once(f"several-{n}", lambda home: several_systems.build(home / "several", n).store.close())


@pytest.fixture
def several(several_built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A synthetic campaign of two and one of five systems, private to the test."""
    folder = Path(shutil.copytree(several_built, tmp_path / "home"))
    monkeypatch.setenv("NCI_HOME", str(folder))
    monkeypatch.delenv("NCI_READ_ONLY", raising=False)
    monkeypatch.setenv("NCI_USER", "ada")
    return Campaign.open(folder / "several")


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.setenv("NCI_HOME", str(folder))
    return folder
