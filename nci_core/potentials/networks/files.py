"""Networks on disk: one file, versioned, written atomically, read without unpickling anybody's code.

MACE's own `.model` is a pickle of its classes. This file has the numbers as tensors and the architecture in words.
"""

import io
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.errors import ModelError
from nci_core.files import write_atomically
from nci_core.potentials.checkpoints import VersionOnly
from nci_core.potentials.networks.ensemble import Network, NetworkEnsemble
from nci_core.potentials.networks.network import NetworkConfig, blank

#: Version of the file's layout; a reader refuses files from the future.
VERSION = 1
MOST_MEMBERS = 64


class NetworkHeader(BaseModel):
    """Everything in a file of networks that is not a tensor; stored as JSON text."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal["nci-network"] = "nci-network"
    version: int = Field(default=VERSION, ge=1, description="layout of the file")
    mace: str = Field(max_length=40, description="version of mace-torch that wrote it")
    network: NetworkConfig = Field(description="architecture of each member")
    members: int = Field(ge=1, le=MOST_MEMBERS)
    sigma_cm1: float = Field(gt=0, description="noise the fit assumed, cm⁻¹")
    spread: float = Field(default=1.0, gt=0, description="what the members' spread is multiplied by")
    unseen: float = Field(default=1.0, ge=1, le=100, description="factor of error bars at hosts that were not fitted")
    metadata: dict[str, Any] = Field(default_factory=dict, description="recipe, campaign, seeds, …")


def save_network(model: NetworkEnsemble, path: str | Path, *, below: Path | None = None) -> Path:
    """Write a model; the file appears complete or not at all. `below`: see `files.write_atomically`."""
    import mace

    header = NetworkHeader(
        mace=str(mace.__version__),
        network=model.config,
        members=len(model.members),
        sigma_cm1=model.sigma_cm1,
        spread=model.spread,
        unseen=model.unseen,
        metadata=dict(model.metadata),
    )
    states = [
        {name: tensor.detach().cpu().clone() for name, tensor in member.module.state_dict().items()}
        for member in model.members
    ]
    data = io.BytesIO()
    torch.save({"header": header.model_dump_json(), "states": states}, data)
    write_atomically(Path(path), data.getvalue(), below=below)
    return Path(path)


def network_of(path: Path, content: Any, device: str = "cpu") -> NetworkEnsemble:
    """The model in what torch found in a file; ModelError, one sentence, when it is damaged or newer."""
    header, states = _header(path, content), content.get("states")
    if not isinstance(states, list) or len(states) != header.members:
        raise ModelError(f"{path} is a damaged model: it does not hold the networks that it says.")
    members = []
    for state in states:
        module = blank(header.network)
        _check_state(path, state, module.state_dict())
        module.load_state_dict(state)
        module.eval()
        for parameter in module.parameters():
            parameter.requires_grad_(False)
        members.append(Network(header.network, module))
    model = NetworkEnsemble(tuple(members), header.spread, header.metadata, header.sigma_cm1, header.unseen)
    return model.to(device)


def _header(path: Path, content: Any) -> NetworkHeader:
    try:
        loose = VersionOnly.model_validate_json(content["header"])
        if loose.version > VERSION:
            raise ModelError(
                f"{path} was written by a newer nci (layout {loose.version}, this one reads {VERSION}); update nci."
            )
        return NetworkHeader.model_validate_json(content["header"])
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "header"
        where = where if where.isprintable() and len(where) < 80 else "header"  # words of the file
        raise ModelError(f"{path} is a damaged model: its {where} cannot be read; restore it from a backup.") from None


def _check_state(path: Path, state: Any, expected: dict[str, torch.Tensor]) -> None:
    """Raise ModelError unless a file's tensors are those of the network, of finite numbers."""
    if not isinstance(state, dict) or state.keys() != expected.keys():
        raise ModelError(f"{path} is a damaged model: its tensors are not those of the network that it describes.")
    for name, known in expected.items():
        value = state[name]
        plain = type(value) is torch.Tensor and value.layout == torch.strided and value.device.type == "cpu"
        if not plain or value.shape != known.shape or value.dtype != known.dtype:
            raise ModelError(f"{path} is a damaged model: its {name[:80]} is not as the network has it.")
        if not bool(torch.isfinite(value).all()):
            raise ModelError(f"{path} is a damaged model: its {name[:80]} has values that are not numbers.")
