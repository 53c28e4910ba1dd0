"""What a forged archive asks for is not done: one sentence, and no file is written or read elsewhere."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import tiny_archive
from forging import Change, assert_refused, change_history, change_lines

from nci_core.campaign import Campaign
from nci_core.campaign.exchange import archive_rows as rows
from nci_core.campaign.exchange.archive import data_folder, import_campaign, read_archive
from nci_core.errors import InputError
from nci_core.store import schema

SECRET = b"a private key"


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
    assert read_archive(source).rows[schema.Label][0]["created_at"].isoformat() == "2026-01-02T03:04:05+00:00"


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
    assert all(row["status"] == "complete" for row in found.rows[schema.Label])


@pytest.mark.parametrize("table", rows.ROWS)
def test_every_column_has_its_place_in_an_archive(table: type[Any]) -> None:
    left_out = {"id", "job_id"}
    if table is schema.Label:  # they follow from its configuration and its result
        left_out |= {"system_id", "energy_ev", "hf_ev", "ccsd_ev", "triples_ev", "recipe_std_cm1"}
        left_out |= {"cpu_seconds", "wall_seconds", "memory_gb"}
    if table is schema.SetEnergy:
        left_out |= {"set_id"}
    assert set(rows.ROWS[table].model_fields) - {"table", "energies"} == set(table.__table__.columns.keys()) - left_out


OF_BEFORE = {"model_id": "m", "cut": "face", "distance_angstrom": 3.0, "energy_ev": -0.1}
OF_BEFORE |= {"table": "cut_points", "x_angstrom": 0.0, "y_angstrom": 0.0, "z_angstrom": 3.0}


def test_the_two_channels_of_earlier_archives_are_read() -> None:
    row = rows.ROWS[schema.CutPoint].model_validate(OF_BEFORE | {"repulsion_ev": 0.2, "dispersion_ev": -0.3})
    assert (row.channels_ev, row.system_id) == ({"repulsion": 0.2, "dispersion": -0.3}, None)
    assert rows.ROWS[schema.CutPoint].model_validate(OF_BEFORE | {"repulsion_ev": None}).channels_ev == {}
    with pytest.raises(ValueError, match="repulsion_ev"):
        rows.ROWS[schema.CutPoint].model_validate(OF_BEFORE | {"repulsion_ev": 0.2, "channels_ev": {}})
