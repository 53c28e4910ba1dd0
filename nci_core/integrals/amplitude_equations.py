"""The closed-shell CCSD equations for integrals that are dressed with T1.

H̃ = exp(−T1) H exp(T1) has the integrals of H in orbitals that T1 turned, so that CCSD has the few terms of CCD (Koch,
Christiansen, Kobayashi, Jørgensen and Helgaker, Chem. Phys. Lett. 228, 233 (1994)); with fitted integrals the
three-index ones are turned (DePrince and Sherrill, J. Chem. Theory Comput. 9, 2687 (2013)). The terms are those of
Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 13.7 (A2 to E2, A1 to C1), collected by
how they factorise: u = 2 t_ij^ab − t_ij^ba, Y_Pia = Σ_jb u_ij^ab (P|jb), and the Coulomb part of all rings is
Σ_P M_Pia M_Pjb with M = (P|ai)~ + Y.
"""

import torch
from torch import Tensor

from nci_core.integrals.ladder import Ladder
from nci_core.integrals.orbital_integrals import OrbitalIntegrals
from nci_core.integrals.products import accumulate, multiply


def energy(coulomb: Tensor, t1: Tensor, t2: Tensor) -> float:
    """Σ [2 (ia|jb) − (ib|ja)] (t_ij^ab + t_i^a t_j^b) in Hartree; coulomb and t2 (o, v, o, v), t1 (o, v)."""
    tau = t2 + t1[:, :, None, None] * t1[None, None]
    return float(2.0 * (coulomb * tau).sum() - (coulomb.permute(0, 3, 2, 1) * tau).sum())


