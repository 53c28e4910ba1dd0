"""The closed-shell (T) correction from fitted integrals.

Raghavachari, Trucks, Pople and Head-Gordon, DOI 10.1016/S0009-2614(89)87395-6; for closed shells and i ≥ j ≥ k as
Rendell, Lee and Komornicki, Chem. Phys. Lett. 178, 462 (1991):

    E = Σ_{i≥j≥k} (2 − δ_ij − δ_jk) Σ_abc V (4W + W^bca + W^cab − 2W^bac − 2W^acb − 2W^cba) / D
    D = ε_i + ε_j + ε_k − ε_a − ε_b − ε_c
    W = Σ over the six orders of the pairs (ia)(jb)(kc) of Σ_d (ia|db) t_kj^cd − Σ_l (ck|lj) t_il^ab
    V = W + t_i^a (jb|kc) + t_j^b (ia|kc) + t_k^c (ia|jb)

With d and l side by side in one index e, each of the six orders is one product of a (v, v + o) with a (v + o, v²)
matrix.
"""

from collections.abc import Iterator
from itertools import combinations_with_replacement

import torch
from torch import Tensor

from nci_core.integrals.orbital_integrals import OrbitalIntegrals
from nci_core.integrals.products import accumulate, multiply

#: Arrays of v³ for each triple in hand.
ARRAYS = 5
#: Of the memory on a GPU, for triples in hand: it is kept busy by several small ones at once.
SHARE = 0.25


