"""Labels whose processes are killed again and again, and labels on a full disk."""

import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import killed_labels as killed
import numpy as np
import orjson
import pytest
import small_campaign as small

from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.campaign.jobs import run_label
from nci_core.campaign.rounds.label_checks import MONOMERS
from nci_core.jobs.context import JobContext
from nci_core.labels import resuming
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.results import LabelResult
from nci_core.store import configurations, journal, labels
from nci_core.store import jobs as queue
from nci_core.store.fragments import FRAGMENTS, FragmentFiles, begun

pytestmark = pytest.mark.usefixtures("real_label")
NAMES = ("probe", "host", "dimer")
#: SQLite's own, while the database is open.
DATABASE_FILES = {"campaign.db", "campaign.db-wal", "campaign.db-shm"}


@pytest.fixture
def campaign(
    tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Campaign]:
    recipe = getattr(request, "param", killed.TINY.name)
    for name, known in killed.RECIPES_HERE.items():
        monkeypatch.setitem(RECIPES, name, known)
    made = small.make(tmp_path / "work", host, recipe=recipe)
    yield made
    made.store.close()


def ask(campaign: Campaign, count: int) -> dict[int, tuple[int, np.ndarray]]:
    """Ask for labels at seeded places; job → (label, position in Å)."""
    generator = np.random.default_rng(5)
    ways = generator.standard_normal((count, 3))
    points = ways / np.linalg.norm(ways, axis=1)[:, None] * generator.uniform(2.6, 4.0, (count, 1))
    ids = configurations.add(
        campaign.store, points, campaign.systems[0].dimer.at(points).geometry_hashes(), system_id=1
    ).ids
    recipe = campaign.recipe
    rows = labels.request(campaign.store, ids, recipe=recipe.name, recipe_hash=recipe.hash)
    return {
        jobs.submit(campaign.store, "label", {"label_id": row.id}, label_id=row.id).id: (row.id, point)
        for row, point in zip(rows, points, strict=True)
    }


def wait_for(path: Path, child: Any) -> None:
    while not path.exists() and child.poll() is None:
        time.sleep(0.002)


def kill_and_go_on(campaign: Campaign, job_id: int, delay: float | None, after: Path | None) -> bool:
    """Start a job, SIGKILL it `delay` seconds after a file appears (None: never); whether it was killed."""
    child, attempt = killed.start(campaign, job_id, campaign.folder.parent / "log.txt")
    if delay is not None:
        wait_for(after or killed.begun_file(campaign.folder, job_id, attempt), child)
        time.sleep(delay)
        if child.poll() is None:
            child.kill()
    code = child.wait(120)
    assert code in (0, -9), (campaign.folder.parent / "log.txt").read_text()
    state = queue.get(campaign.store, job_id).state
    if state == "running":
        assert code == -9
        queue.put_back(campaign.store, job_id, attempt, "killed", count=False)
    else:
        assert state == "complete"
    return code == -9


