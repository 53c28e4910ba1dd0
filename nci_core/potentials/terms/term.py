"""What a term of the student is: a formula for pairs of atoms, with parameters, a prior and derivatives.

The student does for all terms what they share: the ruler's length q, the sums of angular functions, the network's
corrections. So a term says what it makes of these and how that changes with them; `potentials/evaluation.py` does
the chain rule.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic

from nci_core.potentials.arrays import Array
from nci_core.potentials.environments import PairKind
from nci_core.potentials.pairs import PairFeatures

#: Share of its general width beyond which fine-tuning moves nothing: general physics knows better.
MOST = 2.0
#: What a far pair's energy may be wrong by, eV: a ten-millionth of a wavenumber.
FAR_ERROR = 1e-11
#: How much longer than the distance a length by the ruler may be; where one stretches more, no pair is far.
LONGER = 1.5
#: A parameter's prior mean, or those of a block.
Means = Mapping[str, float | tuple[float, ...]]


@dataclass(frozen=True)
class Block:
    """Parameters of one kind of pair that belong together.

    Attributes:
        shape: of the block.
        width: standard deviations of the general prior, one for all or one for each; of logarithms, relative ones.
        angular: the rows of the angular functions Y that they are coefficients of; None: of none.
        of_elements: whether its prior's mean depends on the elements, and is less sure for those nobody tabulated.
        change: by how much it may change with an atom's surroundings, as a share of its width; 0: not at all.
        most: share of its width by which fine-tuning may move it at most: little where the mean is computed from the
            monomers, or teachers know it.
        neutral: whether its parameters add up to zero over the atoms of a monomer.
    """

    shape: tuple[int, ...]
    width: float | tuple[float, ...]
    angular: slice | None = None
    of_elements: bool = False
    change: float = 0.0
    most: float = MOST
    neutral: bool = False

    def changes(self, descriptors: int) -> "Block":
        """How it changes with each descriptor of the surroundings."""
        width = self.width if isinstance(self.width, tuple) else (self.width,) * math.prod(self.shape)
        return Block((descriptors, *self.shape), tuple(self.change * each for each in width) * descriptors)


@dataclass(frozen=True)
class Slopes(Generic[Array]):
    """Derivatives of w·E of a term by what it is made of, each (K, n, m), in eV and Å.

    Attributes:
        energy: by the logarithm of the correction's factor, which is w·E itself where pairs add.
        sums: by each of its sums γ·Y, in the order of its angular blocks.
        q: by the ruler's length, at fixed distance and angles.
        ln_r: by the logarithm of the true distance, at fixed q; None where that does not enter.
    """

    energy: Array
    sums: Sequence[Array]
    q: Array
    ln_r: Array | None = None


class Evaluated(ABC, Generic[Array]):
    """A term at some configurations, with what its derivatives need.

    Attributes:
        energy: (K, n, m) in eV of K students' n pairs.
    """

    energy: Array

    @property
    def summed(self) -> Array:
        """(K, c, m) what the pairs add up to, of which `Term.total` makes the energy: here, their energies."""
        total: Array = self.energy.sum(-2)[:, None]
        return total

    @abstractmethod
    def slopes(self, weight: Array | float) -> Slopes[Array]:
        """Derivatives of weight × energy; the weight is a number, (K, 1, 1) or (1, 1, m)."""

    def position_slopes(self, weight: Array | float) -> Array | None:
        """(K, 3, m) of weight × energy by the position of b itself, in eV/Å, of terms that are made of vectors."""
        return None

    @abstractmethod
    def parameter_slopes(self, weight: Array | float) -> dict[str, Array]:
        """Derivatives of weight × energy by each block that is not angular, (K, n, length, m)."""


class Term(ABC):
    """A term; its class attributes say what it has.

    Attributes:
        name: of the term and of its channel.
        blocks: its parameters, in the order in which they are stored; no other term has a block of these names.
        fading: whether the network's correction of it ends where densities no longer overlap, so that its long range
            is exact.
        corrected: whether the network corrects it.
        follows: another term, of the same blocks in the same order, whose every change by fine-tuning this one makes
            as well: labels know the sum of terms alone, and both end where densities do.
    """

    name: ClassVar[str]
    blocks: ClassVar[Mapping[str, Block]]
    fading: ClassVar[bool] = False
    follows: ClassVar[str] = ""
    corrected: ClassVar[bool] = True

    def reach(self, stored: Mapping[str, Array], largest: Sequence[Array], correction: Array | float) -> Array | float:
        """(K, n) lengths by the ruler (Å) beyond which `far` is right to `FAR_ERROR`; infinite: nowhere.

        A term that has `far` and this is evaluated over large hosts some pairs at a time, so that `Evaluated.summed`
        of parts of the pairs must add up to that of all.

        Args:
            stored: as in `evaluate`.
            largest: of each of its angular blocks, (K, n) how large γ·Y can be in size.
            correction: (K, n) how large the network's correction can be in size.
        """
        return math.inf

    def far(self, stored: Mapping[str, Array], x: PairFeatures[Array], sums: Sequence[Array]) -> Array | float:
        """What pairs add to `Evaluated.summed` where densities do not overlap, without what only counts nearer."""
        raise NotImplementedError

    def total(self, summed: Array, x: PairFeatures[Array]) -> Array:
        """(K, m) energy in eV of what all pairs add up to."""
        energy: Array = summed[:, 0]
        return energy

    @abstractmethod
    def prior_means(self, kind: PairKind) -> Means:
        """Means of the general prior by block; blocks that are not named have 0."""

    @abstractmethod
    def evaluate(
        self,
        stored: Mapping[str, Array],
        x: PairFeatures[Array],
        q: Array,
        sums: Sequence[Array],
        correction: Array | float,
    ) -> Evaluated[Array]:
        """The term of K students at m configurations.

        Args:
            stored: its blocks that are not angular, as they are stored, (K, n, length).
            x: features of the n pairs.
            q: (K, n, m) by the ruler, Å.
            sums: γ·Y of each of its angular blocks, (K, n, m).
            correction: by the network, (K, n, m); the term's energy is to be multiplied by its exponential.
        """
