"""Energies that people bring to a campaign: stored apart, measured against, learnt from, exported, removed."""

import io
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small
from ase import Atoms
from ase.io import write

from nci_core.campaign import Campaign
from nci_core.campaign.exchange import own_energies
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.exchange.energy_files import Checked, check
from nci_core.campaign.exchange.energy_sources import EnergyFile, open_files
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.refitting import refit
from nci_core.campaign.rounds.requests import check_picks
from nci_core.errors import InputError, StoreError
from nci_core.store import (
    configurations,
    energy_sets,
    evaluations,
    label_queries,
    models,
    rounds,
    teacher_labels,
)
from nci_core.store.schema import EnergySet
from nci_core.units import to_cm1


def drawn(n: int, seed: int) -> np.ndarray:
    """(n, 3) places round H2, from the wall to the tail."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(n, 3))
    return directions / np.linalg.norm(directions, axis=1)[:, None] * random.uniform(3.0, 6.0, n)[:, None]


def table(campaign: Campaign, points: np.ndarray, strength: float = 1.15) -> EnergyFile:
    energies = to_cm1(small.energy(campaign.systems[0].dimer, points, strength))
    rows = (f"{x:.6f},{y:.6f},{z:.6f},{e:.8f}" for (x, y, z), e in zip(points, energies, strict=True))
    return open_files(campaign.systems[0].dimer, [("mine.csv", "\n".join(["x,y,z,E / cm-1", *rows]).encode())])


def checked(campaign: Campaign, file: EnergyFile) -> Checked:
    return check(campaign, campaign.systems[0], file, file.guess())


def bring(
    campaign: Campaign, points: np.ndarray, name: str = "mine", kind: str = "test", hold_out: int = 0
) -> EnergySet:
    found = checked(campaign, table(campaign, points))
    return own_energies.import_energies(
        campaign,
        found,
        name=name,
        method="CCSD(T), Smith 2020",
        kind=kind,  # type: ignore[arg-type]
        person="ada",
        hold_out=hold_out,
    )


@pytest.fixture
def distilled(tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    campaign = small.taught(tmp_path / "work", host, monkeypatch)
    distill_campaign(campaign)
    return campaign


def test_a_set_is_no_part_of_the_campaigns_own(sampled: Campaign) -> None:
    before = configurations.counts(sampled.store)
    lacking = teacher_labels.missing(sampled.store, "formula")
    row = bring(sampled, drawn(20, 1))
    assert configurations.counts(sampled.store) == before
    assert teacher_labels.missing(sampled.store, "formula") == lacking
    assert len(teacher_labels.missing(sampled.store, "formula", outside=True)) == len(lacking) + 20
    assert label_queries.recipes(sampled.store) == {}
    number = int(energy_sets.points(sampled.store, row.id).configuration_ids[0])
    with pytest.raises(InputError, match="came with energies from outside"):
        check_picks(sampled, [number], "ada")
    with pytest.raises(StoreError, match="already"):
        bring(sampled, drawn(20, 2))  # of the same name
    own_energies.remove_energies(sampled, row.id)
    assert len(configurations.positions(sampled.store)[0]) == sum(before.values())
    assert energy_sets.sizes(sampled.store) == {}


def test_errors_equal_those_by_hand_and_leave_out_what_a_fit_may_have_seen(distilled: Campaign) -> None:
    ids, known = configurations.positions(distilled.store, split="pool")
    seen = small.in_range(distilled, [int(number) for number in ids])[:3]
    small.label(distilled, seen)
    places = np.array([known[ids.tolist().index(number)] for number in seen])
    points = np.vstack([drawn(25, 3), places * [-1.0, 1.0, -1.0]])  # images of what was labelled
    assert checked(distilled, table(distilled, points)).at_training == 3
    row = bring(distilled, points)
    report = own_energies.evaluate_set(distilled, row.id)
    model = models.active(distilled.store)
    assert model is not None
    predicted = {one.configuration_id: one.energy_ev for one in evaluations.predictions(distilled.store, model.id)}
    found = energy_sets.points(distilled.store, row.id)
    errors = [
        to_cm1(predicted[int(number)] - energy)
        for number, energy in zip(found.configuration_ids, found.energy_ev, strict=True)
        if int(number) not in seen and to_cm1(energy) < distilled.bounds.limit_cm1
    ]
    ((its_set, outside),) = own_energies.outside_errors(distilled, model)
    assert (its_set.name, outside.n) == ("mine", len(errors))
    assert outside.mae_cm1 == pytest.approx(np.abs(errors).mean())
    assert report["errors"][model.name]["all"]["mae_cm1"] == pytest.approx(outside.mae_cm1)
    (stored,) = (
        each for each in evaluations.metrics(distilled.store, row.identity, model_id=model.id) if each.region == "all"
    )
    assert (stored.split, stored.n) == ("outside", len(errors))


def test_a_student_learns_labels_of_another_method_and_can_be_fitted_again(distilled: Campaign) -> None:
    test = configurations.positions(distilled.store, split="test")[1][:2]
    row = bring(distilled, np.vstack([drawn(32, 4), test]), kind="labels", hold_out=8)
    whole = energy_sets.points(distilled.store, row.id)
    mine = whole.take(energy_sets.held_out(row, whole))
    of_test = sum(split == "test" for split in whole.take(~energy_sets.held_out(row, whole)).splits)
    before, rounds_before = models.fetch(distilled.store), rounds.last_number(distilled.store)
    done = finetune_campaign(distilled, recipes=["energies:mine"])
    assert (len(mine), done["n_labels"]) == (8, 26 - of_test), "neither the test set nor what is held out is learnt"
    model = models.get(distilled.store, done["model_id"])
    assert model.recipe_hash == row.identity
    assert [each.id for each in models.fetch(distilled.store)] == [each.id for each in before]
    assert (model.active, rounds.last_number(distilled.store)) == (False, rounds_before), "it is no part of the rounds"
    assert done["errors"]["energies:mine"]["all"]["mae_cm1"] < 0.5
    predicted = {each.configuration_id: each.energy_ev for each in evaluations.predictions(distilled.store, model.id)}
    errors = [
        abs(to_cm1(predicted[int(number)] - energy))
        for number, energy in zip(mine.configuration_ids, mine.energy_ev, strict=True)
        if to_cm1(energy) < distilled.bounds.limit_cm1
    ]
    (stored,) = (
        each for each in evaluations.metrics(distilled.store, row.identity, model_id=model.id) if each.region == "all"
    )
    assert (stored.split, stored.n) == ("outside", len(errors))
    assert stored.mae_cm1 == pytest.approx(np.mean(errors))
    again = refit(distilled, model)
    at = distilled.systems[0].dimer.at(drawn(5, 5))
    from nci_core.potentials.checkpoints import load_checkpoint

    stored = load_checkpoint(distilled.model_path(model))
    np.testing.assert_allclose(again.energies(at), stored.energies(at), atol=1e-9)
    bring(distilled, drawn(6, 6), name="held out")
    with pytest.raises(InputError, match="outside test set, which no fit may see"):
        finetune_campaign(distilled, recipes=["energies:held out"])


def test_an_archive_brings_the_sets_along(sampled: Campaign, tmp_path: Path) -> None:
    rows = [bring(sampled, drawn(12, 1)), bring(sampled, drawn(9, 2), name="other", kind="labels")]
    export_campaign(sampled, tmp_path / "archive")
    again = import_campaign(tmp_path / "archive", tmp_path / "again")
    for before, after in zip(rows, energy_sets.fetch(again.store), strict=True):
        assert (after.name, after.identity, after.details) == (before.name, before.identity, before.details)
        mine = [energy_sets.points(store, row.id) for store, row in ((sampled.store, before), (again.store, after))]
        assert mine[0].geometry_hashes == mine[1].geometry_hashes
        np.testing.assert_array_equal(mine[0].energy_ev, mine[1].energy_ev)
    assert configurations.counts(again.store) == configurations.counts(sampled.store)
    bring(again, drawn(3, 7), name="third")  # the next number is free
    again.store.close()


def frames(bond: float = small.BOND, shift: float = 0.0, probe: str = "He") -> bytes:
    """Two frames of the dimer, moved as a whole, with the probe first."""
    text = io.StringIO()
    for z in (3.2, 4.0):
        atoms = Atoms(f"{probe}HH", positions=[[0, 0, z], [0, 0, -bond / 2], [0, 0, bond / 2]])
        atoms.positions += [shift, 0.0, 0.0]
        atoms.info = {"REF_interaction_energy": -0.001 / z, "method": "CCSD(T)", "basis": "CBS"}
        atoms.info |= {"monomer_a": "1:3", "monomer_b": "0:1"}
        write(text, atoms, format="extxyz")
    return text.getvalue().encode()


def test_frames_lie_on_the_campaigns_host_or_are_refused(sampled: Campaign) -> None:
    file = open_files(sampled.systems[0].dimer, [("../../frames.xyz", frames(shift=7.0))])
    assert (file.name, file.method) == ("frames.xyz", "CCSD(T) CBS")
    found = checked(sampled, file)
    np.testing.assert_allclose(np.abs(found.points.positions[:, 2]), [3.2, 4.0], atol=1e-6)
    np.testing.assert_allclose(found.points.energy_ev, [-0.001 / 3.2, -0.001 / 4.0])
    with pytest.raises(InputError, match=r"RMSD\).*not be comparable"):
        open_files(sampled.systems[0].dimer, [("frames.xyz", frames(bond=0.80))])
    with pytest.raises(InputError, match="the campaign is about he-"):
        open_files(sampled.systems[0].dimer, [("frames.xyz", frames(probe="Ne"))])


def test_contradictions_and_bad_rows_store_nothing(sampled: Campaign) -> None:
    text = b"x,y,z,E / K\n1,0,4,-5\n2,0,4,-3\n-1,0,-4,-9\n"
    with pytest.raises(InputError, match="rows 2 and 4 are one geometry, symmetry counted"):
        checked(sampled, open_files(sampled.systems[0].dimer, [("a.csv", text)]))
    merged = checked(sampled, open_files(sampled.systems[0].dimer, [("a.csv", text.replace(b"-9", b"-5"))]))
    assert (len(merged.points), merged.repeats) == (2, 1)
    bad = checked(sampled, open_files(sampled.systems[0].dimer, [("a.csv", text.replace(b"-1,0,-4,-9", b"1,0,x,-9"))]))
    how = {"name": "a", "method": "MP2", "kind": "test", "person": "ada"}
    with pytest.raises(InputError, match="row 4: a coordinate is not a number"):
        own_energies.import_energies(sampled, bad, **how)  # type: ignore[arg-type]
    reserved = ({"name": "training  Labels"}, "already means something"), ({"name": sampled.recipe.name}, "already")
    for change, said in (
        *reserved,
        ({"name": " "}, "a name"),
        ({"method": ""}, "a method"),
        ({"name": "a\u202eb"}, "plain text"),
    ):
        with pytest.raises(InputError, match=said):
            own_energies.import_energies(sampled, merged, **how | change)  # type: ignore[arg-type]
    assert energy_sets.fetch(sampled.store) == []
    row = own_energies.import_energies(sampled, bad, **how, leave_out=True)  # type: ignore[arg-type]
    assert row.details["left_out"] == [[4, "a coordinate is not a number"]]
    assert energy_sets.points(sampled.store, row.id).energy_ev[0] == pytest.approx(-5 * 8.617333262e-5, rel=1e-6)
