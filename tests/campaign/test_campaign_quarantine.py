"""Labels that are set aside: by whom, what becomes of them, and that nothing is lost on the way."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import small_campaign as small
from doubted_labels import row, use, used

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.pricing.limits import label_limits
from nci_core.campaign.rounds import quarantine
from nci_core.campaign.rounds.label_checks import MONOMERS
from nci_core.errors import InputError, LabelError, NotConvergedError
from nci_core.labels.results import LabelResult
from nci_core.store import jobs as queue
from nci_core.store import journal, label_history, labels
from nci_core.units import CM1_EV


def doubtful(*arguments: Any, **options: Any) -> LabelResult:
    """A label with a T1 diagnostic of 0.05, unless it is computed at tighter settings."""
    found = small.fake_label(*arguments, **options)
    if found.tightened is None:
        found.fragments["dimer"].t1_diagnostic = 0.05
    return found


def not_converging(*arguments: Any, **options: Any) -> LabelResult:
    raise NotConvergedError("CCSD of the dimer did not converge in 300 cycles; check the geometry.")


def what(campaign: Campaign, number: int) -> list[str]:
    return [event.what for event in label_history.events(campaign.store, campaign.recipe.hash, number)]


@pytest.fixture
def aside(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> tuple[Campaign, int]:
    """A campaign with one good label and one that was set aside."""
    good, bad = small.in_range(sampled, small.pool(sampled))[:2]
    small.label(sampled, [good])
    use(monkeypatch, doubtful)
    small.label(sampled, [bad])
    assert used(sampled) == [good]
    return sampled, bad


def test_a_doubtful_label_is_stored_whole_and_listed_with_its_reason(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    label = row(campaign, number)
    assert label.status == "complete"
    assert LabelResult.model_validate(label.result).consistent().doubts[0].code == "t1"
    item = quarantine.doubted(campaign)[0]
    assert (item.configuration_id, item.state, [r["code"] for r in item.reasons]) == (number, "set aside", ["t1"])
    assert "0.050, above 0.02" in item.reasons[0]["sentence"]
    assert item.energy_cm1 == pytest.approx(label.energy_ev / CM1_EV)
    job = queue.fetch(campaign.store, kind="label", limit=1)[0]
    assert (job.state, job.result["set_aside"]) == ("complete", [item.reasons[0]["sentence"]])
    # Read back from the journal into a lost database it is set aside as well.
    path = journal.result_path(campaign.folder, label.result["geometry_hash"], label.recipe_hash)
    assert orjson.loads(path.read_bytes())["doubts"] == item.reasons
    assert len(list((campaign.folder / MONOMERS).iterdir())) == 2, "the monomers alone and their shells, computed once"


def test_a_person_uses_it_all_the_same(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    with pytest.raises(InputError, match="Say why"):
        quarantine.accept(campaign, number, "ada", " ")
    with pytest.raises(InputError, match="give a name"):
        quarantine.accept(campaign, number, "", "T1 is no worry here")
    assert number not in used(campaign)
    quarantine.accept(campaign, number, "ada", "T1 is no worry here")
    assert number in used(campaign)
    assert quarantine.doubted(campaign) == []
    event = label_history.events(campaign.store, campaign.recipe.hash, number)[-1]
    assert (event.what, event.person, event.because) == ("accepted", "ada", "T1 is no worry here")
    # A decision stands: no check sets this calculation aside again.
    assert not label_history.set_aside(campaign.store, row(campaign, number).id, [{"code": "t1", "sentence": "No."}])
    with pytest.raises(InputError, match="is not set aside"):
        quarantine.accept(campaign, number, "ada", "again")


def test_a_person_leaves_it_out(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    quarantine.leave_out(campaign, number, "ada", "beyond CCSD(T)")
    item = quarantine.doubted(campaign)[0]
    assert (item.state, item.person, item.because) == ("left out", "ada", "beyond CCSD(T)")
    assert number not in used(campaign)
    quarantine.accept(campaign, number, "ben", "it was fine")
    assert number in used(campaign)


def test_a_retry_at_tighter_settings_passes_and_the_first_result_is_kept(aside: tuple[Campaign, int]) -> None:
    campaign, number = aside
    before = row(campaign, number)
    small.run_jobs(campaign, quarantine.retry_tightened(campaign, [number], "ada", start=False))
    label = row(campaign, number)
    assert (label.id, label.recipe_hash) == (before.id, before.recipe_hash), "the same quantity, the same row"
    assert label.result["tightened"]["step"] == 1
    assert (label.status, label.quarantine, label.result["doubts"]) == ("complete", None, [])
    assert number in used(campaign)
    assert what(campaign, number) == ["set-aside", "retried"]
    assert label_history.earlier_result(campaign.store, label) == before.result
    kept = list((campaign.folder / journal.RESULTS / journal.EARLIER).glob("*.json"))
    assert [orjson.loads(path.read_bytes())["doubts"][0]["code"] for path in kept] == ["t1"]
    with pytest.raises(InputError, match="is fine; only failed ones and ones set aside"):
        quarantine.retry_tightened(campaign, [number], start=False)


def test_a_label_that_did_not_converge_is_tried_with_tighter_and_tighter_settings(
    sampled: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = small.pool(sampled)[0]
    use(monkeypatch, not_converging)
    small.label(sampled, [number])
    item = quarantine.doubted(sampled)[0]
    assert (item.state, item.reasons[0]["code"], item.can_accept) == ("failed", "not-converged", False)
    with pytest.raises(InputError, match="failed, so there is no number to use"):
        quarantine.accept(sampled, number, "ada", "because")
    small.run_jobs(sampled, quarantine.retry_tightened(sampled, [number], start=False))
    assert quarantine.doubted(sampled)[0].tightened_tries == 1
    use(monkeypatch, small.fake_label)
    jobs = quarantine.retry_tightened(sampled, [number], start=False)
    # Three times what a label of this campaign may take by itself.
    assert queue.get(sampled.store, jobs[0]).time_limit_seconds == 3 * label_limits(sampled).time_limit_seconds
    small.run_jobs(sampled, jobs)
    assert row(sampled, number).result["tightened"]["step"] == 2
    assert quarantine.doubted(sampled) == []
    errors = [event.error for event in label_history.events(sampled.store, sampled.recipe.hash, number)]
    assert [str(error)[:30] for error in errors] == ["CCSD of the dimer did not conv"] * 2


def test_a_failed_retry_does_not_cost_the_earlier_number(
    aside: tuple[Campaign, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, number = aside
    before = row(campaign, number)
    use(monkeypatch, not_converging)
    small.run_jobs(campaign, quarantine.retry_tightened(campaign, [number], start=False))
    assert row(campaign, number).status == "error"
    item = quarantine.doubted(campaign)[0]
    assert item.can_accept
    assert item.earlier_cm1 == [pytest.approx(before.energy_ev / CM1_EV)]
    quarantine.accept(campaign, number, "ada", "the first was good enough")
    label = row(campaign, number)
    assert (label.status, label.energy_ev, label.quarantine) == ("complete", before.energy_ev, None)
    assert what(campaign, number) == ["set-aside", "retried", "set-aside", "accepted"]


def test_a_retry_that_is_cut_short_leaves_the_label_set_aside(
    aside: tuple[Campaign, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the journal and the database, and after both but before there is a job."""
    campaign, number = aside

    def killed(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(label_history, "begin_retry", killed)
        with pytest.raises(KeyboardInterrupt):
            quarantine.retry_tightened(campaign, [number], start=False)
    journal.reconcile(campaign.store)
    assert quarantine.doubted(campaign)[0].state == "set aside"
    assert number not in used(campaign)
    with monkeypatch.context() as patch:
        patch.setattr(quarantine, "submit", killed)
        with pytest.raises(KeyboardInterrupt):
            quarantine.retry_tightened(campaign, [number], start=False)
    journal.reconcile(campaign.store)
    label = row(campaign, number)
    assert (label.status, label.job_id) == ("waiting", None), "asked for again, it gets a job; nothing old comes back"
    assert label_history.earlier_result(campaign.store, label) is not None


def test_decisions_travel_with_the_campaign(aside: tuple[Campaign, int], tmp_path: Path) -> None:
    campaign, number = aside
    other = small.in_range(campaign, small.pool(campaign))[2]
    small.label(campaign, [other])
    quarantine.accept(campaign, other, "ada", "good enough")
    export_campaign(campaign, tmp_path / "exported")
    again = import_campaign(tmp_path / "exported", tmp_path / "again")
    try:
        hashes = {c.quarantine: c.result["geometry_hash"] for c in labels.fetch(again.store, again.recipe.hash)}
        assert len(labels.complete(again.store, again.recipe.hash, split="pool")) == 2
        (item,) = quarantine.doubted(again)
        assert hashes[row(campaign, number).quarantine] == row(campaign, number).result["geometry_hash"]
        assert item.reasons == quarantine.doubted(campaign)[0].reasons
        kinds = sorted(event.what for event in label_history.events(again.store, again.recipe.hash))
        assert kinds == ["accepted", "set-aside", "set-aside"]
    finally:
        again.store.close()


def test_a_limit_is_the_campaigns_unless_one_is_given(sampled: Campaign) -> None:
    guessed = label_limits(sampled)
    assert guessed.time_limit_seconds == 6 * 3600, "H2 takes a second, and nothing is measured yet"
    small.label(sampled, small.pool(sampled)[:2])
    assert label_limits(sampled).time_limit_seconds == 3600
    assert label_limits(sampled, time_limit_minutes=5.0, memory_limit_gb=2.0).as_options() == {
        "time_limit_seconds": 300.0,
        "memory_limit_gb": 2.0,
        "silence_limit_seconds": 900.0,
    }
    sampled.settings.label_time_limit_minutes, sampled.settings.label_memory_limit_gb = 90.0, 4.0
    assert label_limits(sampled).as_options(times=2.0)["time_limit_seconds"] == 10800.0
    assert label_limits(sampled).memory_limit_gb == 4.0
    with pytest.raises(InputError, match="time limit of a label must be a positive number, not 0"):
        label_limits(sampled, time_limit_minutes=0.0)


def test_a_plain_failure_is_listed_as_one(sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: Any, **options: Any) -> LabelResult:
        raise LabelError("The interaction energy is not a finite number.")

    use(monkeypatch, fails)
    small.label(sampled, small.pool(sampled)[:1])
    assert [r["code"] for item in quarantine.doubted(sampled) for r in item.reasons] == ["failed"]
