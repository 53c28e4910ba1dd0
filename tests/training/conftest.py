"""A tiny foundation: a network of H and He that is trained here in seconds, with energies of atoms as large as real."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nci_core.potentials.networks.ensemble import Network, NetworkEnsemble
from nci_core.potentials.networks.exports import write_mace_model
from nci_core.potentials.networks.network import NetworkConfig, fresh
from nci_core.systems import Dimer, Monomer
from nci_core.training import Foundation, TrainSettings, finetune_network

sys.path.insert(0, str(Path(__file__).parent))

from training_data import made_up

#: Two messages would see further; one is what runs in seconds.
TINY = NetworkConfig(elements=(1, 2), hidden_irreps="4x0e", r_max=6.0, num_bessel=6, radial_MLP=(8,), max_ell=1)
#: Energies of H and He alone, eV: what a foundation model's total energies are made of.
ATOMS_EV = (-13.6, -79.0)


@pytest.fixture(scope="session")
def he_h2() -> Dimer:
    """He on H2, bond 0.7414 Å along z: the smallest dimer there is."""
    positions = np.array([[0.0, 0.0, -0.3707], [0.0, 0.0, 0.3707]])
    return Dimer(
        Monomer("hydrogen", ("H", "H"), positions, source="r_e of H2, Huber and Herzberg 1979"), Monomer.atom("He")
    )


@pytest.fixture(scope="session")
def pretrained(he_h2: Dimer) -> NetworkEnsemble:
    """Trained on 24 energies."""
    module = fresh(TINY, seed=3)
    module.atomic_energies_fn.atomic_energies.copy_(torch.tensor([ATOMS_EV]))
    start = Foundation(Network(TINY, module), "random", {})
    settings = TrainSettings(epochs=0, steps=20, seeds=1, left_out=0.0, sigma_cm1=1.0, width=1.0)
    return finetune_network([made_up(he_h2, 24, 0)], start, settings)


@pytest.fixture(scope="session")
def foundation(pretrained: NetworkEnsemble) -> Foundation:
    return Foundation(pretrained.members[0], "tiny", {"foundation": "tiny"})


@pytest.fixture(scope="session")
def foundation_file(pretrained: NetworkEnsemble, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as MACE's own `.model`."""
    return write_mace_model(pretrained.members[0], tmp_path_factory.mktemp("foundation") / "tiny.model")
