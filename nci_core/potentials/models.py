"""Any stored model, a student of terms or a network: either is read from its file, whichever it is."""

from pathlib import Path

from nci_core.potentials.agreement import AnyModel, check_fits
from nci_core.potentials.checkpoints import content_of, ensemble_of, is_network
from nci_core.systems.dimer import Dimer

__all__ = ["AnyModel", "load_model"]


def load_model(path: str | Path, device: str = "cpu", *, dimer: Dimer | None = None) -> AnyModel:
    """Read a model of either kind; raises as `checkpoints.load_checkpoint`, which reads students of terms only."""
    path = Path(path)
    content = content_of(path)
    if not is_network(content):
        return ensemble_of(path, content, device, dimer)
    from nci_core.potentials.networks.files import network_of  # without mace-torch all others are read

    model = network_of(path, content, device)
    if dimer is not None:
        check_fits(model, dimer, f"Model {path.name}")
    return model
