"""A campaign whose database is on a server: made, moved there, continued, and labelled by a real worker process."""

import time
from pathlib import Path

import psutil
import pytest
import small_campaign as small
from pandas.testing import assert_frame_equal
from sqlalchemy import make_url, select
from temporary_postgresql import GUARDED, PASSWORD

from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.config import read_settings
from nci_core.errors import InputError, StoreError
from nci_core.store import configurations, journal, labels, models, picks, server, tables, versions
from nci_core.store import jobs as queue
from nci_core.store.base import Base
from nci_core.store.schema import Configuration, CutPoint, Label, Metric, Model, Pick, Prediction, Round, TeacherLabel


@pytest.fixture
def address(fresh_schema: str) -> str:
    return server.without_secret(server.parse(fresh_schema))


def test_a_campaign_is_made_and_opened_on_a_server(tmp_path: Path, host: Path, address: str) -> None:
    made = small.sampled(tmp_path / "work", host, database=address)
    assert not (made.folder / "campaign.db").exists()
    made.store.close()
    opened = Campaign.open(made.folder)
    assert opened.settings.database == address
    assert opened.store.folder == made.folder
    assert configurations.counts(opened.store)["test"] == 8
    with pytest.raises(StoreError, match="holds a campaign already"):
        small.make(made.folder, host, database=address)
    with pytest.raises(StoreError, match="There is a campaign at"):
        small.make(tmp_path / "another", host, database=address)
    assert not (tmp_path / "another").exists()
    demo = Campaign.open(made.folder, read_only=True)
    with pytest.raises(StoreError, match="open read-only"):
        picks.add(demo.store, small.pool(demo)[:1], picked_by="Ada", round_number=1)
    for campaign in (opened, demo):
        campaign.store.close()


def test_a_password_in_the_settings_is_refused(tmp_path: Path, host: Path, address: str) -> None:
    secret = make_url(address).set(password="hush").render_as_string(hide_password=False)
    with pytest.raises(InputError, match="Setting 'database': The database URL holds a password") as error:
        small.make(tmp_path / "work", host, database=secret)
    assert "hush" not in str(error.value)
    made = small.make(tmp_path / "work", host, database=address)
    made.store.close()
    path = made.folder / "campaign.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(address, secret), encoding="utf-8")
    with pytest.raises(InputError, match="holds a password") as error:
        Campaign.open(made.folder)
    assert "hush" not in str(error.value)


