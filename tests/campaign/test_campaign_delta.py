"""A teacher's energies with a learnt difference: planned, refused, stored with error bars, exported, learnt from."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import pytest
import small_campaign as small
from made import Once

from nci_core.bench.transfer_data import open_transfer
from nci_core.campaign import Campaign
from nci_core.campaign.exchange import own_energies
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.rounds.delta import learn_delta
from nci_core.campaign.rounds.delta_plan import method_words, plan_delta
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.campaign.rounds.teaching import teach
from nci_core.config import MonomerSettings, SystemSettings
from nci_core.errors import InputError, JobError, StoreError
from nci_core.store import configurations, energy_sets, labels, models, teacher_labels
from nci_core.switches import READ_ONLY
from nci_core.systems import Monomer
from nci_core.units import to_cm1

#: Two hydrogen molecules side by side, as one host.
PAIR = np.array([[0.0, y, z * small.BOND] for y in (-1.5, 1.5) for z in (-0.5, 0.5)])
TWICE = Monomer("H4", ("H",) * 4, PAIR, source="made up")
N_LABELS = 12


def _make(folder: Path) -> None:
    """He–H2 to train on, with twelve labels and those of its test set, and two H2 as a host that is only tested on."""
    campaign = small.sampled(folder / "work", small.write_host(folder))
    settings = {"name": "far", "host": MonomerSettings.of(TWICE), "role": "transfer"}
    campaign.add_system(SystemSettings.model_validate(settings))
    sample_campaign(campaign, 24, seed=1, n_test=12, system=campaign.system("far"))
    with pytest.MonkeyPatch.context() as patch:
        small.use_formula(patch)
        teach(campaign)
        distill_campaign(campaign)
        patch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
        small.label(campaign, small.in_range(campaign, small.pool(campaign))[:N_LABELS])
        mine = configurations.positions(campaign.store, split="test", system_id=campaign.systems[0].id)[0]
        small.label(campaign, [int(number) for number in mine], "test-set")
    campaign.store.close()


def _made(folder: Path) -> None:
    campaign = Campaign.open(folder / "work")
    report = learn_delta(campaign, plan_delta(campaign, "cheap+delta"), person="ada", device="cpu")
    (folder / "report.json").write_bytes(orjson.dumps(report))
    campaign.store.close()


@pytest.fixture(scope="module")
def ready(once: Once) -> Path:
    """Everything that a learnt difference needs; to be copied."""
    return once("delta-ready", _make) / "work"


@pytest.fixture(scope="module")
def finished(once: Once, ready: Path) -> Iterator[Campaign]:
    """With the sets of both systems; for reading only."""

    def make(folder: Path) -> None:
        shutil.copytree(ready, folder / "work")
        _made(folder)

    campaign = Campaign.open(once("delta-made", make) / "work")
    yield campaign
    campaign.store.close()


@pytest.fixture
def mine(ready: Path, tmp_path: Path) -> Iterator[Campaign]:
    """A copy to change."""
    shutil.copytree(ready, tmp_path / "mine")
    campaign = Campaign.open(tmp_path / "mine")
    yield campaign
    campaign.store.close()


def test_each_system_gets_a_set_that_says_what_it_is(finished: Campaign) -> None:
    train, far = energy_sets.fetch(finished.store)
    name = finished.systems[0].dimer.a.name
    assert [(row.name, row.kind) for row in (train, far)] == [
        (f"cheap+delta-{name}", "labels"),
        ("cheap+delta-H4", "test"),
    ]
    assert train.method == far.method == f"formula + δ[quick − it] by a student that learnt {N_LABELS} labels of {name}"
    assert (train.file_name, len(train.sha256), train.person) == ("", 64, "ada")
    assert train.sha256 != far.sha256
    assert far.details["labels"] == {finished.systems[0].name: N_LABELS}
    assert far.details["system"] == "far"
    assert [entry["left_out"] for entry in far.details["left_out"]] == ["labels"]
    assert far.details["error_bar"]["from"] == "labels left out"
    assert labels.complete(finished.store, finished.recipe.hash, split="pool").system_ids.tolist() == [1] * N_LABELS


def test_energies_are_nearer_to_the_labels_than_the_teachers_and_say_how_near(finished: Campaign) -> None:
    train, far = energy_sets.fetch(finished.store)
    report = orjson.loads((finished.folder.parent / "report.json").read_bytes())
    against = report["sets"][0]["test_labels"]
    assert against["n"] >= 5
    assert against["mae_cm1"] < 0.3 * against["mae_teacher_cm1"]  # 15% more attraction, learnt from twelve labels
    assert "test_labels" not in report["sets"][1], "it has none"
    for row in (train, far):
        found = energy_sets.points(finished.store, row.id)
        system = finished.system(int(found.system_ids[0]))
        true = small.energy(system.dimer, found.positions)
        inside = to_cm1(true) < 100.0
        taught = {each.configuration_id: each.energy_ev for each in teacher_labels.fetch(finished.store, "formula")}
        cheap = np.array([taught[number] for number in found.configuration_ids.tolist()])
        left = np.abs(found.energy_ev - true)[inside]
        # Energies in closed form add over atoms: most of the 15% carries over to twice as many of them.
        assert left.mean() < 0.4 * np.abs(cheap - true)[inside].mean()
        # Of 10 and more normal errors fewer than 7 in 10 lie within two sd with a probability below 2%.
        assert np.mean(left <= 2.0 * found.std_ev[inside]) >= 0.7
        assert (found.std_ev > 0.0).all()
    assert set(energy_sets.points(finished.store, far.id).splits) == {"test"}


def test_it_is_measured_against_and_learnt_like_any_set(finished: Campaign, tmp_path: Path) -> None:
    model = models.active(finished.store)
    assert model is not None
    train, far = energy_sets.fetch(finished.store)
    ((its_set, error),) = own_energies.outside_errors(finished, model)
    assert its_set.name == far.name
    assert error.n > 0
    shutil.copytree(finished.folder, tmp_path / "copy")
    campaign = Campaign.open(tmp_path / "copy")
    done = finetune_campaign(campaign, recipes=[f"energies:{train.name}"], device="cpu")
    learnt = energy_sets.training(campaign.store, train)
    assert done["n_labels"] == len(learnt) > N_LABELS
    tested = {row.id for row in configurations.fetch(campaign.store, split="test")}
    assert not tested & set(learnt.configuration_ids.tolist())
    campaign.store.close()


def test_transfer_is_measured_against_the_sets_of_one_name(finished: Campaign) -> None:
    said: list[str] = []
    problem = open_transfer(finished.folder, "energies:cheap+delta", said.append)
    assert problem.reference == f"energies cheap+delta: {energy_sets.fetch(finished.store)[0].method}"
    assert (problem.labels, problem.teacher) == (False, "")
    train, far = problem.hosts
    assert far.pool is None
    assert far.test is not None
    assert train.pool is not None
    assert far.test.energies == pytest.approx(
        energy_sets.points(finished.store, energy_sets.fetch(finished.store)[1].id).energy_ev
    )
    assert sum("± " in line for line in said) == 2, "how sure the reference is"
    with pytest.raises(InputError, match=r"no energies called nothing \(it has cheap\+delta\)"):
        open_transfer(finished.folder, "energies:nothing")
    with pytest.raises(InputError, match="of 1 host"):
        open_transfer(finished.folder, "energies:cheap+delta-H4")


def test_archives_bring_error_bars_along_and_old_ones_are_read(finished: Campaign, tmp_path: Path) -> None:
    export_campaign(finished, tmp_path / "archive")
    again = import_campaign(tmp_path / "archive", tmp_path / "again")
    for before, after in zip(energy_sets.fetch(finished.store), energy_sets.fetch(again.store), strict=True):
        assert (after.file_name, after.details, after.identity) == ("", before.details, before.identity)
        points = [energy_sets.points(store, row.id) for store, row in ((finished.store, before), (again.store, after))]
        np.testing.assert_array_equal(points[0].std_ev, points[1].std_ev)
    again.store.close()
    history = tmp_path / "archive" / "history.json"
    content = orjson.loads(history.read_bytes())
    for each in content["energy_sets"]:  # as a version before this one wrote them
        each["energies"] = [{k: v for k, v in row.items() if k != "std_ev"} for row in each["energies"]]
    history.write_bytes(orjson.dumps(content))
    old = import_campaign(tmp_path / "archive", tmp_path / "old")
    found = energy_sets.points(old.store, energy_sets.fetch(old.store)[0].id)
    assert np.isnan(found.std_ev).all()
    assert energy_sets.median_std(old.store) == {}
    old.store.close()
    content["energy_sets"][0]["energies"][0]["std_ev"] = -1e-3
    history.write_bytes(orjson.dumps(content))
    with pytest.raises(InputError, match="damaged"):
        import_campaign(tmp_path / "archive", tmp_path / "forged")


def test_a_database_of_before_gets_the_column(finished: Campaign, tmp_path: Path) -> None:
    shutil.copytree(finished.folder, tmp_path / "old")
    with closing(sqlite3.connect(tmp_path / "old" / "campaign.db")) as connection:
        connection.execute("ALTER TABLE set_energies DROP COLUMN std_ev")
        connection.execute("UPDATE alembic_version SET version_num = '0010'")
        connection.commit()
    with Campaign.open(tmp_path / "old") as campaign:
        row = energy_sets.fetch(campaign.store)[0]
        found = energy_sets.points(campaign.store, row.id)
        assert len(found)
        assert np.isnan(found.std_ev).all()


def test_what_is_missing_is_one_sentence(mine: Campaign) -> None:
    with pytest.raises(InputError, match="no system 'near'"):
        plan_delta(mine, "a", systems=["near"])
    with pytest.raises(
        InputError, match=r"has no energy at 12 of 12 labelled .*`nci teach --campaign .*/mine --teacher hf"
    ):
        plan_delta(mine, "a", teacher="hf-mp2")
    with pytest.raises(InputError, match="as test or labels, not as both"):
        plan_delta(mine, "a", kind="both")
    with pytest.raises(InputError, match="Nothing is trained on far"):
        plan_delta(mine, "a", systems=["far"], kind="labels")
    for name, said in (("", "a name"), ("Student", "already means"), ("quick", "already means"), ("x" * 61, "longer")):
        with pytest.raises(InputError, match=said):
            plan_delta(mine, name)
    assert [each.kind for each in plan_delta(mine, "a", kind="test").wanted] == ["test", "test"]
    some = [
        row.configuration_id for row in teacher_labels.fetch(mine.store, "formula", system_id=mine.system("far").id)
    ]
    _forget_teacher(mine, some[:5])
    assert plan_delta(mine, "a", systems=["far"]).wanted[0].lacking == 5
    _forget_teacher(mine, some)
    assert [each.system.name for each in plan_delta(mine, "a").wanted] == [mine.systems[0].name]
    with pytest.raises(InputError, match="has no energies of far"):
        plan_delta(mine, "a", systems=["far"])
    known = labels.complete(mine.store, mine.recipe.hash, split="pool")
    for number in known.ids[:5]:
        labels.quarantine(mine.store, int(number), "not trusted")
    with pytest.raises(InputError, match=r"8 labels or more; campaign mine has 7 quick labels"):
        plan_delta(mine, "a")


def _forget_teacher(campaign: Campaign, ids: list[int]) -> None:
    with closing(sqlite3.connect(campaign.folder / "campaign.db")) as connection:
        connection.executemany("DELETE FROM teacher_labels WHERE configuration_id = ?", [(number,) for number in ids])
        connection.commit()


def test_without_a_distilled_student_nothing_is_learnt(sampled: Campaign) -> None:
    with pytest.raises(InputError, match="no distilled student"):
        plan_delta(sampled, "a")


def test_sets_of_one_name_are_of_one_fit(finished: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(finished.folder, tmp_path / "copy")
    campaign = Campaign.open(tmp_path / "copy")
    with pytest.raises(StoreError, match=r"called 'cheap[+]delta-.*' already"):
        plan_delta(campaign, "cheap+delta")
    with pytest.raises(StoreError, match="of another fit"):
        plan_delta(campaign, "cheap+delta", seed=99)
    with pytest.raises(InputError, match="already means something"):
        own_energies.checked_words(campaign, "cheap+delta", "MP2")
    far = energy_sets.fetch(campaign.store)[1]
    own_energies.remove_energies(campaign, far.id)
    plan = plan_delta(campaign, "cheap+delta", systems=["far"])
    assert [each.name for each in plan.wanted] == [far.name]
    monkeypatch.setenv(READ_ONLY, "1")
    with pytest.raises(JobError, match="read-only"):
        learn_delta(campaign, plan, person="ada")
    monkeypatch.delenv(READ_ONLY)
    learn_delta(campaign, plan, person="ada", device="cpu")
    again = next(row for row in energy_sets.fetch(campaign.store) if row.name == far.name)
    assert again.sha256 == far.sha256, "of the same energies and labels"
    found = [energy_sets.points(store, n) for store, n in ((finished.store, far.id), (campaign.store, again.id))]
    np.testing.assert_allclose(found[1].energy_ev, found[0].energy_ev, rtol=0, atol=1e-12)
    campaign.store.close()


def test_hosts_are_named_where_they_are_few() -> None:
    few, many = [("a", 5), ("b", 4), ("c", 3)], [(f"host-{k}", k) for k in range(1, 8)]
    assert method_words("hf-d4", "quick", few).endswith(
        "HF + D4 + δ[quick − it] by a student that learnt 5 labels of a, 4 of b and 3 of c"
    )
    assert (
        method_words("mace:off-s", "quick", many)
        == "mace (off-s) + δ[quick − it] by a student that learnt 28 labels of 7 hosts"
    )
