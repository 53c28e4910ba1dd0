"""A campaign of several systems from the command line: made, listed, added to, sampled and taught."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
from ase import Atoms
from ase.io import write

from nci_core.campaign import Campaign
from nci_core.campaign.pricing.costs import cost_of_labels, label_cost
from nci_core.campaign.rounds.gates import stored_gates
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.refitting import refit
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.errors import InputError
from nci_core.potentials.agreement import fitted_systems
from nci_core.store import configurations, evaluations, teacher_labels

Nci = Callable[..., Any]


@pytest.fixture
def molecules(tmp_path: Path) -> dict[str, str]:
    """Two more hosts, as files."""
    bonds = {"hydrogen": ("H2", 0.7414), "nitrogen": ("N2", 1.0977)}
    for name, (symbols, bond) in bonds.items():
        write(tmp_path / f"{name}.xyz", Atoms(symbols, positions=[[0, 0, -bond / 2], [0, 0, bond / 2]]))
    return {name: str(tmp_path / f"{name}.xyz") for name in bonds}


def test_several_hosts_are_sampled_and_taught_and_transfer_hosts_only_tested(
    nci: Nci, tmp_path: Path, molecules: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    made = nci("init", str(folder), "--host", molecules["hydrogen"], "--host", "ethylene", "--recipe", "quick")
    assert made.code == 0, made.err
    assert "he-hydrogen, H2 of symmetry D∞h; he-ethylene" in made.out
    monkeypatch.setenv("NCI_CAMPAIGN", str(folder))
    added = nci("system", "add", str(folder), "--transfer", molecules["nitrogen"], "--name", "far")
    assert added.code == 0, added.err
    assert "Added far (transfer), N2" in added.out
    assert nci("sample", "--n", "12", "--test", "3", "--cuts", "2").code == 0
    assert "is frozen already" in nci("sample", "--n", "12", "--test", "3").sentence()
    assert nci("sample", "--n", "4", "--system", "he-ethylene").code == 0
    assert "is only tested on" in nci("sample", "--n", "4", "--system", "far").sentence()
    assert "no system 'near'" in nci("sample", "--n", "4", "--system", "near").sentence()
    small.use_formula(monkeypatch)
    assert nci("teach").code == 0
    listed = json.loads(nci("system", "list", "--json").out)
    assert [(row["name"], row["role"], row["configurations"], row["test_points"]) for row in listed] == [
        ("he-hydrogen", "train", 12 - 3 + 4, 3),
        ("he-ethylene", "train", 12 - 3 + 6 + 4, 3),
        ("far", "transfer", 0, 3),
    ]
    assert "far" in nci("system", "list").out
    # A third of the guide's depth, to one digit, of hydrogen, ethylene and nitrogen.
    assert [(row["well_below_cm1"], row["limit_cm1"]) for row in listed] == [(-4.0, 1e3), (-10.0, 1e3), (-7.0, 1e3)]
    assert "Regions of he-ethylene: well below -10 cm⁻¹" in made.out
    assert "far: well below -7, limit 1000 cm⁻¹" in nci("status").out.replace("\n", " ")
    assert "he-hydrogen, he-ethylene, far (transfer)" in nci("status").out
    prices = json.loads(nci("costs", "--json").out)
    minutes = {row["system"]: row["cpu_minutes"] for row in prices if row["recipe"] == "quick"}
    assert minutes["he-hydrogen"] < minutes["far"] < minutes["he-ethylene"]
    campaign = Campaign.open(folder)
    for system in campaign.systems:
        rows = teacher_labels.fetch(campaign.store, campaign.teacher, system_id=system.id)
        ids, points = configurations.positions(campaign.store, system_id=system.id)
        parts = small.channels(system.dimer, points)
        assert [row.configuration_id for row in rows] == ids.tolist()
        assert [row.energy_ev for row in rows] == pytest.approx((parts["repulsion"] + parts["dispersion"]).tolist())


def test_one_student_learns_from_all_training_systems_and_is_tested_on_transfer_ones(
    nci: Nci, tmp_path: Path, molecules: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "work")
    hosts = ("--host", molecules["hydrogen"], "--host", "ethylene", "--transfer", "methane")
    assert nci("init", folder, *hosts, "--transfer", molecules["nitrogen"], "--recipe", "quick").code == 0
    monkeypatch.setenv("NCI_CAMPAIGN", folder)
    assert nci("sample", "--n", "16", "--test", "4", "--cuts", "0").code == 0
    small.use_formula(monkeypatch)
    assert nci("teach").code == 0
    campaign = Campaign.open(folder)
    distill_campaign(campaign)
    row = campaign.active_model()
    assert row is not None
    hydrogen, ethylene, methane, nitrogen = campaign.systems
    # Nobody has taught it nitrogen, so it says nothing there.
    asked = {prediction.configuration_id for prediction in evaluations.predictions(campaign.store, row.id)}
    for system, known in ((hydrogen, True), (ethylene, True), (methane, True), (nitrogen, False)):
        ids = configurations.positions(campaign.store, system_id=system.id)[0].tolist()
        assert (asked & set(ids) == set(ids)) == known, system.name
    student = load_student(campaign, row)
    assert [dimer.name for dimer in fitted_systems(student)] == ["he-hydrogen", "he-ethylene"]
    chosen = [proposal.configuration_id for proposal in propose(campaign, "i-optimal", 12)]
    places = (configurations.positions(campaign.store, split="pool", system_id=s.id)[0] for s in campaign.systems)
    pools = [set(numbers.tolist()) for numbers in places]
    counts = [len(numbers & set(chosen)) for numbers in pools]
    assert sum(counts[:2]) == len(chosen)
    assert counts[0] > 0
    # Labels of hydrogen cost less than those of ethylene, and the price is of what is chosen.
    assert f"about {cost_of_labels(campaign, chosen).text(12)} CPU minutes" in nci("select", "--n", "12").out
    assert cost_of_labels(campaign, chosen).mean_minutes < label_cost(campaign).mean_minutes
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
    # Its monomers have hydrogen's energies, whatever the host.
    monkeypatch.setattr("nci_core.campaign.rounds.label_checks.with_doubts", lambda _, __, label: label)
    small.label(campaign, chosen)
    small.label(campaign, small.test_set(campaign), "test-set")
    done = finetune_campaign(campaign)
    assert done["n_labels"] + len(done.get("set_aside", ())) == len(chosen)
    errors = evaluations.metrics_by_system(
        campaign.store, campaign.recipe.hash, split="test", model_id=done["model_id"]
    )
    tested = set(errors)
    assert {hydrogen.id, ethylene.id, methane.id} <= tested
    assert nitrogen.id not in tested
    model = campaign.active_model()
    assert model is not None
    again, kept = refit(campaign, model), load_student(campaign, model)
    at = ethylene.dimer.at([[0.0, 0.0, 3.3]])
    assert again.energies(at) == pytest.approx(kept.energies(at), rel=1e-6)
    assert {gate.where.split()[0] for gate in stored_gates(model) or [] if gate.where} <= {"he-hydrogen", "he-ethylene"}


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (("--host", "ethylene", "--host", "ethylene"), "Two systems are called he-ethylene"),
        (("--host", "ethylene", "--transfer", "ethylene"), "Two systems are called he-ethylene"),
        (("--transfer", "ethylene", "--host", "nothing.xyz"), "There is no file nothing.xyz"),
        (("--host", "ethylene", "--smiles", "C#C"), "Give one of"),
    ],
)
def test_hosts_that_do_not_go_together_leave_nothing(
    nci: Nci, tmp_path: Path, given: tuple[str, ...], part: str
) -> None:
    found = nci("init", str(tmp_path / "work"), *given)
    assert found.code == InputError.exit_code
    assert part in found.sentence()
    assert not (tmp_path / "work").exists()


def test_a_system_that_cannot_be_added_changes_nothing(nci: Nci, tmp_path: Path, host: Path) -> None:
    folder = small.make(tmp_path / "work", host, teacher="hf-d4").folder
    before = (folder / "campaign.toml").read_bytes()
    cases = {
        ("--host", str(host), "--name", "again"): "same dimer",
        ("--host", "ethylene", "--name", "he-hydrogen"): "Two systems are called he-hydrogen",
        ("--host", "ethylene", "--transfer", "benzene"): "Name one host",
        ("--host", "ethylene", "--probe", "H"): "odd number",
    }
    for given, part in cases.items():
        assert part in nci("system", "add", str(folder), *given).sentence()
        assert (folder / "campaign.toml").read_bytes() == before
    assert len(Campaign.open(folder).systems) == 1
