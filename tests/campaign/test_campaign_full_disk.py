"""Labels on a disk that is full: only the piece being written is lost."""

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import killed_labels as killed
import numpy as np
import orjson
import pytest
from interrupted_jobs import NAMES, KilledError, ask, context_of, hashes
from real_campaigns import campaign as campaign

from nci_core.campaign import Campaign
from nci_core.campaign.jobs import run_label
from nci_core.labels import resuming
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.results import LabelResult
from nci_core.store import jobs as queue
from nci_core.store import journal, labels
from nci_core.store.fragments import FRAGMENTS, begun

pytestmark = pytest.mark.usefixtures("real_label")


def fill_disk_for(monkeypatch: pytest.MonkeyPatch, word: str) -> list[Path]:
    """From now on no file with `word` in its name can be written; returns those that were tried."""
    tried: list[Path] = []
    really = Path.open

    def full(self: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        stream = really(self, mode, *arguments, **options)
        if "w" in mode and word in self.name:
            tried.append(self)
            stream.write(b"half")
            stream.close()
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return stream

    monkeypatch.setattr(Path, "open", full)
    return tried


@pytest.mark.parametrize(
    ("full_for", "left", "resumed"),
    [
        ("-host.json", {"probe.json", "host.npz", "dimer.npz"}, {"probe": "finished", "host": "ccsd", "dimer": "hf"}),
        (
            "-host.npz",
            {"probe.json", "host.json", "dimer.npz"},
            {"probe": "finished", "host": "finished", "dimer": "hf"},
        ),
        ("-host", {"probe.json", "dimer.npz"}, {"probe": "finished", "dimer": "hf"}),
    ],
)
def test_a_full_disk_loses_only_the_piece_being_written(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, full_for: str, left: set[str], resumed: dict[str, str]
) -> None:
    monkeypatch.setattr(resuming, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(resuming, "KEEP_SHARE", np.inf)
    ((job_id, (label_id, point)),) = ask(campaign, 1).items()
    context = context_of(campaign, job_id)

    def until_dimer(share: float, message: str | None = None) -> None:
        if message is not None and message.startswith("dimer: CCSD"):
            raise KilledError

    monkeypatch.setattr(context, "progress", until_dimer)
    folder = campaign.folder / journal.RESULTS / FRAGMENTS
    with monkeypatch.context() as patch:
        tried = fill_disk_for(patch, full_for)
        with pytest.raises(KilledError):
            run_label(context)
    assert tried
    stem = "-".join(hashes(campaign, label_id))
    assert {path.name for path in folder.iterdir()} == {f"{stem}-{name}" for name in left}
    assert begun(campaign.folder / journal.RESULTS) == {hashes(campaign, label_id)}
    half = folder / f".{stem}-dimer.npz.77.tmp"
    half.write_bytes(b"of another kill")

    queue.put_back(campaign.store, job_id, context.attempt, "killed", count=False)
    seen: list[bool] = []
    again = context_of(campaign, job_id)
    monkeypatch.setattr(again, "progress", lambda share, message=None: seen.append(half.exists()))
    run_label(again)
    assert not any(seen), "halves do not pile up while a label is being computed"
    found = LabelResult.model_validate(labels.get(campaign.store, label_id).result)
    assert found.resumed == resumed
    # Rounding: the same machine, the same steps.
    assert found.energy_ev == pytest.approx(
        compute_label(campaign.systems[0].dimer.at(point), killed.TINY).energy_ev, abs=1e-10
    )
    assert list(folder.iterdir()) == []


def test_a_full_disk_when_the_label_is_journaled_keeps_the_fragments(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nci_core.errors import StoreError

    ((job_id, (label_id, _)),) = ask(campaign, 1).items()
    context = context_of(campaign, job_id)
    journaled = journal.result_path(campaign.folder, *hashes(campaign, label_id)).name
    with monkeypatch.context() as patch:
        fill_disk_for(patch, journaled)
        with pytest.raises(StoreError, match="No space left"):
            run_label(context)
    queue.put_back(campaign.store, job_id, context.attempt, "the disk was full", count=False)
    run_label(context_of(campaign, job_id))
    found = LabelResult.model_validate(labels.get(campaign.store, label_id).result)
    assert found.resumed == dict.fromkeys(NAMES, "finished")


def test_a_finished_label_waits_for_space(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is computed once, however long the disk is full when it is to be journaled."""
    monkeypatch.setattr("nci_core.jobs.context.AGAIN_SECONDS", 0.0)
    ((job_id, (label_id, _)),) = ask(campaign, 1).items()
    context = context_of(campaign, job_id)
    context.patient = True
    said: list[str] = []
    with monkeypatch.context() as patch:
        tried = fill_disk_for(patch, journal.result_path(campaign.folder, *hashes(campaign, label_id)).name)

        def progress(share: float, message: str | None = None) -> None:
            said.append(message or "")
            if len(tried) == 3:  # somebody makes room
                patch.undo()

        monkeypatch.setattr(context, "progress", progress)
        assert run_label(context)["label_id"] == label_id
    assert [text for text in said if "waits for space" in text] == [
        "finished, and waits for space on the disk since 0.0 min"
    ] * 3
    assert LabelResult.model_validate(labels.get(campaign.store, label_id).result).resumed == {}


def test_a_small_disk_that_fills_and_is_emptied(tmp_path: Path) -> None:
    """A real engine and real labels on a file system of 4 MB."""
    allowed = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    try:
        permitted = subprocess.run(allowed, capture_output=True, check=False).returncode == 0
    except OSError:
        permitted = False
    if not permitted:
        pytest.skip("neither root nor unprivileged users may mount a file system here")
    script = Path(__file__).parent / "small_disk.py"
    command = ["unshare", "-rm", sys.executable, str(script), str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    found = orjson.loads(run.stdout.splitlines()[-1])
    assert found["during"] == ["running", "waiting"]
    assert found["after"] == found["labels"] == ["complete", "complete"]
    assert max(found["attempts"]) <= 2, "no job is begun again and again"
    assert found["journaled"] == 2
