"""The closed-shell (T) correction from fitted integrals.

Raghavachari, Trucks, Pople and Head-Gordon, DOI 10.1016/S0009-2614(89)87395-6; for closed shells and i ≥ j ≥ k as Rendell,
Lee and Komornicki, DOI 10.1016/0009-2614(91)87003-T:

    E = Σ_{i≥j≥k} (2 − δ_ij − δ_jk) Σ_abc V (4W + W^bca + W^cab − 2W^bac − 2W^acb − 2W^cba) / (ε_i + ε_j + ε_k − ε_a − ε_b − ε_c)
    W = Σ over the six orders of the pairs (ia)(jb)(kc) of Σ_d (ia|db) t_kj^cd − Σ_l (ck|lj) t_il^ab
    V = W + t_i^a (jb|kc) + t_j^b (ia|kc) + t_k^c (ia|jb)

With d and l side by side in one index e, each of the six orders is one product of a (v, v + o) with a (v + o, v²) matrix.
They are collected in three arrays as their indices come, and put together cube by cube: the six cubes that permute a, b, c
share one denominator and need each element of W once.
"""

from collections.abc import Iterator
from itertools import combinations_with_replacement, permutations

import torch
from torch import Tensor

from nci_core.fitted.orbital_integrals import OrbitalIntegrals
from nci_core.fitted.products import accumulate, multiply

#: Orbitals along the edge of a cube: on a processor a few of them fit its cache, on a GPU they keep it busy.
EDGE = {"cpu": 24, "cuda": 64}
#: Arrays of v³ for each triple in hand.
ARRAYS = 3
ORDERS = tuple(permutations(range(3)))
#: Those that are cyclic: abc, bca, cab.
CYCLIC = tuple(order for order in ORDERS if order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)))


