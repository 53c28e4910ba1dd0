"""What is asked about one system of a campaign of several: each answer is of that system's host and energies alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small
from made import Once

from nci_core.campaign import Campaign
from nci_core.campaign.exchange import own_energies
from nci_core.campaign.exchange.energy_files import check
from nci_core.campaign.exchange.energy_sources import open_files
from nci_core.campaign.exchange.takeaway import chosen_model, export_model_file
from nci_core.campaign.pricing.budget import fill_budget, outlook, preview
from nci_core.campaign.pricing.costs import label_cost
from nci_core.campaign.queries.error_map_file import maps_file, read_maps
from nci_core.campaign.queries.error_maps import maps_key, maps_on
from nci_core.campaign.queries.expected_energies import expected
from nci_core.campaign.queries.live import field
from nci_core.campaign.queries.live_fields import folded_field, ruler, well_radii
from nci_core.campaign.queries.live_stored import stored_field
from nci_core.campaign.rounds.learning import distill_campaign
from nci_core.campaign.rounds.replay import replay
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.campaign.rounds.teaching import teach
from nci_core.config import MonomerSettings, SystemSettings
from nci_core.errors import InputError, ModelError
from nci_core.store import configurations, energy_sets, labels, teacher_labels
from nci_core.systems import Monomer, builtin_monomer

NITROGEN = Monomer("N2", ("N", "N"), np.array([[0.0, 0.0, -0.55], [0.0, 0.0, 0.55]]), source="made up")
POINTS = np.array([[0.0, 0.3, 3.6], [3.9, 0.2, 0.1]])


def _make(folder: Path) -> None:
    campaign = small.make(folder / "work", small.write_host(folder))
    for name, host, role in (
        ("ethylene", builtin_monomer("ethylene"), "train"),
        ("far", builtin_monomer("methane"), "transfer"),
        ("strange", NITROGEN, "transfer"),
    ):
        settings = {"name": name, "host": MonomerSettings.of(host), "role": role}
        campaign.add_system(SystemSettings.model_validate(settings))
    sample_campaign(campaign, 24, seed=1, n_test=8, points_per_cut=0)
    with pytest.MonkeyPatch.context() as patch:
        small.use_formula(patch)
        teach(campaign)
        distill_campaign(campaign)
    campaign.store.close()


@pytest.fixture(scope="module")
def several(once: Once) -> Iterator[Campaign]:
    """Distilled on two systems, two more are only tested on; for reading only."""
    campaign = Campaign.open(once("several", _make) / "work")
    yield campaign
    campaign.store.close()


def test_a_model_is_asked_about_one_system(several: Campaign) -> None:
    row = chosen_model(several)
    student = load_student(several, row)
    for system in several.systems[:3]:
        found = field(several.folder, row.id, system.id, POINTS)
        np.testing.assert_allclose(found.energy_ev, student.energies(system.dimer.at(POINTS)))
        np.testing.assert_allclose(folded_field(several.folder, row.id, system.id, POINTS).energy_ev, found.energy_ev)
        np.testing.assert_allclose(expected(several.folder, row.id, system.id, POINTS), found.energy_ev)
        assert ruler(several.folder, row.id, system.id, POINTS).length.shape == (2, len(system.dimer.a.symbols))
        assert well_radii(several.folder, row.id, system.id, [[1.0, 0.0, 0.0]])[0] > 2.0
    with pytest.raises(InputError, match="no system 9"):
        field(several.folder, row.id, 9, POINTS)
    with pytest.raises(ModelError, match="N"):
        field(several.folder, row.id, several.system("strange").id, POINTS)
    assert (expected(several.folder, None, several.system("strange").id, POINTS) < 0).all()


def test_stored_energies_are_those_of_the_system(several: Campaign) -> None:
    row = chosen_model(several)
    for system in several.training_systems:
        known = teacher_labels.fetch(several.store, several.teacher, system_id=system.id)
        energy = {each.configuration_id: each.energy_ev for each in known}
        ids, places = configurations.positions(several.store, split="pool", system_id=system.id)
        mine = np.array([energy[int(number)] for number in ids])
        low = mine < 0
        said = stored_field(several.folder, row.id, system.id, "teacher", "pool", places[low])
        np.testing.assert_allclose(said, mine[low], atol=1e-6)
    with pytest.raises(InputError, match="pool has 0 teacher energies"):
        stored_field(several.folder, row.id, several.system("far").id, "teacher", "pool", POINTS)


def test_each_system_has_its_own_error_maps(several: Campaign) -> None:
    first, second, far, _ = several.systems
    assert maps_file(several, first).name == "error-maps.npz"
    assert maps_file(several, second).name == f"error-maps-{second.id}.npz"
    kept = [read_maps(maps_file(several, system)) for system in (first, second)]
    for system, maps in zip((first, second), kept, strict=True):
        assert maps is not None
        assert maps.key == maps_key(several, system)
        again = maps_on(several.folder, system.id, maps, "test", maps.model_ids)
        np.testing.assert_allclose(again.energies_ev, maps.energies_ev, rtol=1e-5)
    assert len({maps_key(several, system) for system in several.systems}) == 4
    assert read_maps(maps_file(several, far)) is None, "it has neither labels nor a pool to compare with"


def test_a_budget_is_spent_over_all_pools_at_the_price_of_each(several: Campaign) -> None:
    model = chosen_model(several).id
    prices = {system.id: label_cost(several, dimer=system.dimer).mean_minutes for system in several.training_systems}
    cheap, dear = prices.values()
    assert dear > 3 * cheap
    of = {row.id: row.system_id for row in configurations.fetch(several.store)}
    offers = fill_budget(several.folder, model, 6 * dear)
    chosen = offers.index.tolist()
    assert {of[number] for number in chosen} <= set(prices)
    assert offers["minutes"].iloc[-1] == pytest.approx(sum(prices[of[number]] for number in chosen))
    assert offers["minutes"].iloc[-1] <= 6 * dear
    found = preview(several.folder, model, chosen)
    assert found.minutes == pytest.approx(offers["minutes"].iloc[-1])
    # Without labels the first offer takes nearly all of the variance, of which the rest is a small difference.
    assert found.regions.at["all", "after_ev"] == pytest.approx(offers["rms_ev"].iloc[-1], rel=1e-3)
    path = outlook(several.folder, model, 6 * dear)
    assert (path.greedy_ev <= path.random_ev + 1e-12).all()
    tested = configurations.positions(several.store, split="test")[0]
    with pytest.raises(InputError, match="training pool"):
        preview(several.folder, model, [int(tested[-1])])


def test_energies_that_are_brought_belong_to_one_system(once: Once, tmp_path: Path) -> None:
    import shutil

    campaign = Campaign.open(shutil.copytree(once("several", _make) / "work", tmp_path / "copy"))
    system = campaign.system("ethylene")
    rows = [f"{x},{y},{z},-9" for x, y, z in POINTS]
    file = open_files(system.dimer, [("mine.csv", "\n".join(["x,y,z,E / cm-1", *rows]).encode())])
    checked = check(campaign, system, file, file.guess())
    options = {"method": "CCSD(T)", "kind": "test", "person": "me"}
    row = own_energies.import_energies(campaign, checked, name="mine", **options)  # type: ignore[arg-type]
    assert energy_sets.points(campaign.store, row.id).system_ids.tolist() == [system.id] * 2
    other = check(campaign, campaign.systems[0], file, file.guess())
    again = own_energies.import_energies(campaign, other, name="theirs", **options)  # type: ignore[arg-type]
    assert energy_sets.points(campaign.store, again.id).system_ids.tolist() == [campaign.systems[0].id] * 2
    with pytest.raises(InputError, match="Say which system"):
        campaign.chosen_system(None)
    campaign.store.close()


def test_a_student_is_taken_away_for_the_system_that_is_named(several: Campaign, tmp_path: Path) -> None:
    row = chosen_model(several)
    with pytest.raises(InputError, match="--system NAME"):
        export_model_file(several, row, tmp_path / "student.py")
    said = export_model_file(several, row, tmp_path / "student.py", system="ethylene")
    assert "for NumPy" in said
    assert several.system("ethylene").dimer.name in (tmp_path / "student.py").read_text()
    export_model_file(several, row, tmp_path / "student.pt")


def test_pickers_are_compared_on_training_systems_alone(
    several: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(several.folder, tmp_path / "copy")
    campaign = Campaign.open(tmp_path / "copy")
    small.use_formula(monkeypatch)
    tests = [configurations.positions(campaign.store, split="test", system_id=each.id)[0] for each in campaign.systems]
    small.label(campaign, small.pool(campaign)[:5])
    small.label(campaign, [int(number) for ids in tests for number in ids[:3]], "test-set")
    for row in labels.fetch(campaign.store, campaign.recipe.hash):  # their monomers' energies are those of one host
        labels.quarantine(campaign.store, row.id, None)
    known = labels.complete(campaign.store, campaign.recipe.hash, split="test")
    inside = campaign.bounds.of(known.system_ids).classify(known.energy_ev) != "beyond"
    trained = np.isin(known.system_ids, [system.id for system in campaign.training_systems])
    found = replay(campaign, sizes=(5,), seeds=1)
    assert 0 < found["n_test"] == (inside & trained).sum() < inside.sum()
    assert all(np.isfinite(trial["mae_cm1"]["all"]) for trial in found["trials"])
    campaign.store.close()
