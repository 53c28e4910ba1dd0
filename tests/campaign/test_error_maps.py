"""Maps of errors: what is known is met, the rest is masked, and a kept file counts only for the state it is of."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nci_core.campaign import Campaign
from nci_core.campaign.queries import error_maps as module
from nci_core.campaign.queries.error_map_file import maps_file, read_maps, renew_maps, write_maps
from nci_core.campaign.queries.error_maps import CLEARLY_WORSE, ErrorMaps, compute_maps, maps_key
from nci_core.campaign.queries.live import field
from nci_core.errors import InputError, StoreError
from nci_core.interpolation import REACH, gap
from nci_core.store import configurations, labels, models
from nci_core.systems.folding import exact_operations
from nci_core.units import CM1_EV, from_cm1


@pytest.fixture(scope="module")
def campaign(finished: Campaign, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """A copy of the finished campaign, whose file of maps may be changed."""
    folder = tmp_path_factory.mktemp("maps") / "work"
    shutil.copytree(finished.folder, folder)
    copy = Campaign.open(folder)
    yield copy
    copy.store.close()


@pytest.fixture(scope="module")
def maps(campaign: Campaign) -> ErrorMaps:
    return renew_maps(campaign, campaign.systems[0])


def grid(campaign: Campaign, maps: ErrorMaps) -> np.ndarray:
    host = campaign.systems[0].dimer.a
    return host.centre + maps.u[None, :, None] * maps.across + maps.v[:, None, None] * maps.up


def test_a_fit_leaves_the_maps_of_what_there_is_then(campaign: Campaign) -> None:
    kept = read_maps(maps_file(campaign, campaign.systems[0]))
    assert kept is not None
    assert kept.key == maps_key(campaign, campaign.systems[0])
    assert kept.against == "labels"
    assert kept.model_ids == tuple(row.id for row in models.fetch(campaign.store))
    assert models.get(campaign.store, kept.model_ids[kept.carrier]).kind == "finetuned"


def test_errors_are_prediction_minus_label_where_there_is_one(campaign: Campaign, maps: ErrorMaps) -> None:
    """At a test label the reference is the label, so every map's value there is the potential's true error."""
    known = labels.complete(campaign.store, campaign.recipe.hash, split="test")
    below = known.energy_ev < from_cm1(campaign.bounds.limit_cm1)
    np.testing.assert_allclose(maps.test_ev, known.energy_ev[below])
    step = maps.u[1] - maps.u[0]
    host, points = campaign.systems[0].dimer.a, grid(campaign, maps)
    from nci_core.campaign.queries.live_stored import stored_field

    carrier = maps.model_ids[maps.carrier]
    reference = stored_field(campaign.folder, carrier, 1, "reference", "test", maps.test_positions)
    np.testing.assert_allclose(reference, maps.test_ev, atol=1e-3 * CM1_EV)
    for row, number in enumerate(maps.model_ids):
        said = field(campaign.folder, number, 1, maps.test_positions).energy_ev
        np.testing.assert_allclose(maps.test_models_ev[row], said, atol=1e-9)
        drawn = np.isfinite(maps.error(row))
        there = field(campaign.folder, number, 1, points[drawn]).energy_ev
        near = maps.near[drawn]
        met = stored_field(campaign.folder, carrier, 1, "reference", "test", points[drawn][near])
        np.testing.assert_allclose(maps.error(row)[drawn][near], there[near] - met, atol=1e-3 * CM1_EV)
    assert (gap(host, maps.test_positions, points[maps.near]) <= REACH).all()
    assert 0 < step <= module.SPACING


def test_maps_are_as_symmetric_as_the_host(campaign: Campaign, maps: ErrorMaps) -> None:
    host, points = campaign.systems[0].dimer.a, grid(campaign, maps)
    plane = np.stack([maps.across, maps.up])
    errors = maps.error(0)
    compared = 0
    for operation in exact_operations(host)[1:]:
        turned = (points - host.centre) @ operation.T
        uv = turned @ plane.T
        if np.abs(turned - uv @ plane).max() > 1e-6:  # it leaves the plane
            continue
        i, j = (
            np.rint((uv[..., k] - axis[0]) / (axis[1] - axis[0])).astype(int) for k, axis in ((0, maps.u), (1, maps.v))
        )
        inside = (i >= 0) & (i < len(maps.u)) & (j >= 0) & (j < len(maps.v))
        np.testing.assert_allclose(errors[j[inside], i[inside]], errors[inside], atol=1e-3 * CM1_EV)
        compared += 1
    assert compared


def test_nothing_is_drawn_inside_the_wall_far_away_or_where_no_test_label_tells(
    campaign: Campaign, maps: ErrorMaps
) -> None:
    points, host = grid(campaign, maps), campaign.systems[0].dimer.a
    sampled = configurations.positions(campaign.store)[1]
    far = (gap(host, sampled, points.reshape(-1, 3)) > REACH).reshape(maps.wall.shape)
    carrier = maps.energies_ev[maps.carrier]
    wall = ~(carrier < from_cm1(campaign.bounds.limit_cm1))  # and next to a nucleus
    for drawn in (maps.teacher_error(), *(maps.error(row) for row in range(len(maps.model_ids)))):
        assert np.isnan(drawn[far | wall]).all()
        assert np.isfinite(drawn).any()
    own, mean = maps.error(maps.carrier), np.abs(maps.test_models_ev - maps.test_ev).mean(axis=1)
    assert np.isnan(own[~maps.near]).all()
    distilled = next(row for row in range(len(maps.model_ids)) if row != maps.carrier)
    assert maps.known_everywhere(maps.test_models_ev[distilled]) == (
        mean[distilled] >= CLEARLY_WORSE * mean[maps.carrier]
    )
    wide = replace(
        maps, test_models_ev=maps.test_models_ev * np.where(np.arange(len(mean)) == distilled, 50, 1)[:, None]
    )
    assert np.isfinite(wide.error(distilled)).sum() > np.isfinite(own).sum()
    assert np.isfinite(maps.error(0, into_wall=1.0)).sum() > np.isfinite(maps.error(0)).sum()


def test_new_labels_or_students_make_kept_maps_stale(campaign: Campaign, maps: ErrorMaps) -> None:
    known = labels.complete(campaign.store, campaign.recipe.hash, split="test")
    before = maps_key(campaign, campaign.systems[0])
    labels.quarantine(campaign.store, int(known.ids[0]), "looks wrong")
    assert maps_key(campaign, campaign.systems[0]) != before
    labels.quarantine(campaign.store, int(known.ids[0]), None)
    assert maps_key(campaign, campaign.systems[0]) == before == maps.key
    models.refitted(campaign.store, maps.model_ids[0], sha256="0" * 64, seconds=1.0)
    assert maps_key(campaign, campaign.systems[0]) != before
    with pytest.raises(StoreError, match="is not the one that was stored"):
        renew_maps(campaign, campaign.systems[0])
    models.refitted(campaign.store, maps.model_ids[0], sha256=maps.digests[0], seconds=1.0)


def test_students_that_are_known_are_not_asked_again(
    campaign: Campaign, maps: ErrorMaps, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = module.folded_field

    def counted(folder: Path, number: int, system_id: int, points: np.ndarray) -> object:
        asked.append(number)
        return real(folder, number, system_id, points)

    monkeypatch.setattr(module, "folded_field", counted)
    compute_maps(campaign, campaign.systems[0], known=replace(maps, digests=("", *maps.digests[1:])))
    assert asked == [maps.model_ids[0]]


@pytest.mark.parametrize("damage", ["cut", "pickle", "sizes", "link", "not a number"])
def test_a_damaged_file_is_made_anew_and_nothing_in_it_is_run(
    campaign: Campaign, maps: ErrorMaps, damage: str, tmp_path: Path
) -> None:
    path = maps_file(campaign, campaign.systems[0])
    write_maps(maps_file(campaign, campaign.systems[0]), maps)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "pickle":
        with path.open("wb") as stream:
            np.savez(stream, about=np.array([Path("x")], dtype=object), u=maps.u)
    elif damage == "sizes":
        write_maps(maps_file(campaign, campaign.systems[0]), replace(maps, u=maps.u[:-1]))
    elif damage == "not a number":
        write_maps(maps_file(campaign, campaign.systems[0]), replace(maps, test_models_ev=maps.test_models_ev * np.nan))
    else:
        path.rename(tmp_path / "elsewhere.npz")
        path.symlink_to(tmp_path / "elsewhere.npz")
    assert read_maps(maps_file(campaign, campaign.systems[0])) is None
    again = renew_maps(campaign, campaign.systems[0])
    np.testing.assert_allclose(again.energies_ev, maps.energies_ev, rtol=1e-6)
    kept = read_maps(maps_file(campaign, campaign.systems[0]))
    assert kept is not None
    assert kept.key == maps.key


def test_without_test_labels_students_are_compared_with_the_teacher(
    campaign: Campaign, maps: ErrorMaps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEWEST", 500)
    found = compute_maps(campaign, campaign.systems[0], key=maps.key, known=maps)
    assert found.against == "teacher"
    assert found.test_models_ev.shape == (len(maps.model_ids), 0)
    drawn = np.isfinite(found.error(0))
    assert drawn.any()
    np.testing.assert_allclose(found.error(0)[drawn], (found.energies_ev[0] - found.teacher_ev)[drawn])
    write_maps(maps_file(campaign, campaign.systems[0]), found)
    kept = read_maps(maps_file(campaign, campaign.systems[0]))
    assert kept is not None
    assert kept.against == "teacher"
    assert np.isnan(kept.missed_ev)


def test_without_a_student_one_sentence_is_said(sampled: Campaign) -> None:
    with pytest.raises(InputError, match="no student yet"):
        renew_maps(sampled, sampled.systems[0])
    assert not maps_file(sampled, sampled.systems[0]).exists()


def test_a_read_only_campaign_shows_maps_and_keeps_none(
    campaign: Campaign, maps: ErrorMaps, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps_file(campaign, campaign.systems[0]).unlink(missing_ok=True)
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    assert renew_maps(campaign, campaign.systems[0]).key == maps.key
    assert not maps_file(campaign, campaign.systems[0]).exists()