class Triples:
    """(T) of one fragment.

    Args:
        integrals: in the precision of the products; sums are in double precision.
        t1: (o, v); t2: (o, v, o, v) as i, a, j, b.
        memory_bytes: for integrals of occupied orbitals and for triples in hand; at least three orbitals and one triple.
        edge: of a cube; None for what suits the device.
    """

    def __init__(
        self, integrals: OrbitalIntegrals, t1: Tensor, t2: Tensor, memory_bytes: float, edge: int | None = None
    ) -> None:
        self.integrals = integrals
        x, o, v = integrals.sizes
        dtype, device = integrals.ov.dtype, integrals.ov.device
        self.t1, self.t2 = t1.to(dtype), t2.to(dtype)
        ov, oo = integrals.ov.reshape(x, o * v), integrals.oo.reshape(x, o * o)
        #: (j, k, b, c) (jb|kc).
        self.coulomb = multiply(ov.T, ov).reshape(o, v, o, v).transpose(1, 2).contiguous()
        # (i, j, a, e): t_ij^ad for d, −(ai|lj) for l.
        self.left = torch.empty(o, o, v, v + o, dtype=dtype, device=device)
        self.left[..., :v] = self.t2.transpose(1, 2)
        self.left[..., v:] = -multiply(ov.T, oo).reshape(o, v, o, o).permute(0, 3, 1, 2)
        of_orbital = 2 * (v + o) * v * v * self.t1.element_size()
        of_triple = ARRAYS * v**3 * self.t1.element_size()
        self.at_once = max(1, min(o, int(0.25 * memory_bytes / of_triple))) if device.type == "cuda" else 1
        room = memory_bytes - self.at_once * of_triple
        self.step = o if o * of_orbital <= room else max(1, int(room / (3 * of_orbital)))
        self.edge = edge or EDGE[device.type]
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
        """Have for these occupied orbitals, and no others, (e, a, b): (ia|db) for d, t_il^ab for l; and as (e, b, a)."""
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
        found = self.t1.new_empty(len(ks), 3, v, v * v)
        for number, k in enumerate(ks):
            a, b, c = found[number]  # W as a, b, c; b, a, c; c, a, b
            accumulate(a, left[i, k], right[j][0], keep=False)
            accumulate(a, left[i, j], right[k][1])
            accumulate(b, left[j, k], right[i][0], keep=False)
            accumulate(b, left[j, i], right[k][1])
            accumulate(c, left[k, j], right[i][0], keep=False)
            accumulate(c, left[k, i], right[j][1])
        levels = self.integrals.occupied
        start, end = ks.start, ks.stop
        t1, g = self.t1, self.coulomb
        # What V has beside W, for each of the three as one orbital's t1 and the integrals of the other two.
        single = [t1[None, i], t1[None, j], t1[start:end]]
        double = [g[j, start:end], g[i, start:end], g[None, i, j]]
        weights = [1.0 if i == j or j == k else 2.0 for k in ks]
        sums = self._cubes(found.reshape(-1, 3, v, v, v), single, double, levels[i] + levels[j] + levels[start:end])
        return sum(weight * value for weight, value in zip(weights, sums.tolist(), strict=True))

    def _cubes(self, found: Tensor, single: list[Tensor], double: list[Tensor], occupied: Tensor) -> Tensor:
        """(m,) sums over all virtual orbitals, of m triples."""
        v = found.shape[-1]
        virtual = self.integrals.virtual
        total = torch.zeros(len(found), dtype=torch.float64, device=found.device)
        parts = [slice(start, min(start + self.edge, v)) for start in range(0, v, self.edge)]
        for cube in combinations_with_replacement(parts, 3):
            A, B, C = cube
            sums = virtual[A, None, None] + virtual[None, B, None] + virtual[None, None, C]
            gaps = occupied[:, None, None, None] - sums
            W = {order: _permuted(found, cube, order) for order in ORDERS}
            even = sum(W[order] for order in CYCLIC)
            odd = sum(W[order] for order in ORDERS if order not in CYCLIC)
            mixed = even - 2.0 * odd, odd - 2.0 * even
            energy = torch.zeros_like(gaps)
            for order, w in W.items():
                rest = mixed[order not in CYCLIC] + 3.0 * w
                w += _disconnected(single, double, cube, order)
                energy.addcmul_(w, rest)
            # Cubes on a diagonal hold each triple of orbitals more than once.
            repeats = {3: 1.0, 2: 2.0, 1: 6.0}[len({part.start for part in cube})]
            total += (energy / gaps).flatten(1).sum(1, dtype=torch.float64) / repeats
        return total


def _permuted(found: Tensor, cube: tuple[slice, slice, slice], order: tuple[int, int, int]) -> Tensor:
    """(m, a, b, c) W_xyz where x, y, z are a, b, c in this order; a new array."""
    x, y, z = (cube[place] for place in order)
    back = [1 + order.index(place) for place in range(3)]
    first = found[:, 0, x, y, z].permute(0, *back)
    second = found[:, 1, y, x, z].permute(0, 2, 1, 3).permute(0, *back)
    third = found[:, 2, z, x, y].permute(0, 2, 3, 1).permute(0, *back)
    return torch.empty_like(first, memory_format=torch.contiguous_format).copy_(first).add_(second).add_(third)


def _disconnected(
    single: list[Tensor], double: list[Tensor], cube: tuple[slice, slice, slice], order: tuple[int, int, int]
) -> Tensor:
    """(m, a, b, c) t_i^x (jy|kz) + t_j^y (ix|kz) + t_k^z (ix|jy)."""
    total: Tensor | float = 0.0
    for number in range(3):
        mine, (p, q) = order[number], (order[other] for other in range(3) if other != number)
        one = single[number][:, cube[mine]]
        two = double[number][:, cube[p], cube[q]]
        if p > q:
            two = two.transpose(1, 2)
        shape = [len(one), 1, 1, 1]
        shape[1 + mine] = one.shape[1]
        total = total + one.reshape(shape) * two.unsqueeze(1 + mine)
    assert isinstance(total, Tensor)
    return total
