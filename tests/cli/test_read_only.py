"""NCI_READ_ONLY: one meaning everywhere, and no command that changes a campaign or this machine's settings."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
import typer

from app import actions as page_actions
from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign
from nci_core.cli.main import app
from nci_core.config import CampaignSettings
from nci_core.errors import InputError, JobError, StoreError
from nci_core.store import Store, picks
from nci_core.switches import READ_ONLY, is_on, read_only

Nci = Callable[..., Any]

#: Every command, by whether it is refused. {c} is a campaign, {new} a folder that is not there.
REFUSED: dict[str, tuple[str, ...]] = {
    "init": ("{new}",),
    "sample": ("-c", "{c}", "--n", "3"),
    "system": ("add", "{c}", "--host", "ethylene"),
    "teach": ("-c", "{c}"),
    "import": ("{archive}", "{new}"),
    "import-energies": ("{archive}/labels.jsonl", "-c", "{c}", "--name", "x", "--method", "y"),
    "delta": ("-c", "{c}", "--name", "x"),
    "distill": ("-c", "{c}"),
    "label": ("-c", "{c}", "1"),
    "label, inputs": ("-c", "{c}", "1", "--export-inputs", "{new}"),
    "label, file": ("--data", "{archive}/configurations.extxyz", "--recipe", "quick", "--out", "{new}"),
    "label, results": ("-c", "{c}", "--import-results", "{archive}"),
    "finetune": ("-c", "{c}"),
    "evaluate": ("-c", "{c}"),
    "select, basket": ("-c", "{c}", "--strategy", "random", "--basket"),
    "quarantine, accept": ("-c", "{c}", "--accept", "1", "--because", "x"),
    "quarantine, leave out": ("-c", "{c}", "--leave-out", "1", "--because", "x"),
    "quarantine, retry": ("-c", "{c}", "--retry", "1"),
    "check": ("-c", "{c}"),  # keeps what it finds
    "demo": ("--out", "{new}"),
    "teacher, mix": ("mix", "-c", "{c}"),
    "teacher, curve": ("compare", "-c", "{c}", "--curve"),
    "blas, apply": ("--apply",),
    "blas, reset": ("--reset",),
}
#: These look, or write files that a person names, never into a campaign.
ALLOWED: dict[str, tuple[str, ...]] = {
    "export": ("{new}", "-c", "{c}"),
    "models": ("-c", "{c}"),
    "status": ("-c", "{c}"),
    "system, list": ("list", "{c}"),
    "select": ("-c", "{c}", "--strategy", "random", "--n", "2"),
    "quarantine": ("-c", "{c}"),
    "costs": ("-c", "{c}"),
    "teacher": ("list",),
    "teacher, info": ("info", "mace:mh-1"),
    "recipes": (),
    "cluster": ("template", "local"),
}
#: They have tests of their own or take long; a campaign that they are given is opened read-only.
NOT_RUN = {"app", "bench", "report", "replay", "blas"}


def contents(folder: Path) -> dict[str, str]:
    """Digest of every file; of a database what it holds, since SQLite may tidy its own files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".db":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                found[str(path)] = hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()
        elif path.is_file() and ".db-" not in path.name:
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign, its archive and a choice of linear algebra: one for all tests, for nothing may change."""
    folder = tmp_path_factory.mktemp("there")
    campaign = small.sampled(folder / "work", small.write_host(folder))
    export_campaign(campaign, folder / "archive")
    campaign.store.close()
    (folder / "blas.json").write_text("{}")
    return folder


@pytest.fixture
def demonstration(
    there: Path, monkeypatch: pytest.MonkeyPatch, nci: Nci, tmp_path: Path
) -> Callable[[str, tuple[str, ...]], Any]:
    """Runs a command as in a demonstration, and sees to it that no file changes."""
    monkeypatch.setenv("NCI_HOME", str(there / "home"))
    monkeypatch.setenv("NCI_LINEAR_ALGEBRA", str(there / "blas.json"))
    monkeypatch.setenv(READ_ONLY, "1")
    places = {"c": there / "work", "new": tmp_path / "new", "archive": there / "archive"}

    def run(case: str, given: tuple[str, ...]) -> Any:
        before = contents(there)
        found = nci(case.partition(",")[0], *(word.format(**places) for word in given))
        assert contents(there) == before
        return found

    return run


def test_every_command_is_judged_here() -> None:
    command = typer.main.get_command(app)
    named = {name.partition(",")[0] for name in (*REFUSED, *ALLOWED)} | NOT_RUN
    assert set(command.commands) == named  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_changes_something_is_refused_before_it_begins(
    demonstration: Callable[..., Any], case: str, tmp_path: Path
) -> None:
    found = demonstration(case, REFUSED[case])
    assert found.code == JobError.exit_code
    assert "read-only demonstration" in found.sentence()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("case", list(ALLOWED))
def test_what_only_looks_is_not(demonstration: Callable[..., Any], case: str) -> None:
    found = demonstration(case, ALLOWED[case])
    assert found.code == 0, found.err


def test_nothing_low_down_writes_either(sampled: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command or page that forgot to ask."""
    monkeypatch.setenv(READ_ONLY, "1")
    number = small.pool(sampled)[0]
    with pytest.raises(StoreError, match="read-only"):
        picks.add(sampled.store, [number], picked_by="ada", round_number=None)
    with Store.open(sampled.folder) as opened:
        assert opened.read_only
    for make in (
        lambda: Campaign.create(tmp_path / "new", CampaignSettings.create("ethylene")),
        lambda: Store.create(tmp_path / "new"),
        lambda: jobs.ensure_engine(sampled.folder),
    ):
        with pytest.raises(JobError, match="read-only demonstration"):
            make()
    with pytest.raises(InputError, match="read-only demonstration"):
        page_actions.begin(sampled)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", ["", "0", "false", "no", "off", " 0 ", "False", "NO", "\tOff\n", None])
def test_what_means_no(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(READ_ONLY, raising=False)
    if value is not None:
        monkeypatch.setenv(READ_ONLY, value)
    assert not read_only()


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", " 1", "2", "nein"])
def test_what_means_yes(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, value)
    assert read_only()
    assert is_on(READ_ONLY)


def test_it_is_read_in_one_place() -> None:
    root = Path(__file__).resolve().parents[2]
    users = [
        str(path.relative_to(root))
        for package in ("nci_core", "app")
        for path in sorted((root / package).rglob("*.py"))
        if "NCI_READ_ONLY" in path.read_text(encoding="utf-8")
    ]
    assert users == ["nci_core/switches.py"]