class AmplitudeEquations:
    """What is left of the CCSD equations at given amplitudes, in the precision of the integrals.

    Args:
        integrals: of one fragment.
        work_bytes: memory for blocks of integrals that are made and dropped; kept_bytes: for those kept.
    """

    def __init__(self, integrals: OrbitalIntegrals, work_bytes: float, kept_bytes: float) -> None:
        self.integrals = integrals
        x, o, v = integrals.sizes
        self.ov = integrals.ov.reshape(x, o * v)
        coulomb = multiply(self.ov.T, self.ov).reshape(o, v, o, v)
        #: (k, l, c, d) (kc|ld), as rows kl and columns cd.
        self.pairs = coulomb.transpose(1, 2).reshape(o * o, v * v)
        #: (l, d, k, c) (lc|kd).
        self.exchange = coulomb.permute(0, 3, 2, 1).reshape(o * v, o * v)
        self.ladder = Ladder(integrals, work_bytes, kept_bytes)

    def residual(self, t1: Tensor, t2: Tensor) -> tuple[Tensor, Tensor]:
        """(o, v) and (o, v, o, v), zero where t1 and t2 solve the equations."""
        x, o, v = self.integrals.sizes
        n = o * v
        swapped = t2.permute(0, 3, 2, 1).reshape(n, n)
        T = t2.reshape(n, n)
        U = 2.0 * T - swapped
        Y = multiply(self.ov, U)
        loo, lvo, foo, fov, fvv, fvo = self._dressed(t1)
        y = Y.reshape(x, o, v)

        # Σ_P,d (P|ad)~ Y_Pid; the undressed (P|ad) is symmetric, so that P and d are its rows.
        turned = y.transpose(1, 2).reshape(x * v, o)
        own = multiply(y.transpose(0, 1).reshape(o, x * v), self.integrals.ov.transpose(1, 2).reshape(x * v, o))  # i, k
        singles = fvo + (U @ fov.reshape(n)).reshape(o, v)
        singles += multiply(turned.T, self.integrals.vv.reshape(x * v, v)) - own @ t1
        singles -= multiply(loo.reshape(x * o, o).T, y.reshape(x * o, v))

        doubles = (lvo.reshape(x, n) + Y).T
        doubles = multiply(doubles, doubles.T).reshape(o, v, o, v)
        half = self._exchange_rings(t1, T, swapped, U, loo)
        # Fock-like terms with what pairs add to them.
        particle = fvv - multiply(y.reshape(x * o, v).T, self.integrals.ov.reshape(x * o, v))
        hole = foo + own.T  # k, j
        half += multiply(t2.reshape(-1, v), particle.T).reshape(o, v, o, v)
        half -= torch.matmul(hole.T, t2.reshape(n, o, v)).reshape(o, v, o, v)
        self._ladders(t1, t2, loo, doubles, half)
        return singles, doubles + half + half.permute(2, 3, 0, 1)

    def _dressed(self, t1: Tensor) -> tuple[Tensor, ...]:
        """(P|ki)~ as (P, k, i), (P|ai)~ as (P, i, a), and the dressed Fock matrix: ki, kc, ac, and ai as (i, a)."""
        x, o, v = self.integrals.sizes
        oo, ov, vv = self.integrals.oo, self.integrals.ov, self.integrals.vv
        half_oo = multiply(ov.reshape(x * o, v), t1.T).reshape(x, o, o)  # Σ_c (P|kc) t_i^c
        half_vo = multiply(vv.reshape(x * v, v), t1.T).reshape(x, v, o)
        loo = oo + half_oo
        lvo = ov + half_vo.transpose(1, 2) - torch.matmul(t1.T, loo).transpose(1, 2)
        density = 2.0 * (self.ov @ t1.reshape(-1))

        def coulomb(part: Tensor) -> Tensor:
            return (density @ part.reshape(x, -1)).reshape(part.shape[1:])

        def exchange(left: Tensor, right: Tensor) -> Tensor:
            rows = left.transpose(1, 2).reshape(x * o, -1)
            return multiply(rows.T, right.reshape(x * o, -1))

        foo = coulomb(oo) - exchange(half_oo, oo)
        fov = coulomb(ov) - exchange(half_oo, ov)
        fvv = coulomb(vv) - exchange(half_vo, ov)
        fvo = coulomb(ov) - exchange(half_vo, oo).T
        turned_oo = foo + fov @ t1.T
        fvo = fvo + self.integrals.differences()[0] * t1 + t1 @ fvv.T - turned_oo.T @ t1
        foo = torch.diag(self.integrals.occupied) + turned_oo
        fvv = torch.diag(self.integrals.virtual) + fvv - t1.T @ fov
        return loo, lvo, foo, fov, fvv, fvo

    def _exchange_rings(self, t1: Tensor, T: Tensor, swapped: Tensor, U: Tensor, loo: Tensor) -> Tensor:
        """The exchange part of the rings, (o, v, o, v), to be added to its own transpose."""
        x, o, v = self.integrals.sizes
        n = o * v
        flat = loo.reshape(x, o * o)
        # (ac|ki)~ as a, c, k, i.
        G = multiply(self.integrals.vv.reshape(x, v * v).T, flat)
        between = multiply(self.ov.T, flat).reshape(o, v * o * o)
        G = accumulate(G.reshape(v, v * o * o), t1.T.contiguous(), between, scale=-1.0)
        G = G.reshape(v, v, o, o).permute(3, 0, 2, 1).reshape(n, n)
        first = accumulate(G.clone(), U, self.exchange, scale=0.5)
        second = accumulate(G, swapped, self.exchange, scale=-0.5)
        ring = multiply(second, swapped)
        half = accumulate(-0.5 * ring, first, U, scale=-0.5).reshape(o, v, o, v)
        return half - ring.reshape(o, v, o, v).permute(2, 1, 0, 3)

    def _ladders(self, t1: Tensor, t2: Tensor, loo: Tensor, doubles: Tensor, half: Tensor) -> None:
        """Add particle–particle and hole–hole ladders to the residual and to its half."""
        x, o, v = self.integrals.sizes
        pairs = t2.transpose(1, 2).contiguous()  # i, j, a, b
        particles, mixed = self.ladder(pairs)
        inner = multiply(self.pairs, pairs.reshape(o * o, v * v).T)  # kl, ij
        flat = loo.reshape(x, o * o)
        outer = multiply(flat.T, flat).reshape(o, o, o, o).permute(0, 2, 1, 3).reshape(o * o, o * o) + inner
        turned = (t1[:, None, :, None] * t1[None, :, None, :]).reshape(o * o, v * v)
        particles = accumulate(particles.reshape(o * o, v * v), outer.T, pairs.reshape(o * o, v * v))
        particles = accumulate(particles, inner.T, turned).reshape(o, o, v, v)
        doubles += particles.transpose(1, 2)
        dressing = multiply(t1.T.contiguous(), mixed.reshape(o, v * o * o)).reshape(v, v, o, o)  # a, b, i, j
        half -= dressing.permute(2, 0, 3, 1)
