"""Labels whose processes are killed again and again, and labels on a full disk."""

import random
import time
from pathlib import Path
from typing import Any

import killed_labels as killed
import orjson
import pytest
from interrupted_jobs import NAMES, KilledError, ask, context_of, hashes
from real_campaigns import campaign as campaign

from nci_core.campaign import Campaign
from nci_core.campaign.jobs import run_label
from nci_core.campaign.rounds.label_checks import MONOMERS
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.results import LabelResult
from nci_core.store import jobs as queue
from nci_core.store import journal, labels
from nci_core.store.fragments import FRAGMENTS, FragmentFiles, begun

pytestmark = pytest.mark.usefixtures("real_label")
#: SQLite's own, while the database is open.
DATABASE_FILES = {"campaign.db", "campaign.db-wal", "campaign.db-shm"}


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
