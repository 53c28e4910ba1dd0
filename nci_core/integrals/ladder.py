"""Σ_cd (pc|qd) t_ij^cd, the particle–particle ladder of CCSD, from three-index integrals.

With S, A = ½(t_ij^cd ± t_ij^dc) and V± = (pc|qd) ± (pd|qc) it is Σ_{c≥d} (V+ S + V− A) for the pair pq and V+ S − V− A
for qp, so that it costs ½ o²v⁴ operations (Scuseria, Janssen and Schaefer, J. Chem. Phys. 89, 7382 (1988)). V± is
symmetric in pq and cd: only its lower half is made, in blocks of rows. As many as there is room for are kept for the
next iterations, the others are made anew in each.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from nci_core.integrals.orbital_integrals import OrbitalIntegrals
from nci_core.integrals.products import accumulate, multiply

#: Arrays of the size of a block's integrals while it is made.
COPIES = 3

Block = tuple[Tensor, Tensor]


class Ladder:
    """The ladder for all pairs of virtual orbitals, and for an occupied with a virtual one, which T1 dresses.

    Args:
        integrals: of the fragment; what is made has their precision.
        work_bytes: for one block while it is made; one row of orbitals is made whatever it says.
        kept_bytes: for all blocks that are kept.
    """

    def __init__(self, integrals: OrbitalIntegrals, work_bytes: float, kept_bytes: float) -> None:
        self.integrals, self.work_bytes, self.room = integrals, work_bytes, kept_bytes
        self._kept: dict[tuple[str, int], Block] = {}

    def __call__(self, t2: Tensor) -> tuple[Tensor, Tensor]:
        """(o, o, v, v) Σ_cd (ac|bd) t_ij^cd, and (o, v, o, o) Σ_cd (kc|bd) t_ij^cd as kbij; t2 is (o, o, v, v)."""
        _, o, v = self.integrals.sizes
        if o == 1:
            return self._one_pair(t2[0, 0])
        i, j = _triangle(o, t2.device)
        c, d = _triangle(v, t2.device)
        pairs = t2[i, j].reshape(len(i), -1)
        t, turned = pairs[:, c * v + d], pairs[:, d * v + c]
        # V+ counts the terms cc twice.
        halves = (t + turned) * torch.where(c == d, 0.25, 0.5).to(t), (t - turned) * 0.5
        plus, minus = (torch.zeros_like(t) for _ in halves)
        for start, end, block in self._blocks(v, "virtual", self._virtual):
            first, last = start * (start + 1) // 2, end * (end + 1) // 2
            for half, total, V in zip(halves, (plus, minus), block, strict=True):
                total[:, first:last] += multiply(half[:, :last].contiguous(), V.T)
                if first:
                    total[:, :first] += multiply(half[:, first:last].contiguous(), V[:, :first].contiguous())
        square = t.new_empty(len(i), v * v)
        square[:, c * v + d], square[:, d * v + c] = plus + minus, plus - minus
        square = square.reshape(-1, v, v)
        found = t.new_empty(o, o, v, v)
        found[j, i], found[i, j] = square.transpose(1, 2), square
        mixed = t.new_empty(o * v, o, o)
        for start, end, block in self._blocks(o, "mixed", self._mixed):
            p, m = (multiply(V, half.T) for half, V in zip(halves, block, strict=True))
            mixed[start * v : end * v, j, i], mixed[start * v : end * v, i, j] = p - m, p + m
        return found, mixed.reshape(o, v, o, o)

    def _blocks(self, count: int, kind: str, make: Callable[[int, int], Block]) -> Iterator[tuple[int, int, Block]]:
        """(start, end, V±) for ranges of the first orbital, kept or made."""
        _, _, v = self.integrals.sizes
        each = COPIES * v**3 * self.integrals.vv.element_size()
        step = max(1, min(count, int(self.work_bytes / each)))
        for start in range(0, count, step):
            end = min(start + step, count)
            block = self._kept.get((kind, start))
            if block is None:
                block = make(start, end)
                size = sum(part.numel() * part.element_size() for part in block)
                if size <= self.room:
                    self.room -= size
                    self._kept[kind, start] = block
            yield start, end, block

    def _virtual(self, start: int, end: int) -> Block:
        """Rows a, b ≤ a of V± for start ≤ a < end; columns c, d ≤ c for c < end."""
        x = self.integrals.sizes[0]
        vv = self.integrals.vv
        left = vv[:, start:end, :end].reshape(x, -1)
        right = vv[:, :end, :end].reshape(x, -1)
        products = multiply(left.T, right).reshape(end - start, end, end, end)  # a, c, b, d
        a, b = _triangle(end, vv.device)
        below = a >= start
        return _plus_minus(products[a[below] - start, :, b[below]], end)

    def _mixed(self, start: int, end: int) -> Block:
        """Rows k, b of V± for start ≤ k < end; columns c, d ≤ c."""
        x, _, v = self.integrals.sizes
        products = multiply(self.integrals.ov[:, start:end].reshape(x, -1).T, self.integrals.vv.reshape(x, -1))
        return _plus_minus(products.reshape(-1, v, v, v).transpose(1, 2).reshape(-1, v, v), v)

    def _one_pair(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The same for two electrons: with one pair, making (ac|bd) would cost more than all iterations."""
        x, _, v = self.integrals.sizes
        found, mixed = t.new_zeros(v, v), t.new_zeros(v, 1)
        step = max(1, int(self.work_bytes / (COPIES * v * v * t.element_size())))
        for start in range(0, x, step):
            vv, ov = self.integrals.vv[start : start + step], self.integrals.ov[start : start + step, 0]
            half = multiply(vv.reshape(-1, v), t).reshape(-1, v, v)
            for left, right in zip(half, vv, strict=True):
                accumulate(found, left, right)
            mixed += (half @ ov.unsqueeze(-1)).sum(0)
        return found.reshape(1, 1, v, v), mixed.reshape(1, v, 1, 1)


def _triangle(n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Indices p, q ≤ p in the order 00, 10, 11, 20, …: the pairs of all p below any are the first ones."""
    p, q = torch.tril_indices(n, n, device=device)
    return p, q


def _plus_minus(integrals: Tensor, n: int) -> Block:
    """(rows, c, d) → their sum with and difference from d, c for the pairs c ≥ d, n(n + 1)/2 columns each."""
    c, d = _triangle(n, integrals.device)
    flat = integrals.reshape(len(integrals), -1)
    direct, turned = flat[:, c * n + d], flat[:, d * n + c]
    return direct + turned, direct - turned