@pytest.mark.parametrize(
    ("campaign", "kills"),
    [
        ("tiny", 3),
        ("tiny-composite", 1),
        pytest.param("tiny", 50, marks=pytest.mark.slow),
        pytest.param("tiny-composite", 50, marks=pytest.mark.slow),
    ],
    indirect=["campaign"],
)
def test_labels_whose_processes_are_killed_at_random(campaign: Campaign, kills: int) -> None:
    asked = ask(campaign, 3 * kills)  # more than enough: a start that is too fast to be killed finishes a label
    waiting = list(asked)
    draw = random.Random(11)
    # One label in peace says how long the work of a process takes here.
    first = waiting.pop(0)
    child, attempt = killed.start(campaign, first, campaign.folder.parent / "log.txt")
    wait_for(killed.begun_file(campaign.folder, first, attempt), child)
    started = time.monotonic()
    assert child.wait(120) == 0
    work = time.monotonic() - started

    done, struck = [first], 0
    while struck < kills:
        job_id = waiting[0]
        label_id = asked[job_id][0]
        files = FragmentFiles(campaign.folder / journal.RESULTS, *hashes(campaign, label_id))
        # The first as soon as a fragment is finished, every sixth while Python loads, the others during the work.
        if struck == 0:
            was_killed = kill_and_go_on(campaign, job_id, 0.0, files.path("probe.json"))
        elif struck % 6 == 5:
            was_killed = kill_and_go_on(campaign, job_id, draw.uniform(0.0, 2.0 * work), campaign.folder)
        else:
            was_killed = kill_and_go_on(campaign, job_id, draw.uniform(0.0, 1.1 * work), None)
        struck += was_killed
        if queue.get(campaign.store, job_id).state == "complete":
            done.append(waiting.pop(0))
    while queue.get(campaign.store, waiting[0]).state != "complete":
        assert not kill_and_go_on(campaign, waiting[0], None, None)
    done.append(waiting.pop(0))

    resumed = 0
    expected = set()
    for job_id in done:
        label_id, point = asked[job_id]
        row = labels.get(campaign.store, label_id)
        assert row.status == "complete"
        path = journal.result_path(campaign.folder, *hashes(campaign, label_id))
        expected.add(path.name)
        assert row.result == orjson.loads(path.read_bytes())
        found = LabelResult.model_validate(row.result).consistent()
        resumed += len(found.resumed)
        undisturbed = compute_label(campaign.systems[0].dimer.at(point), campaign.recipe)
        for name in NAMES:
            for part in ("hf_hartree", "ccsd_hartree", "triples_hartree"):
                difference = getattr(found.fragments[name], part) - getattr(undisturbed.fragments[name], part)
                # Both end where a cycle changes the energy by less than 1e-8, perhaps not in the same cycle.
                assert abs(difference) < 3e-9, (point, name, part, difference)
        assert found.energy_ev == pytest.approx(undisturbed.energy_ev, abs=1e-7)  # MP2 in larger functions too
    print(f"{struck} kills, {len(done)} labels, {resumed} fragments taken up; {work:.2f} s of work a label")
    assert resumed > 0
    assert len({labels.get(campaign.store, asked[job][0]).configuration_id for job in done}) == len(done)
    assert {path.name for path in (campaign.folder / journal.RESULTS).iterdir()} == expected | {FRAGMENTS}
    assert list((campaign.folder / journal.RESULTS / FRAGMENTS).iterdir()) == []
    others = {path.name for path in campaign.folder.iterdir()} - DATABASE_FILES
    assert others == {"campaign.toml", journal.RESULTS, MONOMERS}


def hashes(campaign: Campaign, label_id: int) -> tuple[str, str]:
    row = labels.get(campaign.store, label_id)
    return configurations.fetch(campaign.store, ids=[row.configuration_id])[0].geometry_hash, row.recipe_hash


def context_of(campaign: Campaign, job_id: int) -> JobContext:
    job = queue.begin(campaign.store, job_id, host="here", supervisor_pid=os.getpid())
    assert job is not None
    return JobContext(campaign.store, campaign.folder, job)


class KilledError(BaseException):
    """The process would have ended here."""


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


def test_what_a_kill_after_the_journal_leaves_is_cleared(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the job when it is started again, or by the engine when it starts; pieces of unfinished labels stay."""
    (first, (label_id, _)), (_, (unfinished, _)) = ask(campaign, 2).items()
    results = campaign.folder / journal.RESULTS
    context = context_of(campaign, first)

    def killed_here(self: FragmentFiles) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(FragmentFiles, "clear", killed_here)
        with pytest.raises(KilledError):
            run_label(context)
    done, other = hashes(campaign, label_id), hashes(campaign, unfinished)
    FragmentFiles(results, *other).keep("probe.json", b"{}")
    left = results / FRAGMENTS / f".{'-'.join(done)}-dimer.npz.77.tmp"
    half = results / f".{'-'.join(done)}.json.77.tmp"
    for path in (left, half):
        path.write_bytes(b"half")
    assert begun(results) == {done, other}
    assert journal.reconcile(campaign.store) == journal.Reconciled(0, [])
    assert begun(results) == {other}
    assert not half.exists()

    FragmentFiles(results, *done).keep("probe.json", b"{}")
    queue.put_back(campaign.store, first, context.attempt, "killed", count=False)
    assert run_label(context_of(campaign, first))["already_complete"]
    assert begun(results) == {other}


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