class Triples:
    """(T) of one fragment.

    Args:
        integrals: in float64, or all three in float32, with a relative error of some 1e-7 in half the time.
        t1: (o, v); t2: (o, v, o, v) as i, a, j, b.
        memory_bytes: for integrals of occupied orbitals and for triples in hand; three and one are taken in any case.
    """

    def __init__(self, integrals: OrbitalIntegrals, t1: Tensor, t2: Tensor, memory_bytes: float) -> None:
        self.integrals = integrals
        x, o, v = integrals.sizes
        device = integrals.ov.device
        self.t1, self.t2 = t1, t2
        ov, oo = integrals.ov.reshape(x, o * v), integrals.oo.reshape(x, o * o)
        #: (j, k, b, c) (jb|kc).
        self.coulomb = multiply(ov.T, ov).reshape(o, v, o, v).transpose(1, 2).contiguous()
        # (i, j, a, e): t_ij^ad for d, −(ai|lj) for l.
        self.left = t2.new_empty(o, o, v, v + o)
        self.left[..., :v] = self.t2.transpose(1, 2)
        self.left[..., v:] = -multiply(ov.T, oo).reshape(o, v, o, o).permute(0, 3, 1, 2)
        of_orbital = 2 * (v + o) * v * v * self.t1.element_size()
        of_triple = ARRAYS * v**3 * self.t1.element_size()
        self.at_once = max(1, min(o, int(SHARE * memory_bytes / of_triple))) if device.type == "cuda" else 1
        room = memory_bytes - self.at_once * of_triple
        self.step = o if o * of_orbital <= room else max(1, int(room / (3 * of_orbital)))
        virtual = integrals.virtual
        self.sums = virtual[:, None, None] + virtual[None, :, None] + virtual
        self._arrays = self.t1.new_empty(4, self.at_once, v, v, v)
        self._right: dict[int, tuple[Tensor, Tensor]] = {}

    def energy(self) -> float:
        """Hartree; two electrons have none."""
        _, o, _ = self.integrals.sizes
        total = 0.0
        starts = range(0, o, self.step)
        for k0, j0, i0 in combinations_with_replacement(starts, 3):
            blocks = [range(start, min(start + self.step, o)) for start in (i0, j0, k0)]
            self._keep({orbital for block in blocks for orbital in block})
            for i in blocks[0]:
                for j in blocks[1]:
                    if j <= i:
                        total += sum(self._triples(i, j, ks) for ks in self._ranges(i, j, blocks[2]))
        return total

    def _ranges(self, i: int, j: int, block: range) -> Iterator[range]:
        """Ranges of k ≤ j, without k = i = j, which has no energy."""
        end = min(block.stop, j + 1 if j < i else j)
        for start in range(block.start, end, self.at_once):
            yield range(start, min(start + self.at_once, end))

    def _keep(self, wanted: set[int]) -> None:
        """Have for these occupied orbitals alone (e, a, b), (ia|db) for d and t_il^ab for l, and (e, b, a)."""
        x, o, v = self.integrals.sizes
        self._right = {i: found for i, found in self._right.items() if i in wanted}
        for i in wanted - set(self._right):
            direct = self.t1.new_empty(v + o, v, v)
            products = multiply(self.integrals.ov[:, i].T.contiguous(), self.integrals.vv.reshape(x, v * v))
            direct[:v] = products.reshape(v, v, v).transpose(0, 1)
            direct[v:] = self.t2[i].transpose(0, 1)
            self._right[i] = direct, direct.transpose(1, 2).contiguous()

    def _triples(self, i: int, j: int, ks: range) -> float:
        """Energy of the triples i, j and several k."""
        _, o, v = self.integrals.sizes
        left, right = self.left, {n: tuple(part.reshape(v + o, v * v) for part in self._right[n]) for n in {i, j, *ks}}
        W, turned, *free = (part[: len(ks)] for part in self._arrays)
        for number, k in enumerate(ks):
            rows, columns, second = W[number].view(v, v * v), W[number].view(v * v, v), turned[number].view(v, v * v)
            accumulate(rows, left[i, k], right[j][0], keep=False)
            accumulate(rows, left[i, j], right[k][1])
            accumulate(columns, right[i][0].T, left[k, j].T)
            accumulate(columns, right[j][1].T, left[k, i].T)
            accumulate(second, left[j, k], right[i][0], keep=False)  # as b, a, c
            accumulate(second, left[j, i], right[k][1])
        turned += W.transpose(1, 2)
        W.copy_(turned.transpose(1, 2))
        levels = self.integrals.occupied
        weights = [1.0 if i == j or j == k else 2.0 for k in ks]
        M = self._weighted(W, turned, free, levels[i] + levels[j] + levels[ks.start : ks.stop])
        # Row by row: one sum over v³ elements would lose five of the seven digits.
        connected = (W.view(len(ks) * v, 1, -1) @ M.view(len(ks) * v, -1, 1)).view(len(ks), v)
        sums = connected.sum(1, dtype=torch.float64) + self._disconnected(M, i, j, ks)
        return float(sum(weight * value for weight, value in zip(weights, sums.tolist(), strict=True)))

    def _weighted(self, W: Tensor, turned: Tensor, free: list[Tensor], occupied: Tensor) -> Tensor:
        """(m, a, b, c) what V is multiplied with, of m triples; `turned` is W as b, a, c.

        With T = W^acb + W^cba − 2W it is (T^bac − 2T)/D. Only the exchange of the last two indices is slow.
        """
        T, other = free
        _exchange_last(T, W)
        _exchange_last(other, turned)
        T += other.transpose(1, 2)
        T.sub_(W, alpha=2.0)
        torch.sub(T.transpose(1, 2), T, alpha=2.0, out=other)
        return other.div_(torch.sub(occupied[:, None, None, None], self.sums, out=T))

    def _disconnected(self, M: Tensor, i: int, j: int, ks: range) -> Tensor:
        """(m,) Σ M [t_i^a (jb|kc) + t_j^b (ia|kc) + t_k^c (ia|jb)]."""
        m, v = M.shape[:2]
        some, square = slice(ks.start, ks.stop), v * v
        of_a = M.view(m, v, square) @ self.coulomb[j, some].reshape(m, square, 1)
        of_b = (M @ self.coulomb[i, some].unsqueeze(-1)).sum(1)
        of_c = self.coulomb[i, j].reshape(1, 1, square) @ M.view(m, square, v)
        return (of_a[..., 0] @ self.t1[i] + of_b[..., 0] @ self.t1[j] + (of_c[:, 0] * self.t1[some]).sum(1)).double()


def _exchange_last(into: Tensor, x: Tensor) -> None:
    """into_mabc ← x_macb."""
    if x.device.type != "cpu":
        into.copy_(x.transpose(2, 3))
        return
    for target, source in zip(into.flatten(0, 1), x.flatten(0, 1), strict=True):
        target.copy_(source.T)  # torch is fast at this for two dimensions only
