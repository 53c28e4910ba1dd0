"""Which terms a student has, and how their parameters lie in one flat vector for each kind of pair."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Generic, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator

from nci_core.potentials import correction, ruler
from nci_core.potentials.arrays import Array, empty
from nci_core.potentials.correction import Network
from nci_core.potentials.pairs import ANGULAR, PairAtoms
from nci_core.potentials.terms import TERMS, Block, Term
from nci_core.systems.neighbours import DESCRIPTORS


class StudentConfig(BaseModel):
    """What a student is made of.

    >>> StudentConfig(ruler="fixed", network=False, surroundings=False).size
    39
    >>> StudentConfig(surroundings=False).size, StudentConfig().size
    (136, 157)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ruler: Literal["adaptive", "fixed"] = Field(
        default="adaptive", description="'adaptive': directions stretch distances, six more parameters per element"
    )
    network: bool = Field(default=True, description="add the network of 7 inputs and 8 hidden values per element")
    surroundings: bool = Field(
        default=True, description="let parameters change with what an atom is bonded to and has nearby"
    )
    terms: tuple[str, ...] = Field(
        default=("electrostatics", "exchange", "induction", "dispersion"),
        min_length=1,
        description="whose sum the energy is, by their names",
    )

    @field_validator("terms")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in TERMS or names.count(name) > 1:
                raise ValueError(f"there is no term {name[:40]!r}, or it is named twice; choose {', '.join(TERMS)}")
        return names

    @property
    def size(self) -> int:
        """Parameters of one kind of pair."""
        return layout(self).size


@dataclass(frozen=True)
class Layout:
    """Where a student's parameters lie in the vector of one kind of pair.

    Positive quantities are stored as logarithms, which makes them positive for every vector.

    Attributes:
        terms: the student's terms.
        blocks: by name, in the order of the vector.
        slices: where each lies.
        angular: names of the blocks that are coefficients of angular functions: the terms' and then the ruler's.
        own: length of a pair's parameters.
        changing: blocks that change with the surroundings; how, follows in blocks of `changing_name`.
        size: length of the vector: the parameters of usual surroundings, and their changes.
    """

    terms: tuple[Term, ...]
    blocks: Mapping[str, Block]
    slices: Mapping[str, slice]
    angular: tuple[str, ...]
    own: int
    changing: tuple[str, ...]
    size: int

    @cached_property
    def angular_by_term(self) -> list[list[str]]:
        """Of `angular` those of each term; the ruler's is of none."""
        return [[name for name, block in term.blocks.items() if block.angular is not None] for term in self.terms]

    @cached_property
    def neutral(self) -> tuple[str, ...]:
        """Blocks whose parameters add up to zero over the atoms of a monomer."""
        return tuple(name for name, block in self.blocks.items() if block.neutral)

    @cached_property
    def changes(self) -> tuple[list[int], list[list[int]]]:
        """Where the parameters that change lie, and by descriptor of the surroundings the changes of each."""
        own = [range(self.slices[name].start, self.slices[name].stop) for name in self.changing]
        by: list[list[int]] = [[] for _ in range(DESCRIPTORS)]
        for name, places in zip(self.changing, own, strict=True):
            start = self.slices[changing_name(name)].start
            for k, row in enumerate(by):
                row += range(start + k * len(places), start + (k + 1) * len(places))
        return [place for places in own for place in places], by

    @cached_property
    def parts(self) -> Mapping[str, slice]:
        """Parameters whose widths a prior scales together: blocks, those of the network's outputs term by term.

        >>> list(layout(StudentConfig(terms=("exchange", "dispersion"), surroundings=False)).parts)[-4:]
        ['W2_exchange', 'W2_dispersion', 'b2_exchange', 'b2_dispersion']
        """
        found: dict[str, slice] = {}
        for name, where in self.slices.items():
            rows = [f"{name}_{self.terms[k].name}" for k in self.corrected] if name in correction.OUTPUTS else [name]
            length = (where.stop - where.start) // len(rows)
            starts = range(where.start, where.stop, length)
            found |= {row: slice(start, start + length) for row, start in zip(rows, starts, strict=True)}
        return found

    @cached_property
    def followed(self) -> Mapping[str, str]:
        """Parts that make every change of another in fine-tuning, and which: see `Term.follows`.

        >>> layout(StudentConfig(surroundings=False)).followed["W2_electrostatics"]
        'W2_exchange'
        """
        by_name = {term.name: term for term in self.terms}
        found: dict[str, str] = {}
        for term in self.terms:
            leader = by_name.get(term.follows)
            if leader is not None:
                found |= zip(term.blocks, leader.blocks, strict=True)
                found |= {f"{name}_{term.name}": f"{name}_{leader.name}" for name in correction.OUTPUTS}
        found |= {changing_name(one): changing_name(other) for one, other in found.items()}
        return {one: other for one, other in found.items() if {one, other} <= set(self.parts)}

    @cached_property
    def links(self) -> tuple[tuple[int, int], ...]:
        """The parameters of `followed`, one by one: which follows, and which it follows."""
        pairs = [(self.parts[one], self.parts[other]) for one, other in self.followed.items()]
        ranges = [zip(range(a.start, a.stop), range(b.start, b.stop), strict=True) for a, b in pairs]
        return tuple(pair for each in ranges for pair in each)

    def most(self, part: str) -> float:
        """The largest share of the general widths that fine-tuning may move a part by."""
        if part in self.blocks:
            return self.blocks[part].most
        name, _, term = part.rpartition("_")
        least = (block.most for each in self.terms if each.name == term for block in each.blocks.values())
        return min(self.blocks[name].most, min(least) if part in self.followed else math.inf)

    @property
    def corrected(self) -> tuple[int, ...]:
        """Terms that the network corrects, in the order of its outputs."""
        return tuple(k for k, term in enumerate(self.terms) if term.corrected)

    def sums_of(self, sums: Array) -> list[list[Array]]:
        """What each term gets of the sums γ·Y (K, n, angular blocks, m)."""
        found, start = [], 0
        for names in self.angular_by_term:
            found.append([sums[..., k, :] for k in range(start, start + len(names))])
            start += len(names)
        return found


