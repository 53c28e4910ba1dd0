"""What a teacher is beyond its specification: labels of a changed file or program must not mix with older ones."""

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Identity:
    """Which teacher it is.

    Attributes:
        name: what its labels are stored under; another one if its file, weights or program changed.
        details: what was looked at, name → value: "sha256" of a file, "weights_sha256" of a downloaded network,
            "version" of a distribution. Empty where the specification says all there is to say.
    """

    name: str
    details: Mapping[str, str] = field(default_factory=dict)


def calculator_identity(name: str) -> Identity:
    """Of an ASE calculator, by "ase:module.Class": with the distribution that it comes from.

    >>> calculator_identity("ase:ase.calculators.lj.LennardJones").name.rpartition("@")[2].rpartition("-")[0]
    'ase'
    """
    package = name.partition(":")[2].partition(".")[0]
    found = importlib.metadata.packages_distributions().get(package, [])
    if not found:
        return Identity(name)
    version = f"{found[0]}-{importlib.metadata.version(found[0])}"
    return Identity(f"{name}@{version}", {"version": version})


def weights_sha256(network: Any) -> str:
    """SHA-256 of a network's parameters and buffers, by name, whatever file they came in."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
