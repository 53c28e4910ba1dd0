"""What a gate is, and where the gates look."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from nci_core.errors import StoreError
from nci_core.systems import Monomer
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.potential import Potential

FloatArray = npt.NDArray[np.float64]

#: Number of directions; the host's symmetry multiplies them.
DIRECTIONS = 38
#: A host of this radius (Å) or less is small against the distances of the long range.
HOST_RADIUS = 2.5


class Committee(Potential, Protocol):
    """What can be checked: a potential of several members with channels, such as an ensemble."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the channels."""
        ...

    def member_channels(self, at: Configurations) -> FloatArray:
        """(members, channels, m) in eV."""
        ...

    def mean_of(self, values: FloatArray) -> FloatArray:
        """The model's value of a quantity of its members (members, ...)."""
        ...


@dataclass(frozen=True)
class Gate:
    """One question about a potential, and the answer.

    Attributes:
        key: stable name.
        name, question: for people.
        value: what was measured; None when it was not a number, which fails.
        unit: of value and bounds: "eV" (shown in any energy unit), another unit, or "" for a plain number.
        low, high: the gate passes when low < value ≤ high; None is no bound.
        reason: why these bounds.
        meaning: what a failure means for whoever uses the potential.
        where: where the value was found; may be empty.
    """

    key: str
    name: str
    question: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    reason: str
    meaning: str
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value lies within its bounds.

        >>> Gate("k", "name", "question?", 1.0, "", None, 2.0, "", "").passed
        True
        """
        if self.value is None:
            return False
        return (self.low is None or self.value > self.low) and (self.high is None or self.value <= self.high)

    def as_dict(self) -> dict[str, Any]:
        """JSON values, `passed` among them."""
        return asdict(self) | {"passed": self.passed}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The gate stored by `as_dict`; raises StoreError when a field is missing."""
        try:
            return cls(**{field.name: values[field.name] for field in fields(cls)})
        except KeyError as error:
            raise StoreError(
                f"A stored physics gate has no field {error.args[0]!r}; check the model again with `nci check`."
            ) from None


def number(value: float | np.floating[Any]) -> float | None:
    """A plain finite float, None for NaN and infinity, which JSON does not know."""
    return float(value) if np.isfinite(value) else None


def directions(host: Monomer, count: int = DIRECTIONS) -> FloatArray:
    """Unit vectors (count, 3): the host's axes both ways, the rest evenly on the sphere (golden-angle spiral).

    >>> from nci_core.systems import builtin_monomer
    >>> directions(builtin_monomer("ethylene"), 10).shape
    (10, 3)
    """
    n = count - 6
    k = np.arange(n) + 0.5
    z, phi = 1 - 2 * k / n, np.pi * (1 + np.sqrt(5.0)) * k
    s = np.sqrt(1 - z**2)
    return np.vstack([host.axes, -host.axes, np.column_stack([s * np.cos(phi), s * np.sin(phi), z])])


def direction_text(direction: FloatArray) -> str:
    """A unit vector (3,) for people.

    >>> direction_text(np.array([0.0, -0.6, 0.8]))
    'direction (0.00, −0.60, 0.80)'
    """
    return f"direction ({', '.join(f'{value + 0.0:.2f}' for value in direction)})".replace("-", "−")


def host_radius(host: Monomer) -> float:
    """Largest distance (Å) of a host atom from the centre."""
    return float(np.linalg.norm(host.positions - host.centre, axis=1).max())


def member_channels(model: Committee, dimer: Dimer, positions: FloatArray) -> FloatArray:
    """(members, channels, …) in eV at positions (…, 3) of b in Å."""
    flat = np.asarray(model.member_channels(dimer.at(positions.reshape(-1, 3))))
    return flat.reshape(*flat.shape[:2], *positions.shape[:-1])
