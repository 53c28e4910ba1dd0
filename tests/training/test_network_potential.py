"""A fine-tuned network as a potential, and its way to disk: contracts, MACE's own calculator, LAMMPS, damaged files."""

import io
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from ase.calculators.calculator import all_changes
from training_data import made_up

from nci_core.errors import ModelError
from nci_core.potentials import NCICalculator, load_checkpoint
from nci_core.potentials.models import load_model
from nci_core.potentials.networks.ensemble import NetworkEnsemble
from nci_core.potentials.networks.exports import write_lammps, write_mace_model
from nci_core.potentials.networks.files import save_network
from nci_core.potentials.networks.package import UNSAFE_LOAD, built
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations
from nci_core.testing.checkpoints import CheckpointContract
from nci_core.testing.potentials import PotentialContract
from nci_core.training import Foundation, TrainSettings, finetune_network


@pytest.fixture(scope="module")
def ensemble(foundation: Foundation, he_h2: Dimer) -> NetworkEnsemble:
    settings = TrainSettings(steps=2, seeds=2)
    return finetune_network([made_up(he_h2, 12, 1, deeper=1.1)], foundation, settings, metadata={"recipe": "made up"})


@pytest.fixture(scope="module")
def places(he_h2: Dimer) -> Configurations:
    return he_h2.at([[3.0, 0.2, 0.1], [0.1, 0.0, 3.4], [2.2, 1.9, 1.0], [0.5, -3.3, 1.5], [0.4, 0.3, 5.0]])


class TestNetworks(PotentialContract):
    #: Energies are differences of totals of 100 eV, each to 1e-13 of itself.
    atol_ev: ClassVar[float] = 1e-11
    #: Of totals of 100 eV central differences lose 1e-13 · 100 / 1e-4 Å.
    slope_atol: ClassVar[float] = 1e-6
    far_ev: ClassVar[float] = 1e-10
    batch: ClassVar[int] = 1800
    line: ClassVar[int] = 300

    @pytest.fixture
    def potential(self, ensemble: NetworkEnsemble) -> NetworkEnsemble:
        return ensemble

    @pytest.fixture
    def at(self, places: Configurations) -> Configurations:
        return places


class TestFile(CheckpointContract):
    @pytest.fixture
    def model(self, ensemble: NetworkEnsemble) -> Any:
        return ensemble

    @pytest.fixture
    def at(self, places: Configurations) -> Configurations:
        return places

    def save(self, model: Any, path: Path) -> Path:
        return save_network(model, path)

    def load(self, path: Path) -> Any:
        return load_model(path)

    def test_what_is_known_of_the_model_comes_back(self, model: Any, tmp_path: Path) -> None:
        found = self.load(self.save(model, tmp_path / "model.pt"))
        for name in ("config", "sigma_cm1", "spread", "unseen", "elements", "parameters"):
            assert getattr(found, name) == getattr(model, name)
        assert dict(found.metadata) == dict(model.metadata)


def test_spread_and_channels(ensemble: NetworkEnsemble, places: Configurations) -> None:
    energies, std = ensemble.energies_and_std(places)
    assert (std > 0).all()
    assert ensemble.member_channels(places).shape == (2, 1, 5)
    assert np.allclose(ensemble.channels(places)["total"], energies, rtol=0, atol=1e-15)


def test_the_file_holds_no_code(ensemble: NetworkEnsemble, tmp_path: Path) -> None:
    path = save_network(ensemble, tmp_path / "model.pt")
    content = torch.load(path, weights_only=True)  # refuses all but tensors, numbers and text
    assert json.loads(content["header"])["metadata"]["recipe"] == "made up"
    with pytest.raises(ModelError, match="is a MACE network, and what is asked for here needs a student of terms"):
        load_checkpoint(path)


@pytest.mark.parametrize("damage", ["shape", "nan", "newer", "architecture", "members"])
def test_damaged_files_are_refused(damage: str, ensemble: NetworkEnsemble, tmp_path: Path) -> None:
    path = save_network(ensemble, tmp_path / "model.pt")
    content = torch.load(path, weights_only=True)
    header = json.loads(content["header"])
    name = "node_embedding.linear.weight"
    match damage:
        case "shape":
            content["states"][0][name] = torch.zeros(1)
        case "nan":
            content["states"][0][name][0] = torch.nan
        case "newer":
            header["version"] = 99
        case "architecture":
            header["network"]["interaction_cls"] = "os.system"
        case "members":
            content["states"].pop()
    data = io.BytesIO()
    torch.save(content | {"header": json.dumps(header, separators=(",", ":"))}, data)
    path.write_bytes(data.getvalue())
    with pytest.raises(ModelError, match="newer nci" if damage == "newer" else "damaged model"):
        load_model(path)


def test_an_unknown_element_is_named(ensemble: NetworkEnsemble, tmp_path: Path) -> None:
    path = save_network(ensemble, tmp_path / "model.pt")
    with pytest.raises(ModelError, match=r"model.pt is a network that does not know C; it knows H, He"):
        load_model(path, dimer=Dimer(builtin_monomer("ethylene"), Monomer.atom("He")))


def test_ase_s_calculator_takes_it(ensemble: NetworkEnsemble, places: Configurations, tmp_path: Path) -> None:
    calculator = NCICalculator(save_network(ensemble, tmp_path / "model.pt"))
    calculator.calculate(places.atoms(2), ["energy"], all_changes)
    energies, forces = ensemble.energies_and_forces(places[[2]])
    assert np.isclose(calculator.results["energy"], energies[0], rtol=0, atol=1e-11)
    assert np.allclose(calculator.results["forces"][-1], forces.force[0], rtol=0, atol=1e-10)


def test_mace_s_own_calculator_agrees(
    ensemble: NetworkEnsemble, places: Configurations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mace_model(ensemble.members[0], tmp_path / "one.model")
    # MACE's calculator counts on what its import does to a process; nci takes that back after the first import.
    monkeypatch.setenv(UNSAFE_LOAD, "1")
    with built():
        from mace.calculators import MACECalculator

        calculator = MACECalculator(model_paths=str(path), device="cpu", default_dtype="float64")
        energies = []
        for row in range(len(places)):
            whole = places.atoms(row)
            parts = [whole, whole[:-1], whole[-1:]]
            for part in parts:
                part.calc = calculator
            dimer, host, probe = (part.get_potential_energy() for part in parts)
            energies.append(dimer - host - probe)
    # The same float64 network: only the order of sums of 100 eV differs.
    assert np.allclose(energies, ensemble.members[0].energies(places), rtol=0, atol=1e-10)


def test_lammps_gets_a_file_of_the_same_energies(ensemble: NetworkEnsemble, he_h2: Dimer, tmp_path: Path) -> None:
    path = write_lammps(ensemble.members[0], tmp_path / "one-lammps.pt")
    found = torch.jit.load(str(path))
    assert float(found.r_max) == ensemble.config.r_max
    from nci_core.potentials.networks.graphs import batch, dimer_graphs

    graphs = dimer_graphs(he_h2.at([[2.9, 0.0, 0.4]]), ensemble.config.r_max)
    inputs = batch([graphs], ensemble.config.elements, [0], torch.device("cpu"))
    inputs |= {"displacement": torch.zeros((1, 3, 3), dtype=torch.float64)}
    said = found(inputs, torch.ones(3, dtype=torch.float64), False)["total_energy_local"]
    own = ensemble.members[0].ask([graphs])["energy"]
    assert np.isclose(float(said.sum().detach()), float(own[0].detach()), rtol=0, atol=1e-10)
