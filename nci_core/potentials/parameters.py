"""How a student's parameters lie in one flat vector per element, so that a fit sees plain numbers."""

import math
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from nci_core.potentials.correction import HIDDEN, INPUTS, OUTPUTS, Network
from nci_core.potentials.dispersion import GAMMA6_ROWS
from nci_core.potentials.features import ANGULAR


class StudentConfig(BaseModel):
    """Which terms a student has.

    >>> StudentConfig(ruler="fixed", network=False).size
    27
    >>> StudentConfig().size
    115
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ruler: Literal["adaptive", "fixed"] = Field(
        default="adaptive", description="'adaptive': directions stretch distances, six more parameters per element"
    )
    network: bool = Field(default=True, description="add the 7-8-2 network per element")

    @property
    def size(self) -> int:
        """Parameters per element."""
        return sum(math.prod(shape) for shape in blocks(self).values())


class ElementParameters(NamedTuple):
    """One element's parameters in their physical form; shapes may have a leading axis of m positions.

    | field | shape | unit |
    |---|---|---|
    | a | (1,) | ln eV |
    | A | (6,) | 1 |
    | alpha | (1,) | Å⁻¹ |
    | beta | (1,) | Å⁻² |
    | b | (1,) | Å⁻¹ |
    | C | 3 × (1,) | eV Å⁶, eV Å⁸, eV Å¹⁰ |
    | gamma | (2,), (6,), (6,) | 1 |
    | lam | (6,) or None: fixed ruler | 1 |
    | network | weights or None | 1 |
    """

    a: Tensor
    A: Tensor
    alpha: Tensor
    beta: Tensor
    b: Tensor
    C: tuple[Tensor, Tensor, Tensor]
    gamma: tuple[Tensor, Tensor, Tensor]
    lam: Tensor | None
    network: Network | None


def blocks(config: StudentConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the blocks of one element's vector, in order.

    Positive quantities are stored as logarithms, which makes them positive for every vector.
    """
    shapes: dict[str, tuple[int, ...]] = {
        "a": (1,),
        "A": (ANGULAR,),
        "ln_alpha": (1,),
        "beta": (1,),
        "ln_b": (1,),
        "ln_C": (3,),
        "gamma6": (len(GAMMA6_ROWS),),
        "gamma8": (ANGULAR,),
        "gamma10": (ANGULAR,),
    }
    if config.ruler == "adaptive":
        shapes["lam"] = (ANGULAR,)
    if config.network:
        shapes |= {"W1": (HIDDEN, INPUTS), "b1": (HIDDEN,), "W2": (OUTPUTS, HIDDEN), "b2": (OUTPUTS,)}
    return shapes


def slices(config: StudentConfig) -> dict[str, slice]:
    """Where each block lies in one element's vector."""
    found, start = {}, 0
    for name, shape in blocks(config).items():
        found[name] = slice(start, start + math.prod(shape))
        start += math.prod(shape)
    return found


def unpack(theta: Tensor, config: StudentConfig) -> ElementParameters:
    """Physical parameters from a vector (size,), or from one vector per position (m, size)."""
    shapes = blocks(config)
    part = {name: theta[..., where] for name, where in slices(config).items()}
    C = part["ln_C"].exp()
    network = None
    if config.network:
        network = Network(*(part[key].reshape(theta.shape[:-1] + shapes[key]) for key in ("W1", "b1", "W2", "b2")))
    return ElementParameters(
        a=part["a"],
        A=part["A"],
        alpha=part["ln_alpha"].exp(),
        beta=part["beta"],
        b=part["ln_b"].exp(),
        C=(C[..., 0:1], C[..., 1:2], C[..., 2:3]),
        gamma=(part["gamma6"], part["gamma8"], part["gamma10"]),
        lam=part.get("lam"),
        network=network,
    )
