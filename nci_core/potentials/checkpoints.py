"""Models on disk: one file, versioned, written atomically, read without executing anything."""

import io
import math
import zipfile
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.errors import InputError, ModelError, NCIError
from nci_core.files import read_limited, write_atomically
from nci_core.potentials.agreement import check_fits
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.prior import DiagonalPrior, FullPrior, Prior
from nci_core.potentials.student import Student
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import check_elements

#: Version of the file's layout; a reader refuses files from the future. 3 brought correlated priors, 4 kinds of pairs
#: in place of one probe and the host's elements, 5 other local axes, surroundings and computed dispersion coefficients,
#: 6 linked priors.
VERSION = 6
#: Parameters of older layouts belong to other formulas.
OLDEST = 5
#: Of the file and of what it unpacks to: a thousand times a model of four members over two elements.
MOST_BYTES = 50_000_000
#: Of a file of networks: eight of a foundation model's size in float64. `NETWORK` is how its header begins.
MOST_NETWORK_BYTES, NETWORK = 500_000_000, "nci-network"
#: More members than any fit makes, and every element with more probes than anybody has.
MOST_MEMBERS, MOST_KINDS = 10_000, 118 * 16


class CheckpointHeader(BaseModel):
    """Everything in a checkpoint that is not a tensor; stored as JSON text."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Literal["nci-ensemble"] = "nci-ensemble"
    version: int = Field(default=VERSION, ge=1, description="layout of the file")
    kinds: tuple[PairKind, ...] = Field(
        min_length=1, max_length=MOST_KINDS, description="pairs of environments, in the order of the parameters"
    )
    config: StudentConfig = Field(description="terms of the members")
    members: int = Field(ge=1, le=MOST_MEMBERS, description="number of members")
    weights: tuple[float, ...] = Field(default=(1.0,), description="of the optima in the mean")
    sigma_cm1: float = Field(gt=0, description="noise the fit assumed, cm⁻¹")
    spread: float = Field(default=1.0, gt=0, description="displacements that make one standard deviation")
    unseen: float = Field(default=1.0, ge=1, le=100, description="factor of error bars at hosts that were not fitted")
    prior_scale: float | None = Field(default=None, description="κ of the fit's prior; none without a prior")
    prior_links: tuple[tuple[int, int], ...] = Field(
        default=(), max_length=10_000, description="parameters of a kind that make the change of another one as well"
    )
    metadata: dict[str, Any] = Field(default_factory=dict, description="recipe, campaign, seed, …")


def save_checkpoint(ensemble: Ensemble, path: str | Path, *, below: Path | None = None) -> Path:
    """Write a model; the file appears complete or not at all. `below`: see `files.write_atomically`."""
    path = Path(path)
    prior = ensemble.prior
    header = CheckpointHeader(
        kinds=ensemble.kinds,
        config=ensemble.config,
        members=len(ensemble.members),
        weights=ensemble.weights,
        sigma_cm1=ensemble.sigma_cm1,
        spread=ensemble.spread,
        unseen=ensemble.unseen,
        prior_scale=None if prior is None else prior.scale,
        prior_links=() if prior is None else prior.links,
        metadata=dict(ensemble.metadata),
    )
    content: dict[str, Any] = {
        "header": header.model_dump_json(),
        "theta": torch.stack([s.theta for s in ensemble.members]).cpu(),
    }
    if prior is not None:
        content |= {"prior_mean": prior.mean.cpu(), "prior_width": prior.width.cpu()}
    if isinstance(prior, FullPrior):
        content |= {"prior_root": prior.root.cpu()}
    data = io.BytesIO()
    torch.save(content, data)
    write_atomically(path, data.getvalue(), below=below)
    return path


def _header(path: Path, content: Any) -> CheckpointHeader:
    text = content.get("header") if isinstance(content, dict) else None
    if not isinstance(text, str) or '"nci-ensemble"' not in text:
        raise ModelError(f"{path} is not a model written by nci; give a checkpoint from a campaign's models folder.")
    try:
        loose = VersionOnly.model_validate_json(text)
        if loose.version > VERSION:
            raise ModelError(
                f"{path} was written by a newer nci (layout {loose.version}, this one reads {VERSION}); update nci."
            )
        if loose.version < OLDEST:
            raise ModelError(
                f"{path} was fitted by an older nci (layout {loose.version}, this one reads {OLDEST}), whose formulas "
                "were others; fit it again."
            )
        return CheckpointHeader.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "header"
        where = where if where.isprintable() and len(where) < 80 else "header"  # words of the file
        raise ModelError(f"{path} is a damaged model: its {where} cannot be read; restore it from a backup.") from None


class VersionOnly(BaseModel):
    """The one field that every version of the layout has."""

    version: int = Field(le=10**9)


def load_checkpoint(path: str | Path, device: str = "cpu", *, dimer: Dimer | None = None) -> Ensemble:
    """Read a student; ModelError, one sentence, when the file is missing, foreign, damaged or newer.

    With a dimer also when the model says nothing about it (`agreement.check_fits`); whoever knows the dimer gives it.
    The default device is the CPU: small batches are faster there. `.to("auto")` moves a model. A network that was
    fine-tuned is refused: `models.load_model` reads either.
    """
    path = Path(path)
    content = content_of(path)
    if is_network(content):
        raise ModelError(f"{path} is a MACE network, and what is asked for here needs a student of terms; give one.")
    return ensemble_of(path, content, device, dimer)


def is_network(content: Any) -> bool:
    """Whether what torch found in a file says that it is a network (`networks/files.py`)."""
    text = content.get("header") if isinstance(content, dict) else None
    return isinstance(text, str) and f'"format":"{NETWORK}"' in text[:100]


def ensemble_of(path: Path, content: Any, device: str, dimer: Dimer | None) -> Ensemble:
    """The student in what torch found in a file; raises as `load_checkpoint`."""
    header = _header(path, content)
    shape = (header.members, len(header.kinds), header.config.size)
    tensors: dict[str, tuple[int, ...]] = {"theta": shape}
    if header.prior_scale is not None:
        tensors |= {"prior_mean": shape[1:], "prior_width": shape[1:]}
        if "prior_root" in content:
            tensors |= {"prior_root": (shape[1] * shape[2],) * 2}
    for name, expected in tensors.items():
        _check_tensor(path, name, content.get(name), expected)
    prior: Prior | None = None
    try:
        if header.prior_scale is not None and "prior_root" in tensors:
            prior = FullPrior(content["prior_mean"], content["prior_root"], header.prior_scale, header.prior_links)
        elif header.prior_scale is not None:
            prior = DiagonalPrior(content["prior_mean"], content["prior_width"], header.prior_scale, header.prior_links)
        check_elements(tuple(symbol for kind in header.kinds for symbol in kind), "the model")
        members = tuple(Student(header.kinds, header.config, theta) for theta in content["theta"])
        fields = header.sigma_cm1, header.spread, header.metadata, header.weights, header.unseen
        ensemble = Ensemble(members, prior, *fields)
    except (NCIError, ValueError, LookupError) as error:  # unknown elements, weights of no use
        raise ModelError(f"{path} is a damaged model: {' '.join(str(error).split())}") from None
    if dimer is not None:
        check_fits(ensemble, dimer, f"Model {path.name}")
    return ensemble.to(device)


def content_of(path: Path) -> Any:
    """What torch finds in a file, without running any of it; ModelError for what torch cannot or should not read."""
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    try:
        data = io.BytesIO(read_limited(path, MOST_NETWORK_BYTES))
        with zipfile.ZipFile(data) as parts:  # all that torch has written since its version 1.6
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > MOST_NETWORK_BYTES:  # a small file of a large nothing
            raise ValueError("larger than a model")
        data.seek(0)
        content = torch.load(data, map_location="cpu", weights_only=True)
        if unpacked > MOST_BYTES and not is_network(content):
            raise ValueError("larger than a student")
        return content
    except InputError as error:
        raise ModelError(str(error)) from None
    except Exception:  # torch raises anything, from zipfile errors to UnpicklingError
        raise ModelError(
            f"{path} cannot be read as a model: it is damaged or was not written by nci; restore or refit it."
        ) from None


def _check_tensor(path: Path, name: str, value: Any, expected: tuple[int, ...]) -> None:
    """Raise ModelError unless a value is a plain tensor of finite numbers, of this shape and not too large."""
    plain = type(value) is torch.Tensor and value.layout == torch.strided and value.device.type == "cpu"
    plain = plain and not value.requires_grad
    if not plain or value.shape != expected or value.dtype != torch.float64:
        raise ModelError(f"{path} is a damaged model: its {name} is not a float64 tensor of shape {expected}.")
    if 8 * math.prod(expected) > MOST_BYTES:  # a forged one can repeat a single number as often as it likes
        raise ModelError(f"{path} is a damaged model: its {name} of shape {expected} is larger than any model's.")
    if not bool(torch.isfinite(value).all()):
        raise ModelError(f"{path} is a damaged model: its {name} has values that are not numbers.")
