"""What a model's file must satisfy: it gives back the model that was written, or says why not."""

from pathlib import Path

import numpy as np
import pytest

from nci_core.errors import ModelError
from nci_core.potentials import Ensemble, load_checkpoint, save_checkpoint
from nci_core.potentials.arrays import to_numpy
from nci_core.systems.configurations import Configurations


class CheckpointContract:
    """Tests of a model's way to disk and back; give it two fixtures.

    `model` is an `Ensemble`, `at` some configurations that it knows. For example::

        class TestMyTerms(CheckpointContract):
            @pytest.fixture
            def model(self):
                return finetune([observation], config=StudentConfig(terms=("exchange", "my term")))

            @pytest.fixture
            def at(self):
                return Dimer(builtin_monomer("benzene"), "He").at([[0.0, 0.0, 3.1]])

    A kind of model with another file overrides `save` and `load`.
    """

    @pytest.fixture
    def model(self) -> Ensemble:
        """The model to be written."""
        raise NotImplementedError("Give this class a fixture `model`.")

    @pytest.fixture
    def at(self) -> Configurations:
        """Configurations that it knows."""
        raise NotImplementedError("Give this class a fixture `at`.")

    def save(self, model: Ensemble, path: Path) -> Path:
        """Write the model; its path."""
        return save_checkpoint(model, path)

    def load(self, path: Path) -> Ensemble:
        """Read it; ModelError for a file that is damaged."""
        return load_checkpoint(path)

    def test_round_trip_is_exact(self, model: Ensemble, at: Configurations, tmp_path: Path) -> None:
        """To the last digit: energies, forces, error bars and channels."""
        found = self.load(self.save(model, tmp_path / "model.pt"))
        (energies, forces), (its, its_forces) = found.energies_and_forces(at), model.energies_and_forces(at)
        np.testing.assert_array_equal(energies, its)
        np.testing.assert_array_equal(forces.force, its_forces.force)
        np.testing.assert_array_equal(found.std(at), model.std(at))
        channels = model.channels(at)
        assert found.channels(at).keys() == channels.keys()
        for name, values in found.channels(at).items():
            np.testing.assert_array_equal(values, channels[name])

    def test_what_is_known_of_the_model_comes_back(self, model: Ensemble, tmp_path: Path) -> None:
        """Its terms, weights, noise and metadata, and the prior, from which the next fit goes on."""
        found = self.load(self.save(model, tmp_path / "model.pt"))
        for one, other in (
            (found.kinds, model.kinds),
            (found.config, model.config),
            (found.weights, model.weights),
            (found.sigma_cm1, model.sigma_cm1),
            (found.spread, model.spread),
            (found.unseen, model.unseen),
            (dict(found.metadata), dict(model.metadata)),
            (len(found.members), len(model.members)),
            (type(found.prior), type(model.prior)),
        ):
            assert one == other
        if found.prior is not None and model.prior is not None:
            assert found.prior.scale == model.prior.scale
            for mine, its in zip(found.prior.tensors, model.prior.tensors, strict=True):
                np.testing.assert_array_equal(to_numpy(mine), to_numpy(its))

    def test_half_a_file_is_refused(self, model: Ensemble, tmp_path: Path) -> None:
        """In one sentence."""
        path = self.save(model, tmp_path / "model.pt")
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(ModelError) as error:
            self.load(path)
        assert "\n" not in str(error.value)