@lru_cache(maxsize=64)
def layout(config: StudentConfig) -> Layout:
    """The layout of a student's parameters."""
    terms = tuple(TERMS[name] for name in config.terms)
    blocks = {name: block for term in terms for name, block in term.blocks.items()}
    if config.ruler == "adaptive":
        blocks |= ruler.BLOCKS
    outputs = sum(term.corrected for term in terms)
    if config.network and outputs:  # a network without outputs has nothing to learn from
        blocks |= correction.blocks(outputs)
    angular = tuple(name for name, block in blocks.items() if block.angular is not None)
    own = sum(math.prod(block.shape) for block in blocks.values())
    changing = tuple(name for name, block in blocks.items() if block.change) if config.surroundings else ()
    blocks |= {changing_name(name): blocks[name].changes(DESCRIPTORS) for name in changing}
    slices, start = {}, 0
    for name, block in blocks.items():
        slices[name] = slice(start, start + math.prod(block.shape))
        start += math.prod(block.shape)
    return Layout(terms, blocks, slices, angular, own, changing, start)


def changing_name(block: str) -> str:
    """The block that says how another changes with the surroundings."""
    return f"{block}_by"


def own_name(block: str) -> str:
    """The block whose change with the surroundings another is, or itself.

    >>> own_name(changing_name("ln_alpha")), own_name("ln_alpha")
    ('ln_alpha', 'ln_alpha')
    """
    return block.removesuffix("_by")


def of_pairs(theta: Array, atoms: PairAtoms[Array], what: Layout) -> Array:
    """Parameters (K, n, own) of n pairs from those of students (K, kinds, size).

    θ_pair = known + θ_kind + Σ_k x_k ∂θ_kind/∂x_k, with x the surroundings and `known` what the monomers say. Blocks
    that add up to nothing over the pairs are less their mean.
    """
    stored: Array = theta[:, list(atoms.kinds)]
    found: Array = stored[..., : what.own] + 0.0
    if what.changing:
        changed, changes = what.changes
        found[..., changed] += (atoms.surroundings[..., None] * stored[..., changes]).sum(-2)
    for name, values in atoms.known.items():
        if name in what.slices:
            found[..., what.slices[name]] += values
    for name in what.neutral:
        where = what.slices[name]
        found[..., where] = found[..., where] - found[..., where].mean(-2)[..., None, :]
    return found


@dataclass(frozen=True)
class PairParameters(Generic[Array]):
    """Parameters of K students' n pairs.

    Attributes:
        layout: what they are.
        stored: blocks that are not angular, as they are stored, (K, n, length).
        angular: (K, n, angular blocks, 6) coefficients of the angular functions, 0 for functions a block has not.
        network: weights, or None.
        adaptive: whether the last of the angular blocks is the ruler's.
    """

    layout: Layout
    stored: Mapping[str, Array]
    angular: Array
    network: Network[Array] | None
    adaptive: bool

    def take(self, rows: npt.NDArray[np.int64]) -> "PairParameters[Array]":
        """Those of some of the pairs."""
        stored = {name: values[:, rows] for name, values in self.stored.items()}
        network = None if self.network is None else Network.of(stored)
        return PairParameters(self.layout, stored, self.angular[:, rows], network, self.adaptive)


def unpack(pairs: Array, config: StudentConfig) -> PairParameters[Array]:
    """Parameters from the vectors of pairs (K, n, own)."""
    what, theta = layout(config), pairs
    lead: tuple[int, ...] = tuple(theta.shape)[:-1]
    part: dict[str, Array] = {name: theta[..., at] for name, at in what.slices.items() if at.stop <= what.own}
    angular = empty((*lead, len(what.angular), ANGULAR), theta)
    angular[:] = 0.0
    for k, name in enumerate(what.angular):
        angular[..., k, what.blocks[name].angular] = part[name]
    stored = {name: values for name, values in part.items() if name not in what.angular}
    network = Network.of(stored) if config.network and what.corrected else None
    return PairParameters(what, stored, angular, network, config.ruler == "adaptive")
