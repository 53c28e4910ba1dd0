"""How a student's parameters lie in one flat vector per element, so that a fit sees plain numbers."""

import math
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from nci_core.potentials.arrays import Array, empty, namespace
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


#: Blocks of coefficients of the angular functions, in the order of `AtomParameters.angular`.
ANISOTROPIES = ("A", "gamma6", "gamma8", "gamma10", "lam")


class AtomParameters(NamedTuple):
    """Atoms' parameters in their physical form; all shapes have the same leading axes.

    | field | shape | unit |
    |---|---|---|
    | a | (1,) | ln eV |
    | alpha | (1,) | Å⁻¹ |
    | beta | (1,) | Å⁻² |
    | b | (1,) | Å⁻¹ |
    | C | 3 × (1,) | eV Å⁶, eV Å⁸, eV Å¹⁰ |
    | angular | (5, 6), rows A, γ₆, γ₈, γ₁₀, λ; (4, 6) with a fixed ruler | 1 |
    | network | weights or None | 1 |
    """

    a: Array
    alpha: Array
    beta: Array
    b: Array
    C: tuple[Array, Array, Array]
    angular: Array
    network: Network | None

    @property
    def adaptive(self) -> bool:
        """Whether the ruler is adaptive."""
        return int(self.angular.shape[-2]) == len(ANISOTROPIES)


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
        "gamma6": (GAMMA6_ROWS.stop - GAMMA6_ROWS.start,),
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


def unpack(theta: Array, config: StudentConfig) -> AtomParameters:
    """Physical parameters from vectors (…, size)."""
    xp, shapes, lead = namespace(theta), blocks(config), theta.shape[:-1]
    part = {name: theta[..., where] for name, where in slices(config).items()}
    C = xp.exp(part["ln_C"])
    names = [name for name in ANISOTROPIES if name in part]
    angular = empty((*lead, len(names), ANGULAR), theta)
    # γ₆ has fewer coefficients than there are functions.
    angular[..., 1, :] = 0.0
    for k, name in enumerate(names):
        angular[..., k, GAMMA6_ROWS if name == "gamma6" else slice(None)] = part[name]
    network = None
    if config.network:
        network = Network(*(part[key].reshape(lead + shapes[key]) for key in ("W1", "b1", "W2", "b2")))
    return AtomParameters(
        a=part["a"],
        alpha=xp.exp(part["ln_alpha"]),
        beta=part["beta"],
        b=xp.exp(part["ln_b"]),
        C=(C[..., 0:1], C[..., 1:2], C[..., 2:3]),
        angular=angular,
        network=network,
    )
