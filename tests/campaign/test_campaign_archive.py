"""A campaign as plain files: out and in again without a difference, or nothing at all."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import small_campaign as small
from sqlalchemy import select

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, export_extxyz, import_campaign, import_embedded
from nci_core.errors import InputError, NCIError, StoreError
from nci_core.extxyz import read_dataset
from nci_core.potentials import load_checkpoint
from nci_core.store import configurations, label_queries, labels, models, systems
from nci_core.store.base import Base
from nci_core.store.schema import (
    Configuration,
    CutPoint,
    Label,
    Metric,
    Model,
    Pick,
    Prediction,
    Round,
    TeacherLabel,
)

TABLES = (Configuration, TeacherLabel, Round, Label, Pick, Model, Prediction, CutPoint, Metric)


@pytest.fixture(scope="module")
def archive(finished: Campaign, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive") / "exported"
    sentence = export_campaign(finished, folder)
    assert "with CCSD(T), 2 models" in sentence
    return folder


def contents(campaign: Campaign, table: type[Base]) -> list[dict[str, Any]]:
    """Rows without database numbers, whose order an import need not keep."""
    with campaign.store.read() as session:
        hashes = {row[0]: row[1] for row in session.execute(select(Configuration.id, Configuration.geometry_hash))}
        names = {row[0]: row[1] for row in session.execute(select(Model.id, Model.name))}
        rows = list(session.scalars(select(table)))
    known = {"configuration_id": hashes, "model_id": names, "parent_id": names}
    columns = [name for name in table.__table__.columns.keys() if name not in ("id", "job_id")]  # noqa: SIM118
    found = [
        {key: known[key].get(getattr(row, key)) if key in known else getattr(row, key) for key in columns}
        for row in rows
    ]
    for row in found:
        if table is Configuration:  # eight decimals in the file
            row.update({name: round(row[name], 8) for name in ("x_angstrom", "y_angstrom", "z_angstrom")})
        if table is Model:
            kept = [p | {"configuration_id": hashes[p["configuration_id"]]} for p in row["notes"]["proposals"]]
            row["notes"] = row["notes"] | {"proposals": kept}
    # An import adds its configurations now.
    drop = ("created_at",) if table is Configuration else ()
    return sorted(({k: v for k, v in row.items() if k not in drop} for row in found), key=repr)


def test_round_trip_keeps_every_row(finished: Campaign, archive: Path, tmp_path: Path) -> None:
    again = import_campaign(archive, tmp_path / "again")
    assert again.settings == finished.settings
    assert all(row.test_frozen_at for row in systems.fetch(again.store))
    for table in TABLES:
        here, there = contents(finished, table), contents(again, table)
        assert len(here) == len(there) > 0 or table is Pick, table.__tablename__
        for one, other in zip(here, there, strict=True):
            assert one == other, table.__tablename__


def test_configurations_keep_their_numbers(finished: Campaign, archive: Path, tmp_path: Path) -> None:
    again = import_campaign(archive, tmp_path / "again")
    here, there = ({row.id: row.geometry_hash for row in configurations.fetch(c.store)} for c in (finished, again))
    assert here == there


def test_labels_with_errors_stay_errors_and_unfinished_ones_are_cancelled(archive: Path, tmp_path: Path) -> None:
    again = import_campaign(archive, tmp_path / "again")
    counts = label_queries.status_counts(again.store, again.recipe.hash)
    assert (counts["complete"], counts["error"], counts["waiting"], counts["running"]) == (22, 1, 0, 0)
    failed = labels.fetch(again.store, again.recipe.hash, status="error")[0]
    assert failed.error is not None
    assert "did not converge" in failed.error
    # The journal is there too: a lost database can be rebuilt.
    assert len(list((again.folder / "results").glob("*.json"))) == 22


def test_imported_models_predict_the_same(finished: Campaign, archive: Path, tmp_path: Path) -> None:
    again = import_campaign(archive, tmp_path / "again")
    points = configurations.positions(finished.store)[1]
    for old, new in zip(models.fetch(finished.store), models.fetch(again.store), strict=True):
        one, other = (load_checkpoint(c.model_path(row)) for c, row in ((finished, old), (again, new)))
        assert np.array_equal(
            one.energies(finished.systems[0].dimer.at(points)), other.energies(again.systems[0].dimer.at(points))
        )


def test_an_export_can_be_renewed(finished: Campaign, archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "renewed"
    export_campaign(finished, folder)
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    export_campaign(finished, folder)
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_no_archive_says_where_it_was_made(archive: Path, finished: Campaign) -> None:
    for path in archive.rglob("*"):
        if path.suffix in (".json", ".jsonl", ".toml", ".extxyz"):
            assert str(finished.folder) not in path.read_text(encoding="utf-8"), path.name


def test_the_extxyz_is_a_dataset(finished: Campaign, tmp_path: Path) -> None:
    sentence = export_extxyz(finished, tmp_path / "all.extxyz")
    total = len(configurations.fetch(finished.store))
    assert sentence.endswith(f"{total} configurations, 22 with CCSD(T).")
    data = read_dataset(tmp_path / "all.extxyz")
    group = data.only_group()
    assert (len(data), data.labelled) == (total, 22)
    assert data.label == {"method": "CCSD(T)", "basis": finished.recipe.basis_name, "bsse": "counterpoise"}
    # Eight decimals in the file; the formula changes by less than 1 eV/Å here.
    known = np.isfinite(group.reference)
    assert np.allclose(group.reference[known], small.energy(finished.systems[0].dimer, group.at.R[known]), atol=1e-7)
    assert group.columns["split"].count("test") == 8
    assert group.at.geometry_hashes() == group.columns["geometry_hash"]
    text = (tmp_path / "all.extxyz").read_text()
    assert " energy=" not in text
    assert " forces=" not in text


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) * 2 // 3])

    return damage


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content)  # type: ignore[return-value]


def drop_model(folder: Path) -> None:
    next((folder / "models").glob("*.pt")).unlink()


def flip_model(folder: Path) -> None:
    path = next((folder / "models").glob("*.pt"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def no_number(folder: Path) -> None:
    path = folder / "labels.jsonl"
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    rows[0]["result"]["energy_ev"] = None
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def other_probe(folder: Path) -> None:
    path = folder / "campaign.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('probe = "He"', 'probe = "Ne"'), encoding="utf-8")


FILES = ("configurations.extxyz", "teachers.jsonl", "labels.jsonl", "history.json", "predictions.jsonl")
DAMAGE: dict[str, Callable[[Path], None]] = {
    **{f"no {name}": remove(name) for name in ("campaign.toml", *FILES)},
    **{f"half of {name}": cut(name) for name in ("campaign.toml", *FILES)},
    "rows without fields": replace("labels.jsonl", b'{"status": "complete"}\n'),
    "rows of another place": replace("teachers.jsonl", b'{"configuration_id": "0000", "teacher": "x"}\n'),
    "a list instead of rows": replace("predictions.jsonl", b"[1, 2]\n"),
    "another history": replace("history.json", b'{"rounds": []}'),
    "no model": drop_model,
    "another model": flip_model,
    "a label without a number": no_number,
    "another probe": other_probe,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_archive_leaves_nothing_behind(archive: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    source = tmp_path / "source"
    shutil.copytree(archive, source)
    damage(source)
    (tmp_path / "home").mkdir()
    with pytest.raises(NCIError) as error:
        import_campaign(source, tmp_path / "home" / "new")
    assert "\n" not in str(error.value)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_full_disk_while_importing_leaves_nothing_behind(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    (tmp_path / "home").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            import_campaign(archive, tmp_path / "home" / "new")
    assert list((tmp_path / "home").iterdir()) == []
    assert import_campaign(archive, tmp_path / "home" / "new").name == "new"


def test_a_full_disk_while_exporting_is_one_sentence(
    finished: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            export_campaign(finished, tmp_path / "out")
    (tmp_path / "file").write_text("here already")
    with pytest.raises(StoreError, match="cannot be written"):
        export_campaign(finished, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "here already"


def test_nothing_is_imported_over_something(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(StoreError, match="exists already"):
        import_campaign(archive, tmp_path / "there")
    with pytest.raises(InputError, match="is not a campaign"):
        import_campaign(tmp_path / "there", tmp_path / "new")


def test_embedded_campaigns_are_imported_once(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("he-ethylene", "he-aromatics"):
        shutil.copytree(archive, tmp_path / "data" / name)
    monkeypatch.setattr("nci_core.campaign.exchange.archive.data_folder", lambda: tmp_path / "data")
    monkeypatch.setenv("NCI_HOME", str(tmp_path / "home"))
    assert import_embedded() == ["he-ethylene-demo", "he-ethylene", "he-aromatics"]
    assert import_embedded() == []
    shutil.copytree(archive, tmp_path / "data" / "he-benzene")
    (tmp_path / "data" / "he-benzene" / "history.json").write_bytes(b"{")
    with pytest.raises(StoreError, match="The embedded campaign he-benzene could not be imported"):
        import_embedded()
    assert not (tmp_path / "home" / "he-benzene").exists()
