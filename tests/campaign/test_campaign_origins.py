"""What a model came from: enough to fit it again; teachers that change under one name; live curves by region."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_campaign as small
from sqlalchemy import update

from nci_core import __version__
from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.origins import energies_sha256, of_checkpoint
from nci_core.campaign.rounds.refitting import refit
from nci_core.campaign.rounds.teaching import teach
from nci_core.cli.status_command import describe
from nci_core.errors import CancelledError, InputError, TeacherError
from nci_core.fitting import FitRun, FitSettings
from nci_core.potentials import load_checkpoint
from nci_core.potentials.parameters import StudentConfig
from nci_core.regions import RegionBounds
from nci_core.store import configurations, labels, models, teacher_labels, teachers
from nci_core.store.schema import Label
from nci_core.systems import Configurations
from nci_core.teachers.base import TeacherPoint
from nci_core.teachers.identity import Identity


class FileTeacher(small.FormulaTeacher):
    """A teacher of a file: what it computes is the number in there."""

    channels = ("total",)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text()

    def identity(self) -> Identity:
        return Identity(f"mace:x@{self.text}", {"sha256": self.text * 8})

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        for point in super().points(configurations):
            yield TeacherPoint(point.index, float(self.text), {"total": float(self.text)}, None, 0.0)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "x.model"
    path.write_text("1.5")
    finder = lambda spec, **options: FileTeacher(Path(spec.partition(":")[2]))  # noqa: E731
    monkeypatch.setattr("nci_core.teachers.registry.find_teacher", finder)
    return path


def energies(campaign: Campaign, name: str) -> set[float]:
    return {row.energy_ev for row in teacher_labels.fetch(campaign.store, name)}


def test_a_changed_file_is_another_teacher(tmp_path: Path, host: Path, file: Path) -> None:
    campaign = small.sampled(tmp_path / "work", host, teacher=f"mace:{file}")
    assert teach(campaign)["n_new"] == len(configurations.fetch(campaign.store))
    assert campaign.teachers == ("mace:x@1.5",)
    file.write_text("2.5")
    with pytest.raises(TeacherError, match=r"not what it was .*mace:x@1\.5 then, mace:x@2\.5 now.*nci teach --anew"):
        teach(campaign)
    teach(campaign, anew=True)
    assert campaign.teacher == "mace:x@2.5"
    assert (energies(campaign, "mace:x@1.5"), energies(campaign, "mace:x@2.5")) == ({1.5}, {2.5})
    file.write_text("1.5")  # restored: its labels are still there
    assert teach(campaign, anew=True)["n_new"] == 0


def test_a_file_that_is_only_moved_is_the_same_teacher(tmp_path: Path, host: Path, file: Path) -> None:
    campaign = small.sampled(tmp_path / "work", host, teacher=f"mace:{file}")
    teach(campaign)
    moved = file.rename(tmp_path / "elsewhere.model")
    assert teach(campaign, teacher=f"mace:{moved}")["n_new"] == 0


def test_which_teacher_it_was_goes_into_the_archive(tmp_path: Path, host: Path, file: Path) -> None:
    campaign = small.sampled(tmp_path / "work", host, teacher=f"mace:{file}")
    teach(campaign)
    export_campaign(campaign, tmp_path / "out")
    again = import_campaign(tmp_path / "out", tmp_path / "again")
    assert again.teacher == "mace:x@1.5"
    assert teachers.details(again.store, again.teacher) == {"sha256": "1.5" * 8}


def test_labels_of_earlier_versions_are_kept_and_not_mixed(tmp_path: Path, host: Path, file: Path) -> None:
    campaign = small.sampled(tmp_path / "work", host, teacher=f"mace:{file}")
    ids = small.pool(campaign)
    teacher_labels.record(campaign.store, f"mace:{file}", ids, [7.0] * len(ids), {"total": [7.0] * len(ids)})
    assert campaign.teacher == f"mace:{file}", "as long as nothing else has taught"
    teach(campaign)
    assert (energies(campaign, f"mace:{file}"), energies(campaign, campaign.teacher)) == ({7.0}, {1.5})


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    folder = tmp_path_factory.mktemp("fitted")
    with pytest.MonkeyPatch.context() as patch:
        campaign = small.taught(folder / "work", small.write_host(folder), patch)
        patch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
        small.label(campaign, small.in_range(campaign, small.pool(campaign))[:8])
        distill_campaign(campaign, seed=3)
        finetune_campaign(campaign)
    yield campaign
    campaign.store.close()


def test_a_model_says_what_it_came_from_and_can_be_fitted_again(fitted: Campaign) -> None:
    distilled, tuned = models.fetch(fitted.store)
    for row in (distilled, tuned):
        model = load_checkpoint(fitted.model_path(row))
        found = of_checkpoint(model, row.name)
        assert found.nci_version == __version__
        assert set(found.versions) == {"numpy", "torch"}
        assert set(found.settings) == set(FitSettings.model_fields)
        assert StudentConfig.model_validate(found.student) == model.config
        assert row.settings["origin"] == found.brief()
        assert "geometry_hashes" not in str(found.brief())
        # More is sampled and labelled since: the fit is repeated on what it had.
    known = labels.complete(fitted.store, fitted.recipe.hash, split="pool")
    small.label(fitted, small.in_range(fitted, small.pool(fitted))[8:10])
    positions = np.array([[0.0, 0.0, 3.0], [2.5, 0.0, 0.5], [4.0, 1.0, 0.0]])
    for row in (distilled, tuned):
        stored = load_checkpoint(fitted.model_path(row))
        again = refit(fitted, row).energies(fitted.systems[0].dimer.at(positions))
        # The same numbers in the same order on the same machine.
        assert again == pytest.approx(stored.energies(fitted.systems[0].dimer.at(positions)), rel=1e-9)
    used = of_checkpoint(load_checkpoint(fitted.model_path(tuned)), tuned.name)
    assert used.parent is not None
    assert (used.parent.name, used.parent.sha256) == (distilled.name, distilled.sha256)
    (label,) = used.labels
    assert (label.recipe, label.recipe_hash, label.count) == ("quick", fitted.recipe.hash, 8)
    assert list(label.geometry_hashes) == known.geometry_hashes
    assert label.sha256 == energies_sha256(known.geometry_hashes, known.energy_ev.tolist())
    assert describe(fitted)["active_model_origin"]["labels"][0]["sha256"] == label.sha256
    with fitted.store.write() as session:
        session.execute(
            update(Label).where(Label.configuration_id == int(known.configuration_ids[0])).values(energy_ev=0.1)
        )
    with pytest.raises(InputError, match="not those of the fit any more"):
        refit(fitted, tuned)


def test_live_curves_use_the_campaign_s_regions(fitted: Campaign) -> None:
    """Bounds between which every label is in the tail, where the default ones see a well and a wall."""
    wide = tuple(replace(system, bounds=RegionBounds(-1e6, 1e6)) for system in fitted.systems)
    campaign = Campaign(fitted.folder, fitted.settings, fitted.store, wide)
    seen: list[dict[str, Any]] = []
    with pytest.raises(CancelledError):
        finetune_campaign(campaign, run=FitRun(seen.append, lambda: len(seen) >= 2))
    found = {name for event in seen for name in event["train_mae_cm1"]}
    signs = set(np.sign(labels.complete(fitted.store, fitted.recipe.hash, split="pool").energy_ev).tolist())
    assert found == {"lt_limit"} | {"tail" if sign < 0 else "wall" for sign in signs}
    with pytest.raises(CancelledError):
        distill_campaign(campaign, run=FitRun(seen.append, lambda: len(seen) >= 4))
    assert "well" not in {name for event in seen for name in event["train_mae_cm1"]}