def test_a_full_disk_while_making_leaves_nothing_on_the_server(
    tmp_path: Path, host: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise StoreError("No space left.")

    with monkeypatch.context() as patch:
        patch.setattr("nci_core.campaign.campaign.write_settings", full)
        with pytest.raises(StoreError, match="No space left"):
            small.make(tmp_path / "work", host, database=address)
    assert not (tmp_path / "work").exists()
    small.make(tmp_path / "work", host, database=address).store.close()  # as if nothing had happened


def rows(campaign: Campaign, table: type[Base]) -> list[dict[str, object]]:
    """A table's rows in their order, without ids of other places; configurations were made by each import."""
    drop = {"job_id"} if table is Model else {"job_id", "id"}
    drop |= {"created_at"} if table is Configuration else set()
    with campaign.store.read() as session:
        found = session.execute(select(*table.__table__.columns).order_by(*table.__table__.primary_key))
        return [{key: value for key, value in row._mapping.items() if key not in drop} for row in found]


def test_a_campaign_moves_to_a_server_whole(finished: Campaign, tmp_path: Path, address: str) -> None:
    export_campaign(finished, tmp_path / "archive")
    assert read_settings(tmp_path / "archive").database == ""
    moved = import_campaign(tmp_path / "archive", tmp_path / "moved", address)
    beside = import_campaign(tmp_path / "archive", tmp_path / "beside")
    for table in (Configuration, TeacherLabel, Label, Round, Pick, Model, Prediction, CutPoint, Metric):
        there, here = rows(moved, table), rows(beside, table)
        assert there == here, table.__tablename__
        assert there or table is Pick, table.__tablename__
    model = moved.active_model()
    assert model is not None
    asked = {"teacher": moved.teacher, "recipe_hash": moved.recipe.hash, "model_id": model.id}
    assert_frame_equal(
        tables.configurations_table(moved.store, **asked), tables.configurations_table(beside.store, **asked)
    )
    # What comes next gets the next number, and the export of the moved campaign names no server.
    assert models.add(moved.store, Model(name="next", kind="direct", path="models/next.pt", sha256="0")).id == (
        max(row.id for row in models.fetch(beside.store)) + 1
    )
    for campaign in (moved, beside):
        campaign.store.close()


def test_a_damaged_archive_leaves_nothing_on_the_server(finished: Campaign, tmp_path: Path, address: str) -> None:
    export_campaign(finished, tmp_path / "archive")
    whole = (tmp_path / "archive" / "predictions.jsonl").read_bytes()
    (tmp_path / "archive" / "predictions.jsonl").write_bytes(whole[:-20])
    with pytest.raises(InputError, match="is damaged"):
        import_campaign(tmp_path / "archive", tmp_path / "moved", address)
    (tmp_path / "archive" / "predictions.jsonl").write_bytes(whole)
    import_campaign(tmp_path / "archive", tmp_path / "moved", address).store.close()


def test_fingerprints_change_with_their_content_only(tmp_path: Path, host: Path, address: str) -> None:
    campaign = small.sampled(tmp_path / "work", host, database=address)
    store, other = campaign.store, Campaign.open(campaign.folder).store
    ask = {name: getattr(versions, f"{name}_version") for name in ("data", "model", "pick")}

    def now() -> dict[str, object]:
        return {name: function(store) for name, function in ask.items()}

    first = now()
    assert now() == first
    picks.add(other, small.pool(campaign)[:2], picked_by="Ada", round_number=1)  # another process
    second = now()
    assert {name for name in ask if first[name] != second[name]} == {"pick"}
    asked = labels.request(other, small.pool(campaign)[:1], recipe="quick", recipe_hash=campaign.recipe.hash)
    labels.set_complete(other, asked[0].id, {"energy_ev": -0.001})
    third = now()
    assert {name for name in ask if second[name] != third[name]} == {"data"}
    other.close()
    store.close()


def test_a_worker_process_computes_a_label_for_a_server(
    tmp_path: Path, host: Path, address: str, real_label: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine, its worker and the label's process get the password from the environment, and from nowhere else."""
    guarded = server.without_secret(make_url(address).set(username=GUARDED))
    secret = make_url(guarded).set(password=PASSWORD).render_as_string(hide_password=False)
    monkeypatch.setenv(server.VARIABLE, secret)
    campaign = small.make(tmp_path / "work", host, database=guarded)
    ids = configurations.add(
        campaign.store,
        [[0.0, 0.0, 3.5]],
        [campaign.systems[0].dimer.geometry_hash([0.0, 0.0, 3.5])],
        system_id=1,
        sectors=["axis"],
    ).ids
    try:
        job = submit_labels(campaign, ids, "Ada")[0]
        status = jobs.engine_status(campaign.folder)
        assert status.running
        assert status.pid is not None
        engine = psutil.Process(status.pid)
        seen: set[str] = set()
        end = time.monotonic() + 120.0
        while (found := queue.get(campaign.store, job)).state not in ("complete", "error", "cancelled"):
            assert time.monotonic() < end, found
            seen |= {" ".join(process.cmdline()) for process in [engine, *engine.children(recursive=True)]}
            time.sleep(0.2)
    finally:
        jobs.stop_engine(campaign.folder)
    assert found.state == "complete", found.error
    label = labels.get(campaign.store, found.result["label_id"])  # type: ignore[index]
    assert label.status == "complete"
    assert label.energy_ev == found.result["energy_ev"]  # type: ignore[index]
    assert label.result == journal.find_result(
        campaign.folder, campaign.systems[0].dimer.geometry_hash([0.0, 0.0, 3.5]), label.recipe_hash
    )
    assert any("nci_core.jobs.run" in line for line in seen)
    written = b"".join(path.read_bytes() for path in campaign.folder.rglob("*") if path.is_file())
    for part in (PASSWORD, "s3cret"):
        assert not any(part in line for line in seen)
        assert part.encode() not in written
    campaign.store.close()
