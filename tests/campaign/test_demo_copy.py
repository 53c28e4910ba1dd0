"""The demo: the embedded campaign before its first label, made anew at any time, and nothing else touched."""

import re
from pathlib import Path

import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.demo_copy import DEMO, MARK, SOURCE, at_round_0, is_demo, make_demo, reset_demo, work_in
from nci_core.campaign.exchange.archive import Archive, data_folder, import_campaign, read_archive
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.errors import InputError, JobError
from nci_core.store import configurations, evaluations, jobs, labels, models, picks, rounds
from nci_core.store.schema import Label, Pick


@pytest.fixture(scope="module")
def archive() -> Archive:
    return read_archive(data_folder() / SOURCE)


@pytest.fixture
def demo(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.setenv("NCI_HOME", str(tmp_path))
    return make_demo(archive, tmp_path / DEMO)


def best(campaign: Campaign, n: int) -> list[int]:
    model = campaign.active_model()
    assert model is not None
    return [row["configuration_id"] for row in model.notes["proposals"]][:n]


def test_it_is_round_0_of_the_embedded_campaign(demo: Campaign, archive: Archive) -> None:
    recipe = demo.recipe.hash
    assert [row.number for row in rounds.fetch(demo.store)] == [0]
    assert [row.kind for row in models.fetch(demo.store)] == ["distilled"]
    assert not len(labels.complete(demo.store, recipe, split="pool"))
    begun = at_round_0(archive).rows[Label]
    tested = sum(row["status"] == "complete" and row["recipe_hash"] == recipe for row in begun)
    assert len(labels.complete(demo.store, recipe, split="test")) == tested > 40
    assert sum(configurations.counts(demo.store).values()) == len(archive.configurations)
    assert not picks.fetch(demo.store)
    assert demo.active_model() is not None
    assert len(best(demo, 12)) == 12, "ready to be picked"
    # The proposals are those that the embedded campaign's first round labelled.
    first = {row["configuration_id"] for row in archive.rows[Pick] if row["round_number"] == 1}
    found = configurations.fetch(demo.store, ids=best(demo, 12))
    assert {row.geometry_hash for row in found} == first


def test_a_reset_throws_away_what_was_computed_and_touches_nothing_else(demo: Campaign, archive: Archive) -> None:
    beside = import_campaign(data_folder() / SOURCE, demo.folder.parent / SOURCE)
    before = {path: path.stat().st_mtime_ns for path in beside.folder.rglob("*")}
    asked = submit_labels(demo, best(demo, 2), "ada", start=False)
    with pytest.raises(InputError, match=re.escape("2 jobs wait or run in the demo; stop them")):
        reset_demo(archive, demo)
    for number in asked:
        jobs.cancel(demo.store, number)
    row = labels.fetch(demo.store, demo.recipe.hash)[-1]
    labels.set_complete(demo.store, row.id, {"energy_ev": -0.001, "cpu_seconds": 17.0})
    assert work_in(demo).labels == 1
    assert work_in(demo).cpu_seconds == 17.0
    reset_demo(archive, demo)
    again = Campaign.open(demo.folder)
    assert is_demo(again.folder)
    assert work_in(again).labels == 0
    assert not picks.fetch(again.store)
    assert {path: path.stat().st_mtime_ns for path in beside.folder.rglob("*")} == before
    assert sorted(path.name for path in again.folder.parent.iterdir()) == [SOURCE, DEMO]


def test_only_the_demo_can_be_reset(demo: Campaign, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    (demo.folder / MARK).unlink()
    with pytest.raises(InputError, match="is not the demo"):
        reset_demo(archive, demo)
    make_demo(archive, demo.folder.parent / "other").store.close()
    assert not is_demo(demo.folder.parent / "other")
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    with pytest.raises(JobError, match="read-only"):
        reset_demo(archive, demo)


def test_what_cannot_be_put_in_place_leaves_the_old_demo(
    demo: Campaign, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name == "new" and Path(target).name == DEMO:
            raise OSError(5, "Input/output error")
        return real(self, target)

    submit_labels(demo, best(demo, 1), "ada", start=False)
    for job in jobs.fetch(demo.store):
        jobs.cancel(demo.store, job.id)
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(Exception, match="nothing was changed"):
        reset_demo(archive, demo)
    assert len(jobs.fetch(Campaign.open(demo.folder).store)) == 1


def test_stored_labels_of_the_first_round_bring_the_error_down(demo: Campaign, archive: Archive) -> None:
    """The fit is real; the labels are those that the embedded campaign computed for the same points."""
    from nci_core.campaign.rounds.learning import finetune_campaign

    recipe, asked = demo.recipe, best(demo, 12)
    submit_labels(demo, asked, "i-optimal", strategy="i-optimal", start=False)
    known = {row["configuration_id"]: row["result"] for row in archive.rows[Label] if row["recipe_hash"] == recipe.hash}
    named = {row.id: row.geometry_hash for row in configurations.fetch(demo.store, ids=asked)}
    rows = labels.fetch(demo.store, recipe.hash, status="waiting")
    labels.set_all_complete(demo.store, {row.id: known[named[row.configuration_id]] for row in rows})
    model = demo.active_model()
    assert model is not None
    stored = evaluations.metrics(demo.store, model_id=model.id, split="test", recipe_hash=recipe.hash)
    (was,) = (row.mae_cm1 for row in stored if row.region == "all")
    now = finetune_campaign(demo, seed=1)["errors"]["test"]["all"]["mae_cm1"]
    assert was > 10
    assert now < 2
