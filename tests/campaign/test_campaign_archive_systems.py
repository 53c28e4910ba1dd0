"""Archives of several systems: they come back whole, and what is forged in their systems is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_archive
from forging import assert_refused, change_history, change_lines

from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.store import configurations, evaluations, labels, models, systems


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
