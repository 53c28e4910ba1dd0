"""What a forged archive or database asks for is not done: one sentence, and no file is written or read elsewhere."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import tiny_archive
from sqlalchemy import text

from nci_core.campaign import Campaign
from nci_core.campaign.exchange import archive_rows as rows
from nci_core.campaign.exchange.archive import data_folder, export_campaign, import_campaign, read_archive
from nci_core.errors import InputError, StoreError
from nci_core.store import configurations, evaluations, labels, models, schema, systems

SECRET = b"a private key"
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_archive.export(tmp_path_factory.mktemp("forged"))


@pytest.fixture
def source(whole: Path, tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "home").mkdir()
    return Path(shutil.copytree(whole, tmp_path / "source"))


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    made = tiny_archive.make(tmp_path / "made")
    yield made
    made.store.close()


def assert_refused(source: Path, match: str) -> None:
    before = sorted(source.parent.rglob("*"))
    with pytest.raises(InputError, match=match) as error:
        import_campaign(source, source.parent / "home" / "new")
    assert str(error.value).isprintable()
    assert sorted(source.parent.rglob("*")) == before


def change_lines(path: Path, change: Change, row: int = 0) -> None:
    found = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    change(found[row])
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in found))


def change_history(path: Path, change: Change) -> None:
    history = orjson.loads((path / "history.json").read_bytes())
    change(history)
    (path / "history.json").write_bytes(orjson.dumps(history))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipe_hash", "/../../../../outside/x"),
        ("recipe_hash", "116A7646D999"),
        ("recipe_hash", "116a7646d999\n"),
        ("configuration_id", "/etc/cron.d/x"),
        ("configuration_id", "../../x"),
        ("configuration_id", "0123456789abcdef"),
    ],
)
def test_hashes_are_hexadecimal_and_known(source: Path, field: str, value: str) -> None:
    change_lines(source / "labels.jsonl", lambda row: row.update({field: value}))
    assert_refused(source, r"labels\.jsonl.*(pattern|does not have)")


MODELS: dict[str, tuple[Change, str]] = {
    "a path elsewhere": (lambda h: h["models"][0].update(path="../../secret"), "path of a model"),
    "an absolute path": (lambda h: h["models"][0].update(path="/etc/passwd"), "path of a model"),
    "the file of another": (lambda h: h["models"][0].update(path=h["models"][1]["path"]), "path of a model"),
    "a name that is a path": (lambda h: h["models"][0].update(name="../x", path="models/../x.pt"), "name"),
    "a hidden name": (lambda h: h["models"][0].update(name=".x", path="models/.x.pt"), "name"),
    "another hash": (lambda h: h["models"][0].update(sha256="0" * 64), "is not the file"),
    "a hash that is none": (lambda h: h["models"][0].update(sha256="x"), "sha256"),
    "a row less": (lambda h: h["models"].pop(), "model"),
    "a parent that comes later": (lambda h: h["models"].reverse(), "parent of model"),
    "two active": (lambda h: h["models"][0].update(active=True), "more than one active"),
    "twice": (lambda h: h["models"].append(h["models"][0]), "two rows"),
    "proposals of nothing": (
        lambda h: h["models"][0]["notes"]["proposals"][0].update(configuration_id="0" * 16),
        "proposes",
    ),
    "unknown fields": (lambda h: h["rounds"][0].update(run="rm -rf"), "rounds.0.run is not one that this version"),
    "an unknown word": (lambda h: h["picks"][0].update(state="gone"), "state"),
    "a number that is none": (lambda h: h["metrics"][0].update(mae_cm1="1.0"), "mae_cm1"),
    "a count beyond the database": (lambda h: h["rounds"][0].update(number=2**40), "number"),
    "a year beyond the database": (lambda h: h["picks"][0].update(created_at="9999-12-31T23:59:59-14:00"), "year"),
    "a null character": (lambda h: h["rounds"][0].update(notes="a\0"), "null character"),
}


@pytest.mark.parametrize(("change", "match"), MODELS.values(), ids=MODELS.keys())
def test_history_is_checked(source: Path, change: Change, match: str) -> None:
    change_history(source, change)
    assert_refused(source, match)


RESULTS: dict[str, tuple[Change, str]] = {
    "another energy": (lambda r: r.update(energy_ev=r["energy_ev"] + 1e-3), "energy_ev is"),
    "another geometry": (lambda r: r.update(position_angstrom=[0.0, 0.0, 9.0]), "its geometry has the hash"),
    "another host": (lambda r: r["host_positions_angstrom"][0].__setitem__(2, 0.5), "another dimer"),
    "another probe": (lambda r: r.update(probe="Ne"), "another dimer"),
    "another recipe": (lambda r: r["recipe"].update(probe_basis="cc-pvqz"), "its recipe has the hash"),
    "a fragment less": (lambda r: r["fragments"].pop("host"), "three fragments"),
    "a number as text": (lambda r: r.update(energy_ev=str(r["energy_ev"])), "energy_ev"),
    "no number": (lambda r: r.update(hf_ev=None), "hf_ev"),
    "a time before it began": (lambda r: r.update(cpu_seconds=-1.0), "cpu_seconds: Input should be greater"),
    "memory of no machine": (lambda r: r.update(memory_gb=1e9), "memory"),
    "ragged positions": (lambda r: r.update(host_positions_angstrom=[[1.0], [1.0, 2.0]]), "not usable"),
    "a factor that overflows": (
        lambda r: r["recipe"].update(
            extrapolation={
                "smaller": {"host_basis": {}, "probe_basis": "x", "midbond": None, "host_fitting": None},
                "cardinals": [2, 2],
            }
        ),
        "not usable",
    ),
}


@pytest.mark.parametrize(("change", "match"), RESULTS.values(), ids=RESULTS.keys())
def test_results_are_labels(source: Path, change: Change, match: str) -> None:
    change_lines(source / "labels.jsonl", lambda row: change(row["result"]))
    assert_refused(source, match)


def test_an_earlier_result_in_the_history_is_a_label_too(source: Path) -> None:
    result = orjson.loads((source / "labels.jsonl").read_bytes().splitlines()[0])["result"] | {"probe": "Ne"}
    change_history(source, lambda history: history["labels"][0].update(result=result))
    assert_refused(source, "another dimer")


@pytest.mark.parametrize(
    "name", ["models/round-0-distilled.pt", "labels.jsonl", "campaign.toml", "notes.txt", "models"]
)
def test_links_are_refused(source: Path, name: str) -> None:
    path = source / name
    if path.is_dir():
        path.rename(source.parent / "moved")
        path.symlink_to(source.parent / "moved")
    else:
        path.unlink(missing_ok=True)
        path.symlink_to(source.parent / "secret")
    assert_refused(source, "is a symbolic link")


def test_pipes_and_sizes_are_refused(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("nci_core.campaign.exchange.archive_read.MOST_BYTES", 500)
        assert_refused(source, "larger than")
    with monkeypatch.context() as patch:
        patch.setattr("nci_core.campaign.exchange.archive_read.MOST_ROWS", 2)
        assert_refused(source, "more than 2 rows")
    os.mkfifo(source / "pipe")
    assert_refused(source, "no regular file")


def test_a_checkpoint_without_a_row_is_refused(source: Path) -> None:
    (source / "models" / "more.pt").write_bytes(b"more")
    assert_refused(source, r"more\.pt belongs to no model")


def test_a_geometry_that_is_not_that_of_its_hash_is_refused(source: Path) -> None:
    path = source / "configurations.extxyz"
    path.write_text(path.read_text().replace("3.60000000", "3.70000000"))
    assert_refused(source, "another geometry than its hash")


def test_settings_of_a_machine_are_not_taken(source: Path) -> None:
    path = source / "campaign.toml"
    content = path.read_text().replace('database = ""', 'database = "postgresql://h/d?schema=s"')
    path.write_text(content.replace("label_memory_limit_gb = 0.0", "label_memory_limit_gb = 1e6"))
    campaign = import_campaign(source, source.parent / "home" / "new")
    assert (campaign.settings.database, campaign.settings.label_memory_limit_gb) == ("", 0.0)


def test_times_without_a_zone_are_in_utc(source: Path) -> None:
    change_lines(source / "labels.jsonl", lambda row: row.update(created_at="2026-01-02T03:04:05"))
    assert read_archive(source).labels[0].created_at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_the_staging_folder_cannot_be_prepared_and_folders_are_as_usual(source: Path) -> None:
    home, outside = source.parent / "home", source.parent / "outside"
    outside.mkdir()
    (home / ".new.importing").symlink_to(outside)
    import_campaign(source, home / "new").store.close()
    assert list(outside.iterdir()) == []
    (source.parent / "plain").mkdir()
    assert (home / "new").stat().st_mode == (source.parent / "plain").stat().st_mode
    assert sorted(path.name for path in home.iterdir()) == [".new.importing", "new"]


def test_folders_made_on_the_way_are_removed(source: Path) -> None:
    (source / "labels.jsonl").write_bytes(b"x")
    with pytest.raises(InputError):
        import_campaign(source, source.parent / "a" / "b" / "new")
    assert not (source.parent / "a").exists()


@pytest.mark.parametrize("name", ["he-benzene", "he-ethylene"])
def test_the_embedded_campaigns_are_read_with_their_hashes(name: str) -> None:
    folder = data_folder() / name
    found = read_archive(folder)
    stored = [word for word in (folder / "configurations.extxyz").read_text().split() if word.startswith("geometry_h")]
    assert [f"geometry_hash={row.geometry_hash}" for row in found.configurations] == stored
    assert all(row.status == "complete" for row in found.labels)


TABLES: dict[type[Any], type[Any]] = {
    schema.TeacherLabel: rows.TeacherRow,
    schema.Round: rows.RoundRow,
    schema.Label: rows.LabelRow,
    schema.LabelEvent: rows.LabelEventRow,
    schema.Pick: rows.PickRow,
    schema.Model: rows.ModelRow,
    schema.Metric: rows.MetricRow,
    schema.Prediction: rows.PredictionRow,
    schema.CutPoint: rows.CutPointRow,
}


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_its_place_in_an_archive(table: type[Any]) -> None:
    from nci_core.campaign.exchange.archive_export import FOLLOWING, REPEATED

    left_out = {"id", "job_id", *((*REPEATED, *FOLLOWING) if table is schema.Label else ())}
    assert set(TABLES[table].model_fields) - {"table"} == set(table.__table__.columns.keys()) - left_out


OF_BEFORE = {"model_id": "m", "cut": "face", "distance_angstrom": 3.0, "energy_ev": -0.1}
OF_BEFORE |= {"table": "cut_points", "x_angstrom": 0.0, "y_angstrom": 0.0, "z_angstrom": 3.0}


def test_the_two_channels_of_earlier_archives_are_read() -> None:
    row = rows.CutPointRow.model_validate(OF_BEFORE | {"repulsion_ev": 0.2, "dispersion_ev": -0.3})
    assert (row.channels_ev, row.system_id) == ({"repulsion": 0.2, "dispersion": -0.3}, None)
    assert rows.CutPointRow.model_validate(OF_BEFORE | {"repulsion_ev": None}).channels_ev == {}
    with pytest.raises(ValueError, match="repulsion_ev"):
        rows.CutPointRow.model_validate(OF_BEFORE | {"repulsion_ev": 0.2, "channels_ev": {}})


@pytest.fixture(scope="module")
def whole_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_archive.export(tmp_path_factory.mktemp("two"), with_transfer=True)


@pytest.fixture
def two(whole_of_two: Path, tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return Path(shutil.copytree(whole_of_two, tmp_path / "source"))


def replace(path: Path, old: str, new: str, times: int = 1) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, times), encoding="utf-8")


def test_an_archive_of_two_systems_comes_back_with_all_that_belongs_to_each(two: Path, tmp_path: Path) -> None:
    again = import_campaign(two, tmp_path / "home" / "new")
    first, far = again.systems
    assert (first.name, far.name, far.role, far.dimer.b.name) == ("he-hydrogen", "far", "transfer", "He")
    assert configurations.counts(again.store, system_id=far.id) == {"pool": 0, "test": 2}
    assert [row.system_id for row in configurations.fetch(again.store)] == [1, 1, 1, 1, 1, 2, 2]
    assert all(row.test_frozen_at for row in systems.fetch(again.store))
    (label,) = labels.fetch(again.store, again.recipe.hash, system_id=far.id)
    assert label.status == "complete"
    (model, _) = models.fetch(again.store)
    assert [cut.name for cut in evaluations.cuts(again.store, model_id=model.id, system_id=far.id)] == ["face"]
    alone = evaluations.metrics_by_system(again.store, again.recipe.hash, split="test", model_id=model.id)
    assert list(alone) == [far.id]
    export_campaign(again, tmp_path / "once more")
    for name in ("configurations.extxyz", "campaign.toml", "labels.jsonl", "predictions.jsonl"):
        assert (tmp_path / "once more" / name).read_bytes() == (two / name).read_bytes()


def into_the_pool(path: Path) -> None:
    lines = path.read_text().splitlines()
    moved = [line.replace("split=test", "split=pool") if "nci_system=2" in line else line for line in lines]
    path.write_text("\n".join(moved) + "\n")


SYSTEM = """[[systems]]
name = "s{0}"
host = {{name = "h", symbols = ["He"], positions_angstrom = [[0.0, 0.0, {0}.0]]}}"""
SYSTEMS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a configuration of an unknown system": (
        lambda folder: replace(folder / "configurations.extxyz", "nci_system=2", "nci_system=3"),
        r"system 3, which campaign\.toml does not have",
    ),
    "a configuration of another system": (
        lambda folder: replace(folder / "configurations.extxyz", "nci_system=2", "nci_system=1", 9),
        "the host is not that of frame 0",
    ),
    "a label on the training split of a transfer system": (
        lambda folder: into_the_pool(folder / "configurations.extxyz"),
        "in the pool of far, a transfer system",
    ),
    "two systems of one name": (
        lambda folder: replace(folder / "campaign.toml", 'name = "far"', 'name = "he-hydrogen"'),
        "Two systems are called he-hydrogen",
    ),
    "the same system twice": (
        lambda folder: replace(folder / "campaign.toml", "0.4]", "0.3707]", 2),
        "same dimer",
    ),
    "no system to train on": (
        lambda folder: replace(folder / "campaign.toml", 'role = "train"', 'role = "transfer"'),
        "No system has the role",
    ),
    "a thousand systems": (
        lambda folder: (folder / "campaign.toml").write_text("\n".join(map(SYSTEM.format, range(1000)))),
        "at most 100 systems, and here are 1,000",
    ),
    "errors in an unknown system": (
        lambda folder: change_history(folder, lambda h: h["metrics"][0].update(system_id="near")),
        "names system near, which the archive does not have",
    ),
    "a cut of no system": (
        lambda folder: change_lines(folder / "predictions.jsonl", lambda row: row.update(system_id=None), -1),
        "has a cut without its system",
    ),
    "a name that is a path": (
        lambda folder: replace(folder / "campaign.toml", 'name = "far"', 'name = "../\\u0000far"'),
        "not plain text|null character",
    ),
}


@pytest.mark.parametrize(("change", "match"), SYSTEMS.values(), ids=SYSTEMS.keys())
def test_systems_are_checked(two: Path, change: Callable[[Path], Any], match: str) -> None:
    change(two)
    assert_refused(two, match)


def test_an_export_leaks_no_other_file(campaign: Campaign, tmp_path: Path) -> None:
    (campaign.folder.parent / "secret").write_bytes(SECRET)
    digest = hashlib.sha256(SECRET).hexdigest()
    with campaign.store.write() as session:
        query = text("UPDATE models SET path = '../secret', sha256 = :digest WHERE id = 1")
        session.execute(query, {"digest": digest})
    with pytest.raises(StoreError, match=r"\.\./secret"):
        export_campaign(campaign, tmp_path / "out")
    with campaign.store.write() as session:
        session.execute(text("UPDATE models SET path = 'models/round-0-distilled.pt' WHERE id = 1"))
    path = campaign.folder / "models" / "round-0-distilled.pt"
    path.unlink()
    path.symlink_to(campaign.folder.parent / "secret")
    with pytest.raises(StoreError, match="not a plain file"):
        export_campaign(campaign, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_an_export_of_a_changed_model_is_none(campaign: Campaign, tmp_path: Path, damage: str) -> None:
    export_campaign(campaign, tmp_path / "out")
    path = campaign.folder / "models" / "round-1-finetuned.pt"
    path.unlink() if damage == "missing" else path.write_bytes(b"other")
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    with pytest.raises(StoreError, match=damage):
        export_campaign(campaign, tmp_path / "out")
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()} == before


def test_a_model_that_is_gone_leaves_a_renewed_export(campaign: Campaign, tmp_path: Path) -> None:
    export_campaign(campaign, tmp_path / "out")
    (tmp_path / "out" / "models" / "old.pt").write_bytes(b"of an earlier export")
    export_campaign(campaign, tmp_path / "out")
    assert len(read_archive(tmp_path / "out").history.models) == 2


def test_a_campaign_is_not_exported_over_a_campaign(campaign: Campaign) -> None:
    before = (campaign.folder / "campaign.toml").read_bytes()
    with pytest.raises(StoreError, match="holds a campaign"):
        export_campaign(campaign, campaign.folder)
    assert (campaign.folder / "campaign.toml").read_bytes() == before


def test_a_campaign_before_its_first_sample_comes_back(tmp_path: Path, host: Path) -> None:
    import small_campaign as small

    empty = small.make(tmp_path / "empty", host)
    export_campaign(empty, tmp_path / "out")
    assert import_campaign(tmp_path / "out", tmp_path / "again").settings == empty.settings


def test_a_label_of_a_forged_database_is_written_nowhere(campaign: Campaign) -> None:
    from nci_core.store import journal, labels

    result = labels.fetch(campaign.store, campaign.recipe.hash, status="complete")[0].result
    assert result is not None
    with campaign.store.write() as session:
        session.execute(text("UPDATE labels SET recipe_hash = '/../../../x', status = 'waiting' WHERE id = 1"))
    for name in ("/../../../x", "a-b", "", "a" * 65, "*"):
        with pytest.raises(StoreError, match="no geometry or recipe hash"):
            journal.result_path(campaign.folder, "0" * 16, name)
        assert journal.find_result(campaign.folder, "0" * 16, name) is None
    del result["recipe_hash"]
    with pytest.raises(StoreError, match="no geometry or recipe hash"):
        journal.record_label(campaign.store, 1, result)
    assert sorted(path.name for path in campaign.folder.parent.iterdir()) == ["hydrogen.xyz", "tiny"]
